"""The dialog "Process files": which files, what is to be made of them, and how far it is.

It shows a ``Processing`` and keeps nothing of its own: closed and opened again, it is as it was.
"""

from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QLabel,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from app.errors import UserError
from app.ui.message_bar import ElidedLabel
from app.ui.picture.film import FILM_FILES
from app.ui.processing.choices import GROUP
from app.ui.processing.file_list import FileList
from app.ui.processing.process_form import MARGIN, ProcessForm, button, row_of
from app.ui.processing.processing import Processing
from app.ui.processing.rows import State
from app.ui.style.theme import GAP, Theme, number_width, set_role, tabular

SIZE: Final = (720, 688)
LEAST: Final = (560, 568)
REFRESH_MS: Final = 100
STEPS: Final = 1000
START, AGAIN = "&Start", "&Start again"


class ProcessingDialog(QDialog):
    """Not modal: tracking goes on, and so do its controls."""

    def __init__(
        self,
        processing: Processing,
        theme: Theme,
        start_folder: Callable[[], str],
        remember: Callable[[Path], None],
        parent: QWidget,
    ) -> None:
        """``start_folder``: where videos were found the last time; ``remember`` takes another such folder."""
        super().__init__(parent)
        self.processing, self._start_folder, self._remember = processing, start_folder, remember
        self.setWindowTitle("Process files")
        self.setAcceptDrops(True)
        self.setMinimumSize(*LEAST)
        self.resize(*SIZE)
        self._make_controls(theme)
        self._lay_out()
        self._connect()
        self._timer = QTimer(self, interval=REFRESH_MS)
        self._timer.timeout.connect(self._show_progress)
        self.set_theme(theme)
        self.form.show_choices()
        self.show_state()

    # ------------------------------------------------------------ making it

    def _make_controls(self, theme: Theme) -> None:
        self.add_files = button("Add &files …", "Choose videos or pictures")
        self.add_folder = button("Add fo&lder …", "Each video of a folder, or a folder of pictures as one film")
        self.remove = button("&Remove", "Take the selected files off the list (Del); nothing is deleted")
        self.count = QLabel()
        set_role(self.count, "muted")
        self.list = FileList(self.processing.files, theme)
        self.note = ElidedLabel()
        set_role(self.note, "bad")
        self.form = ProcessForm(self.processing, theme)
        self.status = ElidedLabel()
        self.status.setFont(tabular(self.status.font()))
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of all files")
        self.percent = QLabel()
        self.percent.setFont(tabular(self.percent.font()))
        self.percent.setFixedWidth(number_width(self.percent, "100 %"))
        self.percent.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.open_button = button("&Open folder", "The folder with the results, in the desktop's file manager")
        self.close_button = button("Close", "Work goes on without this dialog (Esc)")
        self.cancel = button("&Cancel", "End the work: files that are done stay, the one that is half done goes")
        self.start = button(START, "Process the files, one after the other")
        set_role(self.start, "primary")
        self.start.setDefault(True)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.setSpacing(GAP)
        column.addLayout(row_of(self.add_files, self.add_folder, self.remove, None, self.count))
        column.addWidget(self.list, 1)
        column.addWidget(self.note)
        column.addWidget(self.form)
        column.addSpacing(2 * GAP)
        column.addLayout(row_of(self.status, self.percent))
        column.addWidget(self.bar)
        column.addSpacing(GAP)
        column.addLayout(row_of(self.open_button, None, self.close_button, self.cancel, self.start))
        order: tuple[QWidget, ...] = (
            *(self.add_files, self.add_folder, self.remove, self.list, *self.form.reached_by_tab),
            *(self.start, self.cancel, self.close_button, self.open_button),
        )
        for one, then in pairwise(order):
            self.setTabOrder(one, then)

    def _connect(self) -> None:
        self.add_files.clicked.connect(self._ask_for_files)
        self.add_folder.clicked.connect(self._ask_for_folder)
        self.remove.clicked.connect(self.remove_chosen)
        self.list.remove_asked.connect(self.remove_chosen)
        self.list.selectionModel().selectionChanged.connect(lambda *_: self._show_removable())
        self.open_button.clicked.connect(self.open_folder)
        self.close_button.clicked.connect(self.close)
        self.cancel.clicked.connect(self._cancel)
        self.start.clicked.connect(self._start)
        self.processing.changed.connect(self.show_state)
        self.processing.files.dataChanged.connect(self._rows_changed)
        self.processing.preferences.changed.connect(self._follow)

    def set_theme(self, theme: Theme) -> None:
        self.form.set_theme(theme)
        self.list.set_theme(theme)

    # ------------------------------------------------------------ what is shown

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.start.setText(AGAIN)
        self.start.setMinimumWidth(self.start.sizeHint().width())  # nothing moves when its word changes
        self.form.show_choices()
        self.show_state()

    def _follow(self, key: str) -> None:
        """Settings can change elsewhere: in the panels, or by a settings file."""
        if key.startswith((GROUP, "tracking/", "output/folder")):
            self.form.show_choices()
            self.show_state()

    def show_state(self) -> None:
        """What can be done now."""
        processing, rows = self.processing, self.processing.files.rows
        working = processing.working
        self.form.set_able(not working)
        again = self._count() == len(rows) > 0
        self.start.setText(AGAIN if again else START)
        why_not = self._why_not()
        self.start.setEnabled(not why_not)
        self.start.setToolTip(why_not or ("Process all files once more" if again else "Process the files, one by one"))
        self.cancel.setEnabled(working and processing.job is not None and not processing.job.progress.cancelled)
        if working and not self._timer.isActive():
            self._timer.start()
        elif not working:
            self._timer.stop()
        self.open_button.setEnabled(processing.choices.folder.is_dir())
        self._show_removable()
        self._show_progress()

    def _why_not(self) -> str:
        """Why nothing can be started now; empty where it can."""
        choices = self.processing.choices
        if self.processing.working:
            return "It is being worked on"
        if not self.processing.files.rows:
            return "Add files first"
        if choices.format == "none" and not choices.video:
            return "Choose what to write: a CSV, a video, or both"
        return ""

    def _rows_changed(self) -> None:
        done = self._count()
        self.open_button.setEnabled(done > 0 or self.processing.choices.folder.is_dir())

    def _count(self) -> int:
        """Show how many there are; returns how many are done."""
        rows = self.processing.files.rows
        done = sum(row.state is State.DONE for row in rows)
        files = f"{len(rows)} file{'s' if len(rows) != 1 else ''}"
        self.count.setText(f"{files}, {done} done" if done else files if rows else "")
        return done

    def _show_removable(self) -> None:
        chosen = self.list.chosen
        self.remove.setEnabled(any(self.processing.can_remove(row) for row in chosen))

    def _show_progress(self) -> None:
        processing, job = self.processing, self.processing.job
        if job is None:
            self.bar.setRange(0, STEPS)
            self.bar.setValue(STEPS if processing.finished else 0)
            self.percent.setText("")
            self.status.set_whole(processing.summary or (self._why_not() if processing.files.rows else ""))
            return
        progress = job.progress
        self.status.set_whole("Stopping …" if progress.cancelled else progress.text)
        self.cancel.setEnabled(not progress.cancelled)
        if progress.share is None:
            self.bar.setRange(0, 0)
            self.percent.setText("")
        else:
            self.bar.setRange(0, STEPS)
            self.bar.setValue(round(STEPS * progress.share))
            self.percent.setText(f"{100 * progress.share:.0f} %")

    # ------------------------------------------------------------ what is asked

    def add(self, paths: Iterable[str | Path]) -> None:
        """Files and folders; what is neither is told below the list."""
        problems = self.processing.add(paths)
        more = f"  (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        self.note.set_whole(problems[0][:1].upper() + problems[0][1:] + more if problems else "")
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def remove_chosen(self) -> None:
        at = self.list.currentIndex().row()
        self.processing.remove(self.list.chosen)
        left = self.processing.files.rowCount()
        if left:
            self.list.setCurrentIndex(self.processing.files.index(min(max(at, 0), left - 1)))

    def _start(self) -> None:
        self.form.take_folder()
        self.note.set_whole("")
        if self.start.hasFocus():  # it is greyed now, and the next Enter must not press its neighbour
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)
        try:
            self.processing.start()
        except UserError as error:
            self.note.set_whole(str(error))

    def _cancel(self) -> None:
        self.processing.cancel()
        self._show_progress()

    def _ask_for_files(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, "Add files", self._start_folder(), FILM_FILES)
        if paths:
            self._remember(Path(paths[0]).parent)
            self.add(paths)

    def _ask_for_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Add a folder", self._start_folder())
        if path:
            self._remember(Path(path).parent)
            self.add([path])

    def open_folder(self) -> None:
        """In the desktop's own file manager."""
        folder = self.processing.choices.folder
        if not folder.is_dir() or not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self.note.set_whole(f"This desktop opens no folders: results are in {folder}")

    # ------------------------------------------------------------ drag and drop

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self.list.show_drop(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.list.show_drop(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.list.show_drop(False)
        self.add(url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile())
