"""The meters on the screen: places, bars in their colours, clicks and keys, the panel around them."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QToolTip

from app.face_frame import FaceFrame
from app.tracker import TrackerSettings
from app.ui.jobs import Jobs
from app.ui.message_bar import MessageBar
from app.ui.meters import meters as meters_module
from app.ui.meters.chart_choice import MOST, ChartChoice
from app.ui.meters.meter_layout import Group, lay_out
from app.ui.meters.meter_rows import ARKIT_METERS, AU_METERS, MeterSet
from app.ui.meters.meters import Meters
from app.ui.meters.meters_panel import MetersPanel
from app.ui.panel import Shell
from app.ui.preferences import Preferences
from app.ui.session import Session
from app.ui.style.theme import DARK, LIGHT
from rig.parameters import CHANNEL_INDEX, N_CHANNELS


def groups_of(meters: MeterSet) -> list[Group]:
    rows = iter(range(len(meters.rows)))
    return [(title, [(next(rows), len(row.channels)) for row in group]) for title, group in meters.groups]


@pytest.mark.parametrize("keep_whole", [True, False])
@pytest.mark.parametrize("meters", [AU_METERS, ARKIT_METERS])
@pytest.mark.parametrize(("width", "height"), [(280, 300), (320, 700), (400, 400), (900, 240), (900, 700), (2400, 900)])
def test_every_row_has_a_place_of_its_own(meters: MeterSet, width: int, height: int, keep_whole: bool) -> None:
    layout = lay_out(groups_of(meters), width, height, 24, keep_whole)
    assert sorted(cell.row for cell in layout.cells) == list(range(len(meters.rows)))
    for i, cell in enumerate(layout.cells):
        assert cell.box.left() >= 0
        assert cell.box.right() <= width
        assert cell.box.bottom() <= layout.height
        assert all(not cell.box.adjusted(1, 1, -1, -1).intersects(other.box) for other in layout.cells[i + 1 :])
        for part in (cell.words, *cell.bars, *cell.numbers):
            assert cell.box.adjusted(-1, -1, 1, 1).contains(part)
            assert part.width() > 20
        assert all(not cell.words.intersects(part) for part in (*cell.bars, *cell.numbers))


def test_what_fits_is_not_scrolled_and_what_does_not_is_no_smaller() -> None:
    assert lay_out(groups_of(AU_METERS), 400, 400, 24).height <= 400
    assert lay_out(groups_of(AU_METERS), 900, 240, 24).height <= 240
    assert lay_out(groups_of(AU_METERS), 280, 300, 24).height > 600


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Time as the meters see it; call it with the seconds that pass."""
    now = [100.0]
    monkeypatch.setattr(meters_module.time, "perf_counter", lambda: now[0])

    def go_on(by_s: float) -> None:
        now[0] += by_s

    return go_on


def channels(**au: float) -> np.ndarray:
    """``AU12_left=0.8`` -> (40,)."""
    out = np.zeros(N_CHANNELS, np.float32)
    for name, value in au.items():
        out[CHANNEL_INDEX[name.replace("_", "-")]] = value
    return out


def show(meters: Meters, values: np.ndarray, clock: Callable[[float], None]) -> None:
    for _ in range(30):
        clock(1 / 30)
        meters.show_values(values)


def test_a_bar_is_as_long_as_its_value_in_the_colour_of_its_side(qtbot: Any, clock: Callable[[float], None]) -> None:
    meters = Meters(DARK, AU_METERS, "Meters")
    qtbot.addWidget(meters)
    meters.resize(400, 420)
    show(meters, channels(AU12_left=0.8, AU12_right=0.4, AU26=0.6), clock)
    image = meters.grab().toImage()
    for key, share, colour in (
        ("AU12-left", 0.8, DARK.left),
        ("AU12-right", 0.4, DARK.right),
        ("AU26", 0.6, DARK.both),
    ):
        bar = meters.place_of(key)
        y = int(bar.center().y())
        assert image.pixelColor(int(bar.left() + bar.width() * (share - 0.08)), y) == QColor(colour)
        assert image.pixelColor(int(bar.left() + bar.width() * (share + 0.08)), y) == QColor(DARK.line)


def test_each_theme_paints_on_its_own_panel(qtbot: Any) -> None:
    meters = Meters(DARK, AU_METERS, "Meters")
    qtbot.addWidget(meters)
    for theme in (LIGHT, DARK):
        meters.set_theme(theme)
        assert meters.grab().toImage().pixelColor(2, 2) == QColor(theme.panel)


def test_a_click_tells_the_side_that_was_met(qtbot: Any) -> None:
    meters = Meters(DARK, AU_METERS, "Meters")
    qtbot.addWidget(meters)
    meters.resize(400, 420)
    meters.show()
    for key in ("AU12-left", "AU12-right", "AU26"):
        with qtbot.waitSignal(meters.clicked) as clicked:
            qtbot.mouseClick(meters, Qt.MouseButton.LeftButton, pos=meters.place_of(key).center().toPoint())
        assert clicked.args == [key]
    assert meters.spot_at(QPoint(1, 1).toPointF()) is None


