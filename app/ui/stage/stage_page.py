"""How the character is shown, and where else: framing, light, background, the stage window, the virtual camera."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QColorDialog,
    QGridLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.ui.stage.rig_camera import VIEWS
from app.ui.stage.stage_settings import BACKGROUNDS, LIGHTS, StageSettings
from app.ui.stage.stage_view import StageView
from app.ui.style.choice_box import ChoiceBox
from app.ui.style.panel_scroll import PanelScroll
from app.ui.style.theme import GAP, MARGIN, Theme, icon, set_property, set_role, tabular

CAMERA_TIP: Final = (
    "Other programs (Zoom, Discord, a browser) see the character as a webcam. A transparent background is black there."
)


class StagePage(QWidget):
    """Changes everything through :class:`StageSettings` and :class:`StageView`, and shows what they say."""

    camera_toggled = Signal(bool)

    def __init__(self, settings: StageSettings, stage: StageView, theme: Theme) -> None:
        super().__init__()
        self._settings, self._stage, self._theme = settings, stage, theme
        self.views: dict[str, QPushButton] = {}
        self._view_group = QButtonGroup(self)
        self.light = self._box(LIGHTS, "Light", "light")
        self.background = self._box(BACKGROUNDS, "Background", "background")
        self.colour = QPushButton("Colour …")
        self.colour.setToolTip("Choose the background's colour")
        self.open_stage = QPushButton("  Open the stage")
        self.open_stage.setCheckable(True)
        self.open_stage.setToolTip("A frameless window with only the character, for OBS to capture (F2)")
        self.on_top = QCheckBox("Always on top")
        self.on_top.setChecked(stage.on_top)
        self.mirror = QCheckBox("Mirror")
        self.mirror.setChecked(stage.mirrored)
        self.camera = QPushButton("  Start the virtual camera")
        self.camera.setCheckable(True)
        self.camera.setToolTip(CAMERA_TIP)
        self.camera_state = QLabel("Off")
        self.camera_state.setWordWrap(True)
        self.camera_state.setFont(tabular(self.camera_state.font()))
        set_role(self.camera_state, "muted")
        self._lay_out()
        self.colour.clicked.connect(self._ask_for_colour)
        self.open_stage.clicked.connect(stage.set_open)
        self.on_top.toggled.connect(stage.set_on_top)
        self.mirror.toggled.connect(stage.set_mirrored)
        self.camera.clicked.connect(self.camera_toggled)
        stage.opened.connect(self._show_stage)
        settings.changed.connect(self.show_now)
        self.set_theme(theme)
        self.show_now()

    def _box(self, words: dict[str, str], name: str, key: str) -> ChoiceBox:
        box = ChoiceBox(self._theme, name)
        box.offer([(value, text, "", True) for value, text in words.items()])
        box.chosen.connect(lambda value: self._settings.set(key, value))
        return box

    def _lay_out(self) -> None:
        framing = QGridLayout()
        framing.setSpacing(GAP)
        for i, (name, view) in enumerate(VIEWS.items()):
            button = QPushButton(SHORT.get(name, view.title))
            button.setCheckable(True)
            button.setAccessibleName(f"Framing: {view.title}")
            button.setToolTip(view.title)
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # half of the width each
            button.clicked.connect(lambda _=False, name=name: self._settings.set("view", name))
            self._view_group.addButton(button)
            self.views[name] = button
            framing.addWidget(button, i // 2, i % 2)
        pairs = QGridLayout()
        pairs.setHorizontalSpacing(GAP)
        pairs.setVerticalSpacing(GAP)
        for row, (text, widget) in enumerate((("&Light", self.light), ("Back&ground", self.background))):
            label = QLabel(text)
            label.setBuddy(widget)
            pairs.addWidget(label, row, 0)
            pairs.addWidget(widget, row, 1)
        pairs.addWidget(self.colour, 2, 1)
        pairs.setColumnStretch(1, 1)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(MARGIN, GAP, MARGIN, MARGIN)
        column.setSpacing(GAP)
        column.addWidget(_section("Framing"))
        column.addLayout(framing)
        column.addSpacing(GAP)
        column.addWidget(_section("Light and background"))
        column.addLayout(pairs)
        column.addSpacing(GAP)
        column.addWidget(_section("Stage window"))
        column.addWidget(self.open_stage)
        column.addWidget(self.on_top)
        column.addWidget(self.mirror)
        column.addSpacing(GAP)
        column.addWidget(_section("Virtual camera"))
        column.addWidget(self.camera)
        column.addWidget(self.camera_state)
        column.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(PanelScroll(body))

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.camera.setIcon(icon("camera", theme.text))
        self.open_stage.setIcon(icon("float", theme.text))
        self.light.set_theme(theme)
        self.background.set_theme(theme)
        self.show_now()

    def show_now(self) -> None:
        """As the settings are."""
        values = self._settings.values
        self.views[values["view"]].setChecked(True)
        self.light.choose(values["light"])
        self.background.choose(values["background"])
        own = values["background"] == "colour"
        self.colour.setVisible(own)
        self.colour.setIcon(_dot(self._settings.colour, self._theme))
        self.colour.setText(self._settings.colour)

    def _show_stage(self, on: bool) -> None:
        self.open_stage.setChecked(on)
        self.open_stage.setText("  Close the stage" if on else "  Open the stage")
        self.on_top.setChecked(self._stage.on_top)
        self.mirror.setChecked(self._stage.mirrored)

    def show_camera(self, on: bool, state: str, bad: bool = False) -> None:
        """Whether it is on, and a line about it."""
        self.camera.setChecked(on)
        self.camera.setText("  Stop the virtual camera" if on else "  Start the virtual camera")
        set_property(self.camera, "live", "true" if on and not bad else "false")
        set_role(self.camera_state, "warn" if bad else "muted")
        self.camera_state.setText(state)

    def _ask_for_colour(self) -> None:
        colour = QColorDialog.getColor(QColor(self._settings.colour), self, "Background")
        if colour.isValid():
            self._settings.set_colour(colour.name())


SHORT: Final = {"shoulders": "Shoulders", "profile-left": "Left profile", "profile-right": "Right profile"}
"""Where the whole title has no room; the tooltip has it."""


def _dot(colour: str, theme: Theme) -> QIcon:
    pixmap = QPixmap(32, 32)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(theme.line))
    painter.setBrush(QColor(colour))
    painter.drawEllipse(2, 2, 28, 28)
    painter.end()
    return QIcon(pixmap)


def _section(text: str) -> QLabel:
    label = QLabel(text)
    set_role(label, "section")
    return label
