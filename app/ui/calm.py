"""Python itself kept from holding up the GUI thread: its garbage collector, and how threads take turns."""

import gc
import sys
from typing import Final

from PySide6.QtCore import QTimer

from app.ui.stage.rig_view import RigView

TURN_S: Final = 0.001
"""Python's other threads give way after so long. With Python's 5 ms, who waits for the lock ten times in a turn of the
event loop is 50 ms late."""
LOADED_S: Final = 20.0
"""Whatever became of the 3D view, loading is over then."""


def calm_down(rig: RigView) -> None:
    """Call before the window is shown. Loading makes half a million objects, and each full collection would look
    through all of them, on whichever thread it happens: so there is none until the 3D view is there, and what is there
    then, which stays for good, is never looked through again."""
    sys.setswitchinterval(TURN_S)
    gc.disable()
    rig.ready.connect(_loaded)
    QTimer.singleShot(int(1e3 * LOADED_S), _loaded)


def _loaded() -> None:
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
