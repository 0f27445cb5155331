"""The strip above the status line while something takes long: what, how far, and a way to end it."""

from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton

from app.ui.jobs import Job, Jobs
from app.ui.message_bar import ElidedLabel

REFRESH_MS: Final = 100
STEPS: Final = 1000


class JobStrip(QFrame):
    """Shows the oldest job that runs; hidden while there is none."""

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self.setObjectName("jobs")
        self._jobs = jobs
        self.title = QLabel()
        self.text = ElidedLabel()
        self.text.setProperty("role", "muted")
        self.bar = QProgressBar()
        self.bar.setFixedWidth(200)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress")
        self.percent = QLabel()
        self.percent.setFixedWidth(40)
        self.percent.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.cancel = QPushButton("Cancel")
        self.cancel.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.cancel.setToolTip("End this work; nothing is kept of it")
        self.cancel.clicked.connect(self._cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 12, 4)
        row.setSpacing(8)
        row.addWidget(self.title)
        row.addWidget(self.text, 1)
        row.addWidget(self.bar)
        row.addWidget(self.percent)
        row.addWidget(self.cancel)
        self._timer = QTimer(self, interval=REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        jobs.changed.connect(self.refresh)
        self.hide()

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
        self.title.setText(job.title + (f"  (+ {others})" if others else ""))
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
