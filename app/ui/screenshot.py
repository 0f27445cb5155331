"""Make the README's picture: the window on the demo clip, at a lively moment. ``python -m app.ui.screenshot``."""

import sys
import tempfile
from pathlib import Path

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication

from app.errors import UserError
from app.tracker import TrackerSettings
from app.ui import qt_environment
from app.ui.rig_view import REST_MS
from app.ui.session import Session
from app.ui.window import MainWindow

OUT = Path(__file__).parents[2] / "assets" / "screenshot.png"
MOMENT_S = 6.1
"""Position in the demo clip: raised brows, open jaw."""
PATIENCE_S = 60.0
BEST_COMPRESSION = 0
"""Qt's quality of a PNG: the pixels stay, the file is smallest."""


def main() -> int:
    """Wait for the moment, hold it, and save what the window shows."""
    qt_environment.prepare()
    app = QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as folder:
        settings = QSettings(f"{folder}/settings.ini", QSettings.Format.IniFormat)
        settings.setValue("window/theme", '"dark"')
        window = MainWindow(Session(TrackerSettings()), settings)
        window.show()
        window.rig.ready.connect(lambda: window.start("demo"))

        def look() -> None:
            newest = window.session.newest()
            if newest is not None and newest[1].media_time_s >= MOMENT_S:
                watch.stop()
                window.session.fresh.disconnect()  # this frame stays
                QTimer.singleShot(2 * REST_MS + 1000, save)

        def save() -> None:
            window.grab().save(str(OUT), "PNG", BEST_COMPRESSION)  # type: ignore[call-overload]
            window.close()
            app.quit()

        watch = QTimer(interval=20)
        watch.timeout.connect(look)
        watch.start()
        QTimer.singleShot(int(1000 * PATIENCE_S), app.quit)
        app.exec()
        window.close()
    if watch.isActive():
        raise UserError(f"the demo did not come to {MOMENT_S:g} s within {PATIENCE_S:g} s")
    print(f"{OUT}: {OUT.stat().st_size / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
