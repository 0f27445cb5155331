"""A page that scrolls shows all of what it is asked for, fields too."""

from typing import Any

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from app.ui.style import theme as themes
from app.ui.style.palette import DARK
from app.ui.style.panel_scroll import PanelScroll

Page = tuple[PanelScroll, list[QLineEdit]]


@pytest.fixture
def page(qtbot: Any) -> Page:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    themes.apply(app, DARK)  # its scroll bars have the width that pages have room for
    body = QWidget()
    column = QVBoxLayout(body)
    column.setContentsMargins(12, 8, 12, 8)
    fields = [QLineEdit() for _ in range(12)]
    for field in fields:
        column.addWidget(field)
    area = PanelScroll(body)
    qtbot.addWidget(area)
    area.resize(200, 150)
    area.show()
    area.activateWindow()
    qtbot.waitUntil(area.isActiveWindow, timeout=60_000)
    return area, fields


def whole(area: PanelScroll, field: QWidget) -> bool:
    top = field.mapTo(area.viewport(), QPoint(0, 0)).y()
    return top >= 0 and top + field.height() <= area.viewport().height()


def test_a_field_is_shown_whole_wherever_the_page_stands(page: Page) -> None:
    area, fields = page
    bar = area.verticalScrollBar()
    for value in range(0, bar.maximum(), 3):
        for field in fields:
            bar.setValue(value)
            seen = whole(area, field)
            area.reveal(field)
            assert whole(area, field)
            if seen and area.rect().adjusted(0, 10, 0, -10).contains(field.mapTo(area, QPoint(0, 0))):
                assert abs(bar.value() - value) <= 8, "no further than it takes"


def test_tab_shows_all_of_the_field_that_it_comes_to(page: Page) -> None:
    area, fields = page
    fields[0].setFocus()
    for field in fields[1:]:
        area.focusWidget().focusNextPrevChild(True)
        assert field.hasFocus()
        assert whole(area, field)


def test_it_is_never_narrower_than_its_page(page: Page) -> None:
    area, fields = page
    for width in (120, 310):
        fields[0].setMinimumWidth(width)
        area.adjustSize()
        area.resize(area.minimumSizeHint().width(), 150)
        QApplication.sendPostedEvents()
        assert area.verticalScrollBar().isVisible()
        right = fields[0].mapTo(area.viewport(), QPoint(fields[0].width(), 0)).x()
        assert fields[0].width() >= width
        assert right <= area.viewport().width()
