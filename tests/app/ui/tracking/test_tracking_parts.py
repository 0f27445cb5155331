"""Small parts of the tracking panel: segments, boxes with lines, the trace of the filter, the countdown."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QStandardItemModel, QWheelEvent
from PySide6.QtTest import QTest

from app.face_frame import FaceFrame
from app.ui.style import theme as themes
from app.ui.style.choice_box import ChoiceBox
from app.ui.style.segments import Segments
from app.ui.tracking.countdown import Countdown
from app.ui.tracking.filter_trace import MOST_SAMPLES, SPAN_S, FilterTrace
from rig.parameters import CHANNEL_INDEX, N_CHANNELS

WAIT_MS = 60_000
JAW, BROW = CHANNEL_INDEX["AU26"], CHANNEL_INDEX["AU1-left"]
MakeFace = Callable[..., FaceFrame]


# ------------------------------------------------------------ choices


def test_segments_are_chosen_by_arrows_and_clicks_and_tell_only_of_those(qtbot: Any) -> None:
    row, told = Segments({"a": "One", "b": "Two", "c": "Three"}, "Number"), []
    qtbot.addWidget(row)
    row.chosen.connect(told.append)
    row.show()
    row.choose("b")
    assert told == []
    QTest.keyClick(row.button("b"), Qt.Key.Key_Right)
    QTest.keyClick(row.button("c"), Qt.Key.Key_Right)
    QTest.keyClick(row.button("c"), Qt.Key.Key_Left)
    QTest.mouseClick(row.button("a"), Qt.MouseButton.LeftButton)
    QTest.mouseClick(row.button("a"), Qt.MouseButton.LeftButton)
    assert told == ["c", "b", "a"]
    assert [row.button(key).isChecked() for key in "abc"] == [True, False, False]
    assert row.button("a").accessibleName() == "Number: One"
    tabs = [row.button(key).focusPolicy() is Qt.FocusPolicy.TabFocus for key in "abc"]
    assert tabs == [True, False, False], "Tab comes to the chosen one"


def test_a_box_says_a_line_about_each_choice_and_keeps_what_cannot_be_had_out(qtbot: Any) -> None:
    box, told = ChoiceBox(themes.DARK, "Model"), []
    qtbot.addWidget(box)
    box.chosen.connect(told.append)
    choices = [("auto", "Auto", "the best", True), ("full", "Full", "not shipped", False), ("lite", "Lite", "", True)]
    box.offer(choices)
    box.choose("lite")
    box.offer(choices)
    assert box.value == "lite", "offering anew keeps the choice"
    model = box.model()
    assert isinstance(model, QStandardItemModel)
    assert [model.item(i).isEnabled() for i in range(3)] == [True, False, True]
    box.show()
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Up)
    assert told == ["auto"], "the keyboard passes over what cannot be had"
    assert box.line == "the best"
    nowhere = (QPointF(5, 5), box.mapToGlobal(QPointF(5, 5)), QPoint(0, 0), QPoint(0, -120))
    no_button = (Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)
    box.wheelEvent(QWheelEvent(*nowhere, *no_button))
    assert box.value == "auto", "a panel that is scrolled changes no box"


# ------------------------------------------------------------ the trace


@pytest.fixture
def faces(make_face: MakeFace) -> Callable[[int, int], list[FaceFrame]]:
    """Frames at 25 a second whose channel wags, halved by the filter."""

    def make(channel: int, count: int) -> list[FaceFrame]:
        raw = np.zeros((count, N_CHANNELS), np.float32)
        raw[:, channel] = 0.5 + 0.2 * (np.arange(count) % 2)
        smooth = raw.copy()
        smooth[:, channel] = 0.5 + 0.1 * (np.arange(count) % 2)
        return [make_face(i, au=smooth[i], au_measured=smooth[i], au_unfiltered=raw[i]) for i in range(count)]

    return make


def test_the_trace_shows_the_liveliest_channel_and_what_jitter_is_left(
    qtbot: Any, faces: Callable[[int, int], list[FaceFrame]]
) -> None:
    trace = FilterTrace(themes.DARK)
    qtbot.addWidget(trace)
    assert trace.jitter_left() is None
    for face in faces(JAW, 60):
        trace.add(face)
    assert trace.shown == JAW
    assert trace.jitter_left() == pytest.approx(0.5, abs=0.01)
    trace.channel = BROW
    trace.add(faces(JAW, 61)[-1])
    assert trace.shown == BROW
    assert trace.jitter_left() is None, "nothing moves there"


def test_jitter_is_told_once_there_is_a_second_of_it(qtbot: Any, faces: Callable[[int, int], list[FaceFrame]]) -> None:
    trace = FilterTrace(themes.DARK)
    qtbot.addWidget(trace)
    trace.channel = JAW
    frames = faces(JAW, 60)
    for face in frames[:25]:  # 0.96 s
        trace.add(face)
        assert trace.jitter_left() is None
    trace.add(frames[25])
    assert trace.jitter_left() == pytest.approx(0.5, abs=0.01)
    for face in frames[::20]:  # a seek back, then hardly any frames
        trace.add(face)
    assert len(trace.lines()) == 3
    assert trace.jitter_left() is None


def test_a_fast_source_has_fewer_seconds_and_the_trace_goes_on_for_ever(qtbot: Any, make_face: MakeFace) -> None:
    trace = FilterTrace(themes.DARK)
    qtbot.addWidget(trace)
    trace.channel = BROW
    count = 5 * MOST_SAMPLES + 7
    for i in range(count):
        raw, smooth = np.zeros((2, N_CHANNELS), np.float32)
        raw[BROW], smooth[BROW] = i / count, i / count / 2
        trace.add(make_face(i, media_time_s=i / 1000, au_unfiltered=raw, au_measured=smooth))
    kept = np.arange(count - MOST_SAMPLES, count)
    assert trace.lines() == pytest.approx(np.stack([kept / 1000, kept / count, kept / count / 2], axis=1), abs=1e-6)


def test_the_trace_forgets_what_is_old_and_what_another_source_showed(
    qtbot: Any, faces: Callable[[int, int], list[FaceFrame]]
) -> None:
    trace = FilterTrace(themes.DARK)
    qtbot.addWidget(trace)
    frames = faces(JAW, 250)
    for face in frames:
        trace.add(face)
    lines = trace.lines()
    assert np.ptp(lines[:, 0]) == pytest.approx(SPAN_S, abs=0.05)
    assert lines[-1].tolist() == pytest.approx([frames[-1].media_time_s, 0.7, 0.6])
    trace.add(frames[3])  # a seek back
    assert len(trace.lines()) == 1
    trace.clear()
    assert trace.lines().shape == (0, 3)


def test_the_trace_paints_both_lines(qtbot: Any, faces: Callable[[int, int], list[FaceFrame]]) -> None:
    trace = FilterTrace(themes.DARK)
    qtbot.addWidget(trace)
    trace.resize(300, 64)
    for face in faces(JAW, 60):
        trace.add(face)
    picture = trace.grab().toImage()
    below_the_words = range(24, picture.height())
    seen = {picture.pixelColor(x, y).name() for y in below_the_words for x in range(picture.width())}
    assert {themes.DARK.accent, themes.DARK.right} <= seen


# ------------------------------------------------------------ the countdown


def test_a_countdown_tells_every_second_and_its_end(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("app.ui.tracking.countdown.time.perf_counter", lambda: now)
    countdown, told, over = Countdown(), [], []
    countdown.changed.connect(told.append)
    countdown.over.connect(lambda: over.append(True))
    countdown.start()
    for now in (100.4, 101.2, 101.3, 102.9, 103.1):  # noqa: B007 - the clock that is read above
        countdown._tick()
    assert told == [3, 2, 1, 0]
    assert over == [True]
    assert not countdown.running


def test_a_countdown_is_cancelled_and_started_only_once(qtbot: Any) -> None:
    countdown, told, over = Countdown(), [], []
    countdown.changed.connect(told.append)
    countdown.over.connect(lambda: over.append(True))
    countdown.start(60)
    countdown.start(5)
    assert countdown.left == 60
    countdown.cancel()
    countdown.cancel()
    assert (told, over) == ([60, 0], [])
