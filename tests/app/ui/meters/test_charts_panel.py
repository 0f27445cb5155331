"""The charts: curves of a running source, pause, zoom, the chooser, files."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QPushButton, QToolButton, QWidget

from app.capture import SourceInfo
from app.face_frame import FaceFrame
from app.frames import Frame
from app.outputs.csv_openface import OpenFaceCsv
from app.outputs.take import read_take
from app.pipeline import Snapshot
from app.tracker import TrackerSettings
from app.ui.jobs import Jobs, Progress
from app.ui.message_bar import MessageBar
from app.ui.meters.chart_choice import MOST, ON_DARK
from app.ui.meters.charts_panel import ChartsPanel
from app.ui.output.takes_page import slice_of
from app.ui.panel import Shell
from app.ui.preferences import Preferences
from app.ui.session import Session
from app.ui.style.theme import DARK, LIGHT
from rig.parameters import CHANNEL_INDEX, N_CHANNELS

WAIT_MS = 60_000
PICTURE = np.zeros((4, 4, 3), np.uint8)


class SmilingTracker:
    """Every frame has a face with a smile of intensity 3."""

    device = "cpu"

    def __init__(self, make_face: Callable[..., FaceFrame]) -> None:
        self._make_face = make_face

    def track(self, frame: Frame) -> FaceFrame:
        return self._make_face(frame.index, au=np.full(N_CHANNELS, 0.6, np.float32), time_s=frame.time_s)

    def close(self) -> None:
        pass


@pytest.fixture
def shell(qtbot: Any, tmp_path: Path, make_face: Callable[..., FaceFrame]) -> Iterator[Shell]:
    """What a panel is given, without a window."""
    messages = MessageBar(DARK)
    qtbot.addWidget(messages)
    session = Session(TrackerSettings(device="cpu"), make_tracker=lambda _: SmilingTracker(make_face))
    preferences = Preferences(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    jobs = Jobs(messages)
    fields: dict[str, Any] = dict.fromkeys(Shell.__dataclass_fields__)
    fields |= {"session": session, "preferences": preferences, "messages": messages, "theme": DARK, "jobs": jobs}
    yield Shell(**fields)
    jobs.close()
    session.close()


@pytest.fixture
def panel(qtbot: Any, shell: Shell) -> ChartsPanel:
    made = ChartsPanel(shell)
    qtbot.addWidget(made)
    made.resize(900, 300)
    made.show()
    return made


@pytest.fixture
def feed(panel: ChartsPanel, make_face: Callable[..., FaceFrame]) -> Callable[..., None]:
    """Frames at 25 a second with a smile of so much each, as the pipeline and the window hand them over."""
    count = [0]

    def give(*smiles: float, **fields: object) -> None:
        for smile in smiles:
            au = np.zeros(N_CHANNELS, np.float32)
            au[CHANNEL_INDEX["AU12-left"]] = smile
            face = make_face(count[0], au=au, **fields)
            panel.history.add(Frame(count[0], PICTURE, face.time_s, face.wall_time_s, face.media_time_s), face)
            count[0] += 1
        panel._redraw(at_once=True)

    return give


def value(panel: ChartsPanel) -> str:
    return panel.legend.texts()["AU12 Lip corner puller, left"]


def test_a_run_is_kept_though_the_panel_is_not_seen(qtbot: Any, shell: Shell, clip: Path) -> None:
    panel = ChartsPanel(shell)
    qtbot.addWidget(panel)
    shell.session.start(str(clip))
    qtbot.waitUntil(lambda: panel.history.version > 10, timeout=WAIT_MS)
    panel.show()
    panel.tick(Snapshot())
    assert panel.plots is not None
    assert value(panel) == "3.0"
    shell.session.stop()
    qtbot.waitUntil(lambda: shell.session.poll() or not shell.session.running, timeout=WAIT_MS)
    panel.reset()
    assert panel.history.version == 0
    assert value(panel) == "–"


def test_the_legend_has_the_newest_value_and_that_under_the_mouse(
    panel: ChartsPanel, feed: Callable[..., None]
) -> None:
    feed(*np.linspace(0, 1, 51))
    assert value(panel) == "5.0"
    assert panel.plots is not None
    panel.plots.pointed.emit(-1.0)
    assert value(panel) == "2.5"
    panel.plots.pointed.emit(None)
    assert value(panel) == "5.0"


def test_a_curve_is_drawn_in_its_colour_and_not_where_there_is_no_face(
    qtbot: Any, panel: ChartsPanel, feed: Callable[..., None]
) -> None:
    for key in list(panel.choice.chosen):
        if key != "AU12-left":
            panel.choice.toggle(key)
    assert panel.plots is not None
    feed(*[0.5] * 125)
    feed(*[0.5] * 125, tracked=False)
    assert value(panel) == "–"
    qtbot.waitUntil(lambda: _coloured(panel) is not None, timeout=WAIT_MS)
    columns = _coloured(panel)
    assert columns is not None
    view = next(iter(panel.plots._strips.values())).getViewBox().sceneBoundingRect()
    assert columns.max() <= view.center().x() + 3
    assert len(np.unique(columns)) > 0.4 * view.width()


def _coloured(panel: ChartsPanel) -> np.ndarray | None:
    """Columns of pixels with something of the first curve, the only blue thing; its edges are blended."""
    assert panel.plots is not None
    assert panel.choice.colours(DARK)["AU12-left"] == ON_DARK[0]
    image = panel.plots.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4).astype(int)
    near = pixels[..., 0] - pixels[..., 2] > 60  # blue, green, red, nothing
    columns = np.flatnonzero(near.any(axis=0))
    return columns if len(columns) > 100 else None


def test_paused_the_picture_stands_still_and_nothing_is_lost(panel: ChartsPanel, feed: Callable[..., None]) -> None:
    feed(*[0.2] * 50)
    panel.pause.click()
    feed(*[0.8] * 50)
    assert value(panel) == "1.0"
    panel.choice.toggle("AU26")
    assert value(panel) == "1.0"
    panel.pause.click()
    assert value(panel) == "4.0"
    assert panel.history.last([0]).frame.tolist() == list(range(100))


def test_paused_keys_zoom_and_move_and_home_goes_back(
    qtbot: Any, panel: ChartsPanel, feed: Callable[..., None]
) -> None:
    feed(*[0.2] * 500)
    plots = panel.plots
    assert plots is not None
    qtbot.keyClick(plots, Qt.Key.Key_Plus)
    assert plots.seen_s == pytest.approx((-10, 0))
    panel.pause.click()
    qtbot.keyClick(plots, Qt.Key.Key_Plus)
    assert plots.seen_s == pytest.approx((-9, -1))
    qtbot.keyClick(plots, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert plots.seen_s == pytest.approx((-9.8, -1.8))
    for _ in range(9):
        qtbot.keyClick(plots, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert plots.seen_s == pytest.approx((-8, 0))
    qtbot.keyClick(plots, Qt.Key.Key_Home)
    assert plots.seen_s == pytest.approx((-10, 0))


def test_values_are_read_by_keys_and_told_to_who_cannot_see(
    qtbot: Any, panel: ChartsPanel, feed: Callable[..., None]
) -> None:
    feed(*np.linspace(0, 1, 51))
    plots = panel.plots
    assert plots is not None
    qtbot.keyClick(plots, Qt.Key.Key_Left)
    assert plots.cursor_s == 0, "it begins at the newest value"
    qtbot.keyClick(plots, Qt.Key.Key_PageUp)
    assert plots.cursor_s == pytest.approx(-1)
    assert value(panel) == "2.5"
    assert plots.accessibleDescription().startswith("1.0 seconds before the newest: ")
    assert "2.5" in plots.accessibleDescription()
    qtbot.keyClick(plots, Qt.Key.Key_Right)
    assert plots.cursor_s == pytest.approx(-0.9)
    for _ in range(30):
        qtbot.keyClick(plots, Qt.Key.Key_PageUp)
    assert plots.cursor_s == pytest.approx(-10), "it stays within what is seen"
    qtbot.keyClick(plots, Qt.Key.Key_Escape)
    assert plots.cursor_s is None
    assert value(panel) == "5.0"
    assert "Arrow keys" in plots.accessibleDescription()


def test_each_unit_has_a_strip_and_time_is_the_same_in_all(panel: ChartsPanel, feed: Callable[..., None]) -> None:
    panel.choice.clear()
    plots = panel.plots
    assert plots is not None
    for key in ("AU26", "jawOpen", "gaze-left-yaw", "head-distance", "AU25"):
        panel.choice.toggle(key)
    feed(*[0.5] * 30)
    panel.span.button("30").click()
    assert [unit.name for unit in plots._strips] == ["FACS 0–5", "ARKit 0–1", "Degrees", "cm"]
    assert all(strip.viewRange()[0] == pytest.approx([-30, 0]) for strip in plots._strips.values())
    for key in list(panel.choice.chosen):
        panel.legend.remove_button(key).click()
    assert not plots._strips
    assert not panel.save.isEnabled()


def take_the_keyboard(panel: ChartsPanel, qtbot: Any) -> None:
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow, timeout=WAIT_MS)


def test_the_keyboard_stays_in_the_legend_when_a_curve_is_taken_out(panel: ChartsPanel, qtbot: Any) -> None:
    keys = list(panel.choice.chosen)
    assert len(keys) > 2
    take_the_keyboard(panel, qtbot)
    panel.legend.remove_button(keys[1]).setFocus()
    for left in range(len(keys) - 1, 0, -1):
        button = QApplication.focusWidget()
        assert button in panel.legend.findChildren(QToolButton)
        qtbot.keyClick(button, Qt.Key.Key_Space)
        assert len(panel.choice.chosen) == left
        if left == len(keys) - 1:
            assert panel.legend.remove_button(keys[2]).hasFocus()  # what came after it
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    assert not panel.choice.chosen
    assert panel.add.hasFocus()


def test_tab_goes_from_the_tools_to_the_plots_and_on_to_the_legend(shell: Shell, qtbot: Any) -> None:
    panel = ChartsPanel(shell)
    qtbot.addWidget(panel)
    last = QPushButton(panel)  # made before the plots and rows are, as the buttons of a dock's title
    panel.resize(900, 300)
    panel.show()
    take_the_keyboard(panel, qtbot)
    for key in ("AU26", "AU26"):  # out, and in again
        panel.choice.toggle(key)
        buttons = [panel.legend.remove_button(chosen) for chosen in panel.choice.chosen]
        qtbot.waitUntil(lambda buttons=buttons: all(b.isVisible() for b in buttons), timeout=WAIT_MS)
        panel.save.setFocus()
        came_to: list[QWidget | None] = []
        while not last.hasFocus():
            panel.focusNextChild()
            came_to.append(QApplication.focusWidget())
        assert came_to == [panel.plots, *buttons, last]


def test_the_plots_show_that_the_keyboard_is_there(panel: ChartsPanel, qtbot: Any) -> None:
    plots = panel.plots
    assert plots is not None

    def rim() -> QColor:
        return plots.viewport().grab().toImage().pixelColor(0, 4)

    take_the_keyboard(panel, qtbot)
    panel.add.setFocus()
    assert rim() != QColor(DARK.accent)
    plots.setFocus()
    assert rim() == QColor(DARK.accent)
    panel.add.setFocus()
    assert rim() != QColor(DARK.accent)


def test_axes_of_degrees_grow_in_steps(panel: ChartsPanel, feed: Callable[..., None]) -> None:
    plots = panel.plots
    assert plots is not None
    degrees = next(strip for unit, strip in plots._strips.items() if unit.name == "Degrees")
    feed(0.0, head_euler_deg=np.array([10, 0, 0], np.float32))
    narrow = degrees.viewRange()[1]
    feed(0.0, head_euler_deg=np.array([-50, 0, 0], np.float32))
    assert degrees.viewRange()[1][0] < -60
    assert degrees.viewRange()[1][1] == pytest.approx(narrow[1], abs=1.5)
    assert narrow == pytest.approx([-31.2, 31.2])


def test_the_chooser_finds_ticks_and_stops_at_eight(qtbot: Any, panel: ChartsPanel) -> None:
    chooser = panel.chooser
    panel.choice.clear()
    panel.add.click()
    qtbot.waitUntil(chooser.isVisible, timeout=WAIT_MS)
    qtbot.keyClicks(chooser.search, "zygomaticus left")
    assert [key for key, item in chooser.items.items() if not item.isHidden()] == ["AU12-left"]
    chooser.search.clear()
    qtbot.keyClicks(chooser.search, "jawopen")
    assert [key for key, item in chooser.items.items() if not item.isHidden()] == ["jawOpen"]
    qtbot.keyClick(chooser.search, Qt.Key.Key_Return)
    assert list(panel.choice.chosen) == ["jawOpen"]
    chooser.search.setText("left")
    for key, item in chooser.items.items():
        if not item.isHidden() and item.flags() & Qt.ItemFlag.ItemIsEnabled:
            item.setCheckState(0, Qt.CheckState.Checked)
            assert key in panel.choice.chosen
    assert len(panel.choice.chosen) == MOST
    assert not chooser.items["AU26"].flags() & Qt.ItemFlag.ItemIsEnabled
    chooser.nothing.click()
    assert not panel.choice.chosen
    assert chooser.items["AU26"].flags() & Qt.ItemFlag.ItemIsEnabled
    qtbot.keyClick(chooser, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not chooser.isVisible(), timeout=WAIT_MS)


def test_picture_and_table_are_saved(qtbot: Any, panel: ChartsPanel, feed: Callable[..., None], tmp_path: Path) -> None:
    feed(*[0.5] * 100)
    picture, table = tmp_path / "charts.png", tmp_path / "charts.csv"
    panel.save_picture(picture)
    qtbot.waitUntil(lambda: "charts.png" in panel.shell.messages.text, timeout=WAIT_MS)
    image = cv2.imread(str(picture))
    assert image is not None
    assert image.shape[1] == 2 * 900
    assert len(np.unique(image[::5, ::5].reshape(-1, 3), axis=0)) > 20
    panel.save_table(table)
    qtbot.waitUntil(lambda: "charts.csv" in panel.shell.messages.text, timeout=WAIT_MS)
    assert len(table.read_text(encoding="utf-8").splitlines()) == 101


def foot(panel: ChartsPanel) -> list[str]:
    """What is written along the time of the lowest strip."""
    assert panel.plots is not None
    axis = list(panel.plots._strips.values())[-1].getAxis("bottom")
    (step, values), *_ = axis.tickValues(*panel.plots.seen_s, axis.width())
    return list(axis.tickStrings(values, 1.0, step))


def test_a_take_has_its_own_time(
    qtbot: Any, panel: ChartsPanel, feed: Callable[..., None], make_face: Callable[..., FaceFrame], tmp_path: Path
) -> None:
    sink = OpenFaceCsv(tmp_path / "take.csv")
    sink.open(SourceInfo("clip.mp4", (320, 240), 10.0, None, live=False))
    for i in range(954):
        sink.write(make_face(i, time_s=i / 10, media_time_s=i / 10))
    sink.close()
    feed(0.2, 0.4)
    plots = panel.plots
    assert plots is not None
    assert foot(panel)[-1] == "now"
    panel.hold(slice_of(read_take(tmp_path / "take.csv"), Progress()))
    assert plots.seen_s == pytest.approx((-95.3, 0)), "more than a minute"
    assert (foot(panel)[0], foot(panel)[-1]) == ("0:00", "1:35")
    assert len(foot(panel)) > 3
    qtbot.keyClick(plots, Qt.Key.Key_PageUp)
    qtbot.keyClick(plots, Qt.Key.Key_PageUp)
    assert plots.accessibleDescription().startswith("85.8 seconds into the take: ")
    for _ in range(4):
        qtbot.keyClick(plots, Qt.Key.Key_Plus)
    for _ in range(30):
        qtbot.keyClick(plots, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert foot(panel)[0] == "0:00", "its beginning can be reached"
    assert "now" not in foot(panel)
    panel.pause.click()
    assert foot(panel)[-1] == "now"
    assert plots.seen_s == pytest.approx((-10, 0))


def test_what_cannot_be_saved_is_told_in_one_line(
    qtbot: Any, panel: ChartsPanel, feed: Callable[..., None], tmp_path: Path
) -> None:
    feed(0.5)
    for save, name in ((panel.save_picture, "a.png"), (panel.save_table, "a.csv")):
        panel.shell.messages.dismiss()
        save(tmp_path / "nowhere" / name)
        qtbot.waitUntil(lambda name=name: name in panel.shell.messages.text, timeout=WAIT_MS)
        assert "cannot be written" in panel.shell.messages.text


def test_themes_narrow_and_empty(qtbot: Any, panel: ChartsPanel) -> None:
    assert panel.plots is not None
    panel.set_theme(LIGHT)
    assert panel.plots.grab().toImage().pixelColor(1, 1) == QColor(LIGHT.panel)
    beside = panel.legend.x()
    panel.resize(320, 500)
    qtbot.waitUntil(lambda: panel.legend.x() == 0 and panel.legend.y() > 0, timeout=WAIT_MS)
    assert beside > 0
    panel.choice.clear()
    assert not panel.legend.isVisible()


def test_a_click_in_the_meters_brings_the_charts(make_window: Callable[..., Any], qtbot: Any) -> None:
    window = make_window()
    window.preferences.set_value("charts/curves", {})
    meters, charts = window.panels["meters"], window.panels["charts"]
    assert not charts.isVisible()

    def click() -> None:
        at = meters.current.place_of("AU12-right").center().toPoint()
        qtbot.mouseClick(meters.current, Qt.MouseButton.LeftButton, pos=at)

    click()
    qtbot.waitUntil(charts.isVisible, timeout=WAIT_MS)
    assert list(charts.choice.chosen) == ["AU12-right"]
    assert list(charts.legend.texts()) == ["AU12 Lip corner puller, right"]
    click()
    assert not charts.choice.chosen
