"""A settings file acts at once, in every panel."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.capture import CameraMode
from app.ui.character.character_panel import CharacterPanel
from app.ui.meters.charts_panel import ChartsPanel
from app.ui.meters.meters_panel import MetersPanel
from app.ui.output.output_panel import OutputPanel
from app.ui.picture.overlay import Overlay
from app.ui.picture.picture_panel import PicturePanel
from app.ui.preferences import FILE_MARK, VERSION
from app.ui.stage.stage_settings import CHROMA
from app.ui.tracking.tracking_panel import TrackingPanel
from app.ui.window import MainWindow

WAIT_MS = 60_000
Take = Callable[[dict[str, Any]], None]


@pytest.fixture
def window(make_window: Callable[..., MainWindow], qtbot: Any, clip: Path) -> MainWindow:
    """On a film that stands still."""
    made = make_window()
    made.start(str(clip))
    qtbot.waitUntil(lambda: made.video.has_picture, timeout=WAIT_MS)
    made.session.film.set_paused(True)
    return made


@pytest.fixture
def take(window: MainWindow, tmp_path: Path) -> Take:
    """File > Import settings, but for the question which file."""

    def import_values(values: dict[str, Any]) -> None:
        path = tmp_path / "settings.json"
        path.write_text(json.dumps({"file": FILE_MARK, "version": VERSION, "values": values}))
        window.dialogs.read_settings(path)

    return import_values


def panel(window: MainWindow, name: str, kind: type[Any]) -> Any:
    found = window.panels[name]
    assert isinstance(found, kind)
    return found


def test_window_and_picture(window: MainWindow, take: Take) -> None:
    picture: PicturePanel = panel(window, "picture", PicturePanel)
    assert not picture.video.mirrored
    overlay = {"lines": "mesh", "points": True, "view": True, "axes": False}
    take({"window/theme": "light", "picture/mirror_film": True, "picture/overlay": overlay})
    assert window.theme.window == "#e4e7ec"
    assert picture.video.mirrored
    assert picture.mirror.isChecked()
    assert window.rig.mirrored
    assert picture.video.overlay == Overlay(**overlay)  # type: ignore[arg-type]


def test_a_camera_that_runs_begins_again_with_its_mode(
    window: MainWindow, take: Take, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture: PicturePanel = panel(window, "picture", PicturePanel)
    monkeypatch.setattr(picture.cameras, "of", lambda spec: SimpleNamespace(name="Cam"))
    with qtbot.waitSignal(window.session.started, timeout=WAIT_MS):
        take({"camera/modes": {"Cam": [640, 480, 30.0]}})
    assert picture.modes.of("0") == CameraMode(640, 480, 30.0)
    with qtbot.assertNotEmitted(window.session.started, wait=300):
        take({"camera/modes": {"Cam": [640, 480, 30.0], "Other": [320, 240, 15.0]}})


def test_meters_and_charts(window: MainWindow, take: Take) -> None:
    meters: MetersPanel = panel(window, "meters", MetersPanel)
    charts: ChartsPanel = panel(window, "charts", ChartsPanel)
    window.docks.show("charts")
    take(
        {"meters/kind": "arkit", "meters/order": "activity", "charts/span": "60", "charts/curves": {"AU26": 0}},
    )
    assert meters.kind.value == "arkit"
    assert meters.current is meters.meters["arkit"]
    assert meters.order.value == "activity"
    assert charts.span.value == "60"
    assert charts.plots is not None
    assert charts.plots.span_s == 60
    assert len(charts.legend.texts()) == 1


def test_tracking(window: MainWindow, take: Take, trackers: list[Any], qtbot: Any) -> None:
    tracking: TrackingPanel = panel(window, "tracking", TrackingPanel)
    shaping = {"mien-shaping": 1, "channels": {"AU12": {"gain": 1.5}}}
    take({"tracking/filter": "strong", "tracking/asymmetry": False, "tracking/shaping": shaping, "tracking/apart": [4]})
    settings = window.session.settings
    assert (settings.filter, settings.asymmetry) == ("strong", False)
    assert tracking.smoothing.value == "strong"
    assert tracking.alike.isChecked()
    assert not settings.shaping.is_default
    assert tracking.channels.apart == [4]
    told = {"filter", "asymmetry", "shaping"}
    qtbot.waitUntil(lambda: {n for a in trackers[-1].asked if isinstance(a, dict) for n in a} == told, timeout=WAIT_MS)


def test_networks_change_together(
    window: MainWindow, take: Take, trackers: list[Any], qtbot: Any, tmp_path: Path
) -> None:
    task = tmp_path / "face.task"
    task.touch()
    take({"tracking/landmarks": "mediapipe", "tracking/model": "geometric", "tracking/task_path": str(task)})
    qtbot.waitUntil(lambda: len(trackers) == 2, timeout=WAIT_MS)
    settings = window.session.settings
    assert (settings.landmarks, settings.model, settings.task_path) == ("mediapipe", "geometric", task)
    qtbot.waitUntil(lambda: window.session.newest() is not None, timeout=WAIT_MS)
    assert len(trackers) == 2, "one new tracker, not one for each setting"


def test_output(window: MainWindow, take: Take, qtbot: Any, udp_ear: Any, tmp_path: Path) -> None:
    output: OutputPanel = panel(window, "output", OutputPanel)
    stream = {"host": "127.0.0.1", "port": udp_ear.port, "at_start": True, "part": "au", "name": "Stage"}
    values = {
        "format": "arkit",
        "folder": str(tmp_path / "takes"),
        "name": "{take}",
        "countdown": 3,
        "page": "recording",
    }
    take({"output/streams": [stream]} | {f"output/{name}": value for name, value in values.items()})
    assert [card.title.whole() for card in output.streams_page.cards] == ["Stage"]
    window.session.film.set_paused(False)
    qtbot.waitUntil(lambda: window.shell.streams.streams[0].sent > 0, timeout=WAIT_MS)
    page = output.recording_page
    assert page.format.value == "arkit"
    assert page.countdown.value == "3"
    assert page.name.text() == "{take}"
    assert page.folder.whole() == str(tmp_path / "takes")
    assert output.pages.value == "recording"
    qtbot.waitUntil(lambda: window.toolbar._formats.checkedAction().data() == "arkit", timeout=WAIT_MS)


def test_character_and_stage(window: MainWindow, take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(window.rig, "set_character", shown.append)
    character: CharacterPanel = panel(window, "character", CharacterPanel)
    stage = {"light": "rim", "background": "green", "view": "face", "mirror": True, "on_top": True}
    edits = {"hero": {"follow": True}}
    take(
        {"character/name": "hero", "character/strength": 0.5, "character/edits": edits}
        | {f"stage/{name}": value for name, value in stage.items()}
    )
    assert shown == ["hero"]
    assert window.rig.edits == edits
    assert character.face.strength.value() == 50
    page = character.stage_page
    assert page.light.currentData() == "rim"
    assert page.background.currentData() == "green"
    assert page.views["face"].isChecked()
    assert page.mirror.isChecked()
    assert page.on_top.isChecked()
    assert character.stage.mirrored
    assert window.rig._style.background == CHROMA["green"]


def test_meters_that_come_to_the_front_show_what_a_film_stands_at(window: MainWindow, qtbot: Any, clip: Path) -> None:
    meters: MetersPanel = panel(window, "meters", MetersPanel)
    meters.kind.button("arkit").click()
    window.start(str(clip))
    qtbot.waitUntil(lambda: window.video.has_picture, timeout=WAIT_MS)
    window.session.film.set_paused(True)
    meters.kind.button("au").click()
    qtbot.waitUntil(lambda: meters.current.shown.max() > 0, timeout=WAIT_MS)
