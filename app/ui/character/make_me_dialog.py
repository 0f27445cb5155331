""" "Make it me": good pictures of the user are collected from the camera, then a character is made of them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.capture import PICTURE_SUFFIXES
from app.make_me import WANTED, FaceCollector, name_of
from app.ui.session import Session
from app.ui.style.theme import GAP, MARGIN, Theme, set_role
from models.runtime.person import Photo

LOOK_MS: Final = 80
"""How often the newest frame is looked at."""
PICTURES: Final = f"Pictures ({' '.join('*' + suffix for suffix in sorted(PICTURE_SUFFIXES))})"
TALL_PX: Final = 84
AROUND: Final = 0.62
"""Half of what is shown of a picture, as a share of the face's larger side."""
INTRODUCTION: Final = (
    "Look at the camera with a relaxed face, as you would on a passport picture. The pictures stay on this machine."
)


class _Strip(QWidget):
    """The pictures so far, and places for those that are missing."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self._images: list[QImage] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Pictures so far")

    def sizeHint(self) -> QSize:
        return QSize(WANTED * 64 + (WANTED - 1) * GAP, TALL_PX)

    def show_photos(self, photos: list[Photo]) -> None:
        if len(photos) < len(self._images):
            self._images = []
        self._images += [face_image(photo) for photo in photos[len(self._images) :]]
        self.setAccessibleDescription(f"{len(photos)} of {WANTED}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        width = (self.width() - (WANTED - 1) * GAP) / WANTED
        for i in range(WANTED):
            box = QRectF(i * (width + GAP) + 0.5, 0.5, width - 1, self.height() - 1)
            path = QPainterPath()
            path.addRoundedRect(box, 6, 6)
            painter.fillPath(path, QColor(self.theme.raised))
            if i < len(self._images):
                image = self._images[i]
                cut = QRectF(0, 0, image.height() * box.width() / box.height(), image.height())
                cut.moveCenter(QRectF(image.rect()).center())
                painter.save()
                painter.setClipPath(path)
                painter.drawImage(box, image, cut)
                painter.restore()
            painter.setPen(QPen(QColor(self.theme.good if i < len(self._images) else self.theme.line), 1))
            painter.drawPath(path)


def face_image(photo: Photo, side: int = 2 * TALL_PX) -> QImage:
    """The face of a photo, square."""
    low, high = photo.points[:, :2].min(0), photo.points[:, :2].max(0)
    centre, half = (low + high) / 2, max(8.0, AROUND * float((high - low).max()))
    h, w = photo.image.shape[:2]
    left, top = np.clip((centre - half).astype(int), 0, (w - 1, h - 1))
    right, bottom = np.clip((centre + half).astype(int), (left + 1, top + 1), (w, h))
    cut: NDArray[np.uint8] = np.ascontiguousarray(photo.image[top:bottom, left:right])
    image = QImage(cut.data, cut.shape[1], cut.shape[0], 3 * cut.shape[1], QImage.Format.Format_RGB888)
    how = Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
    return image.scaled(side, side, *how)  # a copy: the picture's memory is not ours


class MakeMeDialog(QDialog):
    """Not modal: the camera can be chosen meanwhile. ``photos_ready`` or ``files_ready`` end it."""

    photos_ready = Signal(list, str)
    """Photos, and the character's name."""
    files_ready = Signal(list, str)

    def __init__(self, session: Session, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self.collector = FaceCollector()
        self.setWindowTitle("Make it me")
        self.setMinimumWidth(480)
        introduction = QLabel(INTRODUCTION)
        introduction.setWordWrap(True)
        self.strip = _Strip(theme)
        self.hint = QLabel()
        self.hint.setAccessibleName("What to do now")
        set_role(self.hint, "section")
        self.name = QLineEdit("Me")
        self.name.setMaxLength(40)
        label = QLabel("&Name")
        label.setBuddy(self.name)
        self.again = QPushButton("Start over")
        self.again.setToolTip("Forget these pictures")
        self.files = QPushButton("From photos …")
        self.files.setToolTip("Take pictures of you from files instead; several are better than one")
        self.make = QPushButton("Make it")
        self.make.setDefault(True)
        set_role(self.make, "primary")
        names = QHBoxLayout()
        names.setSpacing(GAP)
        names.addWidget(label)
        names.addWidget(self.name, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addWidget(self.files)
        buttons.addWidget(self.again)
        buttons.addStretch(1)
        buttons.addWidget(self.make)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.setSpacing(GAP)
        for widget in (introduction, self.strip, self.hint):
            column.addWidget(widget)
        column.addLayout(names)
        column.addSpacing(GAP)
        column.addLayout(buttons)
        self.files.clicked.connect(self._ask_for_files)
        self.again.clicked.connect(self._start_over)
        self.make.clicked.connect(self._finish)
        self._watch = QTimer(self, interval=LOOK_MS)
        self._watch.timeout.connect(self._look)
        self._watch.start()
        self.finished.connect(self._watch.stop)
        self._last = -1
        self._show_now()

    def _look(self) -> None:
        newest = self._session.newest() if self._session.running else None
        if newest is not None and newest[0].index != self._last:
            self._last = newest[0].index
            self.collector.offer(*newest)
        self._show_now()

    def _show_now(self) -> None:
        count = len(self.collector.photos)
        if not self._session.running:
            hint = "Nothing runs: start a camera, or take photos"
        else:
            hint = self.collector.hint or "Looking for your face …"
        self.hint.setText(f"{count} of {WANTED}:  {hint}")
        if count != self.strip.property("count"):
            self.strip.setProperty("count", count)
            self.strip.show_photos(self.collector.photos)
        self.make.setEnabled(count > 0)
        self.make.setToolTip("" if count else "At least one good picture is needed")
        self.again.setEnabled(count > 0)

    def _start_over(self) -> None:
        self.collector = FaceCollector()
        self._show_now()

    def _finish(self) -> None:
        if self.collector.photos:
            self.photos_ready.emit(self.collector.photos, self.name.text().strip() or "Me")
            self.accept()

    def _ask_for_files(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, "Pictures of you", "", f"{PICTURES};;All files (*)")
        if paths:
            self.take_files(paths)

    def take_files(self, paths: list[str]) -> None:
        typed = self.name.text().strip()
        self.files_ready.emit(paths, typed if typed not in ("", "Me") else name_of(paths))
        self.accept()
