"""Gauges, painted by hand: the head as it is turned, where each eye looks, and an amount on a scale."""

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.ui.meters.curves import DEGREES, Unit
from app.ui.meters.head_lines import head_lines
from app.ui.style.scale import px
from app.ui.style.theme import Theme

ROLL_TICKS_DEG: Final = (-45, -30, -15, 0, 15, 30, 45)
GAZE_RANGE_DEG: Final = 30.0
GAZE_RINGS_DEG: Final = (10, 20, 30)
TRAIL: Final = 8
"""So many of the last places of an eye are shown, fading."""
ABSENT: Final = 0.3
"""Opacity while there is nothing to show."""
SHUT_OPACITY: Final = 0.35
"""Of the dot of an eye that is shut: its gaze is held, not measured."""
NET_ALPHA: Final = 90
DIAL_PX: Final = (112, 220)
"""Height of a dial, at least and at most."""
NUMBERS_PX: Final = 20
"""Of the line below the field of an eye."""
Align = Qt.AlignmentFlag


class Gauge(QWidget):
    """What gauges share: a theme, and whether there is a face and the picture is a mirror."""

    def __init__(self, theme: Theme, name: str, tip: str) -> None:
        """``name``: for screen readers."""
        super().__init__()
        self.theme = theme
        self.tracked = False
        self.mirrored = False
        self.setAccessibleName(name)
        self.setToolTip(tip)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.update()

    def clear(self) -> None:
        """Another source begins."""
        self.tracked = False
        self.update()

    def _small_font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(px(12))
        font.setFeature(QFont.Tag("tnum"), 1)
        return font

    def _painter(self) -> QPainter:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._small_font())
        return painter


class _Dial(Gauge):
    """A round one."""

    def __init__(self, theme: Theme, name: str, tip: str) -> None:
        super().__init__(theme, name, tip)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        least, most = DIAL_PX
        self.setMinimumSize(least, least)
        self.setMaximumHeight(most)

    def sizeHint(self) -> QSize:
        return QSize(152, 152)

    def _circle(self, margin: float) -> tuple[QPointF, float]:
        radius = min(self.width(), self.height()) / 2 - margin
        return QPointF(self.width() / 2, self.height() / 2), radius


class HeadGauge(_Dial):
    """A head of lines that turns like the face; around it a scale of its tilt."""

    def __init__(self, theme: Theme) -> None:
        tip = "The head's pose, as the picture shows it; the rim shows the tilt"
        super().__init__(theme, "Head pose", tip)
        self._rotation: NDArray[np.float32] = np.array([0, 0, 0, 1], np.float32)
        self._roll_deg = 0.0

    def show_pose(self, rotation: NDArray[np.float32], roll_deg: float, tracked: bool, mirrored: bool) -> None:
        """``FaceFrame.head_rotation``, (4,), and the roll of ``head_euler_deg``."""
        self._rotation, self._roll_deg = rotation, roll_deg
        self.tracked, self.mirrored = tracked, mirrored
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = self._painter()
        centre, radius = self._circle(10)
        painter.translate(centre)
        self._paint_rim(painter, radius)
        if not self.tracked:
            painter.setOpacity(ABSENT)
        if self.mirrored:
            painter.scale(-1, 1)
        self._paint_head(painter, radius * 0.74)
        self._paint_tilt(painter, radius)

    def _paint_rim(self, painter: QPainter, radius: float) -> None:
        painter.setPen(QPen(QColor(self.theme.line), 1.5))
        painter.setBrush(QColor(self.theme.raised))
        painter.drawEllipse(QPointF(), radius, radius)
        painter.setPen(QPen(QColor(self.theme.muted), 1.2))
        for tick in ROLL_TICKS_DEG:
            painter.save()
            painter.rotate(tick)
            painter.drawLine(QPointF(0, -radius), QPointF(0, -radius + (7 if tick == 0 else 4)))
            painter.restore()

    def _paint_head(self, painter: QPainter, scale: float) -> None:
        weak, strong = QColor(self.theme.muted), QColor(self.theme.text)
        weak.setAlpha(NET_ALPHA)
        colours = {
            "outline": QColor(self.theme.muted),
            "net": weak,
            "eye-left": QColor(self.theme.left),
            "eye-right": QColor(self.theme.right),
        }
        widths = {"outline": 1.2, "net": 1.0, "middle": 1.2, "nose": 2.0, "mouth": 2.0}
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for line in head_lines(self._rotation):
            painter.setPen(QPen(colours.get(line.kind, strong), widths.get(line.kind, 1.8)))
            points = [QPointF(x, y) for x, y in (line.points * scale).tolist()]
            for start, end in _runs(line.near):
                painter.drawPolyline(QPolygonF(points[start:end]))

    def _paint_tilt(self, painter: QPainter, radius: float) -> None:
        painter.rotate(self._roll_deg)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.accent))
        top = -radius + 8
        painter.drawPolygon(QPolygonF([QPointF(0, top), QPointF(-5, top + 8), QPointF(5, top + 8)]))


