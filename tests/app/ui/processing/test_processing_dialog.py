"""The dialog "Process files": by mouse, by keyboard and by dropping; closed and opened again it is as it was."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QLabel, QLineEdit, QWidget

from app.profiles import Profile, delete_profile, save_profile
from app.ui.processing.file_list import EMPTY
from app.ui.processing.processing_dialog import ProcessingDialog
from app.ui.processing.rows import Row, State
from app.ui.style.theme import DARK, LIGHT
from app.ui.window import MainWindow
from models.runtime.alignment import canonical_face

WAIT_MS = 60_000
Files = Callable[..., list[Path]]
RowOf = Callable[[str], Row]
COPY, LEFT, NONE = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def dialog(window: MainWindow, qtbot: Any) -> ProcessingDialog:
    made = window.dialogs.show_processing()
    qtbot.waitUntil(made.isActiveWindow, timeout=WAIT_MS)
    return made


def names(dialog: ProcessingDialog) -> list[str]:
    return [row.name for row in dialog.processing.files.rows]


def drop(widget: QWidget, paths: list[Path]) -> None:
    """As the desktop does it."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    entered = QDragEnterEvent(QPointF(50, 50).toPoint(), COPY, data, LEFT, NONE)
    QApplication.sendEvent(widget, entered)
    assert entered.isAccepted()
    QApplication.sendEvent(widget, QDropEvent(QPointF(50, 50), COPY, data, LEFT, NONE))


def test_the_menu_has_it(window: MainWindow) -> None:
    action = window.menus.actions["Process files …"]
    assert action.shortcut().toString() == "Ctrl+Shift+P"
    assert [a for a in window.menus.actions.values() if a.shortcut() == action.shortcut()] == [action]
    action.trigger()
    assert window.dialogs.processing is not None
    assert not window.dialogs.processing.isModal()


def test_it_looks_next_where_files_were_found(
    window: MainWindow, dialog: ProcessingDialog, make_files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = make_files("one", "two")
    asked: list[str] = []

    def choose_file(_parent: QWidget, _title: str, folder: str, _filter: str) -> tuple[list[str], str]:
        asked.append(folder)
        return [str(one)], ""

    monkeypatch.setattr(QFileDialog, "getOpenFileNames", choose_file)
    dialog.add_files.click()
    dialog.add_files.click()
    assert asked[1] == str(one.parent) != asked[0]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(one.parent))
    dialog.add_folder.click()
    assert window.dialogs.folder("videos") == str(tmp_path), "the folder itself is to be seen"


def test_files_and_folders_are_dropped_on_it(dialog: ProcessingDialog, make_files: Files, tmp_path: Path) -> None:
    assert dialog.list.accessibleDescription() == EMPTY
    assert not dialog.start.isEnabled()
    assert dialog.start.toolTip() == "Add files first"
    one, two = make_files("one", "two")
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "0001.png").write_bytes(b"picture")
    drop(dialog, [two, tmp_path / "pictures", one.parent])
    assert names(dialog) == ["two.mp4", "pictures", "one.mp4"]
    assert dialog.note.whole() == ""
    assert dialog.count.text() == "3 files"
    assert dialog.start.isEnabled()
    (tmp_path / "nothing").mkdir()
    drop(dialog, [tmp_path / "nothing", tmp_path / "gone.mp4"])
    assert names(dialog) == ["two.mp4", "pictures", "one.mp4"]
    assert dialog.note.whole().endswith("choose another folder  (and 1 more)")


def test_several_files_dropped_on_the_window_open_it_and_one_plays(
    window: MainWindow, make_files: Files, qtbot: Any, clip: Path
) -> None:
    drop(window, [clip])
    qtbot.waitUntil(lambda: window.video.has_picture, timeout=WAIT_MS)
    assert window.session.source == str(clip)
    assert window.dialogs.processing is None
    drop(window, make_files("one", "two"))
    assert window.dialogs.processing is not None
    assert names(window.dialogs.processing) == ["one.mp4", "two.mp4"]
    assert window.session.source == str(clip)
    assert not window.processing.working


