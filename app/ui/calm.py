"""Python itself kept from holding up the GUI thread: where and when it collects garbage, and how threads take turns."""

import gc
import sys
from typing import Final

from PySide6.QtCore import QObject, QTimer

from app.ui.early_linking import link_early
from app.ui.stage.rig_view import RigView

TURN_S: Final = 0.001 if sys.platform == "win32" else 0.0001
"""Python's other threads give way after so long. With Python's 5 ms, who waits for the lock ten times in a turn of the
event loop is 50 ms late; while all is loading it is more like a hundred times. Windows counts in whole milliseconds."""
LOADED_S: Final = 20.0
"""Whatever became of the 3D view, loading is over then."""
COLLECT_MS: Final = 250


def calm_down(rig: RigView) -> None:
    """Call before the window is shown. Loading makes half a million objects, and each full collection would look
    through all of them: so there is none until the 3D view is there, and what is there then, which stays for good, is
    never looked through again. Libraries are linked without Python's lock (``early_linking.py``).

    From then on garbage is collected on the GUI thread only. Python by itself does it on whichever thread has just made
    an object, and where a closed dialog is among the garbage, Qt objects would end on the tracker's thread while the
    GUI thread uses them: each holds a lock that the other one waits for, and the program hangs.
    """
    sys.setswitchinterval(TURN_S)
    gc.disable()
    link_early()
    collector = Collector(rig)
    rig.ready.connect(collector.begin)
    QTimer.singleShot(int(1e3 * LOADED_S), collector, collector.begin)


class Collector(QObject):
    """Collects garbage on the thread it lives on, as often as Python would."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, interval=COLLECT_MS)
        self._timer.timeout.connect(collect_in_turn)

    def begin(self) -> None:
        """Leave alone all that is there by now; once."""
        if not self._timer.isActive():
            gc.freeze()
            self._timer.start()


def collect_in_turn() -> None:
    """The oldest generation whose turn it is, if any, by Python's own thresholds."""
    for generation in (2, 1, 0):
        if gc.get_count()[generation] > gc.get_threshold()[generation]:
            gc.collect(generation)
            return
