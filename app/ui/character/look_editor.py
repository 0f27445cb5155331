"""Skin, eyes, hair, brows and age of a face: swatches to choose from, and pictures of the 36 brow styles."""

from collections.abc import Callable
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QKeyEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QListView,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.character_edit import CharacterEdit
from app.ui.character.slider import RESETS, Slider
from app.ui.character.swatches import Swatches
from app.ui.style.theme import GAP, Theme
from rig.brows import brow_tile, brow_titles
from rig.looks import BASE_FOLDER, IRIS_SHARE, read_sheet
from rig.parameters import N_BROW_STYLES
from rig.skeleton import ASSETS

Triple = tuple[float, float, float]
SKINS: Final[dict[str, Triple]] = {
    "Pale": (1.06, 1.05, 1.06),
    "Light": (1.0, 1.0, 1.0),
    "Warm": (0.95, 0.90, 0.84),
    "Tan": (0.86, 0.80, 0.74),
    "Olive": (0.78, 0.74, 0.66),
    "Brown": (0.66, 0.57, 0.50),
    "Dark": (0.50, 0.42, 0.37),
    "Deep": (0.38, 0.31, 0.28),
}
"""What the painted skin is multiplied by (sRGB), and what that is called on the base face."""
EYES: Final[dict[str, Triple]] = {
    "Brown": (1.0, 1.0, 1.0),
    "Dark brown": (0.52, 0.44, 0.40),
    "Amber": (1.35, 1.1, 0.7),
    "Green": (0.75, 1.35, 0.95),
    "Grey": (0.95, 1.25, 1.6),
    "Blue": (0.75, 1.25, 1.85),
}
"""What the painted iris is multiplied by, and what that is called on the base face."""
HAIRS: Final[dict[str, tuple[int, int, int]]] = {
    "Black": (20, 16, 15),
    "Dark brown": (46, 32, 25),
    "Brown": (84, 56, 38),
    "Auburn": (110, 52, 32),
    "Blond": (158, 120, 78),
    "Grey": (140, 136, 132),
    "White": (214, 211, 204),
}
"""Hair and brows, sRGB; brows a little darker."""
BROWS_SHARE: Final = 0.9
NONE: Final = "No hair"
ROOTED: Final = "No hair: this character has none that could be taken off"
BROW_TILE: Final = QSize(72, 36)
BROW_PADDING_PX: Final = 40
"""In the button, besides picture and words."""
ROWS_SHOWN: Final = 6
MASKED: Final = 200
"""Of 255: where the sheet of masks says skin."""
NEAR: Final = 0.02
"""Colours that differ by less are the same swatch."""


