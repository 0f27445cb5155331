"""Make the README's picture: the window on the demo clip, in the middle of a smile. ``python -m app.ui.screenshot``."""

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
from rig.parameters import CHANNEL_INDEX

OUT = Path(__file__).parents[2] / "assets" / "screenshot.png"
SMILE = [CHANNEL_INDEX["AU12-left"], CHANNEL_INDEX["AU12-right"]]
SMILING, PATIENCE_S = 0.5, 40.0


def main() -> int:
    """Wait for a smile, stop there, and save what the window shows."""
    qt_environment.prepare()
    app = QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as folder:
        settings = QSettings(f"{folder}/settings.ini", QSettings.Format.IniFormat)
        settings.setValue("theme", "dark")
        window = MainWindow(Session(TrackerSettings()), settings)
        window.show()
        window.rig.ready.connect(lambda: window.start("demo"))

        def look() -> None:
            newest = window.session.newest()
            if newest is not None and newest[1].au[SMILE].mean() > SMILING and window.session.snapshot().fps > 0:
                watch.stop()
                window.session.fresh.disconnect()  # this frame stays
                QTimer.singleShot(2 * REST_MS + 1000, save)

        def save() -> None:
            window.grab().save(str(OUT))
            window.close()
            app.quit()

        watch = QTimer(interval=100)
        watch.timeout.connect(look)
        watch.start()
        QTimer.singleShot(int(1000 * PATIENCE_S), app.quit)
        app.exec()
        window.close()
    if watch.isActive():
        raise UserError(f"nobody smiled within {PATIENCE_S:g} s")
    print(f"{OUT}: {OUT.stat().st_size / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
