"""The first start in three steps; it comes once, and again when asked."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel

from app.ui import welcome as welcome_module
from app.ui.destinations import ADDRESS_HINT, DESTINATIONS, Card
from app.ui.welcome import DONE_KEY, Welcome
from app.ui.window import MainWindow

WAIT_MS = 60_000
MakeWindow = Callable[..., MainWindow]


@pytest.fixture
def window(make_window: MakeWindow) -> Iterator[MainWindow]:
    made = make_window()
    yield made
    if made.dialogs.welcome is not None:
        made.dialogs.welcome.close()


def opened(window: MainWindow) -> Welcome:
    window.dialogs.show_welcome()
    assert window.dialogs.welcome is not None
    return window.dialogs.welcome


def test_three_steps_forward_and_back(window: MainWindow, qtbot: Any) -> None:
    welcome = opened(window)
    titles = [welcome.heading.text()]
    for _ in range(2):
        welcome.next.click()
        titles.append(welcome.heading.text())
    assert titles == [title for title, _ in welcome_module.STEPS]
    assert welcome.next.text() == "Done"
    welcome.back.click()
    assert welcome.step == 1
    welcome.next.click()
    assert not window.preferences.value(DONE_KEY, False)
    welcome.next.click()
    qtbot.waitUntil(lambda: window.dialogs.welcome is None, timeout=WAIT_MS)
    assert window.preferences.value(DONE_KEY, False)
    again = opened(window)  # Help has it again, from the start
    assert again.step == 0


@pytest.mark.parametrize("by_esc", [False, True])
def test_skipping_counts_as_seen(window: MainWindow, qtbot: Any, by_esc: bool) -> None:
    welcome = opened(window)
    if by_esc:
        qtbot.waitUntil(welcome.isActiveWindow, timeout=WAIT_MS)
        qtbot.keyClick(welcome, Qt.Key.Key_Escape)
    else:
        welcome.skip.click()
    qtbot.waitUntil(lambda: window.dialogs.welcome is None, timeout=WAIT_MS)
    assert window.preferences.value(DONE_KEY, False)
    assert not window.session.running


def test_cameras_are_offered_and_the_picture_is_live(
    window: MainWindow, qtbot: Any, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr(window.session, "start", started.append)
    welcome = opened(window)
    demo = next(button for button in welcome._sources.buttons() if button.property("spec") == "demo")
    demo.click()
    assert started == ["demo"]
    monkeypatch.undo()
    window.start(str(clip))
    qtbot.waitUntil(lambda: welcome.pictures[0].has_picture, timeout=WAIT_MS)


def test_calibration_is_counted_down_and_said_to_be_done(
    window: MainWindow, qtbot: Any, clip: Path, trackers: list[Any], make_face: Any
) -> None:
    window.start(str(clip))
    welcome = opened(window)
    welcome.next.click()
    qtbot.waitUntil(lambda: welcome.pictures[1].has_picture and welcome.relax.isEnabled(), timeout=WAIT_MS)
    qtbot.waitUntil(welcome.isActiveWindow, timeout=WAIT_MS)  # else Space is the main window's
    welcome.relax.setFocus()
    qtbot.keyClick(welcome.relax, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not welcome.relax.isEnabled(), timeout=WAIT_MS)
    assert welcome.focusWidget() is welcome.next  # not Skip: one more Enter must not close it all
    assert welcome.pictures[1].big_note.startswith("3\n")
    window.countdown.cancel()
    assert welcome.pictures[1].big_note == ""
    newest = window.session.newest()
    assert newest is not None
    for state in ("calibrating", "tracking"):
        assert "Done" not in welcome.rest_line.text()
        welcome.show_face(newest[0], make_face(state=state))
    assert "Done" in welcome.rest_line.text()


def test_what_is_chosen_last_is_sent_to(window: MainWindow, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    welcome = opened(window)
    sent: list[tuple[str, str]] = []
    welcome.send_chosen.connect(lambda protocol, address: sent.append((protocol, address)))
    welcome._go(2)
    other = next(i for i, one in enumerate(DESTINATIONS) if one.protocol and not one.address)
    welcome.sending.group.button(other).setChecked(True)
    for wrong in ("", "nowhere", "host:port", ":9000", "host:0", "host:65536"):
        welcome.sending.address.setText(wrong)
        welcome.next.click()
        assert welcome.sending.address.property("bad") == "true"
        assert sent == []
    told = [label.text() for label in welcome.sending.findChildren(QLabel)]
    assert any(ADDRESS_HINT in text for text in told)  # what to do, though the field's own hint is typed over
    qtbot.keyClicks(welcome.sending.address, "x")
    assert not any(ADDRESS_HINT in label.text() for label in welcome.sending.findChildren(QLabel))
    assert welcome.sending.address.property("bad") == "false"
    welcome.sending.address.setText("10.1.2.3:9001")
    welcome.next.click()
    assert sent == [("mien", "10.1.2.3:9001")]


def test_a_typed_address_chooses_its_answer(window: MainWindow, qtbot: Any) -> None:
    welcome = opened(window)
    welcome._go(2)
    assert welcome.sending.group.checkedId() == 0
    qtbot.keyClicks(welcome.sending.address, "10.0.0.1:9000")
    chosen = DESTINATIONS[welcome.sending.group.checkedId()]
    assert chosen.protocol == "mien"
    assert chosen.address == ""


def test_a_click_anywhere_on_a_card_chooses_it(window: MainWindow, qtbot: Any) -> None:
    welcome = opened(window)
    welcome._go(2)
    cards = welcome.sending.findChildren(Card)
    assert len(cards) == len(DESTINATIONS)
    for i, card in reversed(list(enumerate(cards))):
        qtbot.mouseClick(card, Qt.MouseButton.LeftButton, pos=QPoint(card.width() // 2, card.height() - 4))
        assert welcome.sending.group.checkedId() == i


def test_a_film_that_stands_is_in_the_picture(window: MainWindow, qtbot: Any, clip: Path) -> None:
    window.start(str(clip))
    qtbot.waitUntil(lambda: window.video.has_picture, timeout=WAIT_MS)
    window.session.film.set_paused(True)
    count = -1
    while count != window.session.snapshot().frames:  # until none is under way
        count = window.session.snapshot().frames
        qtbot.wait(100)
    welcome = opened(window)
    assert welcome.pictures[0].has_picture
    welcome.next.click()
    assert welcome.pictures[1].has_picture
    qtbot.waitUntil(welcome.relax.isEnabled, timeout=WAIT_MS)
    qtbot.waitUntil(welcome.isActiveWindow, timeout=WAIT_MS)
    qtbot.keyClick(welcome.relax, Qt.Key.Key_Space)  # a second of film is looked at, so it has to be played
    assert window.countdown.running
    qtbot.waitUntil(lambda: window.session.film.playing, timeout=WAIT_MS)