class _BrowList(QListWidget):
    """The 36 styles as pictures, shown as a popup under its button."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowFlags(Qt.WindowType.Popup)
        self.setAccessibleName("Brow styles")
        self.setObjectName("pictures")  # for the style sheet: as high as pictures, not as a line of text
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setIconSize(BROW_TILE)
        self.setGridSize(BROW_TILE + QSize(12, 16))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for style, title in enumerate(brow_titles()):
            pixmap, icon = brow_pixmap(style, theme.text), QIcon()
            for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):  # else the chosen one would be tinted
                icon.addPixmap(pixmap, mode)
            item = QListWidgetItem(icon, "")
            item.setToolTip(title)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, title)
            self.addItem(item)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.resize(3 * self.gridSize().width() + 24, ROWS_SHOWN * self.gridSize().height() + 2 * self.frameWidth())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)


def brow_pixmap(style: int, colour: str) -> QPixmap:
    """The left brow of a style in a colour, on nothing, on BROW_TILE."""
    tile = brow_tile(style)
    ink = QColor(colour)
    rgba = np.empty((*tile.shape, 4), np.uint8)
    rgba[..., :3] = (ink.red(), ink.green(), ink.blue())
    rgba[..., 3] = tile
    image = QImage(rgba.data, tile.shape[1], tile.shape[0], 4 * tile.shape[1], QImage.Format.Format_RGBA8888)
    return QPixmap.fromImage(
        image.scaled(BROW_TILE * 2, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    )


class LookEditor(QWidget):
    """Over a :class:`CharacterEdit`; tells nobody: the edit does."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._edit: CharacterEdit | None = None
        self._folder = ""
        self.skin = Swatches("Skin", dict.fromkeys(SKINS), theme)
        self.eyes = Swatches("Eyes", dict.fromkeys(EYES), theme)
        self.hair = Swatches("Hair", {NONE: None, **HAIRS}, theme)
        self.brows = QPushButton()
        self.brows.setIconSize(QSize(52, 22))
        self.brows.setAccessibleName("Brow style")
        self.brows.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.age = Slider()
        self.age.setRange(0, 100)
        self.age.setAccessibleName("Lines of age")
        self.age.setToolTip(f"How much of the skin's folds stays at rest; {RESETS}")
        self._list: _BrowList | None = None
        self._lay_out()
        self.skin.chosen.connect(lambda name: self._set(skin=SKINS[name]))
        self.eyes.chosen.connect(lambda name: self._set(iris=EYES[name]))
        self.hair.chosen.connect(self._set_hair)
        self.brows.clicked.connect(self._open_brows)
        self.age.valueChanged.connect(lambda value: self._set(drag=True, age=value / 100))
        self.age.let_go.connect(self._let_go)
        self.age.reset_asked.connect(lambda: self._edit and self._set(age=self._edit.start.look.age))

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(GAP // 2)
        rows: tuple[tuple[str, QWidget], ...] = (
            ("S&kin", self.skin),
            ("E&yes", self.eyes),
            ("H&air", self.hair),
            ("&Brows", self.brows),
            ("&Lines", self.age),
        )
        for i, (text, widget) in enumerate(rows):
            label = QLabel(text)
            label.setBuddy(widget)
            grid.addWidget(label, i, 0)
            grid.addWidget(widget, i, 1)
        grid.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(grid)

    def set_edit(self, edit: CharacterEdit | None) -> None:
        self._edit = edit
        self.setEnabled(edit is not None)
        if edit is not None and edit.start.look.folder != self._folder:
            self._folder = edit.start.look.folder
            self._mix()
        self.show_now()

    def _mix(self) -> None:
        """Swatches are what comes out on this character's own painted skin and eyes; names fit the base face only."""
        named = not (ASSETS / self._folder / "eye.png").is_file() or self._folder == BASE_FOLDER
        for swatches, painted, factors in (
            (self.skin, painted_skin(self._folder), SKINS),
            (self.eyes, painted_iris(self._folder), EYES),
        ):
            for nth, (name, factor) in enumerate(factors.items(), 1):
                swatches.recolour(name, _times(painted, factor), name if named else f"Shade {nth}")

    def show_now(self) -> None:
        if self._edit is None:
            return
        look = self._edit.shape.look
        self.skin.show_choice(_nearest(look.skin, SKINS, 1.0))
        self.eyes.show_choice(_nearest(look.iris, EYES, 1.0))
        # The goblin's hide and the hero's locks are painted or geometry: a crop would grow through them.
        own = self._edit.start.look
        bald, able = self.hair.buttons[NONE], own.hair != "none" or look.hair != "none"
        bald.setEnabled(able)
        bald.setToolTip(NONE if able else ROOTED)
        bald.setAccessibleDescription("" if able else ROOTED)
        # Of hair that is part of the head, too, one colour is the chosen one.
        self.hair.show_choice(NONE if able and look.hair == "none" else _nearest(look.hair_colour, HAIRS, 255.0))
        self._write_brow()
        self.brows.setToolTip(f"{brow_titles()[look.brow_style]}: choose one of {N_BROW_STYLES}")
        self.brows.setIcon(QIcon(brow_pixmap(look.brow_style, self._theme.text)))
        self.age.blockSignals(True)
        self.age.setValue(round(100 * look.age))
        self.age.blockSignals(False)

    def _write_brow(self) -> None:
        """As much of the style's words as there is room for."""
        if self._edit is None:
            return
        title = brow_titles()[self._edit.shape.look.brow_style]
        room = self.brows.width() - self.brows.iconSize().width() - BROW_PADDING_PX
        self.brows.setText("  " + self.brows.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, room))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._write_brow()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for row in (self.skin, self.eyes, self.hair):
            row.set_theme(theme)
        if self._list is not None:
            self._list.deleteLater()
            self._list = None  # its pictures have the other theme's colours
        self.show_now()

    def _set(self, drag: bool = False, **changes: object) -> None:
        if self._edit is not None:
            self._edit.set_look(drag, **changes)

    def _set_hair(self, name: str) -> None:
        if self._edit is None:
            return
        if name == NONE:
            self._set(hair="none")
            return
        colour = HAIRS[name]
        brows = tuple(round(BROWS_SHARE * c) for c in colour)
        hair = "crop" if self._edit.start.look.hair == "crop" else self._edit.shape.look.hair
        self._set(hair_colour=colour, brow_colour=brows, hair=hair)

    def _let_go(self) -> None:
        if self._edit is not None:
            self._edit.let_go()

    def _open_brows(self) -> None:
        if self._edit is None:
            return
        if self._list is None:
            self._list = _BrowList(self._theme, self)
            self._list.itemClicked.connect(self._take_brow)
            self._list.itemActivated.connect(self._take_brow)
        across = self.brows.width() - self._list.width()
        corner = self.brows.mapToGlobal(QPoint(across, self.brows.height() + 2))
        screen = self.screen().availableGeometry()
        corner.setX(max(screen.left(), min(corner.x(), screen.right() - self._list.width())))
        if corner.y() + self._list.height() > screen.bottom():
            corner.setY(max(screen.top(), self.brows.mapToGlobal(QPoint(0, 0)).y() - self._list.height() - 2))
        self._list.move(corner)
        self._list.show()
        self._list.setFocus()
        self._list.setCurrentRow(self._edit.shape.look.brow_style)
        self._list.scrollToItem(self._list.currentItem(), QListView.ScrollHint.PositionAtCenter)

    def _take_brow(self, item: QListWidgetItem) -> None:
        assert self._list is not None
        style = self._list.row(item)
        self._list.close()
        self._set(brow_style=style)


