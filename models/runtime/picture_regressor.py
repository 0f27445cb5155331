"""The facial-parameter regressors that look at the picture, in onnxruntime: ``full`` (Song et al. 2020) and ``lite``.

Both keep one contract: the aligned view (``models.runtime.crop``), the landmarks, and what is known of the same person
at rest go in; the paper's parameters come out, and a *code* of the present picture. The mean code of pictures at rest
is what ``neutral_code`` takes. ``lite`` reads identity and brow style in a network of their own
(``models.runtime.person_heads``), since they change so much less often.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from models.runtime.bound_session import BoundSession
from models.runtime.crop import SIZE
from models.runtime.person_heads import PersonHeads, person_contract, person_file
from models.runtime.regressor import F, Regression
from models.runtime.sessions import ASSETS, Contract, Device, Session, TensorSpec

Size = Literal["lite", "full"]
CODE_SIZES: Final[dict[Size, int]] = {"lite": 128, "full": 256}
VERSIONS: Final[dict[Size, int]] = {"lite": 2, "full": 1}
PERSON_APART: Final = ("lite",)
"""Sizes that read identity and brow style in a second file beside the first."""
FILES: Final[dict[Size, Path]] = {size: ASSETS / "models" / f"{size}.onnx" for size in CODE_SIZES}


def contract_of(size: Size) -> Contract:
    """What a network file of this size promises."""
    code = TensorSpec("float32", (None, CODE_SIZES[size]))
    face = TensorSpec("float32", (None, 478, 3))
    name, version = f"picture-regressor-{size}", VERSIONS[size]
    person = {} if size in PERSON_APART else dict(person_contract(name, version, CODE_SIZES[size]).outputs)
    return Contract(
        name=name,
        version=version,
        inputs={
            "picture": TensorSpec("uint8", (None, SIZE, SIZE, 3)),
            "landmarks": face,
            "neutral": face,
            "neutral_code": code,
        },
        outputs={
            "au": TensorSpec("float32", (None, 40)),
            "pose": TensorSpec("float32", (None, 2)),
            "gaze_deg": TensorSpec("float32", (None, 4)),
            **person,
            "code": code,
        },
    )


LITE: Final = contract_of("lite")
LITE_PERSON: Final = person_contract(LITE.name, LITE.version, CODE_SIZES["lite"])
FULL: Final = contract_of("full")


@dataclass(frozen=True, slots=True)
class PictureRegression(Regression):
    """What a picture regressor makes of one frame, beside the rest."""

    pose: F
    """(2,) yaw, pitch 0..1 as in the paper's vector: 0.5 = frontal, 1 = 90 degrees to the subject's left, up."""
    brow_style: F
    """(36,) probabilities of ``rig.parameters``' brow styles."""
    code: F
    """(C,) of the present picture."""


class PictureRegressor:
    """Reads the paper's parameters from the aligned view, the landmarks, and the same person at rest."""

    def __init__(self, session: Session, size: Size, person: PersonHeads | None = None) -> None:
        """``person``: of the same weights, where the size is one of PERSON_APART."""
        self._session, self._person = session, person
        self.device = session.device
        self.size = size
        self.code_size = CODE_SIZES[size]
        contract = contract_of(size)
        self._outputs = tuple(contract.outputs)
        # Codes mean something to the weights that made them only, so those are part of the name.
        self.network = f"{contract.name} {contract.version} {session.metadata.get('weights', '')}".strip()

    @classmethod
    def load(
        cls, size: Size, device: Device = "auto", path: Path | None = None, threads: int = 1
    ) -> "PictureRegressor":
        """Opens the shipped network of this size, or the one at ``path``; IO binding where it runs on CUDA.

        ``lite_person.onnx`` is opened beside ``lite.onnx``. Raises ModelError naming the file where one is missing,
        damaged or another one.
        """
        path, contract = path or FILES[size], contract_of(size)
        session = Session(path, contract, device, threads)
        if session.device == "cuda":
            session = BoundSession(path, contract, device, threads)
        if size not in PERSON_APART:
            return cls(session, size)
        own, weights = (
            person_contract(contract.name, contract.version, CODE_SIZES[size]),
            session.metadata.get("weights"),
        )
        return cls(session, size, PersonHeads.load(person_file(path), own, weights or "", "cpu", threads))

    def predict(self, picture: NDArray[np.uint8], landmarks: F, neutral: F, neutral_code: F) -> PictureRegression:
        """
        Args:
            picture: (128, 128, 3) RGB aligned view of the frame (``models.runtime.crop``).
            landmarks, neutral: (478, 3) present and at rest, aligned, head frame, metres.
            neutral_code: (C,) mean code of this person's pictures at rest; zeros where not known.
        """
        faces = (np.ascontiguousarray(x[None], np.float32) for x in (landmarks, neutral, neutral_code))
        rows = self._session.run(np.ascontiguousarray(picture[None]), *faces)
        made = {name: row[0] for name, row in zip(self._outputs, rows, strict=True)}
        if self._person is not None:
            made["identity"], made["brow_style"] = self._person.read(neutral, made["code"], neutral_code)
        gaze = made.pop("gaze_deg")
        return PictureRegression(gaze_left_deg=gaze[:2], gaze_right_deg=gaze[2:], **made)
