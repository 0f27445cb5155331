"""``mien`` and ``mien demo``: make the window, start the source, end cleanly on signals."""

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from types import FrameType

from app.ending import exit_code
from app.errors import UserError
from app.tracker import TrackerSettings

LEAVE_S = 0.8
"""How long threads that still load something are waited for, once all files are whole and the window is gone."""


def run_window(
    settings: TrackerSettings,
    source: str | None,
    character: str | None = None,
    given: frozenset[str] = frozenset(),
) -> int:
    """Show the window until it is closed; returns the exit code. Raises ``UserError`` where there is no display.

    ``given``: fields of ``settings`` that were asked for. They win over what the window remembers.
    """
    try:
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication

        from app.ui import qt_environment
        from app.ui.calm import calm_down
        from app.ui.picture.cameras import list_cameras
        from app.ui.session import Session
        from app.ui.welcome import DONE_KEY
        from app.ui.window import MainWindow
    except ImportError as error:
        raise UserError(
            f"the window cannot be loaded ({error}): install what is missing, or use 'mien track'"
        ) from error
    qt_environment.prepare()

    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("Mien")
    app.setDesktopFileName("mien")
    window = MainWindow(Session(settings, given=given), character=character)
    calm_down(window.rig)
    caught: list[int] = []

    def on_signal(number: int, _: FrameType | None) -> None:
        """Runs between two bytecodes of the GUI thread, at the latest at the next tick of the window."""
        caught.append(number)
        QTimer.singleShot(0, window.close)

    before = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(ValueError):  # not in the main thread
            before[number] = signal.signal(number, on_signal)
    window.show()

    def begin() -> None:
        """What was asked for; without a wish the first camera, else the demo."""
        cameras = list_cameras()
        if source is not None:
            window.start(source)
        elif cameras:
            window.start(cameras[0][0], otherwise="demo")
        else:
            window.start("demo")
            window.messages.show_message("info", "no camera found: this is the demo")
        if source is None and not window.preferences.value(DONE_KEY, False):
            window.dialogs.show_welcome()

    QTimer.singleShot(0, window, begin)
    try:
        code = app.exec()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if caught:
        code = exit_code(caught)
    _leave(code)
    return code


def _leave(code: int) -> None:
    """Python ends threads that still run inside of C++ libraries, which takes that for a crash: abort, core dump. So
    such threads are waited for, and where they take long the process ends without Python's tidying up."""
    until_s = time.monotonic() + LEAVE_S
    running = [thread for thread in threading.enumerate() if thread.daemon and thread is not threading.current_thread()]
    for thread in running:
        thread.join(max(0.0, until_s - time.monotonic()))
    if any(thread.is_alive() for thread in running):
        from app.ui.style.icons import remove_files

        remove_files()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
