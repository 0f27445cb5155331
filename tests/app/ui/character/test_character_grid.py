"""The pictures of characters: whatever room there is, whole rows of them, with a scroll bar where one is needed."""

from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

from app.ui.character.character_grid import CharacterGrid
from app.ui.style import theme as themes


class NoPictures(QObject):
    """As ``Thumbnails``, before any is painted."""

    made = Signal(str)

    def pixmap(self, entry: object) -> None:
        return None


def test_every_size_has_one_answer(qtbot: Any) -> None:
    """A scroll bar takes room, with less room tiles are lower, and lower ones need no scroll bar: no way round."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    themes.apply(app, themes.DARK)
    grid = CharacterGrid(themes.DARK, NoPictures())  # type: ignore[arg-type]
    qtbot.addWidget(grid)
    grid.show()
    grid.fill("base")
    policies = set()
    for width in range(250, 480, 9):
        for height in range(60, 460, 7):
            grid.resize(width, height)
            size, across = grid.gridSize(), grid.contentsRect().width() // grid.gridSize().width()
            grid._fit()
            assert grid.gridSize() == size, (width, height)
            policies.add(grid.verticalScrollBarPolicy())
            if grid.verticalScrollBarPolicy() is Qt.ScrollBarPolicy.ScrollBarAlwaysOff:
                assert -(-grid.count() // across) * size.height() <= height
    assert policies == {Qt.ScrollBarPolicy.ScrollBarAlwaysOff, Qt.ScrollBarPolicy.ScrollBarAlwaysOn}
