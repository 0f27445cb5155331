"""The tracking panel in the real window: what is chosen reaches the tracker, and what really happens is shown."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QTableView, QWidget

from app.shaping import Shaping
from app.tracker import TrackerSettings
from app.ui.tracking.channel_model import ROWS, Column
from app.ui.tracking.tracking_panel import TrackingPanel
from app.ui.window import MainWindow
from rig.parameters import CHANNEL_INDEX

WAIT_MS = 60_000
JAW, SMILE = CHANNEL_INDEX["AU26"], CHANNEL_INDEX["AU12-left"]


@pytest.fixture
def window(make_window: Callable[..., MainWindow], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    window = make_window()
    window.docks.show("tracking")
    return window


@pytest.fixture
def panel(window: MainWindow) -> TrackingPanel:
    panel = window.panels["tracking"]
    assert isinstance(panel, TrackingPanel)
    return panel


def run(window: MainWindow, qtbot: Any, clip: Path) -> None:
    window.start(str(clip))
    qtbot.waitUntil(lambda: window.session.snapshot().tracked > 2, timeout=WAIT_MS)


def test_smoothing_and_symmetry_reach_the_tracker_and_are_shown_wherever_they_are_chosen(
    window: MainWindow, panel: TrackingPanel, qtbot: Any, clip: Path, trackers: list[Any]
) -> None:
    run(window, qtbot, clip)
    panel.smoothing.button("strong").click()
    panel.alike.click()
    expected = [{"filter": "strong"}, {"asymmetry": False}]
    qtbot.waitUntil(lambda: all(e in trackers[-1].asked for e in expected), timeout=WAIT_MS)
    window.session.set_filter("off")  # as the menu does
    qtbot.waitUntil(lambda: panel.smoothing.value == "off", timeout=WAIT_MS)
    assert window.preferences.value("tracking/filter", "") == "off"


def test_a_gain_reaches_the_tracker_and_is_kept(
    window: MainWindow, panel: TrackingPanel, qtbot: Any, clip: Path, trackers: list[Any]
) -> None:
    run(window, qtbot, clip)
    panel.show_page("channels")
    table = panel.channels.table
    table.setFocus()
    row = next(i for i, entry in enumerate(ROWS) if entry.channel == SMILE)
    table.setCurrentIndex(table.channels.index(row, Column.GAIN))
    for _ in range(20):
        QTest.keyClick(table, Qt.Key.Key_Plus)
    both = (SMILE, CHANNEL_INDEX["AU12-right"])
    wanted = Shaping().with_value("gain", both, 2.0)
    qtbot.waitUntil(lambda: {"shaping": wanted} in trackers[-1].asked, timeout=WAIT_MS)
    kept = window.preferences.value("tracking/shaping", {})
    assert kept["channels"] == {"AU12-left": {"gain": 2.0}, "AU12-right": {"gain": 2.0}}
    QTest.keyClick(table, Qt.Key.Key_Space)
    assert window.preferences.value("tracking/apart", []) == [12]
    assert window.session.running, "the space bar was the table's, not that of start and stop"


def test_bars_and_trace_follow_the_face(
    window: MainWindow, panel: TrackingPanel, qtbot: Any, clip: Path, trackers: list[Any]
) -> None:
    run(window, qtbot, clip)
    qtbot.waitUntil(lambda: len(panel.trace.lines()) > 3, timeout=WAIT_MS)
    panel.show_page("channels")
    qtbot.waitUntil(lambda: panel.channels.table.channels.after[SMILE] >= 0.5, timeout=WAIT_MS)
    panel.traced.choose("AU26")
    panel.traced.chosen.emit("AU26")
    qtbot.waitUntil(lambda: panel.trace.shown == JAW, timeout=WAIT_MS)


def test_another_network_means_another_tracker_that_goes_on(
    window: MainWindow, panel: TrackingPanel, qtbot: Any, clip: Path, trackers: list[Any]
) -> None:
    run(window, qtbot, clip)
    qtbot.waitUntil(lambda: panel.networks._lines["device"].whole() == "In use: CPU", timeout=WAIT_MS)
    panel.networks.model.choose("geometric")
    panel.networks.model.chosen.emit("geometric")
    qtbot.waitUntil(lambda: len(trackers) == 2 and window.session.snapshot().tracked > 0, timeout=WAIT_MS)
    assert window.session.settings.model == "geometric"
    assert trackers[0].closed
    assert "continue" in trackers[1].asked, "it knows whom it looks at"


def test_channels_opened_after_the_end_show_what_the_meters_do(
    window: MainWindow, panel: TrackingPanel, qtbot: Any, clip: Path
) -> None:
    run(window, qtbot, clip)
    window.toggle_run()
    qtbot.waitUntil(lambda: not window.session.running, timeout=WAIT_MS)
    assert not panel.channels.table.channels.after.any()
    panel.show_page("channels")
    assert panel.channels.table.channels.after[SMILE] >= 0.5


def test_mediapipe_is_used_once_its_file_is_known(
    window: MainWindow, panel: TrackingPanel, qtbot: Any, tmp_path: Path
) -> None:
    networks = panel.networks
    assert not networks.task.isVisible()
    networks.engine.choose("mediapipe")
    networks.engine.chosen.emit("mediapipe")
    assert networks.task.isVisible()
    assert window.session.settings.landmarks == "onnx", "not yet"
    networks.task.setText(str(tmp_path / "none.task"))
    QTest.keyClick(networks.task, Qt.Key.Key_Return)
    assert "no task file" in window.messages.text
    assert window.session.settings.landmarks == "onnx"
    task = tmp_path / "face.task"
    task.touch()
    networks.task.setText(str(task))
    QTest.keyClick(networks.task, Qt.Key.Key_Return)
    assert (window.session.settings.landmarks, window.session.settings.task_path) == ("mediapipe", task)
    assert not window.messages.text, "what it said is no longer so"


def test_the_row_for_the_file_is_seen_whole_as_soon_as_it_appears(
    window: MainWindow, panel: TrackingPanel, qtbot: Any
) -> None:
    networks, view = panel.networks, panel._scroll.viewport()

    def whole() -> bool:
        top = networks.task.mapTo(view, QPoint(0, 0)).y()
        return networks.task.isVisible() and top >= 0 and top + networks.task.height() <= view.height()

    for height in range(760, 800, 6):  # somewhere there the page just fits without the row
        window.resize(1200, height)
        networks.engine.choose("onnx")
        networks.engine.chosen.emit("onnx")
        qtbot.waitUntil(lambda height=height: window.height() == height and not networks.task.isVisible())
        panel._scroll.ensureVisible(0, 0)
        networks.engine.choose("mediapipe")
        networks.engine.chosen.emit("mediapipe")
        qtbot.waitUntil(whole, timeout=WAIT_MS)


def test_full_cannot_be_chosen_while_it_is_not_shipped(panel: TrackingPanel) -> None:
    from models.runtime.picture_regressor import FILES

    box = panel.networks.model
    item = box.model().item(box.findText("Full"))  # type: ignore[attr-defined]
    assert item.isEnabled() is FILES["full"].is_file()
    assert [box.itemData(i) for i in range(box.count())] == ["auto", "lite", "full", "geometric"]


def test_every_control_has_a_name_and_a_tip_and_the_panel_is_no_wider_than_its_dock(panel: TrackingPanel) -> None:
    for page in ("setup", "channels"):
        panel.show_page(page)
        for kind in (QAbstractButton, QComboBox, QLineEdit, QTableView):
            controls: list[QWidget] = [w for w in panel.findChildren(kind) if w.isVisible() and _own(w)]
            for control in controls:
                text = control.text() if isinstance(control, QAbstractButton) else ""
                assert control.accessibleName() or text, control
                if not isinstance(control, QTableView):
                    assert control.toolTip() or control.accessibleName().startswith("Page of"), control
    assert panel.minimumSizeHint().width() == 280
    assert panel.minimumWidth() == 0, "else Qt would not ask for what its pages need"


def _own(control: QWidget) -> bool:
    """Not a part that Qt makes inside of a control."""
    inside = control.parentWidget()
    return not isinstance(inside, QComboBox | QLineEdit | QTableView) and not control.objectName().startswith("qt_")


def test_the_settings_of_the_start_are_shown(panel: TrackingPanel, window: MainWindow) -> None:
    assert window.session.settings == TrackerSettings(device="cpu")
    assert (panel.networks.device.value, panel.networks.model.value, panel.smoothing.value) == ("cpu", "auto", "light")
    assert not panel.alike.isChecked()
