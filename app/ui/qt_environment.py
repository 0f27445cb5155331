"""What has to be right in the surroundings before Qt starts, because Qt ends the process where it is not."""

import ctypes
import os
import sys
from contextlib import suppress

import PySide6
from PySide6.QtCore import QPoint

from app.errors import UserError

N_CALLS = 64
"""Enough to tell lost references from chance, few enough to be survived."""


def prepare() -> None:
    """Call after everything that imports cv2 and before the QApplication. Raises ``UserError`` where no window can be.

    opencv-python points Qt to the plugins of its own Qt, which PySide6 cannot load; that is undone here.
    """
    for name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
        if "cv2" in os.environ.get(name, ""):
            del os.environ[name]
    check_bindings()
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return
    if os.environ.get("DISPLAY"):
        _check_x11()
    elif not os.environ.get("WAYLAND_DISPLAY"):
        raise UserError("there is no display for a window (DISPLAY is not set): use 'mien track', or run in a desktop")


def check_bindings() -> None:
    """PySide6 6.12.0 loses a reference to None with every call that returns it. Python 3.11 counts those, and ends the
    process after some thousand calls; from 3.12 on None is immortal. Raises ``UserError`` where that would happen.
    """
    point, before = QPoint(), sys.getrefcount(None)
    for _ in range(N_CALLS):
        point.setX(0)
    if before - sys.getrefcount(None) > N_CALLS // 2:
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise UserError(f"PySide6 {PySide6.__version__} crashes on Python {python}: pip install 'PySide6<6.12'")


def _check_x11() -> None:
    """Qt aborts without a word to act on where the server does not answer or a library is missing."""
    try:
        x11 = ctypes.CDLL("libX11.so.6")
        x11.XOpenDisplay.restype = ctypes.c_void_p
        x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    except OSError as error:
        raise UserError("the window needs libX11: apt install libx11-6 (or 'mien track' without a window)") from error
    display = x11.XOpenDisplay(None)
    if display is None and not os.environ.get("WAYLAND_DISPLAY"):
        raise UserError(f"the display {os.environ['DISPLAY']} does not answer: use 'mien track', or run in a desktop")
    if display is not None:
        x11.XCloseDisplay(display)
    with suppress(KeyError):
        if os.environ["WAYLAND_DISPLAY"]:
            return  # Qt talks Wayland then
    try:
        ctypes.CDLL("libxcb-cursor.so.0")
    except OSError as error:
        raise UserError("the window needs libxcb-cursor: apt install libxcb-cursor0") from error
