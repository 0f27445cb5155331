"""The table of panels that the window is made of."""

from typing import Final

from app.ui.character.character_panel import CharacterPanel
from app.ui.docks import BOTTOM, LEFT, RIGHT, PanelSpec
from app.ui.meters.charts_panel import ChartsPanel
from app.ui.meters.gauges_panel import GaugesPanel
from app.ui.meters.meters_panel import MetersPanel
from app.ui.meters.performance_panel import PerformancePanel
from app.ui.output.output_panel import OutputPanel
from app.ui.picture.picture_panel import PicturePanel
from app.ui.tracking.tracking_panel import TrackingPanel

PANELS: Final[tuple[PanelSpec, ...]] = (
    PanelSpec("picture", PicturePanel, LEFT, True, "Ctrl+1"),
    PanelSpec("meters", MetersPanel, LEFT, True, "Ctrl+2"),
    PanelSpec("tracking", TrackingPanel, RIGHT, True, "Ctrl+3"),
    PanelSpec("character", CharacterPanel, RIGHT, True, "Ctrl+4"),
    PanelSpec("output", OutputPanel, RIGHT, True, "Ctrl+5"),
    PanelSpec("charts", ChartsPanel, BOTTOM, False, "Ctrl+6"),
    PanelSpec("gauges", GaugesPanel, BOTTOM, False, "Ctrl+7"),
    PanelSpec("performance", PerformancePanel, BOTTOM, False, "Ctrl+8"),
)
"""Every dock: name, class, where it is and whether it is shown at first, its key. One row is all a panel needs."""
