"""The menu that moves panels, for whoever cannot or will not drag them."""

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt

from app.ui.menus import offer
from app.ui.style.menu import Menu

if TYPE_CHECKING:
    from app.ui.docks import Docks

AREAS: Final[dict[str, Qt.DockWidgetArea | None]] = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
    "window": None,
}
WORDS: Final = {"left": "Left", "right": "Right", "bottom": "Bottom", "window": "A window of its own"}


def fill_places(menu: Menu, docks: "Docks") -> None:
    """For each panel the sides of the window, ticked where it is now."""
    menu.clear()
    for name, dock in docks.docks.items():
        if not dock.isHidden():
            now = next((word for word, area in AREAS.items() if area is docks.area(name)), "")
            offer(menu.add_menu(docks.panels[name].title), WORDS, now, partial(_move, docks, name))


def _move(docks: "Docks", name: str, place: str) -> None:
    docks.move(name, AREAS[place])