@cache
def painted_skin(folder: str) -> tuple[int, int, int]:
    """sRGB, the mean of a character's own skin sheet where the face is."""
    face = read_sheet("skin_masks.png", folder)[::16, ::16, 0] > MASKED
    sheet = read_sheet("skin.jpg", folder)
    step = sheet.shape[0] // face.shape[0]
    return _rgb(sheet[::step, ::step][face].mean(0))


@cache
def painted_iris(folder: str) -> tuple[int, int, int]:
    """sRGB, the median of a character's own eye sheet where the iris is."""
    sheet = read_sheet("eye.png", folder)[::4, ::4]  # plenty for a median, and the window waits for it
    y, x = np.mgrid[0 : sheet.shape[0], 0 : sheet.shape[1]]
    r = np.hypot(x / sheet.shape[1] - 0.5, y / sheet.shape[0] - 0.5) / IRIS_SHARE
    return _rgb(np.median(sheet[(r > 0.45) & (r < 0.85)], axis=0))


def _rgb(colour: NDArray) -> tuple[int, int, int]:
    r, g, b = (round(float(c)) for c in colour[:3])
    return r, g, b


def _times(colour: tuple[int, int, int], factor: Triple) -> tuple[int, int, int]:
    r, g, b = (min(255, round(c * f)) for c, f in zip(colour, factor, strict=True))
    return r, g, b


def _nearest(colour: tuple[float, ...], named: dict[str, tuple], scale: float) -> str | None:
    """The swatch of this colour; None for one that is between them."""
    off: Callable[[str], float] = lambda name: max(abs(a - b) for a, b in zip(named[name], colour, strict=True)) / scale  # noqa: E731
    best = min(named, key=off)
    return best if off(best) < NEAR else None
