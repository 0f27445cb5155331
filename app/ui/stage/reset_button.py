"""The button in the 3D view's upper corner; its foot belongs to messages."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton, QVBoxLayout

from app.ui.stage.rig_view import RigView
from app.ui.style.theme import Theme, icon


class ResetButton(QToolButton):
    """Puts the camera back where the framing has it."""

    def __init__(self, rig: RigView) -> None:
        super().__init__(rig)
        self.setToolTip("Reset view (Home)")
        self.setAccessibleName("Reset view")
        self.setObjectName("overlay")
        self.clicked.connect(rig.reset_view)
        corner = QVBoxLayout(rig)
        corner.setContentsMargins(12, 12, 12, 12)
        corner.addWidget(self, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)

    def set_theme(self, theme: Theme) -> None:
        self.setIcon(icon("reset", theme.muted))