def test_what_is_chosen_is_remembered(
    window: MainWindow, dialog: ProcessingDialog, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog.form.format.button("arkit").click()
    dialog.form.video.click()
    dialog.form.replace.click()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "tables"))
    dialog.form.browse.click()
    dialog.form.neutral.setCurrentIndex(dialog.form.neutral.findText("First second"))
    dialog.form.neutral.activated.emit(dialog.form.neutral.currentIndex())
    kept = {key: window.preferences.value(key, default) for key, default in KEYS.items()}
    assert kept == {
        "process/format": "arkit",
        "process/video": True,
        "process/replace": True,
        "process/folder": str(tmp_path / "tables"),
        "process/neutral": "first-second",
    }
    dialog.close()
    qtbot.waitUntil(lambda: window.dialogs.processing is None, timeout=WAIT_MS)
    again = window.dialogs.show_processing()
    assert (again.form.format.value, again.form.neutral.value) == ("arkit", "first-second")
    assert again.form.video.isChecked()
    assert again.form.replace.isChecked()
    assert again.form.folder.text() == str(tmp_path / "tables")
    window.preferences.set_value("process/format", "openface")  # as a settings file does
    assert again.form.format.value == "openface"


KEYS = {"process/format": "", "process/video": False, "process/replace": False, "process/folder": ""} | {
    "process/neutral": ""
}


