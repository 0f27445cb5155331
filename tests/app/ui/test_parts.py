"""The parts by themselves: the picture keeps its aspect, Qt is shielded from cv2's plugins."""

import os
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QImage

from app.errors import UserError
from app.ui import qt_environment
from app.ui.picture.video_view import CONTOURS, IRISES, VideoView
from app.ui.style import theme
from app.ui.style.figures import clock


def test_the_picture_keeps_its_aspect(qtbot: Any, make_face: Any) -> None:
    video = VideoView(theme.DARK)
    qtbot.addWidget(video)
    video.resize(400, 400)
    for shape in ((90, 160, 3), (160, 90, 3), (100, 100, 3)):
        video.show_frame(np.full(shape, 255, np.uint8), make_face(tracked=False))
        area = video.picture_rect()
        assert area.width() / area.height() == pytest.approx(shape[1] / shape[0])
        assert max(area.width(), area.height()) == 400
        white = video.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
        assert white.pixelColor(200, 200).lightness() == 255
    assert white.pixelColor(2, 200).lightness() == 255


def test_contours_are_landmarks_each_once_a_line() -> None:
    for ring in CONTOURS.values():
        assert len(set(ring)) == len(ring)
        assert 0 <= min(ring) <= max(ring) < 468
    assert sorted(i for centre, rim in IRISES for i in (centre, *rim)) == list(range(468, 478))


def test_qt_is_shielded_from_the_plugins_of_cv2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM_PLUGIN_PATH", "/site-packages/cv2/qt/plugins")
    monkeypatch.setenv("QT_QPA_FONTDIR", "/home/me/fonts")
    qt_environment.prepare()
    assert "QT_QPA_PLATFORM_PLUGIN_PATH" not in os.environ
    assert os.environ["QT_QPA_FONTDIR"] == "/home/me/fonts"


def test_clock() -> None:
    assert [clock(s) for s in (0, 7.9, 71, 3723)] == ["0:00", "0:07", "1:11", "1:02:03"]


def test_bindings_that_lose_none_are_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    qt_environment.check_bindings()
    counts = iter((5000, 5000 - qt_environment.N_CALLS))
    monkeypatch.setattr("app.ui.qt_environment.sys.getrefcount", lambda _: next(counts))
    with pytest.raises(UserError, match=r"PySide6<6\.12"):
        qt_environment.check_bindings()
