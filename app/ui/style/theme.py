"""How everything looks: which theme, the application's palette and style sheet, and what panels may ask of it.

Panels have no style sheets of their own. They set the dynamic property ``role`` (``set_role``), and get:

=================================  =================================================================================
widget                             roles
=================================  =================================================================================
``QLabel``                         ``section`` (heading of a group of controls), ``title`` (large), ``muted`` (second
                                   rank: units, hints), ``good`` / ``warn`` / ``bad`` (in that colour), ``key`` (a key
                                   of the keyboard)
``QPushButton``, ``QToolButton``   none (ordinary), ``primary`` (the one thing to do here), ``danger`` (red, filled),
                                   ``quiet`` (no border: icons in rows and titles)
``QFrame``                         ``card`` (rounded box for one item of a list; ``alert`` = "true": red border),
                                   ``line`` (separator)
=================================  =================================================================================

State properties (``set_property``, values "true" and "false"): ``live`` (button, green: something is being sent),
``recording`` (button, red), ``bad`` (field whose content cannot be used). A checked button is marked by itself.

One grid of 4 px: ``MARGIN`` at a panel's sides, as titles and tabs have it, ``GAP`` between controls. Controls are
28 px high (32 in the toolbar). Numbers that change have a fixed width and ``tabular`` figures.
"""

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from app.ui.style.icons import icon
from app.ui.style.palette import DARK, LIGHT, Theme
from app.ui.style.style_sheet import style_sheet

__all__ = [
    "DARK",
    "GAP",
    "LIGHT",
    "MARGIN",
    "THEMES",
    "Theme",
    "apply",
    "icon",
    "number_width",
    "pick",
    "set_property",
    "set_role",
    "tabular",
]

THEMES: Final = ("system", "dark", "light")
STYLED: Final = "mien-styled"
MARGIN: Final = 12
GAP: Final = 8


def pick(name: str) -> Theme:
    """``dark``, ``light``, or ``system``: what the desktop says, dark where it says nothing."""
    if name == "system":
        scheme = QGuiApplication.styleHints().colorScheme()
        return LIGHT if scheme == Qt.ColorScheme.Light else DARK
    return LIGHT if name == "light" else DARK


def apply(app: QApplication, theme: Theme) -> None:
    """Dress the whole application."""
    if (
        app.property(STYLED) is None
    ):  # once: another one is put under every widget that is alive, which is slow and risky
        app.setStyle("Fusion")
        app.setProperty(STYLED, True)
    palette = QPalette()
    role = QPalette.ColorRole
    for roles, colour in (
        ((role.Window,), theme.panel),
        ((role.Base, role.ToolTipBase), theme.field),
        ((role.AlternateBase,), theme.stripe),
        ((role.Button,), theme.raised),
        ((role.WindowText, role.Text, role.ButtonText, role.ToolTipText), theme.text),
        ((role.PlaceholderText, role.Mid), theme.muted),
        ((role.Highlight, role.Link, role.Accent), theme.accent),
        ((role.HighlightedText,), theme.on_accent),
    ):
        for one in roles:
            palette.setColor(one, QColor(colour))
    for one in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, one, QColor(theme.faint))
    app.setPalette(palette)
    app.setStyleSheet(style_sheet(theme))


def set_property(widget: QWidget, name: str, value: str) -> None:
    """Set a property that the style sheet looks at."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def set_role(widget: QWidget, role: str) -> None:
    """One of the roles above; empty for none."""
    set_property(widget, "role", role)


def tabular(font: QFont) -> QFont:
    """The same font with figures of one width, where it has them."""
    made = QFont(font)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def number_width(widget: QWidget, text: str = "000.0") -> int:
    """Pixels that the widest number of this pattern takes, for ``setFixedWidth`` or ``setMinimumWidth``."""
    return QFontMetrics(tabular(widget.font())).horizontalAdvance(text) + 2
