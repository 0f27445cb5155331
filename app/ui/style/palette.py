"""Colours, dark and light."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as ``#rrggbb``. What is read has a contrast of 4.5 : 1 and more, what has to be seen 3 : 1 (WCAG 2.2 AA),
    but for what is disabled. ``left`` and ``right`` (the subject's sides) differ to colour-blind eyes too."""

    window: str
    panel: str
    raised: str
    """Buttons, cards."""
    line: str
    text: str
    muted: str
    """Text of second rank; still readable."""
    accent: str
    on_accent: str
    left: str
    right: str
    both: str
    record: str
    """Filled, with white on it."""
    bad: str
    """Red that is read."""
    good: str
    warn: str
    stage: str
    """Behind the video and the rig."""
    field: str
    """Where one types."""
    hover: str
    chosen: str
    """Behind what is selected or switched on."""
    stripe: str
    """Every other row."""
    faint: str
    """Disabled text, borders of boxes."""
    handle: str
    """Of sliders."""
    accent_hover: str


DARK: Final = Theme(
    window="#17191e",
    panel="#1f2228",
    raised="#2b2f37",
    line="#353a44",
    text="#e8eaee",
    muted="#a4abb7",
    accent="#4c9bff",
    on_accent="#081222",
    left="#5aa9ff",
    right="#ffad4d",
    both="#57cfb0",
    record="#e12b31",
    bad="#f0787c",
    good="#4cc38a",
    warn="#f5b83d",
    stage="#23262d",
    field="#181a1f",
    hover="#363b45",
    chosen="#28405f",
    stripe="#23262d",
    faint="#747b89",
    handle="#dfe3ea",
    accent_hover="#6fb0ff",
)
LIGHT: Final = Theme(
    window="#e4e7ec",
    panel="#ffffff",
    raised="#f3f5f8",
    line="#d3d8e0",
    text="#1b1f27",
    muted="#5a6372",
    accent="#1a68d0",
    on_accent="#ffffff",
    left="#1b6ccc",
    right="#a85600",
    both="#0a7a61",
    record="#d22f35",
    bad="#cc2a30",
    good="#1a7b4c",
    warn="#966000",
    stage="#dfe3e9",
    field="#ffffff",
    hover="#e6eaf0",
    chosen="#d8e7fb",
    stripe="#f7f8fa",
    faint="#808b9c",
    handle="#ffffff",
    accent_hover="#155fc2",
)
