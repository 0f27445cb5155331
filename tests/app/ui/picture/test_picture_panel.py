"""The picture in the real window: film bar by mouse and keys, overlays, mirror, and cameras that come and go."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QSlider

from app.capture import CameraMode
from app.ui.panel_keys import PANEL_KEYS
from app.ui.picture.overlay import Overlay
from app.ui.picture.picture_panel import PicturePanel
from app.ui.picture.transport import place_text
from app.ui.window import MainWindow

WAIT_MS = 60_000
KEY = Qt.Key
MakeWindow = Callable[..., MainWindow]


def panel_of(window: MainWindow) -> PicturePanel:
    panel = window.panels["picture"]
    assert isinstance(panel, PicturePanel)
    return panel


def place(window: MainWindow) -> int:
    """The clip's frame that was last tracked; its rate is 30."""
    newest = window.session.newest()
    return -1 if newest is None else round(newest[0].media_time_s * 30)


def start(window: MainWindow, qtbot: Any, source: Path | str) -> PicturePanel:
    window.start(str(source))
    qtbot.waitUntil(lambda: window.video.has_picture and place(window) >= 0, timeout=WAIT_MS)
    return panel_of(window)


def choose(menu: QMenu, text: str) -> None:
    menu.aboutToShow.emit()
    next(action for action in menu.actions() if action.text() == text).trigger()


def middle(slider: QSlider, share: float) -> QPoint:
    return QPoint(round(share * slider.width()), slider.height() // 2)


def test_the_handle_scrubs_and_the_picture_follows(make_window: MakeWindow, qtbot: Any, clip: Path) -> None:
    window = make_window()
    panel = start(window, qtbot, clip)
    slider = panel.bar.slider
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=middle(slider, 0.25))
    qtbot.waitUntil(lambda: 60 < place(window) < 90, timeout=WAIT_MS)
    assert not window.session.film.playing, "while the handle is held the film waits"
    qtbot.mouseMove(slider, middle(slider, 0.75))
    qtbot.waitUntil(lambda: 210 < place(window) < 240, timeout=WAIT_MS)
    held = place(window)
    assert slider.value() == held
    assert panel.bar.frame.text() == f"{held + 1} / 300"
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=middle(slider, 0.75))
    qtbot.waitUntil(lambda: place(window) > held, timeout=WAIT_MS)
    assert window.session.film.playing


def test_the_slider_by_keys(make_window: MakeWindow, qtbot: Any, clip: Path) -> None:
    window = make_window()
    panel = start(window, qtbot, clip)
    qtbot.keyClick(window, Qt.Key.Key_P)
    panel.bar.slider.setFocus()
    key = Qt.Key
    for keys, frame in (
        ([key.Key_End], 299),
        ([key.Key_Home], 0),
        ([key.Key_Right, key.Key_Right, key.Key_Left], 1),
        ([key.Key_Home, key.Key_PageUp, key.Key_PageUp, key.Key_PageDown], 30),
    ):
        for one in keys:
            qtbot.keyClick(panel.bar.slider, one)
        qtbot.waitUntil(lambda frame=frame: place(window) == frame, timeout=WAIT_MS)


def test_play_step_speed_and_loop_by_key_and_button(make_window: MakeWindow, qtbot: Any, clip: Path) -> None:
    window = make_window()
    window.resize(1280, 800)
    panel = start(window, qtbot, clip)
    film = window.session.film
    qtbot.keyClick(window, Qt.Key.Key_P)
    assert not film.playing
    qtbot.waitUntil(lambda: "Paused" in window.status.text(), timeout=WAIT_MS)
    window.session.film.seek(100)
    qtbot.waitUntil(lambda: place(window) == 100, timeout=WAIT_MS)
    qtbot.keyClick(window, Qt.Key.Key_Comma)
    qtbot.waitUntil(lambda: place(window) == 99, timeout=WAIT_MS)
    qtbot.mouseClick(panel.bar.forward, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.bar.forward, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: place(window) == 101, timeout=WAIT_MS)
    qtbot.keyClick(window, Qt.Key.Key_BracketRight)
    assert panel.bar.speed.text() == "1.5×"
    choose(panel.bar.speed.menu(), "0.25×")
    assert film.position is not None
    assert film.position.speed == 0.25
    qtbot.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier)
    assert film.position.loop
    assert panel.bar.loop.isChecked()
    qtbot.mouseClick(panel.bar.play, Qt.MouseButton.LeftButton)
    assert film.playing
    assert panel.bar.play.accessibleName() == "Pause"


