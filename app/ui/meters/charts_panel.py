"""The dock of charts: chosen curves over the last seconds, to be paused, looked at closely and saved."""

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.capture import Frame
from app.face_frame import FaceFrame
from app.pipeline import Pipeline, Snapshot
from app.ui.meters.chart_choice import ChartChoice
from app.ui.meters.chart_legend import ChartLegend
from app.ui.meters.chart_saving import ChartSaving, picture_of
from app.ui.meters.curve_chooser import CurveChooser
from app.ui.meters.curve_history import CurveHistory, Slice
from app.ui.meters.curves import CURVE_INDEX
from app.ui.panel import Panel, Shell
from app.ui.style import theme as themes
from app.ui.style.menu import Menu
from app.ui.style.scale import px
from app.ui.style.segments import Segments
from app.ui.style.tab_order import tab_after
from app.ui.style.theme import Theme

if TYPE_CHECKING:
    from app.ui.meters.chart_plots import ChartPlots

REDRAW_S: Final = 0.05
SPANS: Final = {"10": "10 s", "30": "30 s", "60": "60 s"}
SPAN_TIPS: Final = {key: f"Show the last {key} seconds" for key in SPANS}
SPAN_KEY: Final = "charts/span"
WIDE_PX: Final = 540
"""From here on buttons have words."""
BESIDE_PX: Final = 440
"""From here on the legend stands beside the charts, if they are not higher than wide."""
LEGEND_PX: Final = (256, 288)
"""The longest of ARKit's names with its value just fits into the first."""
LEGEND_SHARE: Final = 0.3
QWIDGETSIZE_MAX: Final = (1 << 24) - 1
"""Qt's own constant, which PySide does not have."""
EMPTY: Final = "No curves yet.\nChoose some above, or click a bar in the meters."


