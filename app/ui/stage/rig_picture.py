"""Rendered pictures on the screen: as ``QImage``, cut to an area, softened, and what stands for nothing behind them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from app.ui.stage.rig_camera import ASPECT_MIN
from app.ui.style.theme import Theme

CHECKER_PX: Final = 12
WORDS_PX: Final = 24
"""About words that stand for a picture."""


def as_image(pixels: NDArray[np.uint8]) -> QImage:
    """(H, W, 3 or 4) RGB(A) on the same memory, which has to live as long as the image."""
    h, w, channels = pixels.shape
    kind = QImage.Format.Format_RGBA8888 if channels == 4 else QImage.Format.Format_RGB888
    return QImage(pixels.data, w, h, channels * w, kind)


def cover(painter: QPainter, image: QImage, size: QSizeF, mirrored: bool = False) -> None:
    """Paint the middle of a picture over an area from (0, 0), as large as covers it.

    An area too narrow for a head gets as much of a wider picture as shows the ears; above and below stays free.
    """
    painter.save()
    if mirrored:
        painter.translate(size.width(), 0)
        painter.scale(-1, 1)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    shape = QSizeF(image.size()).scaled(size, Qt.AspectRatioMode.KeepAspectRatioByExpanding)
    needed = shape.height() * ASPECT_MIN
    if size.width() < min(needed, shape.width()):
        shape *= size.width() / min(needed, shape.width())
    corner = QPointF((size.width() - shape.width()) / 2, (size.height() - shape.height()) / 2)
    painter.drawImage(QRectF(corner, shape), image)
    painter.restore()


def cover_or_say(painter: QPainter, image: QImage | None, area: QRectF, mirrored: bool, theme: Theme, why: str) -> None:
    """:func:`cover`; without a picture words, ``why`` there is none if that is known."""
    if image is not None:
        cover(painter, image, area.size(), mirrored)
        return
    painter.setPen(QColor(theme.muted))
    flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
    inside = area.adjusted(WORDS_PX, WORDS_PX, -WORDS_PX, -WORDS_PX)
    painter.drawText(inside, flags, why or "Preparing the face …")


def soften_edge(picture: NDArray[np.uint8]) -> None:
    """Smooths the outline of an RGBA picture (H, W, 4) in place: FXAA looks at colours only. It never grows, so that no
    colour of the background comes in."""
    import cv2

    alpha = np.ascontiguousarray(picture[..., 3])
    np.minimum(alpha, cv2.blur(alpha, (3, 3)), out=picture[..., 3])


def checker(painter: QPainter, area: QRectF, theme: Theme) -> None:
    """What stands for nothing: squares in two of the theme's greys."""
    painter.fillRect(area, QColor(theme.panel))
    colour = QColor(theme.raised)
    for row in range(int(area.height() // CHECKER_PX) + 1):
        for column in range(row % 2, int(area.width() // CHECKER_PX) + 1, 2):
            painter.fillRect(QRectF(column * CHECKER_PX, row * CHECKER_PX, CHECKER_PX, CHECKER_PX), colour)
