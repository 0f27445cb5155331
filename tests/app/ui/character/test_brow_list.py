"""The list of brow styles in the window's own style: pictures are whole, and the chosen one cannot be missed."""

from collections.abc import Callable

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from app.ui.character.look_editor import BROW_TILE, _BrowList
from app.ui.style import theme as themes
from app.ui.style.palette import DARK, LIGHT, Theme
from app.ui.window import MainWindow


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_pictures_are_whole_and_the_chosen_one_has_a_frame(
    make_window: Callable[..., MainWindow], theme: Theme
) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    window = make_window()
    themes.apply(app, theme)
    brows = _BrowList(theme, window)
    brows.setCurrentRow(13)
    brows.show()
    boxes = [brows.visualItemRect(brows.item(row)) for row in range(brows.count())]
    assert all(box.width() >= BROW_TILE.width() and box.height() >= BROW_TILE.height() for box in boxes)
    assert not any(a.intersects(b) for a in boxes for b in boxes if a is not b)
    picture, box = brows.viewport().grab().toImage(), boxes[13]
    accent = QColor(theme.accent)
    for x, y in ((box.center().x(), box.top()), (box.center().x(), box.bottom()), (box.left(), box.center().y())):
        assert picture.pixelColor(x, y) == accent
    assert picture.pixelColor(boxes[12].center().x(), boxes[12].top()) != accent
    brows.close()
