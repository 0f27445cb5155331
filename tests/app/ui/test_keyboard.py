"""Everything that can be clicked can be reached by Tab, and says what it is."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollBar,
    QTabBar,
    QWidget,
)

from app.ui.menus import MENUS, with_mnemonics
from app.ui.screenshot import PAGES
from app.ui.style.segments import Segments
from app.ui.window import MainWindow

WAIT_MS = 60_000
CONTROLS = (QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit)
MOST_STEPS = 400


@pytest.fixture
def window(make_window: Callable[..., MainWindow], qtbot: Any, clip: Path) -> MainWindow:
    """Wide, with a film, so that nothing is left out for want of room or of a source."""
    made = make_window()
    made.resize(1280, 800)
    made.start(str(clip))
    qtbot.waitUntil(lambda: made.video.has_picture, timeout=WAIT_MS)
    made.session.film.set_paused(True)
    return made


def is_part_of_another(widget: QWidget) -> bool:
    """A control that has its keys from the one it belongs to."""
    if isinstance(widget, QScrollBar):
        return True
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, Segments):  # Tab comes to the chosen one, the arrows go to the others
            return not (isinstance(widget, QAbstractButton) and widget.isChecked())
        if isinstance(parent, (QComboBox, QAbstractSpinBox, QAbstractItemView, QTabBar, QLineEdit)):
            return True
        parent = parent.parentWidget()
    return False


def controls(of: QWidget) -> list[QWidget]:
    """Those that can be used now."""
    return [
        widget
        for widget in of.findChildren(QWidget)
        if isinstance(widget, CONTROLS) and widget.isVisible() and widget.isEnabled() and not is_part_of_another(widget)
    ]


def name(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    return f"{type(widget).__name__} {widget.accessibleName() or text or widget.objectName() or widget.toolTip()!r}"


def reached(window: QWidget, forward: bool = True) -> set[QWidget]:
    """What Tab comes to, or Shift and Tab, once around."""
    first = QApplication.focusWidget()
    seen: set[QWidget] = set()
    for _ in range(MOST_STEPS):
        focus = QApplication.focusWidget()
        assert focus is not None
        if focus in seen and focus is first:
            break
        seen.add(focus)
        window.focusNextPrevChild(forward)
    return seen


def is_reached(widget: QWidget, came_to: set[QWidget]) -> bool:
    """Tab comes to one of those that exclude each other, and the arrows to the others."""
    group = widget.group() if isinstance(widget, QAbstractButton) else None
    return widget in came_to or (group is not None and group.exclusive() and bool(came_to & set(group.buttons())))


def pages(window: MainWindow) -> Iterator[tuple[str, QWidget]]:
    """What is around the panels, and every panel in front, page after page."""
    yield "toolbar", window.toolbar
    yield "3D face", window.rig
    for panel_name, panel in window.panels.items():
        window.docks.show(panel_name)
        row = getattr(panel, PAGES[panel_name], None) if panel_name in PAGES else None
        for key in row.keys() if isinstance(row, Segments) else [""]:
            if isinstance(row, Segments):
                row.button(key).click()
            yield f"{panel_name} {key}".strip(), panel


def test_tab_comes_to_everything_in_every_panel(window: MainWindow, qtbot: Any) -> None:
    missing: dict[str, list[str]] = {}
    for place, part in pages(window):
        qtbot.waitUntil(part.isVisible, timeout=WAIT_MS)
        window.toolbar.source.setFocus(Qt.FocusReason.TabFocusReason)
        came_to = reached(window)
        left_out = [name(widget) for widget in controls(part) if not is_reached(widget, came_to)]
        if left_out:
            missing[place] = left_out
    assert missing == {}


def test_everything_says_what_it_is(window: MainWindow) -> None:
    """A name for screen readers, and a tooltip, a word on it, or a label before it for everybody else."""
    silent: dict[str, list[str]] = {}
    for place, part in pages(window):
        labelled = {label.buddy() for label in window.findChildren(QLabel) if label.buddy() is not None}
        for widget in controls(part):
            word = widget.text().strip() if isinstance(widget, QAbstractButton) else ""
            named = widget.accessibleName() or word or widget in labelled
            told = widget.toolTip() or word or widget in labelled
            if not (named and told):
                silent.setdefault(place, []).append(f"{name(widget)} in {type(widget.parentWidget()).__name__}")
    assert silent == {}


def test_tab_passes_over_what_is_behind_a_tab(window: MainWindow, qtbot: Any) -> None:
    for front in ("tracking", "output"):
        window.docks.show(front)
        qtbot.waitUntil(lambda front=front: window.docks.is_visible(front), timeout=WAIT_MS)
        qtbot.waitUntil(lambda: window.docks.docks["character"].visibleRegion().isEmpty(), timeout=WAIT_MS)
        for forward in (True, False):
            window.toolbar.source.setFocus(Qt.FocusReason.TabFocusReason)
            came_to = reached(window, forward)
            behind = [panel for key, panel in window.panels.items() if not window.docks.is_visible(key)]
            lost = [name(w) for w in came_to if any(panel.isAncestorOf(w) for panel in behind)]
            assert lost == []
            assert any(window.panels[front].isAncestorOf(w) for w in came_to)


def test_alt_and_a_letter_of_a_menu_opens_it_whatever_is_shown(window: MainWindow) -> None:
    """Two of one letter: Qt goes to one of them, and the next time to the other."""
    menus = {action.text().split("&")[1][0].lower() for action in window.menuBar().actions()}
    clashes = {}
    for place, part in pages(window):
        words = [w.text() for w in part.findChildren(QLabel) if w.buddy() is not None]
        words += [w.text() for w in part.findChildren(QAbstractButton)]
        letters = {word.replace("&&", "").partition("&")[2][:1].lower() for word in words}
        if found := menus & letters:
            clashes[place] = found
    assert clashes == {}


def test_mnemonics_belong_to_what_is_in_front(window: MainWindow, qtbot: Any) -> None:
    window.docks.show("tracking")
    qtbot.waitUntil(lambda: window.docks.is_visible("tracking"), timeout=WAIT_MS)
    labels = {n: [w for w in p.findChildren(QLabel) if "&" in w.text()] for n, p in window.panels.items()}
    assert labels["tracking"]
    assert labels["output"]
    assert all(label.isEnabled() for label in labels["tracking"])
    assert not any(label.isEnabled() for label in labels["output"])
    window.docks.show("output")
    qtbot.waitUntil(lambda: labels["output"][0].isEnabled(), timeout=WAIT_MS)
    assert not labels["tracking"][0].isEnabled()


def test_enter_presses_the_button_with_the_focus(window: MainWindow, qtbot: Any) -> None:
    window.docks.show("output")
    panel = window.panels["output"]
    qtbot.waitUntil(panel.isVisible, timeout=WAIT_MS)
    window.session.stop()
    qtbot.waitUntil(lambda: not window.session.running, timeout=WAIT_MS)
    for button in (window.toolbar.view, panel.findChild(QPushButton)):
        pressed: list[object] = []
        button.pressed.connect(lambda pressed=pressed: pressed.append(1))
        if button is window.toolbar.view:
            button.setMenu(None)
        button.setFocus(Qt.FocusReason.TabFocusReason)
        qtbot.keyClick(button, Qt.Key.Key_Return)
        qtbot.keyClick(button, Qt.Key.Key_Enter)
        assert len(pressed) == 2, name(button)


def test_it_can_be_seen_what_has_the_focus(window: MainWindow, qtbot: Any) -> None:
    """Each control looks another way with the focus than without, chosen or not."""
    same: dict[str, list[str]] = {}
    for place, part in pages(window):
        qtbot.waitUntil(part.isVisible, timeout=WAIT_MS)
        for widget in controls(part):
            if not widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                continue
            window.setFocus()
            without = widget.grab().toImage()
            widget.setFocus(Qt.FocusReason.TabFocusReason)
            if widget.hasFocus() and widget.grab().toImage() == without:
                same.setdefault(place, []).append(name(widget))
    assert same == {}


def test_a_letter_chooses_an_entry_of_an_open_menu(window: MainWindow) -> None:
    for title in MENUS:
        entries = [action.text() for action in window.menus.menu(title).actions() if not action.isSeparator()]
        letters = [text.partition("&")[2][:1].lower() for text in entries]
        assert all(letters), entries
        assert len(set(letters)) == len(letters), entries


def test_mnemonics_are_initials_where_they_can_be() -> None:
    assert with_mnemonics(["Open video", "Quit", "Open folder"]) == ["&Open video", "&Quit", "Open &folder"]
    assert with_mnemonics(["Ab", "A", "…"]) == ["A&b", "&A", "…"]  # who has another letter gives way
    assert with_mnemonics(["a", "a"]) == ["&a", "a"]


def test_alt_and_a_letter_of_a_label_goes_to_what_it_names(window: MainWindow, qtbot: Any) -> None:
    astray: dict[str, list[str]] = {}
    tried = 0
    for place, part in pages(window):
        qtbot.waitUntil(part.isVisible, timeout=WAIT_MS)
        for label in part.findChildren(QLabel):
            buddy, letter = label.buddy(), label.text().partition("&")[2][:1]
            if buddy is None or not letter or not label.isVisible() or not buddy.isEnabled():
                continue
            if isinstance(buddy, QAbstractButton):  # Qt presses it, and a dialog opens
                continue
            window.toolbar.source.setFocus()
            qtbot.keyClick(window, letter.lower(), Qt.KeyboardModifier.AltModifier)
            focus = QApplication.focusWidget()
            tried += 1
            if focus is not buddy and not (focus is not None and buddy.isAncestorOf(focus)):
                astray.setdefault(place, []).append(label.text())
    assert tried > 5
    assert astray == {}


def test_keys_are_nobodys_until_somebody_takes_them(make_window: Callable[..., MainWindow], qtbot: Any) -> None:
    """Space starts and stops from the first moment on, and Tab begins with the first control."""
    window = make_window()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT_MS)
    assert QApplication.focusWidget() is window
    qtbot.keyClick(window, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is window.toolbar.source


def test_a_film_that_stands_is_not_waited_for_to_calibrate(window: MainWindow, qtbot: Any) -> None:
    """The fixture's film is paused: neither the key nor the panel's button may hang at "Hold still"."""
    relax = next(b for b in window.panels["tracking"].findChildren(QPushButton) if b.text() == "Relax your face")
    qtbot.waitUntil(window.menus.actions["Relax your face"].isEnabled, timeout=WAIT_MS)
    qtbot.waitUntil(relax.isEnabled, timeout=WAIT_MS)
    for begin in (lambda: qtbot.keyClick(window, Qt.Key.Key_C), relax.click):
        begin()
        assert not window.countdown.running
        assert "play it" in window.messages.text
        window.messages.dismiss()
    window.session.film.set_paused(False)
    qtbot.waitUntil(lambda: window.session.film.playing, timeout=WAIT_MS)
    qtbot.keyClick(window, Qt.Key.Key_C)
    assert window.countdown.running


def test_what_tab_passed_over_unseen_is_not_where_a_panel_is_entered(window: MainWindow, qtbot: Any) -> None:
    panel = window.panels["output"]
    assert not window.docks.is_visible("output")
    reached(window)  # once around, over what is behind another tab
    window.docks.go_to("output")
    qtbot.waitUntil(lambda: window.docks.is_visible("output"), timeout=WAIT_MS)
    entered = QApplication.focusWidget()
    inside = [w for w in controls(panel) if w.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert entered in inside
    before = entered.previousInFocusChain()
    while before not in inside and not (isinstance(before, QWidget) and not panel.isAncestorOf(before)):
        before = before.previousInFocusChain()
    assert before not in inside  # it is the first
