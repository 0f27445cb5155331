"""Questions before something is lost: their buttons say what will be done."""

from PySide6.QtWidgets import QMessageBox, QWidget


def sure(parent: QWidget, title: str, question: str, do: str) -> bool:
    """Ask, and wait. ``do`` is the word on the button that does it ("Delete"); Enter presses it, Esc the other one."""
    box = QMessageBox(QMessageBox.Icon.Question, title, question, QMessageBox.StandardButton.Cancel, parent)
    act = box.addButton(do, QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(act)
    box.setEscapeButton(QMessageBox.StandardButton.Cancel)
    try:
        box.exec()
        return box.clickedButton() is act
    finally:
        box.deleteLater()
