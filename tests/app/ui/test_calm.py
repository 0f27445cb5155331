"""Python's garbage collector waits until the window has loaded, leaves alone what is there, and keeps to one thread."""

import gc
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QObject, Signal

from app.ui import calm


class Rig(QObject):
    ready = Signal()


class Ring:
    """Garbage that only the collector finds; notes the thread on which it ends."""

    def __init__(self, ended: list[str]) -> None:
        self.itself, self.ended = self, ended

    def __del__(self) -> None:
        self.ended.append(threading.current_thread().name)


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    interval_s, on = sys.getswitchinterval(), gc.isenabled()
    yield
    gc.unfreeze()
    (gc.enable if on else gc.disable)()
    sys.setswitchinterval(interval_s)


def test_nothing_is_collected_until_the_face_is_there(qtbot: Any) -> None:
    rig = Rig()
    calm.calm_down(rig)  # type: ignore[arg-type]
    assert not gc.isenabled()
    assert sys.getswitchinterval() == pytest.approx(calm.TURN_S)
    frozen = gc.get_freeze_count()
    rig.ready.emit()
    assert gc.get_freeze_count() > frozen
    kept = gc.get_freeze_count()
    rig.ready.emit()
    assert gc.get_freeze_count() == kept, "once: what comes later may be garbage one day"


def test_garbage_of_any_thread_ends_on_the_gui_thread(qtbot: Any) -> None:
    rig, ended, made = Rig(), [], []  # type: ignore[var-annotated]
    calm.calm_down(rig)  # type: ignore[arg-type]
    rig.ready.emit()

    def work() -> None:
        for _ in range(20 * gc.get_threshold()[0]):
            Ring(ended)
        made.append(threading.current_thread().name)

    worker = threading.Thread(target=work, name="worker")
    worker.start()
    worker.join()
    assert made == ["worker"]
    qtbot.waitUntil(lambda: bool(ended), timeout=30_000)
    assert set(ended) == {threading.current_thread().name}


def test_without_a_face_it_begins_all_the_same(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calm, "LOADED_S", 0.01)
    rig = Rig()
    frozen = gc.get_freeze_count()
    calm.calm_down(rig)  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: gc.get_freeze_count() > frozen, timeout=30_000)
