"""Which networks read the face, where they run, and what really runs."""

import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QGridLayout, QLabel, QLineEdit, QPushButton, QWidget

from app.tracker import TrackerSettings
from app.ui.message_bar import ElidedLabel
from app.ui.style.choice_box import ChoiceBox
from app.ui.style.theme import Theme
from app.ui.tracking.neutral_box import LABELS_PX
from models.runtime.picture_regressor import FILES
from models.runtime.sessions import cuda_problem

MODEL_LINES: Final = {
    "auto": ("Auto", "The best that runs in real time here"),
    "lite": ("Lite", "Landmarks and picture; for a CPU"),
    "full": ("Full", "Song et al. 2020; wants a GPU"),
    "geometric": ("Geometric", "Landmarks alone; the fastest"),
}
ENGINE_LINES: Final = {
    "onnx": ("Mien", "478 points, on CPU or GPU"),
    "mediapipe": ("MediaPipe", "Its own file and the CPU"),
}


class _CudaLook(QObject):
    """Looks for CUDA on a thread: the first time it may take a second."""

    found = Signal(str)
    """Why it cannot be used; empty where it can."""

    def begin(self) -> None:
        def look() -> None:
            why = cuda_problem() or ""
            with suppress(RuntimeError):  # the window went meanwhile
                self.found.emit(why)

        threading.Thread(target=look, name="cuda-look", daemon=True).start()


class NetworkBox(QWidget):
    """Shows settings and tells what was chosen; it decides nothing."""

    model_chosen = Signal(str)
    device_chosen = Signal(str)
    file_wanted = Signal()
    """The field for MediaPipe's task file is to be seen."""
    engine_chosen = Signal(str, str)
    """``onnx`` or ``mediapipe``, and the task file's path (empty where none is known)."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.model = ChoiceBox(theme, "Regressor")
        self.device = ChoiceBox(theme, "Device")
        self.engine = ChoiceBox(theme, "Landmark engine")
        self.model.setToolTip("What reads the action units from a face")
        self.device.setToolTip("Where the networks run")
        self.engine.setToolTip("What finds the points of a face")
        self.task = QLineEdit()
        self.task.setPlaceholderText("face_landmarker.task")
        self.task.setAccessibleName("MediaPipe task file")
        self.task.setToolTip("MediaPipe's face_landmarker.task, as it can be downloaded from Google")
        self.browse = QPushButton("Browse …")
        self.browse.setToolTip("Choose MediaPipe's task file")
        self.browse.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._cuda_line = "Looking for CUDA …"
        self._lay_out()
        self._offer()
        self.model.chosen.connect(self.model_chosen)
        self.device.chosen.connect(self.device_chosen)
        self.engine.chosen.connect(self._choose_engine)
        self.task.returnPressed.connect(self._take_task)
        self.browse.clicked.connect(self._browse)
        self._running = ("", "")
        self._look = _CudaLook(self)
        self._look.found.connect(self._know_cuda)
        self._look.begin()

    def _lay_out(self) -> None:
        self._lines = {name: ElidedLabel() for name in ("model", "device", "engine")}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(0)
        grid.setColumnMinimumWidth(0, LABELS_PX)
        grid.setColumnStretch(1, 1)
        words = {"model": "&Model", "device": "&Device", "engine": "Po&ints"}
        boxes = {"model": self.model, "device": self.device, "engine": self.engine}
        for i, (name, box) in enumerate(boxes.items()):
            label = QLabel(words[name])
            label.setBuddy(box)
            grid.addWidget(label, 2 * i, 0)
            grid.addWidget(box, 2 * i, 1, 1, 2)
            line = self._lines[name]
            line.setProperty("role", "muted")
            line.setContentsMargins(1, 2, 0, 0)
            line.setMinimumHeight(24)
            line.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(line, 2 * i + 1, 1, 1, 2)
        grid.addWidget(self.task, 6, 1)
        grid.addWidget(self.browse, 6, 2)

    def _offer(self) -> None:
        full = FILES["full"].is_file()
        models = []
        for key, (word, line) in MODEL_LINES.items():
            able = key != "full" or full
            models.append((key, word, line if able else "Not shipped: its weights are missing", able))
        self.model.offer(models)
        cuda = self._cuda_line
        self.device.offer(
            [
                ("auto", "Auto", "CUDA if there is one, else CPU", True),
                ("cpu", "CPU", "One core of the processor", True),
                ("cuda", "CUDA", cuda or "An NVIDIA GPU", not cuda),
            ]
        )
        self.engine.offer([(key, word, line, True) for key, (word, line) in ENGINE_LINES.items()])

    def _know_cuda(self, why: str) -> None:
        self._cuda_line = why[:1].upper() + why[1:]
        chosen = self.device.value
        self._offer()
        self.device.choose(chosen)
        self._say()

    def set_theme(self, theme: Theme) -> None:
        for box in (self.model, self.device, self.engine):
            box.set_theme(theme)

    def show_settings(self, settings: TrackerSettings) -> None:
        """What is asked for."""
        self.model.choose(settings.model)
        self.device.choose(settings.device)
        self.engine.choose(settings.landmarks)
        if settings.task_path is not None:
            self.task.setText(str(settings.task_path))
        self._say()

    def show_in_use(self, model: str, device: str) -> None:
        """What really runs; empty while nothing does."""
        if (model, device) != self._running:
            self._running = (model, device)
            self._say()

    def _say(self) -> None:
        model, device = self._running
        words = {"cpu": "CPU", "cuda": "CUDA"}
        runs = f"Runs: {MODEL_LINES[model][0]}" if model in MODEL_LINES and self.model.value == "auto" else ""
        self._lines["model"].set_whole(runs or self.model.line)
        self._lines["device"].set_whole(f"In use: {words.get(device, device)}" if device else self.device.line)
        self._lines["engine"].set_whole(self.engine.line)
        asks = self.engine.value == "mediapipe"
        self.task.setVisible(asks)
        self.browse.setVisible(asks)

    # ------------------------------------------------------------ the task file

    def _choose_engine(self, engine: str) -> None:
        """MediaPipe is told once its file is known; until then the boxes ask for it."""
        self._say()
        if engine != "mediapipe":
            self.engine_chosen.emit(engine, self.task.text().strip())
            return
        self.file_wanted.emit()
        if Path(self.task.text().strip()).is_file():
            self._take_task()
        else:
            self.task.setFocus()

    def _take_task(self) -> None:
        if self.engine.value == "mediapipe":
            self.engine_chosen.emit("mediapipe", self.task.text().strip())

    def _browse(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "MediaPipe's task file", self.task.text(), "Task (*.task);;All (*)")
        if path:
            self.task.setText(path)
            self._take_task()
