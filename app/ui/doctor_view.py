"""``mien doctor`` in a window: what was found on this machine, line by line, and all of it for a bug report."""

from html import escape
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from app.doctor import CHECKS, Finding, can_run, examine, lines_of, verdict
from app.ui.jobs import Job, Jobs, Progress
from app.ui.style.theme import GAP, MARGIN, Theme, set_role

SIZE: Final = (760, 560)
Report = list[tuple[str, list[Finding]]]


class DoctorView(QDialog):
    """Begins to look as soon as it is made; the findings appear as they come."""

    _found = Signal(str, object)

    def __init__(self, parent: QWidget, jobs: Jobs, theme: Theme) -> None:
        super().__init__(parent)
        self.setWindowTitle("Mien doctor")
        self.resize(*SIZE)
        self._theme = theme
        self._report: Report = []
        self.verdict = QLabel("Looking at this machine …")
        set_role(self.verdict, "section")
        self.page = QTextBrowser()
        self.page.setAccessibleName("What was found")
        self.page.setOpenLinks(False)
        self.copy = QPushButton("Copy as text")
        self.copy.setToolTip("Everything that was found, for a bug report")
        self.copy.setEnabled(False)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text()))
        close = QPushButton("Close")
        close.clicked.connect(self.close)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self.copy)
        row.addStretch(1)
        row.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.setSpacing(GAP)
        column.addWidget(self.verdict)
        column.addWidget(self.page, 1)
        column.addLayout(row)
        self._found.connect(self._add)
        self._job: Job | None = jobs.start("Looking at this machine", self._look, self._finish, self.verdict.setText)
        self._job.ended.connect(self._ended)

    def text(self) -> str:
        """The report as ``mien doctor`` prints it."""
        lines = [line for title, findings in self._report for line in lines_of(title, findings)]
        if self._job is None and len(self._report) == len(CHECKS):
            lines.append(self.verdict.text())
        return "\n".join(lines) + "\n"

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._show()

    def _look(self, progress: Progress) -> None:
        """On the job's thread."""
        for i, title in enumerate(CHECKS):
            progress(i / len(CHECKS), title)
            self._found.emit(title, examine(title))

    def _add(self, title: str, findings: list[Finding]) -> None:
        self._report.append((title, findings))
        self._show()

    def _finish(self, _: None) -> None:
        self.verdict.setText(verdict(all(can_run(title, findings) for title, findings in self._report)))
        self.copy.setEnabled(True)

    def _ended(self) -> None:
        self._job = None
        self.copy.setEnabled(bool(self._report))
        if len(self._report) < len(CHECKS):
            self.verdict.setText("Not everything was looked at.")

    def _show(self) -> None:
        t = self._theme
        rows = []
        for title, findings in self._report:
            for i, (well, line) in enumerate(findings):
                word = title.capitalize() if i == 0 else ""
                mark, colour = ("✓", t.good) if well else ("!", t.warn)
                rows.append(
                    f'<tr><td style="color:{t.muted}; padding:3px 16px 3px 4px">{escape(word)}</td>'
                    f'<td style="color:{colour}; padding:3px 10px 3px 0"><b>{mark}</b></td>'
                    f'<td style="padding:3px 4px">{escape(line)}</td></tr>'
                )
        at = self.page.verticalScrollBar().value()
        self.page.setHtml(f"<table cellspacing='0'>{''.join(rows)}</table>")
        self.page.verticalScrollBar().setValue(at)

    def done(self, result: int) -> None:
        """However it is closed: by Esc there is no close event."""
        if self._job is not None:
            self._job.cancel()
        super().done(result)
