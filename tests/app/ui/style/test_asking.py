"""A question before something is lost."""

from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from app.ui.style import asking


@pytest.mark.parametrize(("key", "answer"), [(Qt.Key.Key_Return, True), (Qt.Key.Key_Escape, False)])
def test_the_button_says_what_will_be_done(key: Qt.Key, answer: bool, qtbot: Any) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.show()
    words: list[set[str]] = []

    def press() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox) or not box.isVisible():
            return
        timer.stop()
        words.append({button.text().replace("&", "") for button in box.buttons()})
        qtbot.keyClick(box, key)

    timer = QTimer(parent, interval=20)
    timer.timeout.connect(press)
    timer.start()
    assert asking.sure(parent, "Delete take", "Move it to the trash?", "Move to trash") is answer
    assert words == [{"Move to trash", "Cancel"}]
