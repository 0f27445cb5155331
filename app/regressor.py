"""What the tracker needs of a regressor: one that reads landmarks, or one that looks at the picture too."""

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


class Regression(Protocol):
    """What a regressor makes of one face."""

    @property
    def au(self) -> Array:
        """(40,) channels 0..1."""

    @property
    def identity(self) -> Array:
        """(208,) 0..1."""


class Regressor(Protocol):
    """Aligned landmarks and the same person's at rest, both (478, 3), head frame, metres -> parameters."""

    def predict(self, aligned: Array, neutral: Array) -> Regression: ...


class SeenRegression(Regression, Protocol):
    """What a regressor that looks at the picture makes of one face."""

    @property
    def brow_style(self) -> Array:
        """(36,) probabilities."""

    @property
    def code(self) -> Array:
        """(C,) of the present picture."""


@runtime_checkable
class SeeingRegressor(Protocol):
    """One that looks at the picture too (``models.runtime.picture_regressor.PictureRegressor``)."""

    @property
    def size(self) -> str:
        """``lite`` or ``full``."""

    @property
    def network(self) -> str:
        """Whose codes it makes (``app.profiles.Profile.network``)."""

    @property
    def code_size(self) -> int:
        """C, numbers in a code."""

    def predict(
        self, picture: NDArray[np.uint8], landmarks: Array, neutral: Array, neutral_code: Array
    ) -> SeenRegression: ...