def test_the_bar_goes_where_the_list_of_keys_says(make_window: MakeWindow, qtbot: Any, clip: Path) -> None:
    window = make_window()
    slider = start(window, qtbot, clip).bar.slider
    listed = dict(dict(PANEL_KEYS)["Film, on its bar"])
    assert listed["A frame back, forward"] == "← →"
    assert listed["A second back, forward"] == "Page Down, Page Up"
    assert listed["To the start, to the end"] == "Home, End"
    assert "Page Down and Page Up (a second back, forward)" in slider.toolTip()
    window.session.film.set_paused(True)
    for key, step in ((KEY.Key_Left, -1), (KEY.Key_Right, 1), (KEY.Key_PageDown, -30), (KEY.Key_PageUp, 30)):
        window.session.film.seek(100)
        qtbot.waitUntil(lambda: place(window) == 100 and slider.value() == 100, timeout=WAIT_MS)
        qtbot.keyClick(slider, key)
        qtbot.waitUntil(lambda step=step: place(window) == 100 + step, timeout=WAIT_MS)


def test_a_film_that_starts_again_has_the_keyboard_where_it_was(
    make_window: MakeWindow, qtbot: Any, clip: Path
) -> None:
    window = make_window()
    bar = start(window, qtbot, clip).bar
    bar.slider.setFocus()
    window.start(str(clip))
    qtbot.waitUntil(bar.slider.isVisible, timeout=WAIT_MS)
    assert bar.slider.hasFocus()
    bar.show_position(None, playing=False)
    assert not bar.slider.hasFocus()
    window.toolbar.source.setFocus()
    bar.show_position(window.session.film.position, playing=True)
    assert window.toolbar.source.hasFocus()  # who went elsewhere meanwhile stays there


