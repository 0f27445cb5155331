"""The shipped regressors, each asked the same question: what do these faces do, seen against the same at rest?

The tracker adds filters, rules and a running estimate of the neutral; here the networks answer for themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.runtime import picture_regressor
from models.runtime.alignment import rest_face
from models.runtime.picture_regressor import PictureRegressor, Size
from models.runtime.regressor import GEOMETRIC_FILE, GeometricRegressor
from models.runtime.sessions import Device, ModelError

F = NDArray[np.float32]
SIZES: Final[dict[str, Size]] = {"lite": "lite", "full": "full"}
FILES: Final[dict[str, Path]] = {
    "geometric": GEOMETRIC_FILE,
    **{name: picture_regressor.FILES[size] for name, size in SIZES.items()},
}


@dataclass(frozen=True)
class Views:
    """N faces as the regressors take them."""

    picture: NDArray[np.uint8]
    """(N, 128, 128, 3) aligned views, RGB."""
    landmarks: F
    """(N, 478, 3) aligned, head frame, metres."""

    def __len__(self) -> int:
        return len(self.picture)

    def rows(self, index: NDArray | slice) -> "Views":
        return Views(self.picture[index], self.landmarks[index])


Regress = Callable[[Views, Views | None], F]
"""N faces, and of each the same person at rest (None: not known) -> (N, 40) channels 0..1."""


def available() -> list[str]:
    """Names of the regressors whose files are here."""
    return [name for name, path in FILES.items() if path.is_file()]


def load(name: str, path: Path | None = None, device: Device = "cpu") -> Regress:
    """A regressor by name, of its shipped file or of another one of the same contract.

    Raises:
        ModelError: There is no such name; the file is missing, damaged or another one.
    """
    if name == "geometric":
        return _geometric(GeometricRegressor.load(device, path or GEOMETRIC_FILE))
    if name not in SIZES:
        raise ModelError(f"there is no regressor {name!r}: use one of {', '.join(FILES)}")
    return _by_picture(PictureRegressor.load(SIZES[name], device, path))


def _geometric(network: GeometricRegressor) -> Regress:
    def regress(faces: Views, rest: Views | None) -> F:
        at_rest = _resting_landmarks(faces, rest)
        return np.stack([network.predict(face, its).au for face, its in zip(faces.landmarks, at_rest, strict=True)])

    return regress


def _by_picture(network: PictureRegressor) -> Regress:
    unknown = np.zeros(network.code_size, np.float32)

    def regress(faces: Views, rest: Views | None) -> F:
        at_rest = _resting_landmarks(faces, rest)
        out = []
        for k in range(len(faces)):
            code = unknown
            if rest is not None:
                code = network.predict(rest.picture[k], rest.landmarks[k], rest.landmarks[k], unknown).code
            out.append(network.predict(faces.picture[k], faces.landmarks[k], at_rest[k], code).au)
        return np.stack(out)

    return regress


def _resting_landmarks(faces: Views, rest: Views | None) -> F:
    """(N, 478, 3): those known, else the mean face at rest, which is what the tracker starts from."""
    if rest is not None:
        return rest.landmarks
    return np.broadcast_to(rest_face(), faces.landmarks.shape)
