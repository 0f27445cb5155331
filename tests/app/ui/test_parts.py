"""The parts by themselves: every channel has a bar, news hides no error, Qt is shielded from cv2's plugins."""

import os
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QImage

from app.errors import UserError
from app.ui import qt_environment, theme
from app.ui.au_bars import NAMES, REGIONS, AuBars, channels_of
from app.ui.message_bar import MessageBar
from app.ui.toolbar import clock
from app.ui.video_view import CONTOURS, IRISES, VideoView
from rig.parameters import CHANNEL_INDEX, N_CHANNELS


def test_every_channel_has_one_bar_and_a_name() -> None:
    aus = [au for column in REGIONS for _, region in column for au in region]
    assert sorted(channel for au in aus for channel in channels_of(au)) == list(range(N_CHANNELS))
    assert set(aus) == set(NAMES)


def test_bars_follow_and_fall_more_slowly_than_they_rise(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bars = AuBars(theme.DARK)
    qtbot.addWidget(bars)
    now = 100.0
    monkeypatch.setattr("app.ui.au_bars.time.perf_counter", lambda: now)
    smile = np.zeros(N_CHANNELS, np.float32)
    smile[CHANNEL_INDEX["AU12-left"]] = 0.8
    bars.show_channels(np.zeros(N_CHANNELS, np.float32))
    rise, fall = [], []
    for shown, pose in ((rise, smile), (fall, np.zeros(N_CHANNELS, np.float32))):
        for _ in range(30):
            now += 1 / 30
            bars.show_channels(pose)
            shown.append(bars.shown[CHANNEL_INDEX["AU12-left"]])
    assert rise[-1] == pytest.approx(4.0, abs=0.01)
    assert fall[-1] == pytest.approx(0.0, abs=0.01)
    assert rise[1] > 3.5
    assert fall[1] > 0.5
    assert bars.shown[CHANNEL_INDEX["AU12-right"]] == 0


def test_bars_take_values_that_are_no_intensity(qtbot: Any) -> None:
    bars = AuBars(theme.LIGHT)
    qtbot.addWidget(bars)
    for value in (np.nan, 7.0, -1.0):
        bars.show_channels(np.full(N_CHANNELS, value, np.float32))
    assert np.isfinite(bars.shown).all()
    assert bars.shown.max() <= 5


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


def test_news_does_not_hide_an_error(qtbot: Any) -> None:
    bar = MessageBar(theme.DARK)
    qtbot.addWidget(bar)
    bar.show_message("error", "camera 0 is gone:\nplug it in")
    assert bar.text == "Camera 0 is gone: plug it in"
    bar.show_message("info", "saved 3 rows")
    assert "Camera 0" in bar.text
    bar.dismiss()
    assert bar.text == ""
    bar.show_message("info", "saved 3 rows")
    assert bar.text == "Saved 3 rows"


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
