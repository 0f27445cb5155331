"""The live picture, what was found in it, and what the moment asks of the person: countdown, searching, recording."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.face_frame import FaceFrame
from app.ui.picture.big_note import paint_note
from app.ui.picture.overlay import CONTOURS, IRISES, Overlay, Place, aligned_inset, draw_overlay
from app.ui.style.scale import px
from app.ui.style.theme import Theme

__all__ = ["CONTOURS", "IRISES", "VideoView"]

NOTE_PX: Final = 15
NARROWEST_PX: Final = 120
"""On a picture that is narrower there is no room for words: they are over the whole widget."""
INSET_PX: Final = 128
"""The aligned view is as large as the network has it, or"""
INSET_SHARE: Final = 0.3
"""this share of the widget's height."""
INSET_MARGIN: Final = 8

Picture = NDArray[np.uint8]


class VideoView(QWidget):
    """Shows the newest picture with its aspect kept. Mirrored on screen only: data stays as taken.

    The picture is scaled and drawn over once per frame (again where size or overlay change); painting copies it.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.note = ""
        """Centred when there is no picture, else a line at its foot."""
        self.big_note = ""
        """Large, over the picture: the countdown."""
        self.recording = ""
        """Text of the red chip; empty = not recording."""
        self._mirrored = False
        self._overlay = Overlay()
        self._frame: Picture | None = None
        self._face: FaceFrame | None = None
        self._shown: QPixmap | None = None
        self._inset: QPixmap | None = None
        self._shown_for: tuple[int, ...] = ()
        self.setMinimumSize(220, 140)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Video")

    def sizeHint(self) -> QSize:
        return QSize(480, 330)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._renew()

    @property
    def mirrored(self) -> bool:
        return self._mirrored

    @mirrored.setter
    def mirrored(self, on: bool) -> None:
        if on != self._mirrored:
            self._mirrored = on
            self._renew()

    @property
    def overlay(self) -> Overlay:
        return self._overlay

    @overlay.setter
    def overlay(self, overlay: Overlay) -> None:
        if overlay != self._overlay:
            self._overlay = overlay
            self._renew()

    def show_frame(self, image: Picture, face: FaceFrame) -> None:
        """(H, W, 3) RGB uint8 and what was found in it."""
        self._frame, self._face = image, face
        self._renew()

    def clear(self) -> None:
        self._frame = self._face = None
        self._renew()

    def _renew(self) -> None:
        self._shown = None
        self.update()

    @property
    def has_picture(self) -> bool:
        return self._frame is not None

    def picture_rect(self) -> QRectF:
        """Where the picture lies in the widget, aspect kept."""
        if self._frame is None:
            return QRectF(self.rect())
        height, width = self._frame.shape[:2]
        scale = min(self.width() / width, self.height() / height)
        return QRectF(
            (self.width() - width * scale) / 2, (self.height() - height * scale) / 2, width * scale, height * scale
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(self.theme.stage))
        area = self.picture_rect()
        if self._frame is not None and self._face is not None:
            whole = QRect(area.topLeft().toPoint(), area.size().toSize())  # between pixels it would be blurred
            self._draw(whole.size())
            assert self._shown is not None
            painter.drawPixmap(whole, self._shown)
            if self._inset is not None:
                self._paint_inset(painter, self._inset)
        if self.recording:
            self._paint_recording(painter)
        if self.big_note:
            paint_note(
                painter, self.big_note, area if area.width() >= NARROWEST_PX else QRectF(self.rect()), self.font()
            )
        elif self.note:
            self._paint_note(painter, area)

    def _draw(self, size: QSize) -> None:
        """Make the picture of this size (of the layout) with everything drawn over it, unless it is there already."""
        ratio = self.devicePixelRatioF()
        width, height = max(round(size.width() * ratio), 1), max(round(size.height() * ratio), 1)
        if self._shown is not None and self._shown_for == (width, height):
            return
        assert self._frame is not None
        assert self._face is not None
        picture = scaled(self._frame, width, height)
        picture = np.ascontiguousarray(picture[:, ::-1]) if self._mirrored else picture.copy()
        place = Place(width / self._frame.shape[1], width, self._mirrored, ratio)
        both = QColor(self.theme.both)
        draw_overlay(picture, self._face, self._overlay, place, (both.red(), both.green(), both.blue()))
        self._shown, self._shown_for, self._inset = _pixmap(picture, ratio), (width, height), None
        if self._overlay.view:
            side = round(min(INSET_PX, INSET_SHARE * self.height()) * ratio)
            inset = aligned_inset(self._frame, self._face, side, mirrored=self._mirrored)
            self._inset = _pixmap(inset, ratio) if inset is not None else None

    def _paint_inset(self, painter: QPainter, inset: QPixmap) -> None:
        """In the widget's corner: beside the picture where there is room."""
        size = inset.deviceIndependentSize().toSize()
        box = QRect(
            self.width() - INSET_MARGIN - size.width(),
            self.height() - INSET_MARGIN - size.height(),
            size.width(),
            size.height(),
        )
        painter.fillRect(box.adjusted(-1, -1, 1, 1), QColor("white"))
        painter.drawPixmap(box.topLeft(), inset)

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

    def _paint_note(self, painter: QPainter, area: QRectF) -> None:
        if self._frame is None:
            painter.setPen(QColor(self.theme.muted))
            font = QFont(self.font())
            font.setPixelSize(px(NOTE_PX))
            painter.setFont(font)
            flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            painter.drawText(QRect(self.rect()).adjusted(24, 12, -24, -12), flags, self.note)
            return
        chip, text = self.note_chip(area)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 165))
        painter.drawRoundedRect(chip, 6, 6)
        painter.setPen(QColor("white"))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)

    def note_chip(self, area: QRectF) -> tuple[QRectF, str]:
        """Where the note lies at the foot of a picture, and what of it has room there: wider than a narrow picture."""
        metrics = self.fontMetrics()
        text = metrics.elidedText(self.note, Qt.TextElideMode.ElideRight, self.width() - 40)
        width, height = metrics.horizontalAdvance(text) + 24, metrics.height() + 10
        return QRectF(area.center().x() - width / 2, area.bottom() - height - 10, width, height), text


def scaled(image: Picture, width: int, height: int) -> Picture:
    """(H, W, 3) -> (height, width, 3), without the flicker of left-out lines; the same array where nothing changes."""
    small: np.ndarray = image
    while small.shape[1] >= 2 * width and small.shape[0] >= 2 * height:
        # By exactly two the average is quick; any other takes ten times as long.
        small = cv2.resize(small, (small.shape[1] // 2, small.shape[0] // 2), interpolation=cv2.INTER_AREA)
    if (small.shape[1], small.shape[0]) != (width, height):
        small = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(small, np.uint8)


def _pixmap(picture: Picture, ratio: float) -> QPixmap:
    """(h, w, 3) RGB -> a pixmap with memory of its own."""
    height, width = picture.shape[:2]
    made = QPixmap.fromImage(QImage(picture.data, width, height, 3 * width, QImage.Format.Format_RGB888))
    made.setDevicePixelRatio(ratio)
    return made
