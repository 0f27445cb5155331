"""The dock of performance: how long each stage takes, how many frames there are, what is lost, what it costs."""

import time
from typing import ClassVar, Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QGuiApplication, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QBoxLayout,
    QFrame,
    QGridLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.pipeline import Latency, Snapshot
from app.ui.meters.performance import STAGES, SUMS, DrawingRate, Figures, as_text, tiles
from app.ui.meters.process_use import ProcessorUse, memory_mib
from app.ui.meters.stall_watch import StallWatch
from app.ui.panel import Panel, Shell
from app.ui.style.scale import px
from app.ui.style.theme import Theme

WIDE_PX: Final = 520
"""From here on the tiles stand beside the table."""
TILES_PX: Final = 312
TILE_COLUMNS: Final = 3
ROW_PX: Final = 22
CELL_PX: Final = 22
"""What the style and Qt keep free beside the text of a cell."""
STALL_BEAT_MS: Final = 20
SLOW_S: Final = 1.0
"""Memory and processor are asked for this often."""
STAGE, P50, P95, BAR = range(4)
HEADINGS: Final = {
    "Stage": "In the order of a frame's way through Mien",
    "p50 ms": "Half of the frames took less",
    "p95 ms": "95 of 100 frames took less",
    "10": "Bar: p50, pale: p95; the number is where bars end, ms",
}
Index = QModelIndex | QPersistentModelIndex


class _BarDelegate(QStyledItemDelegate):
    """Paints p50 as a bar and p95 as a pale one behind it."""

    def __init__(self, table: QTableWidget, theme: Theme) -> None:
        super().__init__(table)
        self.theme = theme
        self.latencies: dict[int, Latency] = {}
        """By row."""
        self.scale_ms = 10.0

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        box = QRectF(option.rect).adjusted(8, 8, -12, -8)  # type: ignore[attr-defined]
        latency = self.latencies.get(index.row())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.line))
        painter.drawRoundedRect(box, 2, 2)
        if latency is not None:
            colour = QColor(self.theme.accent)
            for value, opacity in ((latency.p95_ms, 0.35), (latency.p50_ms, 1.0)):
                length = box.width() * min(value / self.scale_ms, 1.0)
                if length >= 0.5:
                    painter.setOpacity(opacity)
                    painter.setBrush(colour)
                    painter.drawRoundedRect(QRectF(box.left(), box.top(), length, box.height()), 2, 2)
        painter.restore()


