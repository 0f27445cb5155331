"""Python's garbage collector waits until the window has loaded, then leaves alone what is there."""

import gc
import sys
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, Signal

from app.ui import calm


class Rig(QObject):
    ready = Signal()


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    interval_s = sys.getswitchinterval()
    yield
    gc.enable()
    gc.unfreeze()
    sys.setswitchinterval(interval_s)


def test_nothing_is_collected_until_the_face_is_there(qtbot: object) -> None:
    rig = Rig()
    calm.calm_down(rig)  # type: ignore[arg-type]
    assert not gc.isenabled()
    assert sys.getswitchinterval() == pytest.approx(calm.TURN_S)
    frozen = gc.get_freeze_count()
    rig.ready.emit()
    assert gc.isenabled()
    assert gc.get_freeze_count() > frozen
    kept = gc.get_freeze_count()
    rig.ready.emit()
    assert gc.get_freeze_count() == kept, "once: what comes later may be garbage one day"


def test_without_a_face_it_begins_all_the_same(qtbot: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calm, "LOADED_S", 0.01)
    rig = Rig()
    calm.calm_down(rig)  # type: ignore[arg-type]
    qtbot.waitUntil(gc.isenabled, timeout=30_000)  # type: ignore[attr-defined]
