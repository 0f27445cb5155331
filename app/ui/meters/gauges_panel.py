"""The dock of gauges: how the head is turned, how far it is, where each eye looks."""

import time
from typing import ClassVar, Final

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.capture import Frame
from app.face_frame import FaceFrame
from app.pipeline import Snapshot
from app.ui.meters.curves import CENTIMETRES, DEGREES, M_TO_CM
from app.ui.meters.gauges import DIAL_PX, NUMBERS_PX, EyeGauge, Gauge, HeadGauge, ScaleGauge
from app.ui.panel import Panel, Shell
from app.ui.style.theme import Theme
from rig.parameters import CHANNEL_INDEX

WIDE_PX: Final = 520
"""From here on all gauges stand in one row."""
SHUT: Final = 0.6
"""From this share of AU43 on an eye counts as shut."""
POSE: Final = (
    ("Yaw", 60.0, "Turn of the head: + to the subject's left, − to the right"),
    ("Pitch", 45.0, "Nod: + up, − down"),
    ("Roll", 45.0, "Tilt: + to the subject's left shoulder, − to the right one"),
)
DISTANCE_CM: Final = (0.0, 150.0)
REPAINT_S: Final = 0.045
"""Gauges move about twenty times a second: more is not seen, and costs the tracker its time."""
SIDES: Final = ("right", "left")
"""In the order of the picture, which is seen from the front."""


class GaugesPanel(Panel):
    """Turned as the 3D face beside it: mirrored where that is."""

    title: ClassVar[str] = "Head and gaze"

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        theme = shell.theme
        self.head = HeadGauge(theme)
        self.pose = [ScaleGauge(theme, word, DEGREES, (-most, most), tip) for word, most, tip in POSE]
        self.distance = ScaleGauge(
            theme, "Distance", CENTIMETRES, DISTANCE_CM, "From the camera to the middle between the eyes"
        )
        self.eyes = {side: EyeGauge(theme, side) for side in SIDES}
        self._readable: tuple[ScaleGauge | EyeGauge, ...] = (*self.pose, self.distance, *self.eyes.values())
        self._mirrored: bool | None = None
        self._wide: bool | None = None
        self._shown_s = 0.0
        self._waiting: FaceFrame | None = None
        self._lay_out()
        self.set_theme(theme)

    def _lay_out(self) -> None:
        self._scales = QWidget()
        column = QVBoxLayout(self._scales)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addStretch(1)
        for gauge in (*self.pose, self.distance):
            column.addWidget(gauge)
        column.addStretch(1)
        self._pair = QWidget()
        self._pair_row = QHBoxLayout(self._pair)
        self._pair_row.setContentsMargins(0, 0, 0, 0)
        self._pair_row.setSpacing(8)
        self._body = QWidget()
        self._body.setObjectName("panelBody")
        self._grid = QGridLayout(self._body)
        self._grid.setContentsMargins(12, 8, 12, 8)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(8)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self._body)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        self.setMinimumSize(280, 160)
        self._place(wide=False)
        self._place_eyes(mirrored=False)

    def _place(self, wide: bool) -> None:
        """All in one row, or the eyes below the head."""
        if wide == self._wide:
            return
        self._wide = wide
        for part in (self.head, self._scales, self._pair):
            self._grid.removeWidget(part)
        self._grid.addWidget(self.head, 0, 0)
        self._grid.addWidget(self._scales, 0, 1)
        if wide:
            self._grid.addWidget(self._pair, 0, 2)
        else:
            self._grid.addWidget(self._pair, 1, 0, 1, 2)
        for column, stretch in enumerate((3, 4, 6) if wide else (1, 1, 0)):
            self._grid.setColumnStretch(column, stretch)
        self._grid.setRowStretch(0, 1 if wide else 0)
        self._grid.setRowStretch(2, 0 if wide else 1)

    def _place_eyes(self, mirrored: bool) -> None:
        """The subject's right eye is on the left of the picture, unless that is a mirror."""
        if mirrored == self._mirrored:
            return
        self._mirrored = mirrored
        for eye in self.eyes.values():
            self._pair_row.removeWidget(eye)
        for side in reversed(SIDES) if mirrored else SIDES:
            self._pair_row.addWidget(self.eyes[side], 1)

    def sizeHint(self) -> QSize:
        return QSize(320, 240)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Below each other dials are as high as wide; in one row they take the height that there is."""
        super().resizeEvent(event)
        wide = self.width() >= WIDE_PX
        self._place(wide)
        least, most = DIAL_PX
        height = min(max((self.width() - 40) // 2, least), most)
        for dial, more in ((self.head, 0), *((eye, NUMBERS_PX) for eye in self.eyes.values())):
            dial.setMinimumHeight(least if wide else height + more)
            dial.setMaximumHeight(most + more if wide else height + more)

    # ------------------------------------------------------------ what is shown

    def _gauges(self) -> tuple[Gauge, ...]:
        return self.head, *self._readable

    def show_face(self, frame: Frame, face: FaceFrame) -> None:
        self.show_take(face)

    def show_take(self, face: FaceFrame) -> None:
        now_s = time.perf_counter()
        if now_s - self._shown_s < REPAINT_S:
            self._waiting = face
            return
        self._waiting, self._shown_s = None, now_s
        self._show(face)

    def _show(self, face: FaceFrame) -> None:
        mirrored, tracked = bool(self.shell.rig.mirrored), face.tracked
        self._place_eyes(mirrored)
        euler = face.head_euler_deg.tolist()
        self.head.show_pose(face.head_rotation, euler[2], tracked, mirrored)
        for gauge, angle in zip(self.pose, euler, strict=True):
            gauge.show_value(angle if tracked else float("nan"))
        distance_cm = float(np.linalg.norm(face.head_position_m)) * M_TO_CM
        self.distance.show_value(distance_cm if tracked else float("nan"))
        for side, gaze_deg in (("left", face.gaze_left_deg), ("right", face.gaze_right_deg)):
            shut = bool(face.au[CHANNEL_INDEX[f"AU43-{side}"]] > SHUT)
            self.eyes[side].show_gaze(gaze_deg, shut, tracked, mirrored)

    def tick(self, snapshot: Snapshot) -> None:
        """The last frame, if it came too soon after another; and what screen readers say."""
        if self._waiting is not None:
            self._show(self._waiting)
            self._waiting = None
        if self.isVisible():
            for gauge in self._readable:
                gauge.setAccessibleDescription(gauge.text)

    def set_theme(self, theme: Theme) -> None:
        for gauge in self._gauges():
            gauge.set_theme(theme)

    def reset(self) -> None:
        self._waiting, self._shown_s = None, 0.0
        for gauge in self._gauges():
            gauge.clear()