class EyeGauge(_Dial):
    """Where one eye looks in the head: a dot on a field of rings, 10 degrees apart."""

    def __init__(self, theme: Theme, side: str) -> None:
        """``side``: ``left`` or ``right``, the subject's own."""
        tip = (
            f"Where the {side} eye looks, seen from its front; rings are 10° apart.\n"
            "Yaw is + to the subject's left, pitch + up. Pale while the eye is shut: its gaze is held."
        )
        super().__init__(theme, f"Gaze of the {side} eye", tip)
        self.side = side
        self._places: deque[tuple[float, float]] = deque(maxlen=TRAIL)
        self._shut = False

    def show_gaze(self, gaze_deg: NDArray[np.float32], shut: bool, tracked: bool, mirrored: bool) -> None:
        """(2,) yaw and pitch, degrees; whether the lid is down."""
        self._places.append((float(gaze_deg[0]), float(gaze_deg[1])))
        self._shut, self.tracked, self.mirrored = shut, tracked, mirrored
        self.update()

    def clear(self) -> None:
        self._places.clear()
        super().clear()

    @property
    def text(self) -> str:
        """Yaw and pitch as they are written."""
        angles = self._places[-1] if self._places and self.tracked else (float("nan"),) * 2
        return " / ".join(DEGREES.format(angle) for angle in angles)

    def dot(self) -> QPointF | None:
        """Where the dot is, in pixels of the widget; None where there is no face."""
        if not self._places or not self.tracked:
            return None
        centre, radius = self._field()
        return centre + self._offset(self._places[-1], radius)

    def _field(self) -> tuple[QPointF, float]:
        """Centre and radius: the field and the line of numbers below it stand in the middle together."""
        radius = min(self.width(), self.height() - px(NUMBERS_PX)) / 2 - 8
        return QPointF(self.width() / 2, (self.height() - px(NUMBERS_PX)) / 2), radius

    def _offset(self, place: tuple[float, float], radius: float) -> QPointF:
        """Of a direction; what lies outside the field stands on its rim."""
        yaw, pitch = place
        size = max(float(np.hypot(yaw, pitch)), GAZE_RANGE_DEG)
        return QPointF(-yaw if self.mirrored else yaw, -pitch) * (radius / size)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = self._painter()
        centre, radius = self._field()
        painter.setPen(QColor(self.theme.text))
        below = QRectF(0, centre.y() + radius + 4, self.width(), px(NUMBERS_PX))
        painter.drawText(below, Align.AlignHCenter | Align.AlignVCenter, self.text)
        painter.setPen(QPen(QColor(self.theme.line), 1.5))
        painter.setBrush(QColor(self.theme.raised))
        painter.drawEllipse(centre, radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(self.theme.line), 1.0))
        for ring in GAZE_RINGS_DEG[:-1]:
            painter.drawEllipse(centre, radius * ring / GAZE_RANGE_DEG, radius * ring / GAZE_RANGE_DEG)
        painter.drawLine(centre - QPointF(radius, 0), centre + QPointF(radius, 0))
        painter.drawLine(centre - QPointF(0, radius), centre + QPointF(0, radius))
        colour = QColor(self.theme.left if self.side == "left" else self.theme.right)
        self._paint_letter(painter, centre, radius, colour)
        if self.tracked:
            self._paint_dots(painter, centre, radius, colour)

    def _paint_letter(self, painter: QPainter, centre: QPointF, radius: float, colour: QColor) -> None:
        font = self._small_font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(colour)
        corner = QRectF(centre.x() - radius, centre.y() - radius, 14, 14)
        painter.drawText(corner, Align.AlignCenter, self.side[0].upper())

    def _paint_dots(self, painter: QPainter, centre: QPointF, radius: float, colour: QColor) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        last = len(self._places) - 1
        for i, place in enumerate(self._places):
            at = centre + self._offset(place, radius)
            if i == last:
                painter.setOpacity(SHUT_OPACITY if self._shut else 1.0)
                painter.setPen(QPen(QColor(self.theme.panel), 1.5))
                painter.drawEllipse(at, 6, 6)
            else:
                painter.setOpacity(0.25 * (i + 1) / TRAIL)
                painter.drawEllipse(at, 3, 3)


class ScaleGauge(Gauge):
    """A name, a bar on a scale and a number: an angle around its middle, or an amount from its start."""

    def __init__(self, theme: Theme, word: str, unit: Unit, span: tuple[float, float], tip: str) -> None:
        """``span``: least and greatest value of the scale, in ``unit``."""
        super().__init__(theme, word, tip)
        self.word, self.unit, self.span = word, unit, span
        self.value = float("nan")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(140)
        self.setFixedHeight(px(32))

    def sizeHint(self) -> QSize:
        return QSize(200, 32)

    def show_value(self, value: float) -> None:
        """In the unit; NaN where there is none."""
        self.value = value
        self.update()

    def clear(self) -> None:
        self.value = float("nan")
        super().clear()

    @property
    def text(self) -> str:
        return self.unit.format(self.value)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = self._painter()
        words = QRectF(0, 0, self.width(), 20)
        painter.setPen(QColor(self.theme.muted))
        painter.drawText(words, Align.AlignLeft | Align.AlignVCenter, self.word)
        painter.setPen(QColor(self.theme.text))
        painter.drawText(words, Align.AlignRight | Align.AlignVCenter, self.text)
        track = QRectF(0, 22, self.width(), 5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.line))
        painter.drawRoundedRect(track, 2.5, 2.5)
        self._paint_bar(painter, track)

    def _paint_bar(self, painter: QPainter, track: QRectF) -> None:
        low, high = self.span
        zero = track.left() + track.width() * (max(low, 0.0) - low if low > 0 else -low) / (high - low)
        painter.setBrush(QColor(self.theme.accent))
        if np.isfinite(self.value):
            share = (min(max(self.value, low), high) - low) / (high - low)
            at = track.left() + share * track.width()
            painter.drawRoundedRect(QRectF(min(zero, at), track.top(), abs(at - zero), track.height()), 2.5, 2.5)
        if low < 0:
            painter.setBrush(QColor(self.theme.muted))
            painter.drawRect(QRectF(zero - 0.75, track.top() - 2, 1.5, track.height() + 4))


def _runs(near: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Start and end of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], near.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
