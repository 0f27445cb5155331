"""Identity and brow style of a person, read beside a picture regressor and not with every frame.

Once the person at rest is known, both depend on that alone (``models.lite``), which hardly changes: so they are a
network of their own, which runs when rest has changed, or while it is not known.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.runtime.sessions import Contract, Device, ModelError, Session, TensorSpec

F = NDArray[np.float32]

MOVED_M: Final = 0.0001
"""A neutral whose landmarks are off by more than this (RMS) is read anew; the detector's own noise is about as large.
"""
CHANGED: Final = 0.02
"""So is a code at rest that differs by more than this share of its length."""


def person_contract(name: str, version: int, code_size: int) -> Contract:
    """What the file promises; ``name`` and ``version`` of the picture regressor it belongs to."""
    code = TensorSpec("float32", (None, code_size))
    return Contract(
        name=f"{name}-person",
        version=version,
        inputs={"neutral": TensorSpec("float32", (None, 478, 3)), "code": code, "neutral_code": code},
        outputs={
            "identity": TensorSpec("float32", (None, 208)),
            "brow_style": TensorSpec("float32", (None, 36)),
        },
    )


def person_file(path: Path) -> Path:
    """``lite.onnx`` -> ``lite_person.onnx`` beside it."""
    return path.with_name(f"{path.stem}_person{path.suffix}")


@dataclass(frozen=True, slots=True)
class _Read:
    """What was asked last, and the answer."""

    neutral: F
    neutral_code: F
    identity: F
    brow_style: F


class PersonHeads:
    """Reads who a face is, and keeps the answer while the person at rest stays as it is. Not thread-safe."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._last: _Read | None = None

    @classmethod
    def load(
        cls, path: Path, contract: Contract, weights: str, device: Device = "auto", threads: int = 1
    ) -> "PersonHeads":
        """Opens the network at ``path``.

        Args:
            weights: of the regressor that it belongs to, as its metadata name them.

        Raises:
            ModelError: missing, damaged, another network, or of another training than the regressor.
        """
        session = Session(path, contract, device, threads)
        own = session.metadata.get("weights", "")
        if own != weights:
            raise ModelError(
                f"{path}: made of other weights ({own}) than the regressor beside it ({weights}); "
                "export both at once with export_onnx.py, or reinstall Mien"
            )
        return cls(session)

    def read(self, neutral: F, code: F, neutral_code: F) -> tuple[F, F]:
        """
        Args:
            neutral: (478, 3) the person at rest, aligned, head frame, metres.
            code: (C,) of the present picture; counts only while rest is not known.
            neutral_code: (C,) of pictures at rest; zeros where not known.

        Returns:
            identity (208,) 0..1 and (36,) probabilities of brow styles.
        """
        last = self._last
        if last is not None and not _changed(last, neutral, neutral_code):
            return last.identity, last.brow_style
        faces = (np.ascontiguousarray(x[None], np.float32) for x in (neutral, code, neutral_code))
        identity, brow_style = self._session.run(*faces)
        known = bool(neutral_code.any())
        # Copies: estimates that are updated in place would never differ from themselves.
        self._last = _Read(neutral.copy(), neutral_code.copy(), identity[0], brow_style[0]) if known else None
        return identity[0], brow_style[0]


def _changed(last: _Read, neutral: F, neutral_code: F) -> bool:
    moved, differs = neutral - last.neutral, neutral_code - last.neutral_code
    rms_m = math.sqrt(float(np.vdot(moved, moved)) / len(moved))
    length = math.sqrt(float(np.vdot(last.neutral_code, last.neutral_code)))
    return not (rms_m <= MOVED_M and math.sqrt(float(np.vdot(differs, differs))) <= CHANGED * length)
