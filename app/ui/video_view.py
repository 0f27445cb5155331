"""The live picture, its landmarks, and what the moment asks of the person: countdown, searching, recording."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.face_frame import FaceFrame
from app.ui.theme import Theme

# fmt: off
CONTOURS: Final[dict[str, tuple[int, ...]]] = {
    "oval": (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176,
             149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
    "right brow": (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    "left brow": (300, 293, 334, 296, 336, 285, 295, 282, 283, 276),
    "right eye": (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    "left eye": (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
    "outer lips": (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185),
    "inner lips": (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191),
}
"""Closed lines over the 478 landmarks (MediaPipe's FACEMESH connections)."""
IRISES: Final = ((468, (469, 470, 471, 472)), (473, (474, 475, 476, 477)))
"""Centre and rim, right and left eye."""
# fmt: on


class VideoView(QWidget):
    """Shows the newest picture with its aspect kept. Mirrored on screen only: data stays as taken."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.mirrored = False
        self.landmarks_shown = True
        self.note = ""
        """Centred when there is no picture, else a line at its foot."""
        self.big_note = ""
        """Large, over the picture: the countdown."""
        self.recording = ""
        """Text of the red chip; empty = not recording."""
        self._image: QImage | None = None
        self._pixels: NDArray[np.uint8] | None = None  # QImage does not own its memory
        self._face: FaceFrame | None = None
        self.setMinimumSize(220, 140)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Video")

    def sizeHint(self) -> QSize:
        return QSize(480, 330)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.update()

    def show_frame(self, image: NDArray[np.uint8], face: FaceFrame) -> None:
        """(H, W, 3) RGB uint8 and what was found in it."""
        self._pixels = np.ascontiguousarray(image)
        height, width = image.shape[:2]
        self._image = QImage(self._pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self._face = face
        self.update()

    def clear(self) -> None:
        self._image = self._pixels = self._face = None
        self.update()

    @property
    def has_picture(self) -> bool:
        return self._image is not None

    def picture_rect(self) -> QRectF:
        """Where the picture lies in the widget, aspect kept."""
        if self._image is None:
            return QRectF(self.rect())
        scale = min(self.width() / self._image.width(), self.height() / self._image.height())
        width, height = self._image.width() * scale, self._image.height() * scale
        return QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(self.theme.stage))
        area = self.picture_rect()
        if self._image is not None:
            painter.save()
            if self.mirrored:
                painter.translate(self.width(), 0)
                painter.scale(-1, 1)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(area, self._image)
            if self.landmarks_shown and self._face is not None and self._face.tracked:
                self._paint_landmarks(painter, area, self._face.landmarks[:, :2])
            painter.restore()
        if self.recording:
            self._paint_recording(painter)
        if self.big_note:
            self._paint_big_note(painter, area)
        elif self.note:
            self._paint_note(painter, area)

    def _paint_landmarks(self, painter: QPainter, area: QRectF, points: NDArray[np.float32]) -> None:
        assert self._image is not None
        scale = area.width() / self._image.width()
        painter.translate(area.topLeft())
        painter.scale(scale, scale)
        lines = [QPolygonF([QPointF(x, y) for x, y in points[[*ring, ring[0]]].tolist()]) for ring in CONTOURS.values()]
        # A light line on a dark edge reads on any skin and in any light.
        for colour, width in ((QColor(0, 0, 0, 110), 3.0), (QColor(255, 255, 255, 205), 1.2)):
            painter.setPen(_cosmetic(colour, width))
            for line in lines:
                painter.drawPolyline(line)
        painter.setPen(_cosmetic(QColor(self.theme.both), 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for centre, rim in IRISES:
            x, y = points[centre].tolist()
            radius = float(np.linalg.norm(points[list(rim)] - points[centre], axis=1).mean())
            painter.drawEllipse(QPointF(x, y), radius, radius)

    def _paint_recording(self, painter: QPainter) -> None:
        red = QColor(self.theme.record)
        painter.setPen(QPen(red, 3))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5))
        font = QFont(self.font())
        font.setBold(True)
        painter.setFont(font)
        metrics = painter.fontMetrics()
        text = metrics.elidedText(self.recording, Qt.TextElideMode.ElideMiddle, self.width() - 60)
        chip = QRectF(10, 10, metrics.horizontalAdvance(text) + 34, metrics.height() + 8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(red)
        painter.drawRoundedRect(chip, 5, 5)
        painter.setBrush(QColor("white"))
        painter.drawEllipse(QPointF(chip.left() + 13, chip.center().y()), 4.5, 4.5)
        painter.setPen(QColor("white"))
        painter.drawText(chip.adjusted(25, 0, -6, 0), Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_big_note(self, painter: QPainter, area: QRectF) -> None:
        painter.fillRect(area, QColor(0, 0, 0, 130))
        head, _, foot = self.big_note.partition("\n")
        font = QFont(self.font())
        font.setPixelSize(int(np.clip(area.height() / 4, 36, 96)))
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor("white"))
        tall = painter.fontMetrics().height()
        box = QRectF(self.rect())
        painter.drawText(box.adjusted(0, -tall / 2, 0, -tall / 2), Qt.AlignmentFlag.AlignCenter, head)
        font.setPixelSize(15)
        painter.setFont(font)
        below = box.adjusted(12, box.height() / 2 + tall * 0.1, -12, 0)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignHCenter) | int(Qt.TextFlag.TextWordWrap), foot)

    def _paint_note(self, painter: QPainter, area: QRectF) -> None:
        if self._image is None:
            painter.setPen(QColor(self.theme.muted))
            font = QFont(self.font())
            font.setPixelSize(15)
            painter.setFont(font)
            flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            painter.drawText(QRect(self.rect()).adjusted(24, 12, -24, -12), flags, self.note)
            return
        metrics = painter.fontMetrics()
        text = metrics.elidedText(self.note, Qt.TextElideMode.ElideRight, int(area.width()) - 40)
        width, height = metrics.horizontalAdvance(text) + 24, metrics.height() + 10
        chip = QRectF(area.center().x() - width / 2, area.bottom() - height - 10, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 165))
        painter.drawRoundedRect(chip, 6, 6)
        painter.setPen(QColor("white"))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)


def _cosmetic(colour: QColor, width: float) -> QPen:
    """A pen whose width is in pixels of the screen, not of the picture."""
    pen = QPen(colour, width)
    pen.setCosmetic(True)
    return pen
