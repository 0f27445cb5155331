"""Colours, spacing and the style sheet, dark and light; small icons drawn in the theme's own colours."""

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPainterPath, QPalette, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QApplication

THEMES: Final = ("system", "dark", "light")


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as ``#rrggbb``. ``left`` and ``right`` (the subject's sides) differ to colour-blind eyes too."""

    window: str
    panel: str
    raised: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    left: str
    right: str
    both: str
    record: str
    good: str
    warn: str
    stage: str
    """Behind the video and the rig."""


DARK: Final = Theme(
    window="#17191e",
    panel="#1f2228",
    raised="#2b2f37",
    line="#353a44",
    text="#e8eaee",
    muted="#9da5b2",
    accent="#4c9bff",
    on_accent="#081222",
    left="#5aa9ff",
    right="#ffad4d",
    both="#57cfb0",
    record="#e5484d",
    good="#4cc38a",
    warn="#f5b83d",
    stage="#23262d",
)
LIGHT: Final = Theme(
    window="#eef0f3",
    panel="#ffffff",
    raised="#f1f3f6",
    line="#d3d8e0",
    text="#1b1f27",
    muted="#5a6372",
    accent="#1c6fdc",
    on_accent="#ffffff",
    left="#1f74dd",
    right="#cf6a00",
    both="#0b8d70",
    record="#d22f35",
    good="#1d8a55",
    warn="#a86a00",
    stage="#dfe3e9",
)


def pick(name: str) -> Theme:
    """``dark``, ``light``, or ``system``: what the desktop says, dark where it says nothing."""
    if name == "system":
        scheme = QGuiApplication.styleHints().colorScheme()
        return LIGHT if scheme == Qt.ColorScheme.Light else DARK
    return LIGHT if name == "light" else DARK


def apply(app: QApplication, theme: Theme) -> None:
    """Dress the whole application."""
    app.setStyle("Fusion")
    palette = QPalette()
    role = QPalette.ColorRole
    for roles, colour in (
        ((role.Window, role.AlternateBase), theme.window),
        ((role.Base, role.ToolTipBase), theme.panel),
        ((role.Button,), theme.raised),
        ((role.WindowText, role.Text, role.ButtonText, role.ToolTipText), theme.text),
        ((role.PlaceholderText, role.Mid), theme.muted),
        ((role.Highlight, role.Link), theme.accent),
        ((role.HighlightedText,), theme.on_accent),
    ):
        for one in roles:
            palette.setColor(one, QColor(colour))
    for one in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, one, QColor(theme.muted))
    app.setPalette(palette)
    app.setStyleSheet(_sheet(theme))


