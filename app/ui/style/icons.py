"""Small icons drawn in the theme's own colours, on a grid of 16 px; as ``QIcon``, or as files for the style sheet.

They go with the system's text, as all lengths do: a button gets its ``icon_size``.
"""

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from app.ui.style.scale import px

SIZE: Final = 16
SPACED: Final = 20
"""How wide one is that has room behind it."""
SCALES: Final = (1, 2, 3)
Draw = Callable[[QPainter], None]


def icon_size(length: int = SIZE, width: int | None = None) -> QSize:
    """For ``setIconSize``: lengths for usual text; as wide as high where nothing else is said."""
    return QSize(px(length if width is None else width), px(length))


def icon(name: str, colour: str) -> QIcon:
    """An icon by its name in ``LINES`` or ``SHAPES``. Raises ``ValueError`` for a name that is in neither."""
    made = QIcon()
    for scale in SCALES:
        made.addPixmap(_pixmap(name, colour, scale))
    return made


def spaced_icon(name: str, colour: str) -> QIcon:
    """The same with room between it and the words to its right, ``SPACED`` across: Qt leaves next to none."""
    made = QIcon()
    for scale in SCALES:
        narrow = _pixmap(name, colour, scale)
        wide = QPixmap(px(SPACED) * scale, narrow.height())
        wide.fill(Qt.GlobalColor.transparent)
        painter = QPainter(wide)
        painter.drawPixmap(narrow.rect(), narrow)
        painter.end()
        wide.setDevicePixelRatio(scale)
        made.addPixmap(wide)
    return made


def icon_file(name: str, colour: str) -> str:
    """The same as a PNG for ``url(...)`` in a style sheet; Qt finds the larger ones beside it on sharper screens."""
    return _icon_file(name, colour, px(SIZE))


@cache
def _icon_file(name: str, colour: str, pixels: int) -> str:
    """``pixels``: its height with the text that the system has now."""
    path = Path(_folder().name) / f"{name}-{colour.lstrip('#')}-{pixels}.png"
    for scale in SCALES:
        _pixmap(name, colour, scale).save(str(path.with_stem(path.stem + ("" if scale == 1 else f"@{scale}x"))))
    return path.as_posix()


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Removed when the process ends."""
    return tempfile.TemporaryDirectory(prefix="mien-icons-")


def remove_files() -> None:
    """Where the process ends without Python's own tidying up."""
    if _folder.cache_info().currsize:
        _folder().cleanup()


def _pixmap(name: str, colour: str, scale: int) -> QPixmap:
    pixels = px(SIZE) * scale
    pixmap = QPixmap(pixels, pixels)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(pixels / SIZE, pixels / SIZE)
    if name in SHAPES:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        SHAPES[name](painter)
    elif name in LINES:
        width = 1.6
        painter.setPen(
            QPen(QColor(colour), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        )
        LINES[name](painter)
    else:
        painter.end()
        raise ValueError(f"no icon named {name!r}")
    painter.end()
    pixmap.setDevicePixelRatio(scale)
    return pixmap


def _line(painter: QPainter, *points: tuple[float, float]) -> None:
    painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in points]))


def _shape(painter: QPainter, *points: tuple[float, float]) -> None:
    painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in points]))


def _reset(painter: QPainter) -> None:
    path = QPainterPath()
    path.arcMoveTo(QRectF(3, 3, 10, 10), 60)
    path.arcTo(QRectF(3, 3, 10, 10), 60, 290)
    painter.drawPath(path)
    _line(painter, (7.6, 1.2), (10.6, 3.6), (7.8, 6.2))


def _menu(painter: QPainter) -> None:
    for y in (4.5, 8, 11.5):
        _line(painter, (3, y), (13, y))


def _close(painter: QPainter) -> None:
    _line(painter, (4.5, 4.5), (11.5, 11.5))
    _line(painter, (11.5, 4.5), (4.5, 11.5))


def _float(painter: QPainter) -> None:
    painter.drawRoundedRect(QRectF(2.5, 5.5, 8, 8), 1, 1)
    _line(painter, (6, 2.5), (13.5, 2.5), (13.5, 10))


def _panels(painter: QPainter) -> None:
    painter.drawRoundedRect(QRectF(2, 3, 12, 10), 1.5, 1.5)
    _line(painter, (10, 3), (10, 13))
    _line(painter, (10, 8), (14, 8))


def _stream(painter: QPainter) -> None:
    """Waves from a point."""
    painter.drawPoint(QPointF(8, 8))
    for reach in (3.0, 6.0):
        box = QRectF(8 - reach, 8 - reach, 2 * reach, 2 * reach)
        painter.drawArc(box, -45 * 16, 90 * 16)
        painter.drawArc(box, 135 * 16, 90 * 16)


def _face(painter: QPainter) -> None:
    painter.drawEllipse(QRectF(2.5, 2.5, 11, 11))
    painter.drawPoint(QPointF(6, 6.8))
    painter.drawPoint(QPointF(10, 6.8))
    _line(painter, (6, 10.3), (10, 10.3))


def _info(painter: QPainter) -> None:
    painter.drawEllipse(QRectF(2, 2, 12, 12))
    _line(painter, (8, 7.5), (8, 11))
    painter.drawPoint(QPointF(8, 5))


def _warning(painter: QPainter) -> None:
    _line(painter, (8, 2.5), (14, 13), (2, 13), (8, 2.5))
    _line(painter, (8, 6.5), (8, 9.3))
    painter.drawPoint(QPointF(8, 11.2))


def _error(painter: QPainter) -> None:
    painter.drawEllipse(QRectF(2, 2, 12, 12))
    _line(painter, (5.8, 5.8), (10.2, 10.2))
    _line(painter, (10.2, 5.8), (5.8, 10.2))


