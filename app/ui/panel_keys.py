"""Keys that work in one place only, for the list of all keys: the menus know of those of the whole window alone."""

from typing import Final

PANEL_KEYS: Final = (
    (
        "Everywhere",
        (
            ("To the next control, or back", "Tab, Shift+Tab"),
            ("Press the button", "Space or Enter"),
            ("Open a menu", "Alt and its letter"),
            ("Menu beside a button of the toolbar", "↓"),
            ("What can be done here", "Menu, Shift+F10"),
            ("To the neighbour in a row of choices", "← →"),
            ("To the first, to the last", "Home, End"),
        ),
    ),
    ("3D face", (("Turn", "← → ↑ ↓"), ("Zoom", "+ −"))),
    (
        "Film, on its bar",
        (
            ("A frame back, forward", "← →"),
            ("A second back, forward", "Page Down, Page Up"),
            ("To the start, to the end", "Home, End"),
        ),
    ),
    ("Meters", (("From row to row, side to side", "← → ↑ ↓"), ("Into the charts, or out", "Enter"))),
    (
        "Charts",
        (
            ("Read values", "← →"),
            ("Zoom, while paused", "+ −"),
            ("Move along, while paused", "Shift+← →"),
            ("Stop reading", "Esc"),
        ),
    ),
    (
        "Channels",
        (("A step more or less", "+ −"), ("Type a number", "Enter"), ("Link the sides", "Space"), ("Reset", "Del")),
    ),
    ("Face", (("Reset a slider", "Del"),)),
    ("Takes", (("Play", "Enter"), ("Rename", "F2"), ("Delete", "Del"))),
    ("Process files", (("Start", "Enter"), ("Take off the list", "Del"), ("Close; work goes on", "Esc"))),
    (
        "Stage",
        (
            ("Move", "← → ↑ ↓"),
            ("Resize", "Ctrl+← → ↑ ↓"),
            ("Zoom", "+ −"),
            ("Options", "Menu, Shift+F10"),
            ("Close", "Esc"),
        ),
    ),
)
"""Of each place what they do."""
