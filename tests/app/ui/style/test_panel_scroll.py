"""A page that scrolls shows all of what it is asked for, fields too."""

from typing import Any

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from app.ui.style.panel_scroll import PanelScroll

Page = tuple[PanelScroll, list[QLineEdit]]


@pytest.fixture
def page(qtbot: Any) -> Page:
    body = QWidget()
    column = QVBoxLayout(body)
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
