"""Docks, menus and keys of the real window: everything opens, closes, comes back, and no two keys are the same."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QRect, QSettings, Qt
from PySide6.QtGui import QAction, QColor, QKeySequence, QScreen, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QScrollArea,
    QTabBar,
    QWidget,
)

from app.tracker import TrackerSettings
from app.ui.about import KeysView
from app.ui.docks import LAYOUT_VERSION, PanelSpec
from app.ui.menus import MENUS
from app.ui.panel_dock import TitleBar
from app.ui.session import Session
from app.ui.window import MainWindow

WAIT_MS = 60_000
KEY, CTRL = Qt.Key, Qt.KeyboardModifier.ControlModifier
MakeWindow = Callable[..., MainWindow]


@pytest.fixture
def window(make_window: MakeWindow) -> MainWindow:
    return make_window()


def in_sight(window: MainWindow) -> set[str]:
    return {name for name in window.panels if window.docks.is_visible(name)}


def test_every_dock_opens_closes_and_goes_back(window: MainWindow, qtbot: Any) -> None:
    at_first = in_sight(window)
    assert {"picture", "meters"} <= at_first
    for name in window.panels:
        window.docks.show(name)
        qtbot.waitUntil(lambda name=name: window.docks.is_visible(name), timeout=WAIT_MS)
        assert window.panels[name].size().width() > 200
        window.docks.toggle(name)
        qtbot.waitUntil(lambda name=name: not window.docks.is_visible(name), timeout=WAIT_MS)
    assert in_sight(window) == set()
    window.menus.actions["Reset layout"].trigger()
    qtbot.waitUntil(lambda: in_sight(window) == at_first, timeout=WAIT_MS)
    shown = {spec.name for spec in window.specs if spec.shown}
    assert {name for name, dock in window.docks.docks.items() if not dock.isHidden()} == shown


def test_an_entry_shows_and_hides_each_panel(window: MainWindow, qtbot: Any) -> None:
    for spec in window.specs:
        before = window.docks.is_visible(spec.name)
        for expected in (not before, before):
            window.menus.actions[window.panels[spec.name].title].trigger()
            qtbot.waitUntil(lambda e=expected, n=spec.name: window.docks.is_visible(n) is e, timeout=WAIT_MS)


def test_a_key_goes_to_a_panel_and_hides_it_once_the_keyboard_is_there(window: MainWindow, qtbot: Any) -> None:
    def press(spec: PanelSpec) -> None:
        qtbot.keyClick(QApplication.focusWidget() or window, int(spec.key[-1:]) + KEY.Key_0, CTRL)

    for spec in window.specs:
        dock = window.docks.docks[spec.name]
        window.toolbar.source.setFocus()
        press(spec)  # whether it was shown, closed or behind another tab
        qtbot.waitUntil(lambda name=spec.name: window.docks.is_visible(name), timeout=WAIT_MS)
        assert dock.isAncestorOf(QApplication.focusWidget()), spec.name
        first = QApplication.focusWidget()
        window.toolbar.source.setFocus()
        press(spec)  # it is in front, the keyboard elsewhere
        assert window.docks.is_visible(spec.name)
        assert QApplication.focusWidget() is first
        press(spec)
        qtbot.waitUntil(lambda name=spec.name: not window.docks.is_visible(name), timeout=WAIT_MS)
        assert dock.isHidden()
        assert QApplication.focusWidget() is window.rig


def test_the_entry_of_a_menu_hides_what_it_ticks_wherever_the_keyboard_is(window: MainWindow, qtbot: Any) -> None:
    window.toolbar.source.setFocus()
    action = window.menus.actions["Meters"]
    window.menus.menu("View").aboutToShow.emit()
    assert action.isChecked()
    action.trigger()
    qtbot.waitUntil(lambda: not window.docks.is_visible("meters"), timeout=WAIT_MS)
    assert window.toolbar.source.hasFocus()
    assert not action.isChecked()


def test_only_the_face_and_back(window: MainWindow, qtbot: Any) -> None:
    before = in_sight(window)
    window.docks.toggle_all()
    qtbot.waitUntil(lambda: in_sight(window) == set(), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.rig.width() > 0.95 * window.width(), timeout=WAIT_MS)
    window.docks.toggle_all()
    qtbot.waitUntil(lambda: in_sight(window) == before, timeout=WAIT_MS)


def test_titles_stand_where_no_tab_says_them(window: MainWindow, qtbot: Any) -> None:
    def title_height(name: str) -> int:
        bar = window.docks.docks[name].titleBarWidget()
        assert isinstance(bar, TitleBar)
        return bar.sizeHint().height()

    qtbot.waitUntil(lambda: title_height("tracking") == 0, timeout=WAIT_MS)  # beside the character, in tabs
    assert title_height("picture") > 0
    window.docks.docks["tracking"].setFloating(True)
    qtbot.waitUntil(lambda: title_height("tracking") > 0, timeout=WAIT_MS)
    close = window.docks.docks["picture"].bar.close_button
    close.setFocus()
    close.click()
    assert window.docks.docks["picture"].isHidden()
    assert window.rig.hasFocus()  # as after the panel's key


def test_the_layout_is_there_at_the_next_start(window: MainWindow, qtbot: Any) -> None:
    window.docks.docks["meters"].close()
    window.docks.docks["tracking"].setFloating(True)
    window.resize(1000, 700)
    size = window.size()
    window.close()
    again = MainWindow(Session(TrackerSettings()), window.preferences._settings)
    qtbot.addWidget(again)
    again.show()
    assert again.docks.docks["meters"].isHidden()
    assert not again.docks.docks["picture"].isHidden()
    assert again.docks.docks["tracking"].isFloating()
    assert again.size() == size
    again.close()


@pytest.mark.parametrize("layout", ['"AAAA"', '"ü no base64"', "17"])
def test_a_broken_layout_is_said_and_the_window_opens(qtbot: Any, tmp_path: Any, layout: str) -> None:
    settings = QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat)
    settings.setValue("mien/version", 2)
    settings.setValue("window/layout", layout)
    settings.setValue("window/geometry", '"AAAA"')
    window = MainWindow(Session(TrackerSettings()), settings)
    qtbot.addWidget(window)
    window.show()
    assert "layout" in window.messages.text
    assert not window.docks.docks["picture"].isHidden()
    assert window.width() == 1280
    window.close()


def test_a_layout_of_another_version_is_refused(window: MainWindow) -> None:
    other = bytes(window.deck.saveState(LAYOUT_VERSION + 1).toBase64().data()).decode()
    assert not window.docks.restore(other)
    assert window.docks.restore(window.docks.save())


def test_no_two_keys_are_the_same(window: MainWindow) -> None:
    """Keys of the whole window; those of a panel work in it alone."""
    context = Qt.ShortcutContext
    everywhere = (context.WindowShortcut, context.ApplicationShortcut)
    actions = {action for action in window.findChildren(QAction) if action.shortcutContext() in everywhere}
    keys = [key.toString() for action in actions for key in action.shortcuts()]
    keys += [s.key().toString() for s in window.findChildren(QShortcut) if s.context() in everywhere]
    assert [key for key, times in Counter(keys).items() if times > 1] == []
    for needed in ("Space", "C", "R", "Ctrl+O", "Ctrl+Q", "F1", "F11", "Esc", "Home", "Ctrl+1"):
        assert needed in keys


def test_a_key_typed_into_a_field_is_text(window: MainWindow, qtbot: Any) -> None:
    started: list[object] = []
    window.session.start = lambda *_: started.append(1)  # type: ignore[method-assign]
    window._last_spec = "demo"
    field = QLineEdit(window.toolbar)
    field.show()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus, timeout=WAIT_MS)
    qtbot.keyClicks(field, "rec home")
    assert field.text() == "rec home"
    assert started == []
    qtbot.keyClick(field, Qt.Key.Key_F11)  # what no field can use works there too
    assert window.isFullScreen()
    qtbot.keyClick(field, Qt.Key.Key_F11)
    button = window.toolbar.calibrate
    button.setEnabled(True)
    pressed: list[object] = []
    button.clicked.connect(lambda: pressed.append(1))
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)  # presses the button that has the focus, and starts nothing
    assert (len(pressed), started) == (1, [])
    window.rig.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    window.rig.setFocus()
    qtbot.keyClick(window.rig, Qt.Key.Key_Space)
    assert started == [1]


def test_f2_writes_over_a_name_where_a_list_lets_it_and_is_a_key_of_the_window_elsewhere(
    window: MainWindow, qtbot: Any
) -> None:
    opened: list[int] = []
    stage = window.menus.actions["Stage"]
    stage.triggered.disconnect()
    stage.triggered.connect(lambda: opened.append(1))
    names = QListWidget(window.toolbar)
    names.addItem("take 1")
    names.setCurrentRow(0)
    names.show()
    names.setFocus()
    qtbot.keyClick(names, KEY.Key_F2)
    assert len(opened) == 1  # nothing to write over here
    names.item(0).setFlags(names.item(0).flags() | Qt.ItemFlag.ItemIsEditable)
    qtbot.keyClick(names, KEY.Key_F2)
    assert len(opened) == 1
    assert names.state() is QListWidget.State.EditingState


def test_escape_calls_the_countdown_of_a_recording_off(window: MainWindow, qtbot: Any, clip: Path) -> None:
    window.start(str(clip))
    recorder = window.shell.recorder
    qtbot.waitUntil(lambda: recorder.ready, timeout=WAIT_MS)
    recorder.countdown_s = 5
    recorder.toggle()
    assert recorder.countdown.running
    window.messages.show_message("error", "something went wrong")
    qtbot.keyClick(window, KEY.Key_Escape)
    assert not recorder.countdown.running
    assert recorder.recording is None
    assert window.messages.text  # one thing at a time
    qtbot.keyClick(window, KEY.Key_Escape)
    assert not window.messages.text


def test_menus_say_what_they_do_and_when(window: MainWindow, qtbot: Any) -> None:
    bar = [action.text().replace("&", "") for action in window.menuBar().actions()]
    assert bar == list(MENUS)
    for command in window.menus.commands:
        assert command.menu in MENUS
        action = window.menus.actions[command.text]
        if command.by_key is None:
            assert not command.key or action.shortcut() == QKeySequence(command.key)
        else:
            assert action.text().partition("\t")[2] == QKeySequence(command.key).toString()
    window.menus.refresh()
    assert not window.menus.actions["Relax your face"].isEnabled()  # nothing runs
    for command in window.menus.commands:
        if command.fill is not None:
            menu = window.menus.actions[command.text].menu()
            menu.aboutToShow.emit()
            assert menu.actions(), command.text
    keys = KeysView(window, window.menus.keys())
    qtbot.addWidget(keys)
    texts = [label.text() for label in keys.findChildren(QWidget) if hasattr(label, "text")]
    assert "F11" in texts
    assert "Full screen" in texts
    window.dialogs.show_keys()
    shown = window.findChildren(KeysView)[-1]
    texts = [label.text() for label in shown.findChildren(QLabel)]
    assert {"F11", "3D face", "Zoom", "Takes"} <= set(texts)  # keys that work in one place, too
    assert shown.findChildren(QScrollArea)[0].verticalScrollBar().maximum() == 0  # all at one glance
    shown.close()


def test_everything_that_can_be_operated_has_a_name(window: MainWindow) -> None:
    """For screen readers: what it says, or an accessible name; and what has only an icon says by a tip what it does."""
    for button in window.findChildren(QAbstractButton):
        if button.objectName().startswith("qt_") or isinstance(button.parent(), QTabBar | QLineEdit):
            continue  # Qt's own parts
        assert button.text() or button.accessibleName() or button.toolTip(), _path(button)
    for field in window.findChildren(QLineEdit):
        if not field.objectName().startswith("qt_"):
            assert field.accessibleName() or field.placeholderText(), _path(field)


def _path(widget: QWidget) -> str:
    names = []
    part: Any = widget
    while part is not None:
        names.append(f"{type(part).__name__}#{part.objectName()}")
        part = part.parent()
    return " < ".join(names)


def test_a_menu_moves_panels(window: MainWindow, qtbot: Any) -> None:
    def take(word: str) -> None:
        moves = window.menus.actions["Move panel"].menu()
        moves.aboutToShow.emit()
        panel = next(a.menu() for a in moves.actions() if a.text() == window.panels["meters"].title)
        next(a for a in panel.actions() if a.text() == word).trigger()

    def ticked() -> list[str]:
        moves = window.menus.actions["Move panel"].menu()
        moves.aboutToShow.emit()
        panel = next(a.menu() for a in moves.actions() if a.text() == window.panels["meters"].title)
        return [a.text() for a in panel.actions() if a.isChecked()]

    dock = window.docks.docks["meters"]
    assert ticked() == ["Left"]
    for word, area in (
        ("Right", Qt.DockWidgetArea.RightDockWidgetArea),
        ("Bottom", Qt.DockWidgetArea.BottomDockWidgetArea),
        ("A window of its own", None),
        ("Left", Qt.DockWidgetArea.LeftDockWidgetArea),
    ):
        take(word)
        qtbot.waitUntil(lambda: window.docks.is_visible("meters"), timeout=WAIT_MS)
        assert dock.isFloating() is (area is None)
        assert area is None or window.deck.dockWidgetArea(dock) is area
        assert ticked() == [word]
        beside = window.deck.tabifiedDockWidgets(dock)
        assert bool(beside) is (word == "Right")  # the other side's panels are in tabs


def test_a_floating_panel_that_is_shown_by_key_has_the_focus(window: MainWindow, qtbot: Any) -> None:
    dock = window.docks.docks["tracking"]
    window.docks.move("tracking", None)
    dock.close()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT_MS)
    window.docks.toggle("tracking")
    qtbot.waitUntil(dock.isActiveWindow, timeout=WAIT_MS)


def test_a_panel_undocked_by_key_is_seen_to_be_so_and_keeps_the_keyboard(window: MainWindow, qtbot: Any) -> None:
    dock = window.docks.docks["meters"]
    button = dock.bar.float_button
    button.setFocus()
    docked = QRect(dock.mapToGlobal(QPoint()), dock.size())
    qtbot.keyClick(button, KEY.Key_Space)
    qtbot.waitUntil(dock.isActiveWindow, timeout=WAIT_MS)
    assert dock.isFloating()
    assert abs(dock.x() - docked.x()) >= 16  # not where it was, where it would look as if it were docked
    assert abs(dock.y() - docked.y()) >= 16
    assert window.frameGeometry().contains(dock.geometry())
    assert (QApplication.focusWidget(), button.accessibleName()) == (button, "Dock Meters")
    rim = dock.grab().toImage().pixelColor(0, dock.height() // 2)
    assert rim == QColor(window.theme.faint)  # a line around it: the desktop adds no frame
    place = dock.geometry()
    window.docks.toggle("meters")
    assert dock.isHidden()
    window.docks.go_to("meters")
    qtbot.waitUntil(dock.isActiveWindow, timeout=WAIT_MS)
    assert dock.geometry() == place
    button.setFocus()
    qtbot.keyClick(button, KEY.Key_Return)  # Enter presses here, too
    assert not dock.isFloating()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT_MS)
    assert (QApplication.focusWidget(), button.accessibleName()) == (button, "Undock Meters")


def test_keys_in_an_undocked_panel_are_its_own_as_in_a_docked_one(window: MainWindow, qtbot: Any) -> None:
    started: list[object] = []
    window.session.start = lambda *_: started.append(1)  # type: ignore[method-assign]
    window._last_spec = "demo"
    window.docks.show("charts")
    window.docks.move("charts", None)
    dock = window.docks.docks["charts"]
    qtbot.waitUntil(dock.isActiveWindow, timeout=WAIT_MS)
    pause = next(b for b in dock.findChildren(QAbstractButton) if b.accessibleName() == "Pause the charts")
    pressed: list[object] = []
    pause.clicked.connect(lambda: pressed.append(1))
    pause.setFocus()
    qtbot.keyClick(pause, KEY.Key_Space)  # presses the button that has the focus, and starts nothing
    assert (len(pressed), started) == (1, [])


def test_a_dialog_of_an_undocked_panel_gives_the_keyboard_back_to_it(window: MainWindow, qtbot: Any) -> None:
    window.docks.show("charts")
    window.docks.move("charts", None)
    dock = window.docks.docks["charts"]
    qtbot.waitUntil(dock.isActiveWindow, timeout=WAIT_MS)
    save = next(b for b in dock.findChildren(QAbstractButton) if b.accessibleName() == "Save the charts")
    save.setFocus()
    dialog = QDialog(window.panels["charts"])
    dialog.setModal(True)
    dialog.show()
    qtbot.waitUntil(dialog.isActiveWindow, timeout=WAIT_MS)
    dialog.reject()
    window.activateWindow()  # as the desktop does
    qtbot.waitUntil(lambda: dock.isActiveWindow() and QApplication.focusWidget() is save, timeout=WAIT_MS)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT_MS)
    dialog.show()  # asked for from elsewhere
    qtbot.waitUntil(dialog.isActiveWindow, timeout=WAIT_MS)
    dialog.reject()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT_MS)
    QApplication.processEvents()
    assert window.isActiveWindow()


def test_a_panel_that_a_menu_moved_has_the_keyboard(window: MainWindow, qtbot: Any) -> None:
    dock = window.docks.docks["tracking"]

    def is_there() -> bool:
        focus = QApplication.focusWidget()
        return focus is not None and dock.isAncestorOf(focus)

    for area in (None, Qt.DockWidgetArea.LeftDockWidgetArea):
        window.menuBar().setFocus()
        window.docks.move("tracking", area)
        qtbot.waitUntil(is_there, timeout=WAIT_MS)


def test_a_panel_behind_another_tab_is_undocked_into_sight(window: MainWindow, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: not window.docks.is_visible("character"), timeout=WAIT_MS)
    seen = window.docks.docks["tracking"].size()
    window.docks.move("character", None)
    assert window.frameGeometry().contains(window.docks.docks["character"].geometry().center())
    assert window.docks.docks["character"].size() == seen


def test_the_first_window_is_whole_on_a_small_screen(
    qtbot: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = QRect(20, 10, 1200, 700)
    monkeypatch.setattr(QScreen, "availableGeometry", lambda _: room)
    window = MainWindow(Session(TrackerSettings()), QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat))
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: room.contains(window.frameGeometry()), timeout=WAIT_MS)
    assert window.size() == room.size()
    window.close()


def test_a_key_goes_from_panel_to_panel(window: MainWindow, qtbot: Any) -> None:
    window.toolbar.source.setFocus()
    in_order = [spec.name for spec in window.specs if window.docks.is_visible(spec.name)]
    assert len(in_order) > 2

    def after(command: str) -> str:
        window.menus.actions[command].trigger()
        focus = QApplication.focusWidget()
        return next((name for name, panel in window.panels.items() if panel.isAncestorOf(focus)), "")

    assert [after("Next panel") for _ in range(len(in_order) + 1)] == [*in_order, in_order[0]]
    assert [after("Previous panel") for _ in in_order] == in_order[::-1]
    window.toolbar.source.setFocus()
    assert after("Previous panel") == in_order[-1]
