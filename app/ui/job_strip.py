"""The card over the 3D face while something takes long: what, how far, and a way to end it."""

from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.ui.jobs import Job, Jobs
from app.ui.message_bar import ElidedLabel
from app.ui.notices import Notice

REFRESH_MS: Final = 100
STEPS: Final = 1000


class JobStrip(Notice):
    """Shows the oldest job that runs; hidden while there is none."""

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self.setObjectName("jobs")
        self._jobs = jobs
        self.title = ElidedLabel(Qt.TextElideMode.ElideMiddle, grows=False)
        self.text = ElidedLabel()
        self.text.setProperty("role", "muted")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress")
        self.percent = QLabel()
        self.percent.setFixedWidth(40)
        self.percent.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.cancel = QPushButton("Cancel")
        self.cancel.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.cancel.setToolTip("End this work; nothing is kept that is half done")
        self.cancel.clicked.connect(self._cancel)
        says, row = QHBoxLayout(), QHBoxLayout()
        says.addWidget(self.title)
        says.addWidget(self.text, 1)
        row.addWidget(self.bar, 1)
        row.addWidget(self.percent)
        row.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 8, 8)
        column.addLayout(says)
        column.addLayout(row)
        for layout in (says, row, column):
            layout.setSpacing(8)
        self._timer = QTimer(self, interval=REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        jobs.changed.connect(self.refresh)
        self.hide()

    @property
    def reached_by_tab(self) -> list[QWidget]:
        """In order."""
        return [self.cancel]

    @property
    def shown(self) -> Job | None:
        return self._jobs.running[0] if self._jobs.running else None

    def refresh(self) -> None:
        job = self.shown
        self.setVisible(job is not None)
        if job is None:
            self._timer.stop()
            return
        if not self._timer.isActive():
            self._timer.start()
        progress, others = job.progress, len(self._jobs.running) - 1
        self.title.set_whole(job.title + (f"  (+ {others})" if others else ""))
        self.text.set_whole("Stopping …" if progress.cancelled else progress.text)
        self.cancel.setEnabled(not progress.cancelled)
        if progress.share is None:
            self.bar.setRange(0, 0)  # Qt's way of saying that it goes on, nobody knows how long
            self.percent.setText("")
        else:
            self.bar.setRange(0, STEPS)
            self.bar.setValue(round(STEPS * progress.share))
            self.percent.setText(f"{100 * progress.share:.0f} %")

    def _cancel(self) -> None:
        job = self.shown
        if job is not None:
            job.cancel()
            self.refresh()