class ChartsPanel(Panel):
    """What comes in is kept for a minute whether the panel is seen or not, paused or not."""

    title: ClassVar[str] = "Charts"

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.theme = shell.theme
        self.history = CurveHistory()
        self.choice = ChartChoice(shell.preferences)
        self.saving = ChartSaving(shell)
        self.legend = ChartLegend()
        self.plots: ChartPlots | None = None
        """Made when the panel is first seen: pyqtgraph takes long to load."""
        self._paused: Slice | None = None
        self._pointed_s: float | None = None
        self._drawn = (-1, 0.0)
        self._make_tools()
        self._lay_out()
        self.chooser = CurveChooser(self, self.choice)
        self.choice.changed.connect(self._show_choice)
        self.legend.removed.connect(self.choice.toggle)
        shell.session.started.connect(self._follow)
        shell.preferences.changed.connect(self._hear)
        self.set_theme(shell.theme)

    # ------------------------------------------------------------ making it

    def _make_tools(self) -> None:
        self.add = QToolButton()
        self.add.setText("Curves")
        self.add.setToolTip("Choose the curves: action units, ARKit, head, gaze")
        self.add.setAccessibleName("Choose curves")
        self.add.clicked.connect(self._open_chooser)
        self.span = Segments(SPANS, "Length of the charts", SPAN_TIPS)
        self.span.chosen.connect(self._choose_span)
        self.span.choose(self.shell.preferences.choice(SPAN_KEY, tuple(SPANS)))
        self.pause = QToolButton()
        self.pause.setCheckable(True)
        self.pause.toggled.connect(self.set_paused)
        menu = Menu(self)
        menu.addAction("Picture (PNG) …").triggered.connect(lambda: self.saving.ask(self, "png", self.save_picture))
        menu.addAction("Table (CSV) …").triggered.connect(lambda: self.saving.ask(self, "csv", self.save_table))
        menu.setToolTipsVisible(True)
        self.save = QToolButton()
        self.save.setText("Save")
        self.save.setMenu(menu)
        self.save.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.save.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.save.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the arrow stands behind the word
        self.save.setToolTip("Save what is seen as a picture or as a table")
        self.save.setAccessibleName("Save the charts")

    def _lay_out(self) -> None:
        tools = QHBoxLayout()
        tools.setContentsMargins(12, 8, 12, 0)
        tools.setSpacing(8)
        tools.addWidget(self.add)
        tools.addWidget(self.span, 1)
        tools.addWidget(self.pause)
        tools.addStretch(0)
        tools.addWidget(self.save)
        self._tools = tools
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._body = QWidget()
        self._body.setObjectName("panelBody")
        self._sides = QBoxLayout(QBoxLayout.Direction.LeftToRight, self._body)
        self._sides.setContentsMargins(0, 0, 0, 0)
        self._sides.setSpacing(0)
        self._sides.addWidget(self._area, 1)
        self._sides.addWidget(self.legend)
        self._empty = QLabel(EMPTY)
        self._empty.setProperty("role", "muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._body)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(tools)
        column.addWidget(self._stack, 1)
        self.setMinimumSize(280, 180)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.plots is None:
            from app.ui.meters.chart_plots import ChartPlots

            self.plots = ChartPlots(self.theme)
            self.plots.set_span(float(self.span.value))
            self.plots.pointed.connect(self._point)
            self.plots.stepped.connect(self._read_aloud)
            self._area.setWidget(self.plots)
            tab_after(self.save, [self.plots])
            self._show_choice()

    def sizeHint(self) -> QSize:
        return QSize(320, 240)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        styles, wide = Qt.ToolButtonStyle, self.width() >= px(WIDE_PX)
        for button in (self.add, self.pause):
            button.setToolButtonStyle(styles.ToolButtonTextBesideIcon if wide else styles.ToolButtonIconOnly)
        self._tools.setStretch(1, 0 if wide else 1)
        self._tools.setStretch(3, 1 if wide else 0)
        self.span.setMinimumWidth(192 if wide else 0)
        self._place_legend()

    def _place_legend(self) -> None:
        """Beside the charts where the panel is rather wide than high, else below them and no higher than its rows."""
        ways = QBoxLayout.Direction
        beside = self.width() >= max(BESIDE_PX, self.height())
        self._sides.setDirection(ways.LeftToRight if beside else ways.TopToBottom)
        low, high = map(px, LEGEND_PX)
        width = min(max(round(self.width() * LEGEND_SHARE), low), high)
        self.legend.setMinimumWidth(width if beside else 0)
        self.legend.setMaximumWidth(width if beside else QWIDGETSIZE_MAX)
        self.legend.setMaximumHeight(QWIDGETSIZE_MAX if beside else self.legend.sizeHint().height())

    # ------------------------------------------------------------ what comes in

    def _follow(self, pipeline: Pipeline) -> None:
        """Another run: every frame of it is kept."""
        self.history.clear()
        pipeline.add_listener(self.history.add)

    def show_face(self, frame: Frame, face: FaceFrame) -> None:
        self._redraw()

    def tick(self, snapshot: Snapshot) -> None:
        if self.isVisible():
            self._redraw()

    def reset(self) -> None:
        self.history.clear()
        self.pause.setChecked(False)
        self._redraw(at_once=True)

    def _redraw(self, at_once: bool = False) -> None:
        """At most twenty times a second, and only what is new."""
        now_s, version = time.perf_counter(), self.history.version
        drawn, drawn_s = self._drawn
        stale = not self.pause.isChecked() and version != drawn and now_s - drawn_s >= REDRAW_S
        if self.plots is None or not (at_once or stale):
            return
        self._drawn = version, now_s
        keys = list(self.choice.chosen)
        piece = self._piece(keys)
        self.plots.draw(piece, keys)
        self._show_values(piece, keys)

    def _piece(self, keys: list[str]) -> Slice:
        """What is drawn: while paused what was there then, of whatever curves are chosen now."""
        columns = [CURVE_INDEX[key] for key in keys]
        if self._paused is not None:
            held = self._paused
            return replace(held, values=held.values[:, columns])
        return self.history.last(columns, float(self.span.value) + REDRAW_S)

    def _show_values(self, piece: Slice, keys: list[str]) -> None:
        """Those under the mouse, else the newest."""
        if not len(piece.time_s):
            self.legend.show_values(dict.fromkeys(keys, float("nan")))
            return
        at = len(piece.time_s) - 1
        if self._pointed_s is not None:
            at = int(np.argmin(np.abs(piece.time_s - self._pointed_s)))
        self.legend.show_values(dict(zip(keys, piece.values[at].tolist(), strict=True)))

    def _point(self, seconds: float | None) -> None:
        self._pointed_s = seconds
        keys = list(self.choice.chosen)
        self._show_values(self._piece(keys), keys)

    def _read_aloud(self) -> None:
        """What the keys point at, to who cannot see it."""
        if self.plots is not None and self._pointed_s is not None:
            values = ", ".join(f"{name} {value}" for name, value in self.legend.texts().items())
            self.plots.say(f"{self.plots.words_for(self._pointed_s)}: {values}")

    # ------------------------------------------------------------ what is chosen

    def _show_choice(self) -> None:
        colours = self.choice.colours(self.theme)
        if not colours and any(b.hasFocus() for b in self.legend.findChildren(QToolButton)):
            self.add.setFocus(Qt.FocusReason.OtherFocusReason)  # the last one was taken out by key
        self._stack.setCurrentWidget(self._body if colours else self._empty)
        self.legend.set_curves(colours, self.theme)
        tab_after(self.save if self.plots is None else self.plots, [self.legend.remove_button(key) for key in colours])
        self._place_legend()
        self.save.setEnabled(bool(colours))
        if self.plots is not None:
            self.plots.set_curves(colours)
        self._redraw(at_once=True)

    def _open_chooser(self) -> None:
        self.chooser.open_at(self.add.mapToGlobal(QPoint(0, 0)))

    def _choose_span(self, span: str) -> None:
        self.shell.preferences.set_value(SPAN_KEY, span)

    def _hear(self, key: str) -> None:
        if key != SPAN_KEY:
            return
        self.span.choose(self.shell.preferences.choice(SPAN_KEY, tuple(SPANS)))
        if self.plots is not None:
            self.plots.set_span(float(self.span.value))
        self._redraw(at_once=True)

    def set_paused(self, on: bool) -> None:
        """Hold the picture still; frames go on being kept, and are seen afterwards."""
        self.pause.setChecked(on)
        self._paused = self.history.last(list(range(len(CURVE_INDEX)))) if on else None
        if self.plots is not None:
            self.plots.set_span(float(self.span.value))
            self.plots.set_frozen(on)
        self._dress_pause()
        self._redraw(at_once=True)

    def hold(self, piece: Slice) -> None:
        """Show a take, all of it, held still like a pause; going on shows what comes in again.

        ``piece``: all curves, in the order of ``app.ui.meters.curves.CURVES``.
        """
        self.set_paused(True)
        self._paused = piece
        if self.plots is not None:
            self.plots.set_span(max(1.0, -float(piece.time_s[0])))
            self.plots.set_frozen(False)  # so that the scales fit it
            self._redraw(at_once=True)
            self.plots.set_frozen(True)

    def _dress_pause(self) -> None:
        on = self.pause.isChecked()
        self.pause.setText("Go on" if on else "Pause")
        self.pause.setIcon(themes.icon("play" if on else "pause", self.theme.text))
        self.pause.setAccessibleName("Go on" if on else "Pause the charts")
        self.pause.setToolTip(
            "Show what comes in again"
            if on
            else "Hold the charts still, to zoom (wheel, + −) and to move (drag, Shift and arrows; Home goes back)"
        )

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.span.set_theme(theme)
        self.add.setIcon(themes.icon("add", theme.text))
        self.save.setIcon(themes.icon("down", theme.muted))
        self._dress_pause()
        if self.plots is not None:
            self.plots.set_theme(theme)
        self._show_choice()

    def save_picture(self, path: Path) -> None:
        """Charts and legend as they are seen, at twice the screen's size."""
        self.legend.set_buttons_shown(False)
        image = picture_of(self._body, self.theme.panel)
        self.legend.set_buttons_shown(True)
        self.saving.picture(image, path)

    def save_table(self, path: Path) -> None:
        """The curves that are seen, in the time that is seen."""
        keys = list(self.choice.chosen)
        seen_s = self.plots.seen_s if self.plots is not None else (-60.0, 0.0)
        self.saving.table(self._piece(keys), keys, seen_s, path)