def test_keys_reach_every_channel(qtbot: Any) -> None:
    meters = Meters(DARK, AU_METERS, "Meters")
    qtbot.addWidget(meters)
    reached: list[str] = []
    meters.clicked.connect(reached.append)
    for _ in AU_METERS.rows:
        for side in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            qtbot.keyClick(meters, side)
            qtbot.keyClick(meters, Qt.Key.Key_Return)
        qtbot.keyClick(meters, Qt.Key.Key_Down)
    assert set(reached) == set(CHANNEL_INDEX)
    assert "AU19" in meters.accessibleDescription()


def test_tips_say_muscle_and_looks_and_what_a_click_does(qtbot: Any) -> None:
    meters = Meters(DARK, AU_METERS, "Meters")
    qtbot.addWidget(meters)
    row = next(i for i, row in enumerate(AU_METERS.rows) if row.label == "AU12")
    assert "zygomaticus major" in meters.tip((row, 0))
    assert "mouthSmileLeft" in meters.tip((row, 0))
    assert "adds it to the charts" in meters.tip((row, 0))
    meters.set_marks({"AU12-left": "#ffffff"})
    assert "takes it out" in meters.tip((row, 0))
    assert "adds it" in meters.tip((row, 1))
    assert not QToolTip.isVisible()


def test_by_activity_the_busiest_row_stands_first(qtbot: Any, clock: Callable[[float], None]) -> None:
    meters = Meters(DARK, AU_METERS, "Meters")
    qtbot.addWidget(meters)
    show(meters, channels(AU26=0.9, AU9_left=0.5), clock)
    assert meters.titles()[0].startswith("AU1 ")
    meters.set_by_activity(True)
    assert [title.split()[0] for title in meters.titles()[:2]] == ["AU26", "AU9"]


@pytest.fixture
def shell(qtbot: Any, tmp_path: Any) -> Iterator[Shell]:
    """What a panel is given, without a window."""
    messages = MessageBar(DARK)
    qtbot.addWidget(messages)
    session = Session(TrackerSettings(device="cpu"))
    preferences = Preferences(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    fields: dict[str, Any] = dict.fromkeys(Shell.__dataclass_fields__)
    fields |= {"session": session, "preferences": preferences, "messages": messages, "theme": DARK}
    yield Shell(**{**fields, "jobs": Jobs(messages)})
    session.close()


def test_the_panel_shows_what_was_chosen_and_remembers_it(
    qtbot: Any, shell: Shell, make_face: Callable[..., FaceFrame], clock: Callable[[float], None]
) -> None:
    panel = MetersPanel(shell)
    qtbot.addWidget(panel)
    face = make_face(au=channels(AU12_left=1.0), arkit=np.full(52, 0.5, np.float32))
    for _ in range(30):
        clock(1 / 30)
        panel.show_face(None, face)  # type: ignore[arg-type]
    assert panel.current.shown.max() == pytest.approx(1.0, abs=0.01)
    panel.kind.button("arkit").click()
    panel.order.button("activity").click()
    for _ in range(30):
        clock(1 / 30)
        panel.show_face(None, face)  # type: ignore[arg-type]
    assert panel.current.shown == pytest.approx(np.full(52, 0.5), abs=0.01)
    again = MetersPanel(shell)
    qtbot.addWidget(again)
    assert (again.kind.value, again.order.value) == ("arkit", "activity")
    assert again.current.by_activity
    panel.reset()
    assert panel.current.shown.max() == 0


def test_a_click_puts_a_channel_into_the_charts_and_the_next_takes_it_out(qtbot: Any, shell: Shell) -> None:
    panel, choice = MetersPanel(shell), ChartChoice(shell.preferences)
    qtbot.addWidget(panel)
    choice.clear()
    for _ in range(2):
        before = set(choice.chosen)
        panel.current.clicked.emit("AU17")
        assert set(choice.chosen) ^ before == {"AU17"}
        assert set(panel.current.marks) == set(choice.chosen)


def test_a_ninth_curve_is_refused_in_one_line(qtbot: Any, shell: Shell) -> None:
    panel, choice = MetersPanel(shell), ChartChoice(shell.preferences)
    qtbot.addWidget(panel)
    choice.clear()
    for key in list(CHANNEL_INDEX)[: MOST + 1]:
        panel.current.clicked.emit(key)
    assert len(choice.chosen) == MOST
    assert sorted(choice.chosen.values()) == list(range(MOST))
    assert "8 curves at most" in shell.messages.text


def test_a_colour_stays_with_its_curve(shell: Shell) -> None:
    choice = ChartChoice(shell.preferences)
    choice.clear()
    for key in ("AU1-left", "AU2-left", "AU4-left"):
        choice.toggle(key)
    colours = choice.colours(DARK)
    choice.toggle("AU2-left")
    assert choice.colours(DARK)["AU4-left"] == colours["AU4-left"]
    choice.toggle("AU26")
    assert choice.colours(DARK)["AU26"] == colours["AU2-left"]


def test_a_broken_choice_of_curves_is_read_as_far_as_it_makes_sense(shell: Shell) -> None:
    shell.preferences.set_value("charts/curves", {"AU26": 0, "nonsense": 1, "AU25": 99, "AU17": "two", "AU18": 0})
    chosen = ChartChoice(shell.preferences).chosen
    assert len(chosen) == 1
    assert next(iter(chosen)) in ("AU26", "AU18")
