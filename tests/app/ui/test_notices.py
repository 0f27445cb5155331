"""Messages and work in progress lie on the 3D face: nothing moves for them, and they stay inside of it."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QHelpEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from app.ui.jobs import Progress
from app.ui.notices import MOST_WIDE_PX, Notice, NoticeStack
from app.ui.style.theme import GAP, MARGIN
from app.ui.window import MainWindow

WAIT_MS = 60_000
LONG = "/a/path/😀/without_any_place_to_break_it/" + "x" * 90 + ".mp4 cannot be read as a video: it is something else"


@pytest.fixture
def window(make_window: Callable[..., MainWindow]) -> MainWindow:
    return make_window()


class Card(Notice):
    def __init__(self, height: int) -> None:
        super().__init__()
        self.wished = height
        self.hide()

    def height_for(self, width: int, room: int) -> int:
        return self.wished


@pytest.fixture
def view(qtbot: Any) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(400, 500)
    made.show()
    return made


def until_cancelled(progress: Progress) -> None:
    while True:
        progress(0.25, "a quarter")


def places(window: MainWindow) -> dict[str, QRect]:
    """Of everything that can be clicked but the cards."""
    parts: dict[str, QWidget] = {"bar": window.toolbar, "deck": window.deck, "face": window.rig, "foot": window.status}
    return {name: part.geometry() for name, part in (parts | window.docks.docks).items()}


def on_the_face(window: MainWindow, card: QWidget) -> bool:
    return window.rig.rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN).contains(card.geometry())


def test_nothing_moves_when_messages_and_work_come_and_go(window: MainWindow, qtbot: Any) -> None:
    before = places(window)
    window.messages.show_message("error", LONG, detail="one\ntwo")
    job = window.jobs.start("Exporting", until_cancelled, print)
    qtbot.waitUntil(lambda: window.job_strip.percent.text() == "25 %", timeout=WAIT_MS)
    assert window.messages.isVisible()
    assert window.job_strip.isVisible()
    assert places(window) == before
    assert not window.messages.geometry().intersects(window.job_strip.geometry())
    job.cancel()
    window.messages.dismiss()
    qtbot.waitUntil(window.job_strip.isHidden, timeout=WAIT_MS)
    assert window.messages.isHidden()
    assert places(window) == before


def test_a_message_stays_on_the_face_whatever_its_size(window: MainWindow, qtbot: Any) -> None:
    window.messages.show_message("error", LONG, detail="one\ntwo\nthree")
    window.messages._details.click()
    steps: list[Callable[[], object]] = [
        lambda: window.resize(900, 600),
        lambda: window.resize(1240, 760),
        lambda: window.docks.move("tracking", None),
        window.docks.toggle_all,
        window.toggle_full_screen,
        window.toggle_full_screen,
        window.docks.toggle_all,
    ]
    for step in steps:
        step()
        qtbot.waitUntil(lambda: on_the_face(window, window.messages), timeout=WAIT_MS)
        assert window.messages.width() <= MOST_WIDE_PX
        label = window.messages._label
        widest = max(label.fontMetrics().horizontalAdvance(line) for line in label.text().split("\n"))
        assert widest <= label.width()
        assert label.toolTip() in ("", window.messages.text)


def test_buttons_of_a_message_stay_where_they_are_whatever_it_says(window: MainWindow, qtbot: Any) -> None:
    bar = window.messages

    def corner() -> QPoint:
        QApplication.sendPostedEvents()
        return bar._close.mapTo(window.rig, bar._close.rect().bottomRight())

    bar.show_message("error", "short", detail="one")
    qtbot.waitUntil(lambda: on_the_face(window, bar), timeout=WAIT_MS)
    first, low = corner(), bar.height()
    bar.show_message("error", "short", detail="one")
    assert corner() == first
    bar.show_message("error", LONG, detail="one")
    qtbot.waitUntil(lambda: bar.height() > low, timeout=WAIT_MS)
    assert corner() == first
    bar._details.click()
    qtbot.waitUntil(bar._detail.isVisible, timeout=WAIT_MS)
    assert corner() == first


def test_the_mouse_on_a_message_leaves_the_face_alone(window: MainWindow, qtbot: Any) -> None:
    window.messages.show_message("warning", "short")
    camera = window.rig.camera
    before = (camera.yaw_deg, camera.pitch_deg, camera.zoom)
    icon = window.messages.findChild(QLabel)
    assert icon is not None
    at = QPoint(5, 5)
    qtbot.mousePress(icon, Qt.MouseButton.LeftButton, pos=at)
    qtbot.mouseMove(icon, QPoint(60, 5))
    qtbot.mouseRelease(icon, Qt.MouseButton.LeftButton, pos=QPoint(60, 5))
    wheel = QWheelEvent(
        QPointF(at),
        QPointF(icon.mapToGlobal(at)),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(icon, wheel)
    assert (camera.yaw_deg, camera.pitch_deg, camera.zoom) == before
    tip = QHelpEvent(QEvent.Type.ToolTip, at, icon.mapToGlobal(at))
    assert window.messages.event(tip)  # not the view's own tip


def test_tab_comes_to_a_message_right_after_the_face(window: MainWindow, qtbot: Any) -> None:
    window.messages.show_message("error", "short", detail="one")
    bar = window.messages
    window.rig.setFocus()
    for part in (bar._details, bar._copy, bar._close):
        window.focusNextPrevChild(True)
        assert QApplication.focusWidget() is part
    qtbot.keyClick(bar._close, Qt.Key.Key_Return)
    assert bar.isHidden()
    bar.show_message("error", "another")
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert bar.isHidden()


def test_a_card_that_stays_does_not_move_when_the_other_goes(view: QWidget) -> None:
    one, two = Card(40), Card(60)
    stack = NoticeStack(view, (one, two))
    one.show()
    assert one.geometry() == QRect(MARGIN, 500 - MARGIN - 40, 400 - 2 * MARGIN, 40)
    two.show()
    above = two.geometry()
    assert above.bottom() + 1 + GAP == one.y()
    one.hide()
    assert two.geometry() == above
    one.show()  # the lowest place is free, and large enough
    assert one.geometry().bottom() == 500 - MARGIN - 1
    assert two.geometry() == above
    one.wished = 100
    stack.place()
    assert two.geometry().bottom() + 1 + GAP == one.y()
    assert one.geometry().bottom() == 500 - MARGIN - 1


def test_a_card_follows_the_view_and_is_never_wider_than_can_be_read(view: QWidget, qtbot: Any) -> None:
    card = Card(40)
    NoticeStack(view, (card,))
    card.show()
    for width, height in ((220, 220), (900, 600), (1800, 900)):
        view.resize(width, height)
        assert view.rect().contains(card.geometry())
        assert card.width() == min(width - 2 * MARGIN, MOST_WIDE_PX)
        assert abs(card.geometry().center().x() - view.rect().center().x()) <= 1
