"""Gauges of head and gaze: what turns which way, mirrored or not, numbers with their signs."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QColor

from app.face_frame import FaceFrame
from app.pipeline import Snapshot
from app.ui.meters.curves import CENTIMETRES, DEGREES
from app.ui.meters.gauges import EyeGauge, HeadGauge, ScaleGauge
from app.ui.meters.gauges_panel import GaugesPanel
from app.ui.meters.head_lines import head_lines
from app.ui.panel import Shell
from app.ui.style.theme import DARK, LIGHT
from models.runtime.alignment import quaternion_from_rotation, rotation_from_euler
from rig.parameters import CHANNEL_INDEX, N_CHANNELS


def turned(yaw: float = 0, pitch: float = 0, roll: float = 0) -> np.ndarray:
    return quaternion_from_rotation(rotation_from_euler(np.array([yaw, pitch, roll], np.float32)))


def middle_of(kind: str, rotation: np.ndarray) -> np.ndarray:
    line = next(line for line in head_lines(rotation) if line.kind == kind)
    return line.points.mean(axis=0)


def test_the_head_of_lines_turns_as_the_picture_shows_it() -> None:
    """x goes right in the picture, where the subject's left is, and y down."""
    still = middle_of("nose", turned())
    assert middle_of("nose", turned(yaw=20))[0] > still[0] + 0.2
    assert middle_of("nose", turned(yaw=-20))[0] < still[0] - 0.2
    assert middle_of("nose", turned(pitch=20))[1] < still[1] - 0.2
    assert middle_of("eye-left", turned())[0] > 0 > middle_of("eye-right", turned())[0]
    assert middle_of("eye-left", turned(roll=20))[1] > middle_of("eye-right", turned(roll=20))[1]


def test_what_lies_behind_is_not_near() -> None:
    near = {line.kind: line.near for line in head_lines(turned())}
    assert near["eye-left"].all()
    assert near["nose"].all()
    away = {line.kind: line.near for line in head_lines(turned(yaw=85))}
    assert away["eye-left"].sum() < len(away["eye-left"]) / 2


def test_the_outline_holds_the_head() -> None:
    for rotation in (turned(), turned(30, 20, 10), turned(-60, -30, 40)):
        outline, *lines = head_lines(rotation)
        angles = np.linspace(0, 2 * np.pi, 36)
        ways = np.stack([np.cos(angles), np.sin(angles)])
        reach = (outline.points @ ways).max(axis=0)
        net = np.concatenate([line.points for line in lines if line.kind == "net"])
        assert ((net @ ways).max(axis=0) <= reach + 0.01).all()
        assert ((net @ ways).max(axis=0) >= reach - 0.1).all()


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_dot_of_an_eye_stands_where_it_looks(qtbot: Any, mirrored: bool) -> None:
    gauge = EyeGauge(DARK, "left")
    qtbot.addWidget(gauge)
    gauge.resize(116, 136)
    sign = -1 if mirrored else 1
    gauge.show_gaze(np.array([15, 0], np.float32), False, True, mirrored)
    dot = gauge.dot()
    assert dot is not None
    assert (dot.x(), dot.y()) == pytest.approx((58 + sign * 25, 58))
    gauge.show_gaze(np.array([0, 90], np.float32), False, True, mirrored)
    dot = gauge.dot()
    assert dot is not None
    assert (dot.x(), dot.y()) == pytest.approx((58, 8))
    image = gauge.grab().toImage()
    assert image.pixelColor(58, 8) == QColor(DARK.left)
    gauge.show_gaze(np.array([0, 0], np.float32), False, False, mirrored)
    assert gauge.dot() is None
    assert gauge.grab().toImage().pixelColor(58, 8) != QColor(DARK.left)


def test_an_eye_that_is_shut_is_pale(qtbot: Any) -> None:
    gauge = EyeGauge(DARK, "right")
    qtbot.addWidget(gauge)
    gauge.resize(116, 136)
    gauge.show_gaze(np.array([0, 0], np.float32), False, True, False)
    open_eye = gauge.grab().toImage().pixelColor(60, 60)
    gauge.clear()
    gauge.show_gaze(np.array([0, 0], np.float32), True, True, False)
    assert open_eye == QColor(DARK.right)
    assert gauge.grab().toImage().pixelColor(60, 60).lightness() < open_eye.lightness() - 30


