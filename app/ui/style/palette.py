"""Colours, dark and light."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as ``#rrggbb``. ``left`` and ``right`` (the subject's sides) differ to colour-blind eyes too."""

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
    muted="#9da5b2",
    accent="#4c9bff",
    on_accent="#081222",
    left="#5aa9ff",
    right="#ffad4d",
    both="#57cfb0",
    record="#e5484d",
    good="#4cc38a",
    warn="#f5b83d",
    stage="#23262d",
    field="#181a1f",
    hover="#363b45",
    chosen="#28405f",
    stripe="#23262d",
    faint="#6b7280",
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
    accent="#1c6fdc",
    on_accent="#ffffff",
    left="#1f74dd",
    right="#cf6a00",
    both="#0b8d70",
    record="#d22f35",
    good="#1d8a55",
    warn="#a86a00",
    stage="#dfe3e9",
    field="#ffffff",
    hover="#e6eaf0",
    chosen="#d8e7fb",
    stripe="#f7f8fa",
    faint="#98a1af",
    handle="#ffffff",
    accent_hover="#155fc2",
)
