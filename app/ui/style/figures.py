"""Bytes and durations as people read them."""

from typing import Final

UNITS: Final = ("kB", "MB", "GB", "TB")


def size_text(size: int) -> str:
    """``0.0 kB``, ``12.3 MB``, ``1.2 GB``: thousands, one digit behind the point."""
    value = size / 1000
    for unit in UNITS:
        if value < 999.95 or unit == UNITS[-1]:
            return f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError


def clock(seconds: float) -> str:
    """``0:07``, ``12:31``, ``1:02:03``; whole seconds that are over."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