def test_a_scale_begins_at_zero_and_says_its_number(qtbot: Any) -> None:
    gauge = ScaleGauge(DARK, "Yaw", DEGREES, (-60, 60), "tip")
    qtbot.addWidget(gauge)
    gauge.resize(240, 32)
    for value, filled, empty in ((30.0, 150, 90), (-30.0, 90, 150)):
        gauge.show_value(value)
        image = gauge.grab().toImage()
        assert image.pixelColor(filled, 24) == QColor(DARK.accent)
        assert image.pixelColor(empty, 24) == QColor(DARK.line)
    assert gauge.text == "−30.0°"
    amount = ScaleGauge(DARK, "Distance", CENTIMETRES, (0, 150), "tip")
    qtbot.addWidget(amount)
    amount.resize(240, 32)
    amount.show_value(75.0)
    image = amount.grab().toImage()
    assert image.pixelColor(60, 24) == QColor(DARK.accent)
    assert image.pixelColor(180, 24) == QColor(DARK.line)
    amount.clear()
    assert amount.text == "–"


def test_a_head_is_painted_in_both_themes(qtbot: Any) -> None:
    gauge = HeadGauge(DARK)
    qtbot.addWidget(gauge)
    gauge.resize(160, 160)
    gauge.show_pose(turned(10, 5, 0), 0.0, True, False)
    for theme in (DARK, LIGHT):
        gauge.set_theme(theme)
        image = gauge.grab().toImage()
        assert image.pixelColor(80, 140) == QColor(theme.raised)
        colours = {image.pixelColor(x, 70).name() for x in range(160)}
        assert {theme.left, theme.right} <= colours


@pytest.fixture
def panel(qtbot: Any) -> GaugesPanel:
    fields: dict[str, Any] = dict.fromkeys(Shell.__dataclass_fields__)
    made = GaugesPanel(Shell(**{**fields, "theme": DARK, "rig": SimpleNamespace(mirrored=False)}))
    qtbot.addWidget(made)
    made.resize(320, 420)
    made.show()
    return made


def test_the_panel_says_degrees_and_centimetres(panel: GaugesPanel, make_face: Callable[..., FaceFrame]) -> None:
    au = np.zeros(N_CHANNELS, np.float32)
    au[CHANNEL_INDEX["AU43-left"]] = 0.9
    face = make_face(
        au=au,
        head_euler_deg=np.array([12.34, -5, 0], np.float32),
        head_rotation=turned(12.34, -5),
        head_position_m=np.array([0, 0, 0.6], np.float32),
        gaze_left_deg=np.array([4, -2], np.float32),
        gaze_right_deg=np.array([3, -1], np.float32),
    )
    panel.show_face(None, face)  # type: ignore[arg-type]
    assert [gauge.text for gauge in (*panel.pose, panel.distance)] == ["+12.3°", "−5.0°", "+0.0°", "60.0 cm"]
    assert panel.eyes["left"].text == "+4.0° / −2.0°"
    assert panel.eyes["right"].text == "+3.0° / −1.0°"
    panel.show_face(None, make_face(tracked=False))  # type: ignore[arg-type]
    panel.tick(Snapshot())
    assert {gauge.text for gauge in (*panel.pose, panel.distance)} == {"–"}
    panel.reset()
    assert panel.eyes["left"].text == "– / –"


def test_eyes_stand_as_in_the_picture_and_change_places_in_a_mirror(
    qtbot: Any, panel: GaugesPanel, make_face: Callable[..., FaceFrame]
) -> None:
    def left_of_right() -> bool:
        here = {side: panel.eyes[side].mapTo(panel, panel.eyes[side].rect().center()).x() for side in panel.eyes}
        return here["left"] < here["right"]

    panel.show_face(None, make_face())  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: not left_of_right())
    panel.shell.rig.mirrored = True
    panel.show_face(None, make_face())  # type: ignore[arg-type]
    panel.tick(Snapshot())
    qtbot.waitUntil(left_of_right)


def test_wide_all_gauges_stand_in_one_row(qtbot: Any, panel: GaugesPanel) -> None:
    def top(side: str) -> int:
        return panel.eyes[side].mapTo(panel, panel.eyes[side].rect().topLeft()).y()

    assert top("left") > panel.head.mapTo(panel, panel.head.rect().bottomLeft()).y()
    panel.resize(900, 200)
    qtbot.waitUntil(lambda: top("left") < 60)
    assert panel.head.height() >= 112