def test_neutrals_are_ways_and_profiles(
    dialog: ProcessingDialog, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert dialog.form.neutral.value == "whole"
    for name in ("XDG_CONFIG_HOME", "APPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    save_profile("Anna", Profile(canonical_face()))
    dialog.form.show_choices()
    offered = [dialog.form.neutral.itemText(i) for i in range(dialog.form.neutral.count())]
    assert offered == ["Whole file, looked through twice", "Learn by and by", "First second", "Off", "Anna"]
    dialog.processing.choices.neutral = "Anna"
    assert dialog.form.neutral.value == "Anna"
    assert dialog.processing.settings.calibrate == "Anna"
    delete_profile("Anna")
    dialog.form.show_choices()
    assert dialog.form.neutral.value == "whole"


def test_it_says_which_settings_will_be_used(window: MainWindow, dialog: ProcessingDialog) -> None:
    assert dialog.form.settings.whole().startswith("Tracked as in the window: the automatic network, light smoothing")
    window.session.set_filter("off")
    window.session.set_asymmetry(False)
    window.panels["tracking"].tick(window.session.snapshot())
    assert "no smoothing, both sides alike, channels as measured" in dialog.form.settings.whole()


def test_nothing_can_be_started_that_writes_nothing(dialog: ProcessingDialog, make_files: Files) -> None:
    dialog.add(make_files("one"))
    assert dialog.start.isEnabled()
    dialog.form.format.button("none").click()
    assert not dialog.start.isEnabled()
    assert dialog.status.whole() == "Choose what to write: a CSV, a video, or both"
    dialog.form.video.click()
    assert dialog.start.isEnabled()
    assert dialog.status.whole() == ""


def test_it_is_closed_while_it_works_and_finds_the_same_list_again(
    window: MainWindow,
    dialog: ProcessingDialog,
    qtbot: Any,
    make_files: Files,
    row_of: RowOf,
    go: Callable[[], None],
) -> None:
    dialog.add(make_files("one", "bad", "hold", "four"))
    qtbot.mouseClick(dialog.start, LEFT)
    assert not dialog.start.isEnabled()
    assert not dialog.form.format.isEnabled()
    qtbot.waitUntil(lambda: row_of("hold").share == 0.5, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: dialog.percent.text() != "" and "3 of 4" in dialog.status.whole(), timeout=WAIT_MS)
    assert dialog.bar.value() == dialog.bar.maximum() * 5 // 8
    dialog.close()
    qtbot.waitUntil(lambda: window.dialogs.processing is None, timeout=WAIT_MS)
    assert window.processing.working
    assert window.job_strip.isVisible()
    again = window.dialogs.show_processing()
    model = again.list.model()
    spoken = [model.index(i, 0).data(Qt.ItemDataRole.AccessibleTextRole) for i in range(model.rowCount())]
    assert spoken[0] == "one.mp4, Done: 100 frames, 98 with a face"
    assert spoken[1] == "bad.mp4, Failed: bad.mp4 cannot be read as a video"
    assert spoken[2] == "hold.mp4, 50 %: 50 frames so far  ·  38 frames/s"
    assert spoken[3].startswith("four.mp4, Waiting: ")
    assert "Failed: bad.mp4 cannot be read as a video" in model.index(1, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert not again.start.isEnabled()
    assert again.cancel.isEnabled()
    go()
    qtbot.waitUntil(lambda: not window.processing.working, timeout=WAIT_MS)
    assert again.status.whole() == "3 of 4 files processed"
    assert again.count.text() == "4 files, 3 done"
    assert again.open_button.isEnabled()
    assert again.start.isEnabled()
    assert again.bar.value() == again.bar.maximum()
    again.list.selectAll()
    again.remove.click()
    assert names(again) == []
    assert (again.status.whole(), again.bar.value(), again.count.text()) == ("", 0, "")


def test_closed_and_opened_in_one_turn_it_is_there(window: MainWindow, dialog: ProcessingDialog, qtbot: Any) -> None:
    with qtbot.waitSignal(dialog.destroyed, timeout=WAIT_MS):
        dialog.close()
        again = window.dialogs.show_processing()
    assert again.isVisible()
    assert window.dialogs.processing is again


def test_cancel_answers_at_once(
    window: MainWindow, dialog: ProcessingDialog, qtbot: Any, make_files: Files, row_of: RowOf
) -> None:
    dialog.add(make_files("stubborn"))
    window.processing._patience_s = 0.3
    qtbot.mouseClick(dialog.start, LEFT)
    qtbot.waitUntil(lambda: row_of("stubborn").state is State.WORKING, timeout=WAIT_MS)
    qtbot.mouseClick(dialog.cancel, LEFT)
    assert dialog.status.whole() == "Stopping …"
    assert not dialog.cancel.isEnabled()
    qtbot.waitUntil(lambda: not window.processing.working, timeout=WAIT_MS)
    assert dialog.status.whole() == "Cancelled: 0 of 1 done"
    assert dialog.start.isEnabled()


def test_by_keyboard_alone(
    window: MainWindow, dialog: ProcessingDialog, qtbot: Any, make_files: Files, tmp_path: Path
) -> None:
    dialog.add(make_files("one", "two", "three"))
    assert QApplication.focusWidget() is dialog.list
    qtbot.keyClick(dialog.list, Qt.Key.Key_Home)
    qtbot.keyClick(dialog.list, Qt.Key.Key_Down)
    qtbot.keyClick(dialog.list, Qt.Key.Key_Delete)
    assert names(dialog) == ["one.mp4", "three.mp4"]
    assert [row.name for row in dialog.list.chosen] == ["three.mp4"]
    qtbot.keyClick(dialog, "v", Qt.KeyboardModifier.AltModifier)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Right)
    assert dialog.form.format.value == "arkit"
    qtbot.keyClick(dialog, "i", Qt.KeyboardModifier.AltModifier)
    assert QApplication.focusWidget() is dialog.form.folder
    dialog.form.folder.selectAll()
    qtbot.keyClicks(dialog.form.folder, str(tmp_path / "typed"))
    qtbot.keyClick(dialog.form.folder, Qt.Key.Key_Return)
    assert window.processing.working  # Enter starts, whatever field one is in
    qtbot.waitUntil(lambda: not window.processing.working, timeout=WAIT_MS)
    assert (tmp_path / "typed" / "three.csv").is_file()
    assert window.processing.choices.folder == tmp_path / "typed"
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.dialogs.processing is None, timeout=WAIT_MS)


def test_tab_comes_to_everything_and_everything_has_a_name(dialog: ProcessingDialog, make_files: Files) -> None:
    dialog.add(make_files("one"))
    dialog.list.selectAll()
    labelled = {label.buddy() for label in dialog.findChildren(QLabel) if label.buddy() is not None}
    wanted = {
        *(dialog.add_files, dialog.add_folder, dialog.remove, dialog.list, dialog.form.video, dialog.form.folder),
        *(
            dialog.form.format.button("openface"),
            dialog.form.browse,
            dialog.form.replace,
            dialog.form.neutral,
            dialog.start,
        ),
        *(dialog.close_button,),
    }
    came_to = set()
    for _ in range(40):
        dialog.focusNextPrevChild(True)
        came_to.add(QApplication.focusWidget())
    assert wanted <= came_to
    for widget in came_to:
        assert isinstance(widget, QWidget)
        text = widget.text() if isinstance(widget, QAbstractButton) else ""
        assert text or widget.accessibleName() or widget in labelled, widget
        assert widget.toolTip() or text or isinstance(widget, QLineEdit) or widget is dialog.list, widget
    letters = [w.text().partition("&")[2][:1].lower() for w in dialog.findChildren(QAbstractButton) if "&" in w.text()]
    letters += [label.text().partition("&")[2][:1].lower() for label in dialog.findChildren(QLabel) if label.buddy()]
    assert len(set(letters)) == len(letters), letters


def test_it_follows_the_theme(window: MainWindow, dialog: ProcessingDialog, make_files: Files) -> None:
    dialog.add(make_files("one"))
    pictures = []
    for name, theme in (("dark", DARK), ("light", LIGHT)):
        window.set_theme(name)
        assert dialog.list.theme is theme
        pictures.append(dialog.grab().toImage())
        assert pictures[-1].pixelColor(4, 4).name() == theme.window
    assert pictures[0] != pictures[1]
