"""A row of words of which one is chosen, all in sight: for two to four choices, where a menu would hide them."""

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QSizePolicy

from app.ui.style.scale import px
from app.ui.style.theme import Theme

PAD_PX: Final = 3


FAR: Final = 99
"""Choices: more than there are."""
STEPS: Final = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Home: -FAR,
    Qt.Key.Key_End: FAR,
}


class _Segment(QPushButton):
    """Left and right go to the neighbours, whichever of them is chosen, Home and End to the first and the last."""

    def __init__(self, text: str, row: "Segments") -> None:
        super().__init__(text)
        self._row = row
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """With room for the word as it is when chosen: nothing moves then, and nothing is cut off."""
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        return QSize(QFontMetrics(font).horizontalAdvance(self.text()) + 2 * PAD_PX, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.ShortcutOverride and event.key() in STEPS:
            event.accept()  # Home is a shortcut of the window, too
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if (step := STEPS.get(Qt.Key(event.key()))) is not None:
            self._row.step(step)
        else:
            super().keyPressEvent(event)


class Segments(QFrame):
    """One of a few; ``chosen`` tells a choice made by hand, ``choose`` sets one without telling."""

    chosen = Signal(str)

    def __init__(self, words: Mapping[str, str], name: str, tips: Mapping[str, str] | None = None) -> None:
        """
        Args:
            words: of each choice its key and the word shown.
            name: what is chosen here, for screen readers.
            tips: tooltips by key.
        """
        super().__init__()
        self.setObjectName("segments")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # else a label's mnemonic does not come to it
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(2)
        for key, word in words.items():
            button = _Segment(word, self)
            button.setAccessibleName(f"{name}: {word}")
            button.setToolTip((tips or {}).get(key, ""))
            button.clicked.connect(lambda _=False, key=key: self._click(key))
            self._group.addButton(button)
            self._buttons[key] = button
            row.addWidget(button)
        self._value = next(iter(words))
        self.choose(self._value)

    @property
    def value(self) -> str:
        return self._value

    def keys(self) -> list[str]:
        """What is offered, in order."""
        return list(self._buttons)

    def button(self, key: str) -> QPushButton:
        return self._buttons[key]

    def choose(self, key: str) -> None:
        """Show a choice. Raises ``KeyError`` for one that is not offered."""
        self._value = key
        self._buttons[key].setChecked(True)
        for other, button in self._buttons.items():  # Tab comes to the chosen one only
            policy = Qt.FocusPolicy.TabFocus if other == key else Qt.FocusPolicy.NoFocus
            button.setFocusPolicy(policy)
        self.setFocusProxy(self._buttons[key])

    def step(self, by: int) -> None:
        """Choose the neighbour, as the arrow keys do."""
        keys = list(self._buttons)
        at = min(max(keys.index(self._value) + by, 0), len(keys) - 1)
        if keys[at] != self._value:
            self._click(keys[at])
            self._buttons[keys[at]].setFocus(Qt.FocusReason.TabFocusReason)

    def _click(self, key: str) -> None:
        changed = key != self._value
        self.choose(key)
        if changed:
            self.chosen.emit(key)

    def set_theme(self, theme: Theme) -> None:
        t = theme
        self.setStyleSheet(f"""
            #segments {{ background: {t.window}; border: 1px solid {t.line}; border-radius: 6px; }}
            #segments QPushButton {{
                background: transparent; border: 1px solid transparent; border-radius: 4px; padding: 0 2px;
                min-height: {px(20)}px; color: {t.muted};
            }}
            #segments QPushButton:hover {{ color: {t.text}; }}
            #segments QPushButton:checked {{
                background: {t.raised}; color: {t.text}; border-color: {t.line}; font-weight: 600;
            }}
            #segments QPushButton:focus {{ border-color: {t.accent}; }}
            #segments QPushButton:disabled {{ color: {t.faint}; }}
            #segments QPushButton:checked:disabled {{ background: {t.panel}; }}
        """)