def _camera(painter: QPainter) -> None:
    painter.drawRoundedRect(QRectF(1.8, 4, 8.7, 8), 1.5, 1.5)
    _line(painter, (10.5, 7), (14.2, 4.8), (14.2, 11.2), (10.5, 9))


def _film(painter: QPainter) -> None:
    painter.drawRoundedRect(QRectF(2, 3, 12, 10), 1.5, 1.5)
    _line(painter, (5, 3), (5, 13))
    _line(painter, (11, 3), (11, 13))


def _folder_icon(painter: QPainter) -> None:
    _line(painter, (2, 12.5), (2, 3.5), (6, 3.5), (7.5, 5.3), (14, 5.3), (14, 12.5), (2, 12.5))


def _spark(painter: QPainter) -> None:
    _line(painter, (8, 1.8), (9.6, 6.4), (14.2, 8), (9.6, 9.6), (8, 14.2), (6.4, 9.6), (1.8, 8), (6.4, 6.4), (8, 1.8))


def _search(painter: QPainter) -> None:
    painter.drawEllipse(QRectF(2.5, 2.5, 8, 8))
    _line(painter, (9.6, 9.6), (13.5, 13.5))


def _lock(painter: QPainter) -> None:
    painter.drawRoundedRect(QRectF(3.5, 7, 9, 6.5), 1.2, 1.2)
    painter.drawArc(QRectF(5.2, 2.5, 5.6, 8), 0, 180 * 16)


def _link(painter: QPainter) -> None:
    painter.drawRoundedRect(QRectF(1.5, 5.5, 7, 5), 2.5, 2.5)
    painter.drawRoundedRect(QRectF(7.5, 5.5, 7, 5), 2.5, 2.5)


def _pause(painter: QPainter) -> None:
    for x in (3.8, 9.2):
        painter.drawRoundedRect(QRectF(x, 3, 3, 10), 0.8, 0.8)


def _first(painter: QPainter) -> None:
    painter.drawRect(QRectF(3, 3, 2, 10))
    _shape(painter, (13, 3), (13, 13), (5.5, 8))


def _loop(painter: QPainter) -> None:
    """Round and round."""
    _line(painter, (3, 8.5), (3, 6.5), (4.5, 5), (12.5, 5))
    _line(painter, (10.5, 2.8), (12.8, 5), (10.5, 7.2))
    _line(painter, (13, 7.5), (13, 9.5), (11.5, 11), (3.5, 11))
    _line(painter, (5.5, 8.8), (3.2, 11), (5.5, 13.2))


def _mirror(painter: QPainter) -> None:
    """A shape and its reflection."""
    _line(painter, (8, 2), (8, 14))
    _line(painter, (5.5, 4), (5.5, 12), (1.8, 12), (5.5, 4))
    _line(painter, (10.5, 4), (10.5, 12), (14.2, 12), (10.5, 4))


def _mesh(painter: QPainter) -> None:
    """A face of triangles."""
    _line(painter, (4, 3), (12, 3), (14, 8), (8, 14), (2, 8), (4, 3), (8, 7.5), (12, 3))
    _line(painter, (2, 8), (8, 7.5), (14, 8))
    _line(painter, (8, 7.5), (8, 14))


def _add(painter: QPainter) -> None:
    _line(painter, (8, 3.5), (8, 12.5))
    _line(painter, (3.5, 8), (12.5, 8))


def _undo(painter: QPainter) -> None:
    path = QPainterPath(QPointF(4, 6))
    path.lineTo(9.5, 6)
    path.arcTo(QRectF(6, 6, 7, 7), 90, -180)
    path.lineTo(6, 13)
    painter.drawPath(path)
    _line(painter, (6.5, 3), (3.5, 6), (6.5, 9))


def _redo(painter: QPainter) -> None:
    painter.translate(16, 0)
    painter.scale(-1, 1)
    _undo(painter)


SHAPES: Final[dict[str, Draw]] = {
    "play": lambda p: _shape(p, (4, 2.5), (13.5, 8), (4, 13.5)),
    "stop": lambda p: p.drawRoundedRect(QRectF(3.5, 3.5, 9, 9), 1.5, 1.5),
    "record": lambda p: p.drawEllipse(QPointF(8, 8), 4.6, 4.6),
    "dot": lambda p: p.drawEllipse(QPointF(8, 8), 3.2, 3.2),
    "pause": _pause,
    "first": _first,
}
"""Filled."""
LINES: Final[dict[str, Draw]] = {
    "add": _add,
    "camera": _camera,
    "check": lambda p: _line(p, (3.8, 8.4), (6.8, 11.4), (12.4, 5)),
    "close": _close,
    "dash": lambda p: _line(p, (4.5, 8), (11.5, 8)),
    "down": lambda p: _line(p, (4.5, 6.5), (8, 10), (11.5, 6.5)),
    "error": _error,
    "face": _face,
    "film": _film,
    "float": _float,
    "folder": _folder_icon,
    "info": _info,
    "left": lambda p: _line(p, (9.8, 4.5), (6.3, 8), (9.8, 11.5)),
    "link": _link,
    "lock": _lock,
    "loop": _loop,
    "menu": _menu,
    "mesh": _mesh,
    "mirror": _mirror,
    "panels": _panels,
    "redo": _redo,
    "reset": _reset,
    "right": lambda p: _line(p, (6.3, 4.5), (9.8, 8), (6.3, 11.5)),
    "search": _search,
    "spark": _spark,
    "stream": _stream,
    "undo": _undo,
    "up": lambda p: _line(p, (4.5, 9.7), (8, 6.2), (11.5, 9.7)),
    "warning": _warning,
}
"""Drawn with one pen."""