def _sheet(t: Theme) -> str:
    return f"""
    QWidget {{ color: {t.text}; }}
    QMainWindow, QDialog {{ background: {t.window}; }}
    #bar {{ background: {t.panel}; border-bottom: 1px solid {t.line}; }}
    #status {{ background: {t.panel}; border-top: 1px solid {t.line}; }}
    #status QLabel {{ color: {t.muted}; }}
    #status QLabel#state {{ color: {t.text}; font-weight: 600; }}
    #panel {{ background: {t.panel}; }}
    QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.line}; padding: 4px 6px; }}
    QToolButton, QPushButton, QLineEdit {{
        background: {t.raised}; border: 1px solid {t.line}; border-radius: 6px; padding: 0 10px; min-height: 28px;
    }}
    QToolButton:hover, QPushButton:hover {{ border-color: {t.accent}; }}
    QToolButton:pressed, QPushButton:pressed {{ background: {t.line}; }}
    QToolButton:focus, QPushButton:focus, QLineEdit:focus {{ border-color: {t.accent}; }}
    QToolButton:disabled, QPushButton:disabled, QLineEdit:disabled {{ color: {t.muted}; }}
    QToolButton::menu-indicator {{ image: none; }}
    QToolButton[popupMode="1"] {{ padding-right: 26px; }}
    QToolButton::menu-button {{ border-left: 1px solid {t.line}; width: 18px; }}
    QToolButton#run {{ background: {t.accent}; color: {t.on_accent}; border-color: {t.accent}; font-weight: 600; }}
    QToolButton#run:disabled {{ background: {t.raised}; color: {t.muted}; border-color: {t.line}; }}
    QToolButton#run[running="true"] {{ background: {t.raised}; color: {t.text}; border-color: {t.line}; }}
    QToolButton#osc:checked {{ background: {t.good}; color: {t.panel}; border-color: {t.good}; font-weight: 600; }}
    QToolButton#record[recording="true"] {{
        background: {t.record}; color: white; border-color: {t.record}; font-weight: 600;
    }}
    QLineEdit {{ background: {t.window}; selection-background-color: {t.accent}; }}
    QLineEdit[bad="true"] {{ border-color: {t.record}; }}
    QMenu {{ background: {t.panel}; border: 1px solid {t.line}; padding: 4px; }}
    QMenu::item {{ padding: 5px 24px 5px 26px; border-radius: 4px; }}
    QMenu::item:selected {{ background: {t.accent}; color: {t.on_accent}; }}
    QMenu::item:disabled {{ color: {t.muted}; }}
    QMenu::separator {{ height: 1px; background: {t.line}; margin: 4px 8px; }}
    QMenu::indicator {{ width: 14px; height: 14px; left: 7px; }}
    QSplitter::handle {{ background: {t.window}; }}
    QSplitter::handle:hover {{ background: {t.accent}; }}
    #message {{ background: {t.raised}; border-bottom: 1px solid {t.line}; }}
    #message[kind="error"] {{ border-left: 4px solid {t.record}; }}
    #message[kind="warning"] {{ border-left: 4px solid {t.warn}; }}
    #message[kind="info"] {{ border-left: 4px solid {t.accent}; }}
    #message QToolButton {{ border: none; background: transparent; padding: 0; min-height: 22px; min-width: 22px; }}
    #overlay {{ background: {t.panel}; border: 1px solid {t.line}; border-radius: 6px; }}
    """


def icon(name: str, colour: str) -> QIcon:
    """A 16 px icon: ``play``, ``stop``, ``record``, ``menu``, ``close``, ``reset``, ``down``, ``float``."""
    made = QIcon()
    for scale in (1, 2, 3):
        pixmap = QPixmap(16 * scale, 16 * scale)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(scale, scale)
        _draw(painter, name, QColor(colour))
        painter.end()
        pixmap.setDevicePixelRatio(scale)
        made.addPixmap(pixmap)
    return made


def _draw(painter: QPainter, name: str, colour: QColor) -> None:
    pen = QPen(colour, 1.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    if name == "play":
        painter.drawPolygon(QPolygonF([QPointF(4, 2.5), QPointF(13.5, 8), QPointF(4, 13.5)]))
    elif name == "stop":
        painter.drawRoundedRect(QRectF(3.5, 3.5, 9, 9), 1.5, 1.5)
    elif name == "record":
        painter.drawEllipse(QPointF(8, 8), 4.6, 4.6)
    else:
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if name == "menu":
            for y in (4.5, 8, 11.5):
                painter.drawLine(QPointF(3, y), QPointF(13, y))
        elif name == "close":
            painter.drawLine(QPointF(4.5, 4.5), QPointF(11.5, 11.5))
            painter.drawLine(QPointF(11.5, 4.5), QPointF(4.5, 11.5))
        elif name == "float":
            painter.drawRoundedRect(QRectF(2.5, 5.5, 8, 8), 1, 1)
            painter.drawPolyline(QPolygonF([QPointF(6, 2.5), QPointF(13.5, 2.5), QPointF(13.5, 10)]))
        elif name == "down":
            painter.drawPolyline(QPolygonF([QPointF(4.5, 6.5), QPointF(8, 10), QPointF(11.5, 6.5)]))
        elif name == "reset":
            path = QPainterPath()
            path.arcMoveTo(QRectF(3, 3, 10, 10), 60)
            path.arcTo(QRectF(3, 3, 10, 10), 60, 290)
            painter.drawPath(path)
            painter.drawPolyline(QPolygonF([QPointF(7.6, 1.2), QPointF(10.6, 3.6), QPointF(7.8, 6.2)]))
        else:
            raise ValueError(f"no icon named {name!r}")
