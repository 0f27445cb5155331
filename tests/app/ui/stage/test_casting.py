"""Heads change: what is made on which thread, who comes when several are asked for, and what is seen meanwhile."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gltf_files import arkit_character
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

import rig.imported_scene
import rig.prepared
from app.ui.stage import casting as casting_module
from app.ui.stage.casting import Casting
from app.ui.thread_clock import RenderClock
from rig.head_mesh import HeadMesh
from rig.imported_drive import Drive
from rig.parameters import ARKIT
from rig.scene import FaceScene
from rig.stage import Stage

WAIT_MS = 60_000


class House:
    """A casting, and what it told."""

    def __init__(self, qtbot: Any) -> None:
        self.qtbot = qtbot
        self.parent = QObject()
        self.rendering = RenderClock()
        self.casting = Casting(self.parent, self.rendering)
        self.shown: list[str] = []
        self.failed: list[tuple[str, str]] = []
        self.casting.changed.connect(lambda spec, loaded: self.shown.append(spec))
        self.casting.failed.connect(lambda spec, error: self.failed.append((spec, str(error))))

    def show(self, spec: str) -> None:
        known = len(self.shown) + len(self.failed)
        self.casting.ask(spec, None)
        self.qtbot.waitUntil(lambda: len(self.shown) + len(self.failed) > known, timeout=WAIT_MS)

    def ask_and_begin(self, spec: str) -> None:
        """Until some of it is made; it goes on only by :meth:`turn`."""
        turn = self.casting._turn
        turn.timeout.disconnect(self.casting._go_on)  # or a quick machine makes half the head while we wait
        self.casting.ask(spec, None)
        self.qtbot.waitUntil(lambda: self.casting._coming is not None, timeout=WAIT_MS)
        turn.stop()
        turn.timeout.connect(self.casting._go_on)
        for _ in range(3):
            self.turn()

    def turn(self) -> None:
        self.casting._go_on()

    @property
    def on_stage(self) -> set[Any]:
        assert self.casting.scene is not None
        return set(self.casting.scene.plotter.renderer.actors.values())

    def picture(self) -> np.ndarray:
        assert self.casting.scene is not None
        return self.casting.scene.render().astype(int)


@pytest.fixture
def house(qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """With the base face on the stage, in turns of one step each."""
    for name in ("XDG_DATA_HOME", "APPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setattr(casting_module, "TURN_MS", 1e-6)
    made = House(qtbot)
    made.show("base")
    if made.failed:
        pytest.skip(f"no OpenGL here: {made.failed[0][1]}")
    yield made
    made.casting.close()


@pytest.fixture
def glb(tmp_path: Path) -> str:
    """A character file."""
    return str(arkit_character(ARKIT).save(tmp_path / "avatar.glb"))


def record(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, threads: dict[str, set[int]]) -> None:
    """Note on which threads something is called."""
    real: Callable[..., Any] = getattr(owner, name)

    def noted(*args: Any, **fields: Any) -> Any:
        threads.setdefault(name, set()).add(threading.get_ident())
        return real(*args, **fields)

    monkeypatch.setattr(owner, name, noted)


def test_arrays_are_made_on_a_thread_and_vtk_is_touched_on_this_one(
    house: House, glb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heavy: dict[str, set[int]] = {}
    drawn: dict[str, set[int]] = {}
    record(monkeypatch, HeadMesh, "__init__", heavy)
    record(monkeypatch, Drive, "_groups", heavy)
    for name in ("lined_skin_texture", "eye_texture", "surface_table", "bottom_up"):
        record(monkeypatch, rig.prepared, name, heavy)
    monkeypatch.setattr(rig.prepared, "LIGHT", {"lined skin": rig.prepared.lined_skin_texture})
    for name in ("_smoothing", "_picture"):
        record(monkeypatch, rig.imported_scene, name, heavy)
    for name in ("add", "upload", "enter"):
        record(monkeypatch, Stage, name, drawn)
    house.show("hero")
    house.show(glb)
    assert house.shown == ["base", "hero", glb]
    assert set(heavy) >= {"__init__", "_groups", "lined_skin_texture", "surface_table", "bottom_up", "_smoothing"}
    here = threading.get_ident()
    assert [name for name, threads in heavy.items() if here in threads] == []
    assert drawn == {name: {here} for name in ("add", "upload", "enter")}


def test_the_old_head_stays_until_the_new_one_is_whole(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    # A step a turn: how many fit into one is a matter of the machine.
    monkeypatch.setattr(casting_module, "TURN_MS", 0.0)
    old = house.casting.scene
    assert old is not None
    before, picture = house.on_stage, house.picture()
    turns = 0
    house.ask_and_begin("goblin")
    while house.casting.scene is old:
        assert house.on_stage == before
        if turns % 4 == 0:
            assert np.abs(house.picture() - picture).max() == 0
        house.turn()
        turns += 1
        assert turns < 200
    assert turns > 10, "it came in many turns"
    new = house.casting.scene
    assert new is not None
    assert house.on_stage == set(new.actors.values())
    assert not house.on_stage & before
    assert new.plotter is old.plotter, "another OpenGL context would compile all shaders anew"
    assert np.abs(house.picture() - picture).max() > 50


def test_a_turn_ends_when_its_time_is_over(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s, done = [0.0], []

    def steps() -> Iterator[None]:
        for k in range(7):
            now_s[0] += 0.005
            done.append(k)
            yield

    monkeypatch.setattr(casting_module, "TURN_MS", 8.0)
    monkeypatch.setattr(casting_module.time, "perf_counter", lambda: now_s[0])
    house.casting._steps = steps()
    house.turn()
    assert done == [0, 1]
    house.turn()
    assert done == [0, 1, 2, 3]
    house.casting._drop()


def test_of_several_only_the_last_comes(house: House) -> None:
    house.casting.ask("hero", None)
    house.casting.ask("elder", None)
    house.ask_and_begin("goblin")
    half = house.casting._coming
    house.show("base")
    assert half is not None
    assert house.shown == ["base", "base"]
    assert house.casting.loaded is not None
    assert house.casting.loaded.character.name == "base"
    house.qtbot.waitUntil(lambda: not any(t.name == "rig-loader" for t in threading.enumerate()), timeout=WAIT_MS)
    QApplication.processEvents()
    assert house.shown == ["base", "base"], "those that were loaded too late stay away"
    assert house.on_stage == set(house.casting.scene.actors.values())  # type: ignore[union-attr]


def test_one_that_breaks_half_way_leaves_the_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    before = house.on_stage
    real = FaceScene.set_face

    def break_once(self: FaceScene, *args: Any, **fields: Any) -> None:
        monkeypatch.setattr(FaceScene, "set_face", real)
        raise RuntimeError("no room on the card")

    monkeypatch.setattr(FaceScene, "set_face", break_once)
    house.show("hero")
    assert house.failed == [("hero", "no room on the card")]
    assert house.on_stage == before
    house.show("nobody")
    assert house.failed[-1][0] == "nobody"
    house.show("hero")
    assert house.shown == ["base", "hero"]


def test_closing_in_the_middle(house: House) -> None:
    house.ask_and_begin("elder")
    house.casting.close()
    house.turn()
    assert house.casting.scene is None
    house.casting.ask("hero", None)
    house.casting.close()
    house.qtbot.waitUntil(lambda: not any(t.name == "rig-loader" for t in threading.enumerate()), timeout=WAIT_MS)
    QApplication.processEvents()
    assert house.shown == ["base"]
    assert house.failed == []


def test_drawing_is_told_to_the_clock(house: House) -> None:
    before = house.rendering.spent
    house.picture()
    assert house.rendering.spent.wall_s > before.wall_s
    before = house.rendering.spent
    house.ask_and_begin("hero")
    while house.casting._coming is not None:
        house.turn()
    assert house.rendering.spent.wall_s > before.wall_s, "textures go to OpenGL"
    assert not house.rendering.running