class PerformancePanel(Panel):
    """Places are fixed: numbers change, nothing moves."""

    title: ClassVar[str] = "Performance"

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self._snapshot, self._model, self._device = Snapshot(), "", ""
        self._rate = DrawingRate()
        self._processor = ProcessorUse()
        self._cores, self._memory_mib, self._asked_s = 0.0, memory_mib(), 0.0
        self.stalls = StallWatch(shell.rig.rendering, beat_ms=STALL_BEAT_MS)
        self.table = QTableWidget(len(STAGES), len(HEADINGS))
        self._bars = _BarDelegate(self.table, shell.theme)
        self._tiles: dict[str, tuple[QWidget, QLabel]] = {}
        self.copy = QPushButton("Copy as text")
        self.copy.setToolTip("Copy these figures and the versions of everything, for a bug report")
        self.copy.clicked.connect(self.copy_text)
        self._make_table()
        self._lay_out()
        self._show()
        self.stalls.start()

    def _make_table(self) -> None:
        table = self.table
        table.setAccessibleName("Time by stage")
        table.setToolTip("Milliseconds of each stage over the last frames: median and 95th percentile")
        table.setItemDelegateForColumn(BAR, self._bars)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.setFrameShape(QFrame.Shape.NoFrame)
        table.setStyleSheet("QTableView:!focus { border-color: transparent; }")
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(px(ROW_PX))
        table.verticalHeader().setMinimumSectionSize(px(ROW_PX))
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        for column, (word, tip) in enumerate(HEADINGS.items()):
            item = QTableWidgetItem(word)
            item.setToolTip(tip)
            side = Qt.AlignmentFlag.AlignLeft if column == STAGE else Qt.AlignmentFlag.AlignRight
            item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
            table.setHorizontalHeaderItem(column, item)
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(BAR, QHeaderView.ResizeMode.Stretch)
        bold = QFont(table.font())
        bold.setBold(True)
        plain, strong = QFontMetrics(table.font()), QFontMetrics(bold)
        table.setColumnWidth(STAGE, plain.horizontalAdvance("Landmarks") + CELL_PX)
        for column in (P50, P95):
            width = max(plain.horizontalAdvance("p95 ms"), strong.horizontalAdvance("888.8"))
            table.setColumnWidth(column, width + CELL_PX)
        for row, (stage, (word, tip)) in enumerate(STAGES.items()):
            for column in range(len(HEADINGS)):
                item = QTableWidgetItem(word if column == STAGE else "–" if column != BAR else "")
                item.setToolTip(tip)
                font = QFont(table.font())
                font.setFeature(QFont.Tag("tnum"), 1)
                font.setBold(stage in SUMS and column != BAR)
                item.setFont(font)
                if column in (P50, P95):
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                table.setItem(row, column, item)
        table.setFixedHeight(px(ROW_PX) * len(STAGES) + header.sizeHint().height() + 2)

    def _lay_out(self) -> None:
        tiles_box = QWidget()
        grid = QGridLayout(tiles_box)
        grid.setContentsMargins(12, 8, 12, 8)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(8)
        for i, word in enumerate(tiles(self.figures)):
            tile, value = _tile(word)
            self._tiles[word] = tile, value
            grid.addWidget(tile, i // TILE_COLUMNS, i % TILE_COLUMNS)
        for column in range(TILE_COLUMNS):
            grid.setColumnStretch(column, 1)
        grid.addWidget(self.copy, TILE_COLUMNS, 0, 1, TILE_COLUMNS)
        grid.setRowStretch(TILE_COLUMNS + 1, 1)
        self._tiles_box = tiles_box
        table_box = QWidget()
        column_of_table = QVBoxLayout(table_box)
        column_of_table.setContentsMargins(4, 4, 4, 8)
        column_of_table.addWidget(self.table)
        column_of_table.addStretch(1)
        body = QWidget()
        body.setObjectName("panelBody")
        self._sides = QBoxLayout(QBoxLayout.Direction.TopToBottom, body)
        self._sides.setContentsMargins(0, 0, 0, 0)
        self._sides.setSpacing(0)
        self._sides.addWidget(tiles_box)
        self._sides.addWidget(table_box, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(body)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        self.setMinimumSize(280, 160)

    def sizeHint(self) -> QSize:
        return QSize(320, 240)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= px(WIDE_PX)
        ways = QBoxLayout.Direction
        self._sides.setDirection(ways.LeftToRight if wide else ways.TopToBottom)
        self._tiles_box.setFixedWidth(px(TILES_PX)) if wide else self._tiles_box.setMinimumWidth(0)
        if not wide:
            self._tiles_box.setMaximumWidth((1 << 24) - 1)

    # ------------------------------------------------------------ figures

    def tick(self, snapshot: Snapshot) -> None:
        """Figures are kept up to date though nobody sees them: they may be asked for afterwards."""
        now_s, rig, session = time.perf_counter(), self.shell.rig, self.shell.session
        self._rate.look(now_s, rig.renders, rig.render_ms)
        if now_s - self._asked_s >= SLOW_S:
            self._asked_s, self._cores, self._memory_mib = now_s, self._processor.cores(), memory_mib()
        if snapshot.source is not None or session.running:
            self._snapshot = snapshot  # what ran last can still be read after its end
        self._model, self._device = session.model or self._model, session.device or self._device
        if self.isVisible():
            self._show()

    @property
    def figures(self) -> Figures:
        """As of the last tick."""
        return Figures(
            snapshot=self._snapshot,
            rig=self._rate.latency,
            rig_per_s=self._rate.per_s,
            memory_mib=self._memory_mib,
            cores=self._cores,
            stalls=self.stalls.stalls,
            longest_stall_ms=self.stalls.longest_ms,
            model=self._model,
            device=self._device,
        )

    def _show(self) -> None:
        figures = self.figures
        for word, (value, tip) in tiles(figures).items():
            tile, label = self._tiles[word]
            label.setText(value)
            tile.setToolTip(tip)
        self._bars.scale_ms = figures.scale_ms
        self._bars.latencies = {}
        heading = self.table.horizontalHeaderItem(BAR)
        assert heading is not None
        heading.setText(f"{figures.scale_ms:g}")
        for row, stage in enumerate(STAGES):
            latency = figures.latency(stage)
            if latency is not None:
                self._bars.latencies[row] = latency
            texts = ("–", "–") if latency is None else (_number(latency.p50_ms), _number(latency.p95_ms))
            for column, text in zip((P50, P95), texts, strict=True):
                item = self.table.item(row, column)
                assert item is not None
                item.setText(text)
        self.table.viewport().update()

    def copy_text(self) -> None:
        """To the clipboard."""
        QGuiApplication.clipboard().setText(as_text(self.figures))
        self.shell.messages.show_message("info", "figures copied: paste them into a bug report")

    def text(self) -> dict[str, str]:
        """What the tiles say, by word."""
        return {word: label.text() for word, (_, label) in self._tiles.items()}

    def set_theme(self, theme: Theme) -> None:
        self._bars.theme = theme
        self.table.viewport().update()

    def reset(self) -> None:
        self._snapshot, self._model, self._device = Snapshot(), "", ""
        self._rate = DrawingRate()
        self.stalls.start()
        self._show()

    def close_down(self) -> None:
        self.stalls.stop()


def _number(ms: float) -> str:
    """Five characters up to a second."""
    return f"{ms:.2f}" if ms < 99.995 else f"{ms:.1f}" if ms < 999.95 else f"{ms:.0f}"


def _tile(word: str) -> tuple[QWidget, QLabel]:
    """A number above what it counts; its width does not depend on the number."""
    tile = QFrame()
    tile.setProperty("role", "card")
    column = QVBoxLayout(tile)
    column.setContentsMargins(7, 4, 5, 4)
    column.setSpacing(0)
    value, name = QLabel("–"), QLabel(word)
    for label, pixels, weight in ((value, 14, QFont.Weight.DemiBold), (name, 11, QFont.Weight.Normal)):
        font = QFont(label.font())
        font.setPixelSize(px(pixels))
        font.setWeight(weight)
        font.setFeature(QFont.Tag("tnum"), 1)
        label.setFont(font)
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        column.addWidget(label)
    value.setAccessibleName(word)
    name.setProperty("role", "muted")
    name.setBuddy(value)
    return tile, value
