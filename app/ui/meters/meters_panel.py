"""The dock of meters: action units or ARKit shapes, by region or the most active first."""

from typing import ClassVar, Final

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout

from app.capture import Frame
from app.face_frame import FaceFrame
from app.ui.meters.chart_choice import MOST, ChartChoice
from app.ui.meters.meter_rows import ARKIT_METERS, AU_METERS
from app.ui.meters.meters import Meters
from app.ui.panel import Panel, Shell
from app.ui.style.segments import Segments
from app.ui.style.theme import Theme

KINDS: Final = {"au": "FACS", "arkit": "ARKit"}
KIND_TIPS: Final = {
    "au": "FACS action units, intensity 0 to 5, the subject's own left and right",
    "arkit": "The 52 blendshapes of ARKit, 0 to 1, as they are streamed",
}
ORDERS: Final = {"region": "Region", "activity": "Activity"}
ORDER_TIPS: Final = {
    "region": "From the brows down to the jaw",
    "activity": "What moves most comes first; rows change places at most twice a second",
}


class MetersPanel(Panel):
    """A click on a bar puts its channel into the charts, or takes it out."""

    title: ClassVar[str] = "Meters"

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.kind = Segments(KINDS, "What the meters show", KIND_TIPS)
        self.order = Segments(ORDERS, "Order of the meters", ORDER_TIPS)
        self.meters = {
            "au": Meters(shell.theme, AU_METERS, "Meters of the action units"),
            "arkit": Meters(shell.theme, ARKIT_METERS, "Meters of the ARKit shapes"),
        }
        self.choice = ChartChoice(shell.preferences)
        self._stack = QStackedWidget()
        self._areas = {}
        for kind, meters in self.meters.items():
            area = _Area(meters)
            self._areas[kind] = area
            self._stack.addWidget(area)
            meters.clicked.connect(self._toggle_curve)
        self._lay_out()
        self.kind.chosen.connect(self._choose_kind)
        self.order.chosen.connect(self._choose_order)
        self.choice.changed.connect(self._mark)
        shell.preferences.changed.connect(self._hear)
        self._face: FaceFrame | None = None
        self._apply()
        self.set_theme(shell.theme)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(12, 8, 12, 0)
        row.setSpacing(8)
        row.addWidget(self.kind, 1)
        row.addWidget(self.order, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self._stack, 1)

    def sizeHint(self) -> QSize:
        return QSize(400, 380)

    # ------------------------------------------------------------ what is shown

    @property
    def current(self) -> Meters:
        """Those in front."""
        return self.meters[self.kind.value]

    def show_face(self, frame: Frame, face: FaceFrame) -> None:
        self.show_take(face)

    def show_take(self, face: FaceFrame) -> None:
        self._face = face
        self.current.show_values(face.au if self.kind.value == "au" else face.arkit, face.tracked)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.kind.set_theme(theme)
        self.order.set_theme(theme)
        for meters in self.meters.values():
            meters.set_theme(theme)
        self._mark()

    def reset(self) -> None:
        self._face = None
        for meters in self.meters.values():
            meters.clear()

    # ------------------------------------------------------------ what is chosen

    def _choose_kind(self, kind: str) -> None:
        self.shell.preferences.set_value("meters/kind", kind)

    def _choose_order(self, order: str) -> None:
        self.shell.preferences.set_value("meters/order", order)

    def _hear(self, key: str) -> None:
        if key.startswith("meters/"):
            self._apply()

    def _apply(self) -> None:
        """As it is kept. What comes to the front shows the newest face, for while a film stands still none comes."""
        preferences = self.shell.preferences
        self.kind.choose(preferences.choice("meters/kind", tuple(KINDS)))
        self.order.choose(preferences.choice("meters/order", tuple(ORDERS)))
        if self._face is not None:
            self.show_take(self._face)
        self._stack.setCurrentWidget(self._areas[self.kind.value])
        for meters in self.meters.values():
            meters.set_by_activity(self.order.value == "activity")

    def _toggle_curve(self, key: str) -> None:
        if self.choice.toggle(key):
            if key in self.choice.chosen:
                self.wanted.emit("charts")
        else:
            self.shell.messages.show_message(
                "info", f"the charts hold {MOST} curves at most: click one of the marked channels to take it out"
            )

    def _mark(self) -> None:
        colours = self.choice.colours(self.theme)
        for meters in self.meters.values():
            meters.set_marks(colours)


class _Area(QScrollArea):
    """Tells the meters how high they may be without being scrolled."""

    def __init__(self, meters: Meters) -> None:
        super().__init__()
        self._meters = meters
        self.setWidget(meters)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().installEventFilter(self)
        meters.reached.connect(self._show_place)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self.viewport():
            self._meters.set_room(self.viewport().height(), max(0, self.width() - self.viewport().width()))
        return super().eventFilter(watched, event)

    def _show_place(self, place: QRectF) -> None:
        at = place.center().toPoint()
        self.ensureVisible(at.x(), at.y(), 0, round(place.height()))
