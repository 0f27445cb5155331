"""The countdown over a picture of any shape: inside of it, and readable over a white wall."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QFontMetricsF

from app.ui.picture.big_note import LEAST_FOOT_PX, VEIL, WRAPPED, fit_note
from app.ui.picture.video_view import VideoView
from app.ui.style.palette import LIGHT

TEXT = "3\nRelax your face and look at the camera"


@pytest.mark.parametrize("size", [(120, 150), (124, 220), (228, 128), (220, 140), (400, 300), (1600, 900)])
def test_both_lines_are_inside_the_picture(qtbot: Any, size: tuple[int, int]) -> None:
    area = QRectF(50, 30, *size)
    note = fit_note(TEXT, area, QFont())
    for box, font, text in ((note.head_box, note.head_font, note.head), (note.foot_box, note.foot_font, note.foot)):
        drawn = QFontMetricsF(font).boundingRect(box, WRAPPED, text)
        assert area.contains(box)
        assert area.adjusted(-1, -1, 1, 1).contains(drawn)
    assert note.foot_box.top() >= note.head_box.bottom()
    assert note.foot_font.pixelSize() >= LEAST_FOOT_PX
    assert abs((note.head_box.top() + note.foot_box.bottom()) / 2 - area.center().y()) < 1


def test_the_number_is_large_where_there_is_room(qtbot: Any) -> None:
    small, large = (fit_note(TEXT, QRectF(0, 0, *size), QFont()) for size in ((220, 140), (1280, 720)))
    assert small.head_font.pixelSize() > 1.5 * small.foot_font.pixelSize()
    assert large.head_font.pixelSize() == 96


def luminance(level: float) -> float:
    """Of a grey of sRGB, 0..1 (WCAG 2.2)."""
    return level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4


def test_white_can_be_read_on_the_veil_over_white() -> None:
    assert 1.05 / (luminance(1 - VEIL.alphaF()) + 0.05) > 4.5


def test_nothing_is_written_beside_a_narrow_picture(qtbot: Any, make_face: Any) -> None:
    view = VideoView(LIGHT)
    qtbot.addWidget(view)
    view.resize(300, 240)
    view.show_frame(np.full((200, 120, 3), 255, np.uint8), make_face(0, image_size=(120, 200)))

    def beside() -> np.ndarray:
        picture = view.grab().toImage().convertToFormat(view.grab().toImage().Format.Format_RGB888)
        rows = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), -1)
        left = round(view.picture_rect().left()) - 1
        return rows[:, : 3 * left].copy()

    before = beside()
    view.big_note = TEXT
    assert np.array_equal(beside(), before)
