"""The style sheet where Qt's own parts would not fit, or would not show what they are."""

from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QLineEdit, QToolButton

from app.ui.style import theme as themes
from app.ui.style.palette import DARK, LIGHT, Theme
from app.ui.style.segments import Segments


@pytest.fixture(params=[DARK, LIGHT], ids=["dark", "light"])
def theme(request: pytest.FixtureRequest, qtbot: Any) -> Theme:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    themes.apply(app, request.param)
    return request.param


def test_the_button_that_clears_a_field_stands_in_its_middle(theme: Theme, qtbot: Any) -> None:
    field = QLineEdit()
    qtbot.addWidget(field)
    field.setClearButtonEnabled(True)
    field.setText("smile")
    field.resize(200, field.sizeHint().height())
    field.show()
    qtbot.waitExposed(field)
    button = field.findChild(QToolButton)
    assert button is not None
    assert field.rect().contains(button.geometry())
    assert abs(button.geometry().center().y() - field.rect().center().y()) <= 1


def test_a_choice_that_cannot_be_made_is_grey(theme: Theme, qtbot: Any) -> None:
    row = Segments({"a": "One", "b": "Two"}, "Number")
    row.set_theme(theme)
    qtbot.addWidget(row)
    row.show()
    qtbot.waitExposed(row)
    for key in ("a", "b"):
        button = row.button(key)
        button.setEnabled(True)
        able = button.grab().toImage()
        button.setEnabled(False)
        assert button.grab().toImage() != able, key
