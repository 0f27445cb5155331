"""The legend of the charts: a colour, a name, a value and a way out for each curve."""

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.ui.meters.curves import CENTIMETRES, CURVE_INDEX, CURVES, DEGREES, FACS, SHAPE, Curve, Unit
from app.ui.style import theme as themes
from app.ui.style.icons import icon_size
from app.ui.style.scale import px
from app.ui.style.theme import Theme

ROW_PX: Final = 24
VALUE_WIDEST: Final[dict[Unit, str]] = {FACS: "8.8", SHAPE: "8.88", DEGREES: "−88.8°", CENTIMETRES: "188.8 cm"}


class _Swatch(QWidget):
    def __init__(self, colour: str) -> None:
        super().__init__()
        self.colour = colour
        self.setFixedSize(QSize(12, 12))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.colour))
        painter.drawRoundedRect(QRectF(0, 4, 12, 4), 2, 2)


class _Name(QLabel):
    """The longest name of a curve that there is room for. It asks for none."""

    def __init__(self, curve: Curve) -> None:
        super().__init__()
        self._names = curve.short_names
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setAccessibleName(curve.title)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        metrics, room = self.fontMetrics(), self.width()
        name = next((name for name in self._names if metrics.horizontalAdvance(name) <= room), self._names[-1])
        self.setText(metrics.elidedText(name, Qt.TextElideMode.ElideRight, room))


class _Row(QWidget):
    def __init__(self, curve: Curve, colour: str, theme: Theme) -> None:
        super().__init__()
        self.curve = curve
        self.swatch = _Swatch(colour)
        self.setToolTip(curve.title)
        self.name = _Name(curve)
        self.value = QLabel("–")
        font = QFont(self.value.font())
        font.setFeature(QFont.Tag("tnum"), 1)
        self.value.setFont(font)
        self.value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.value.setFixedWidth(self.value.fontMetrics().horizontalAdvance(VALUE_WIDEST[curve.unit]) + 2)
        self.value.setAccessibleName(f"Value of {curve.title}")
        self.remove = QToolButton()
        self.remove.setProperty("role", "quiet")
        self.remove.setIcon(themes.icon("close", theme.muted))
        self.remove.setIconSize(icon_size(12))
        self.remove.setFixedSize(px(12) + 10, px(22))
        self.remove.setToolTip(f"Take {curve.title} out of the charts")
        self.remove.setAccessibleName(f"Take out {curve.title}")
        self.remove.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        policy = self.remove.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.remove.setSizePolicy(policy)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 8, 0)
        row.setSpacing(8)
        row.addWidget(self.swatch)
        row.addWidget(self.name, 1)
        row.addWidget(self.value)
        row.addWidget(self.remove)
        self.setFixedHeight(px(ROW_PX))


class ChartLegend(QScrollArea):
    """Rows in the order of the curves. ``removed`` tells the key of a curve that is not wanted any more."""

    removed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._body = QWidget()
        self._column = QVBoxLayout(self._body)
        self._column.setContentsMargins(0, 4, 0, 4)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        self._rows: dict[str, _Row] = {}
        self.setWidget(self._body)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Legend of the charts")

    def set_curves(self, colours: dict[str, str], theme: Theme) -> None:
        """``#rrggbb`` by key. The keyboard stays on a button of the legend that it was on, or on what follows it."""
        held = next((i for i, row in enumerate(self._rows.values()) if row.remove.hasFocus()), None)
        for row in self._rows.values():
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = {}
        for key, colour in colours.items():
            row = _Row(CURVES[CURVE_INDEX[key]], colour, theme)
            row.remove.clicked.connect(lambda _=False, key=key: self.removed.emit(key))
            self._column.insertWidget(self._column.count() - 1, row)
            self._rows[key] = row
        if held is not None and self._rows:
            row = list(self._rows.values())[min(held, len(self._rows) - 1)]
            row.show()  # what cannot be seen yet takes no focus
            row.remove.setFocus(Qt.FocusReason.OtherFocusReason)
        self.updateGeometry()

    def show_values(self, values: dict[str, float]) -> None:
        """By key, in the curves' units; NaN where there is none."""
        for key, value in values.items():
            if key in self._rows:
                self._rows[key].value.setText(self._rows[key].curve.unit.format(value))

    def texts(self) -> dict[str, str]:
        """What is written behind each curve."""
        return {row.curve.title: row.value.text() for row in self._rows.values()}

    def set_buttons_shown(self, on: bool) -> None:
        """Off for a picture that is saved."""
        for row in self._rows.values():
            row.remove.setVisible(on)

    def remove_button(self, key: str) -> QToolButton:
        return self._rows[key].remove

    def sizeHint(self) -> QSize:
        return QSize(240, px(ROW_PX) * max(1, len(self._rows)) + 8)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, px(ROW_PX) + 8)