def test_the_wheel_on_the_bar_seeks(make_window: MakeWindow, qtbot: Any, clip: Path) -> None:
    window = make_window()
    slider = start(window, qtbot, clip).bar.slider
    window.session.film.set_paused(True)
    window.session.film.seek(100)
    qtbot.waitUntil(lambda: place(window) == 100 and slider.value() == 100, timeout=WAIT_MS)
    at = QPointF(slider.rect().center())
    wheel = QWheelEvent(
        at,
        slider.mapToGlobal(at),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(slider, wheel)
    assert slider.value() > 100
    qtbot.waitUntil(lambda: place(window) == slider.value() > 100, timeout=WAIT_MS)


def test_a_looped_clip_goes_round_and_the_handle_with_it(
    make_window: MakeWindow, qtbot: Any, make_clip: Callable[[str, int], Path]
) -> None:
    window = make_window()
    panel = start(window, qtbot, make_clip("short.mp4", 12))
    qtbot.mouseClick(panel.bar.loop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.snapshot().frames > 20, timeout=WAIT_MS)
    assert panel.bar.slider.maximum() == 11
    assert window.session.running


def test_after_the_end_the_handle_still_shows_frames(
    make_window: MakeWindow, qtbot: Any, make_clip: Callable[[str, int], Path]
) -> None:
    window = make_window()
    panel = start(window, qtbot, make_clip("short.mp4", 6))
    qtbot.waitUntil(lambda: not window.session.running, timeout=WAIT_MS)
    assert panel.bar.play.accessibleName() == "Play"
    assert panel.bar.slider.value() == 5
    qtbot.keyClick(window, Qt.Key.Key_Comma)
    qtbot.waitUntil(lambda: place(window) == 4, timeout=WAIT_MS)
    assert window.video.has_picture
    qtbot.keyClick(window, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: not window.session.running, timeout=WAIT_MS)


def test_a_folder_of_pictures_has_the_same_bar(make_window: MakeWindow, qtbot: Any, tmp_path: Path) -> None:
    folder = tmp_path / "stills"
    folder.mkdir()
    for i in range(5):
        cv2.imwrite(str(folder / f"{i}.png"), np.full((60, 80, 3), 40 * i, np.uint8))
    window = make_window()
    panel = start(window, qtbot, folder)
    window.session.film.set_paused(True)
    window.session.film.seek(3)
    qtbot.waitUntil(lambda: place(window) == 3, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: panel.bar.frame.text() == "4 / 5", timeout=WAIT_MS)
    newest = window.session.newest()
    assert newest is not None
    assert newest[0].image[0, 0].tolist() == [120, 120, 120]


def test_nothing_in_the_bar_moves_while_it_plays(make_window: MakeWindow, qtbot: Any, clip: Path) -> None:
    window = make_window()
    panel = start(window, qtbot, clip)
    window.session.film.set_paused(True)
    places = set()
    for frame in (0, 8, 99, 299):
        panel.seek(frame)
        qtbot.waitUntil(lambda frame=frame: panel.bar.frame.text() == f"{frame + 1} / 300", timeout=WAIT_MS)
        bar = panel.bar
        places.add(
            tuple(part.geometry().getRect() for part in (bar.elapsed, bar.slider, bar.total, bar.speed, bar.loop))
        )
        for label in (bar.elapsed, bar.total, bar.frame):
            assert label.fontMetrics().horizontalAdvance(label.text()) <= label.width()
    assert len(places) == 1


def test_a_seek_while_recording_is_explained_once_and_rows_count_on(
    make_window: MakeWindow, qtbot: Any, clip: Path, tmp_path: Path
) -> None:
    window = make_window()
    panel = start(window, qtbot, clip)
    recorder = window.shell.recorder
    recorder.start(tmp_path / "take.csv")
    assert recorder.recording is not None
    sink = recorder.recording.sink
    for frame in (200, 50):
        before = sink.written
        panel.seek(frame)
        qtbot.waitUntil(lambda before=before: sink.written > before + 2, timeout=WAIT_MS)
    told = [message for message in window.messages.messages if "recording goes on" in message.text]
    assert [message.times for message in told] == [1]
    window.session.stop()
    qtbot.waitUntil(lambda: not window.session.running, timeout=WAIT_MS)
    rows = [line.split(",") for line in (tmp_path / "take.csv").read_text().splitlines()[1:]]
    frames = [int(row[0]) for row in rows]
    assert frames == list(range(frames[0], frames[0] + len(rows)))


def test_mirror_turns_the_picture_and_only_the_picture(make_window: MakeWindow, qtbot: Any, clip: Path) -> None:
    window = make_window()
    panel = start(window, qtbot, clip)
    assert not panel.mirror.isChecked(), "on by itself for cameras only"

    def white_side() -> str:
        shown = window.video.grab().toImage()
        area = window.video.picture_rect()
        left = shown.pixelColor(int(area.left() + 0.2 * area.width()), int(area.bottom() - 3))
        return "left" if left.lightness() > 128 else "right"

    assert white_side() == "left"
    qtbot.keyClick(window, Qt.Key.Key_M)
    qtbot.waitUntil(lambda: white_side() == "right", timeout=WAIT_MS)
    assert window.rig.mirrored
    assert panel.mirror.isChecked()
    newest = window.session.newest()
    assert newest is not None
    assert newest[0].image[60, 20].mean() > 128, "data stays as taken"
    qtbot.mouseClick(panel.mirror, Qt.MouseButton.LeftButton)
    assert white_side() == "left"


def test_a_camera_is_mirrored_and_what_is_chosen_for_it_is_kept(
    make_window: MakeWindow, qtbot: Any, clip: Path
) -> None:
    window = make_window()
    window.start("97")  # there is none, but it is a camera
    assert window.video.mirrored
    qtbot.keyClick(window, Qt.Key.Key_M)
    assert not window.video.mirrored
    start(window, qtbot, clip)
    assert not window.video.mirrored
    window.start("97")
    qtbot.waitUntil(lambda: window.session.source == "97", timeout=WAIT_MS)
    assert not window.video.mirrored


def test_one_key_goes_through_the_overlays_and_takes_all_away(make_window: MakeWindow, qtbot: Any, clip: Path) -> None:
    window = make_window()
    panel = start(window, qtbot, clip)
    window.session.film.set_paused(True)
    for key, modifier in (
        (Qt.Key.Key_V, None),
        (Qt.Key.Key_P, Qt.KeyboardModifier.ShiftModifier),
        (Qt.Key.Key_X, None),
    ):
        qtbot.keyClick(window, key, *([modifier] if modifier else []))
    seen = [panel.video.overlay]
    for _ in range(3):
        qtbot.keyClick(window, Qt.Key.Key_L)
        seen.append(panel.video.overlay)
    assert [overlay.lines for overlay in seen] == ["contours", "mesh", "off", "contours"]
    assert [(o.points, o.view, o.axes) for o in seen] == [(True,) * 3, (True,) * 3, (False,) * 3, (True,) * 3]
    choose(panel.lines.menu(), "Mesh")
    choose(panel.lines.menu(), "Aligned view")
    assert (panel.video.overlay.lines, panel.video.overlay.view) == ("mesh", False)


def test_one_key_takes_the_whole_overlay_away_and_brings_it_back(
    make_window: MakeWindow, qtbot: Any, clip: Path
) -> None:
    window = make_window()
    panel = window.panels["picture"]
    assert isinstance(panel, PicturePanel)
    full = Overlay("mesh", points=True, view=True, axes=True)
    panel.set_overlay(full)
    qtbot.keyClick(window, Qt.Key.Key_H)
    assert panel.video.overlay == Overlay("off")
    assert not window.menus.actions["Overlay"].isChecked()
    qtbot.keyClick(window, Qt.Key.Key_H)
    assert panel.video.overlay == full
    assert window.menus.actions["Overlay"].isChecked()


def test_overlays_of_the_last_time_are_shown_again(make_window: MakeWindow) -> None:
    window = make_window()
    for kept, shown in (
        ({"lines": "mesh", "axes": True}, Overlay("mesh", axes=True)),
        ({"lines": "plaid"}, Overlay()),
        ({"lines": 3, "axes": "yes"}, Overlay()),
    ):
        window.preferences.set_value("picture/overlay", kept)
        again = PicturePanel(window.shell)
        assert again.video.overlay == shown
        again.deleteLater()


def test_the_bar_is_there_for_films_and_the_mode_for_cameras(
    make_window: MakeWindow, qtbot: Any, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = make_window()
    panel = panel_of(window)
    assert not panel.bar.slider.isVisible()
    start(window, qtbot, clip)
    assert panel.bar.slider.isVisible()
    assert not panel.mode.isVisible()
    cameras(monkeypatch)
    panel.cameras.look()
    window.start("97")
    assert not panel.bar.slider.isVisible(), "at once, though the film has still to end"
    qtbot.waitUntil(lambda: window.session.source == "97", timeout=WAIT_MS)
    menu = panel.mode.menu()
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()][:2] == ["As it comes", "1920 × 1080, 30 fps"]
    choose(menu, "640 × 480, 30 fps")
    assert window.preferences.value("camera/modes", {}) == {"Desk Cam": [640, 480, 30.0]}
    assert window.session.camera_mode("97") == CameraMode(640, 480, 30.0)
    choose(menu, "As it comes")
    assert window.session.camera_mode("97") is None


def cameras(monkeypatch: pytest.MonkeyPatch) -> None:
    """One camera, which does not open."""
    monkeypatch.setattr("app.ui.picture.cameras.linux_cameras", lambda: [(97, "Desk Cam")])
    monkeypatch.setattr("app.ui.picture.cameras.sys.platform", "linux")
    monkeypatch.setattr("app.ui.picture.cameras._qt_cameras", lambda: [])


def test_a_damaged_mode_is_no_mode(make_window: MakeWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    cameras(monkeypatch)
    window = make_window()
    for kept in ({"Desk Cam": "large"}, {"Desk Cam": [1, 2]}, {"Desk Cam": ["a", "b", "c"]}):
        window.preferences.set_value("camera/modes", kept)
        assert window.session.camera_mode("97") is None


def test_a_camera_that_is_plugged_in_is_told(
    make_window: MakeWindow, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.ui.picture.cameras.linux_cameras", lambda: [])
    monkeypatch.setattr("app.ui.picture.cameras.sys.platform", "linux")
    window = make_window()
    cameras(monkeypatch)
    panel_of(window).cameras.look()
    assert "Desk Cam" in window.messages.text


def test_no_camera_says_what_to_do(make_window: MakeWindow, qtbot: Any) -> None:
    window = make_window()
    window.start("97")
    qtbot.waitUntil(lambda: not window.session.running, timeout=WAIT_MS)
    assert "plug one in" in window.messages.text
    assert panel_of(window).film.position is None


def test_every_control_has_a_name_and_a_tip_and_can_be_reached(make_window: MakeWindow) -> None:
    panel = panel_of(make_window())
    controls = [*panel.findChildren(QAbstractButton), *panel.findChildren(QSlider)]
    assert len(controls) >= 9
    for control in controls:
        assert control.accessibleName(), control
        assert control.toolTip(), control
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, control.accessibleName()


def test_what_is_chosen_is_written_down(make_window: MakeWindow, qtbot: Any, clip: Path) -> None:
    window = make_window()
    start(window, qtbot, clip)
    qtbot.keyClick(window, Qt.Key.Key_L)
    kept = json.loads(str(window.preferences._settings.value("picture/overlay")))
    assert kept == {"axes": False, "lines": "mesh", "points": False, "view": False}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00.0"), (3.24, "0:03.2"), (59.999, "0:59.9"), (751.5, "12:31.5"), (3723.4, "1:02:03.4")],
)
def test_places_in_words(seconds: float, text: str) -> None:
    assert place_text(seconds) == text


def test_a_lost_camera_is_told_until_it_is_back(
    make_window: MakeWindow, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = threading.Event()
    there.set()

    class Device:
        def read(self) -> tuple[bool, np.ndarray | None]:
            time.sleep(0.005)
            return (True, np.full((60, 80, 3), 90, np.uint8)) if there.is_set() else (False, None)

        def get(self, _: int) -> float:
            return 30.0

        def release(self) -> None: ...

    cameras(monkeypatch)
    monkeypatch.setattr("app.camera.open_capture", lambda index, mode=None: Device() if there.is_set() else None)
    monkeypatch.setattr("app.camera.CAMERA_STALL_S", 0.05)
    monkeypatch.setattr("app.camera.RETRY_S", (0.01,))
    window = make_window()
    panel = panel_of(window)
    window.start("97")
    qtbot.waitUntil(lambda: panel.mode.text() == "80 × 60, 30 fps", timeout=WAIT_MS)
    assert window.video.mirrored
    assert not panel.bar.slider.isVisible()
    there.clear()
    qtbot.waitUntil(lambda: "Desk Cam is gone" in window.messages.text, timeout=WAIT_MS)
    there.set()
    qtbot.waitUntil(lambda: "Desk Cam is back" in window.messages.text, timeout=WAIT_MS)
    assert len(window.messages.messages) == 1
