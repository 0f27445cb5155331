"""The facial-parameter regressor R on frozen parsing features (Song et al. 2020, section 2.4, eq. 6), and the person.

The paper reads every parameter from one picture alone. Beside it we give R what is known of the person at rest: the
``code`` it made itself of that person's resting pictures, and the landmarks now and at rest, read by the geometric
network. Each of the three may be missing; training leaves them out in turn.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from models.bisenet import BiSeNet, FeatureExtractor
from models.fused_features import AUS_FROM, IDENTITY_FROM, WINDOWS, Fused, channels_of, fuse, of_pictures
from models.landmark_regressor import DELTA_UNIT_M, GAZE_UNIT_DEG, SHAPE_UNIT_M, LandmarkRegressor
from models.landmark_regressor import Architecture as LandmarkArchitecture
from rig.parameters import N_BROW_STYLES, N_CHANNELS, N_IDENTITY

GAZE_LIMIT_DEG = 45.0
IDENTITY_SPREAD = 0.25


@dataclass
class Architecture:
    """Widths; saved in checkpoints so that they rebuild themselves."""

    channels: dict[str, int] = field(default_factory=dict)
    """Of each of WINDOWS as :func:`fuse` leaves them."""
    windows: dict[str, tuple[int, ...]] = field(default_factory=lambda: {k: tuple(w) for k, w in WINDOWS.items()})
    """WINDOWS when it was trained."""
    width: int = 32
    """Maps of each part after the convolutions of AUs and pose; the others have half of it."""
    hidden: int = 256
    code: int = 256
    dropout: float = 0.2
    """Of what a sub-network sees, in training."""
    reduction: int = 8
    landmarks: LandmarkArchitecture = field(default_factory=LandmarkArchitecture)

    @classmethod
    def from_dict(cls, values: dict) -> "Architecture":
        """Raises RuntimeError where the values are of an R that looked at other windows."""
        seen = {k: tuple(w) for k, w in values.get("windows", {}).items()}
        if seen != WINDOWS:
            raise RuntimeError("an R of other feature windows than models/fused_features.py has: train it anew")
        return cls(**{**values, "windows": seen, "landmarks": LandmarkArchitecture(**values["landmarks"])})


class AttentionBlock(nn.Module):
    """Figure 3 (b): a fully connected layer whose outputs are weighed by squeeze and excitation (Hu et al. 2018)."""

    def __init__(self, n_in: int, n_out: int, reduction: int):
        super().__init__()
        self.fc = nn.Linear(n_in, n_out)
        self.squeeze = nn.Linear(n_out, n_out // reduction)
        self.excite = nn.Linear(n_out // reduction, n_out)

    def forward(self, x: Tensor) -> Tensor:
        h = self.fc(x).relu()
        return h * self.excite(self.squeeze(h).relu()).sigmoid()


class SubRegressor(nn.Module):
    """Figure 3 (a): convolution of stride 2 with batch normalisation, two attention blocks, two FC.

    Windows show different places, so each part of the face has a convolution of its own; their maps are joined after
    it. ``extra`` further values of the person come in before the two FC.
    """

    def __init__(self, a: "Architecture", parts: tuple[str, ...], width: int, hidden: int, n_out: int, extra: int = 0):
        super().__init__()
        self.enter = nn.ModuleDict({part: _entrance(a.channels[part], width) for part in parts})
        sizes = [WINDOWS[part].size for part in parts]
        cells = sum((rows + 1) // 2 * ((columns + 1) // 2) for rows, columns in sizes)
        self.places = width * cells
        self.attend = nn.Sequential(
            AttentionBlock(self.places, hidden, a.reduction), AttentionBlock(hidden, hidden, a.reduction)
        )
        self.dropout = nn.Dropout(a.dropout)
        self.fc1 = nn.Linear(hidden + extra, hidden)
        self.fc2 = nn.Linear(hidden, n_out)
        # Begin near the base value (or where the geometric network stands) instead of anywhere.
        nn.init.normal_(self.fc2.weight, std=0.01)
        nn.init.zeros_(self.fc2.bias)

    def maps(self, fused: Fused) -> Tensor:
        """N pictures -> (N, places), after the convolutions."""
        return torch.cat([enter(getattr(fused, part)).flatten(1) for part, enter in self.enter.items()], 1)

    def look(self, fused: Fused) -> Tensor:
        """N pictures -> (N, hidden)."""
        return self.attend(self.maps(fused))

    def answer(self, h: Tensor, extra: Tensor | None = None) -> Tensor:
        """(N, hidden) [and (N, extra)] -> (N, n_out)."""
        h = self.dropout(h)
        return self.fc2(self.fc1(h if extra is None else torch.cat([h, extra], 1)).relu())


def _entrance(channels: int, width: int) -> nn.Sequential:
    convolution = nn.Conv2d(channels, width, 3, stride=2, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(width), nn.ReLU())


class Geometry(LandmarkRegressor):
    """The geometric regressor, opened where another network can join."""

    def read(self, landmarks: Tensor, neutral: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """(N, 478, 3) twice, metres -> hidden (N, h), au (N, 40), gaze (N, 4) degrees, identity (N, 208) and a code of
        the resting face (N, s); the middle three as :meth:`LandmarkRegressor.forward`."""
        delta = (landmarks - neutral) / DELTA_UNIT_M
        shape = ((neutral - self.mean_face) / SHAPE_UNIT_M).flatten(1)
        code = torch.tanh(self.shape(shape))
        d = (8 * torch.tanh(delta / 8)).flatten(1)
        h = self.mix(torch.cat([nnf.gelu(self.enter(d)), code], -1))
        h = h + self.block(h)
        eyes = [((x - self.mean_face) / DELTA_UNIT_M)[:, self.eye_points].flatten(1) for x in (landmarks, neutral)]
        gaze = self.gaze(torch.cat(eyes, -1)) * GAZE_UNIT_DEG
        return h, self.au(h) + self.direct(d), gaze, 0.5 + IDENTITY_SPREAD * self.identity(shape), code


class Seen(NamedTuple):
    """What R makes of pictures before it is told of the person."""

    au: Tensor
    """(N, hidden)"""
    identity: Tensor
    """(N, hidden)"""
    gaze: Tensor
    """(N, hidden / 2)"""
    pose: Tensor
    """(N, 2)"""
    brow_logits: Tensor
    """(N, 36)"""
    code: Tensor
    """(N, code) of unit variance: pictures of one person at rest give nearly the same one."""

    def rows(self, index: Tensor | slice) -> "Seen":
        return Seen(*[part[index] for part in self])


class Reading(NamedTuple):
    """The parameters; nothing is clipped, so that gradients live at the ends of the ranges."""

    au: Tensor
    """(N, 40), 0..1 in range"""
    pose: Tensor
    """(N, 2) yaw, pitch, 0.5 = frontal"""
    gaze_deg: Tensor
    """(N, 4) left yaw, pitch, right yaw, pitch"""
    identity: Tensor
    """(N, 208), 0..1 in range"""
    brow_logits: Tensor
    """(N, 36)"""
    code: Tensor
    """(N, code)"""


class Regressor(nn.Module):
    """R: four sub-networks as in figure 3, one more for gaze, and the branch of the landmarks."""

    def __init__(self, architecture: Architecture):
        super().__init__()
        self.architecture = a = architecture
        w, h = a.width, a.hidden
        self.geometry = Geometry(a.landmarks)
        # Of the person: geometric hidden and code, own code at rest and the way from it, two flags.
        extra_au = a.landmarks.hidden + a.landmarks.shape_code + 2 * a.code + 2
        extra_id = a.landmarks.shape_code + a.code + 2
        self.pose = SubRegressor(a, ("f_gb",), w, h // 2, 2)
        self.identity = SubRegressor(a, IDENTITY_FROM, w // 2, h, N_IDENTITY, extra_id)
        self.au = SubRegressor(a, AUS_FROM, w, h, N_CHANNELS, extra_au)
        self.brow = SubRegressor(a, ("brow",), w // 2, h // 2, N_BROW_STYLES)
        self.gaze = SubRegressor(a, ("eyes",), w // 2, h // 2, 4, 5)
        # Without layers that bend: two codes' difference has to tell how the face moved, whoever's it is.
        self.to_code = nn.Sequential(nn.Linear(self.au.places, a.code), nn.BatchNorm1d(a.code, affine=False))

    def train(self, mode: bool = True) -> "Regressor":
        """The landmarks' branch was trained before and is only touched up: without its dropout."""
        super().train(mode)
        self.geometry.eval()
        return self

    def look(self, fused: Fused) -> Seen:
        """One picture each, no person known yet."""
        maps = self.au.maps(fused)
        return Seen(
            self.au.attend(maps),
            self.identity.look(fused),
            self.gaze.look(fused),
            0.5 + self.pose.answer(self.pose.look(fused)),
            self.brow.answer(self.brow.look(fused)),
            self.to_code(maps),
        )

    def answer(
        self,
        seen: Seen,
        landmarks: Tensor,
        neutral: Tensor,
        neutral_code: Tensor,
        picture_known: Tensor | None = None,
    ) -> Reading:
        """
        Args:
            seen: Of N pictures, from :meth:`look`.
            landmarks: (N, 478, 3) aligned, head frame, metres; all zeros where not known.
            neutral: (N, 478, 3) of the same person at rest, likewise; ``rest_face()`` where only the person is unknown.
            neutral_code: (N, code) mean of the same person's codes at rest; all zeros where not known.
            picture_known: (N, 1) 1 or 0; 0 hides what was seen of the picture (in training; default: known).
        """
        see = torch.ones_like(neutral_code[:, :1]) if picture_known is None else picture_known
        known = (neutral_code.abs().sum(1, keepdim=True) > 0).to(neutral_code.dtype)
        marks = (landmarks.abs().sum((1, 2)) > 0).to(neutral_code.dtype)[:, None]
        h, au, gaze, identity, shape = self.geometry.read(landmarks, neutral)
        h, shape = h * marks, shape * marks
        both = known * see
        away = both * (seen.code - neutral_code)
        # Where rest is known, only what differs from it counts for AUs: folds that a face always has are no smile.
        fresh = see * (1 - known)
        of_au = torch.cat([h, shape, known * neutral_code, away, both, marks], 1)
        person = known * neutral_code + (1 - known) * see * seen.code
        of_identity = torch.cat([shape, person, known, marks], 1)
        of_gaze = torch.cat([marks * gaze / GAZE_UNIT_DEG, marks], 1)
        return Reading(
            marks * au + self.au.answer(fresh * seen.au, of_au),
            seen.pose,
            marks * gaze + GAZE_UNIT_DEG * self.gaze.answer(see * seen.gaze, of_gaze),
            0.5 + marks * (identity - 0.5) + IDENTITY_SPREAD * self.identity.answer(see * seen.identity, of_identity),
            seen.brow_logits,
            seen.code,
        )

    def forward(self, fused: Fused, landmarks: Tensor, neutral: Tensor, neutral_code: Tensor) -> Reading:
        return self.answer(self.look(fused), landmarks, neutral, neutral_code)

    def nothing_known(self, n: int) -> tuple[Tensor, Tensor, Tensor]:
        """Landmarks, neutral and code for ``n`` pictures of which there is only the picture."""
        points = self.geometry.mean_face.new_zeros(n, *self.geometry.mean_face.shape)
        return points, points, points.new_zeros(n, self.architecture.code)


@torch.no_grad()
def fitting(extractor: FeatureExtractor, **widths: Any) -> Architecture:
    """The architecture of an R that reads this extractor; ``widths``: its other fields."""
    return Architecture(channels=channels_of(extractor), **widths)


class FullRegressor(nn.Module):
    """F_seg, frozen, and R on it: the ``full`` size of the runtime's contract (picture-regressor-full)."""

    def __init__(self, extractor: FeatureExtractor, architecture: Architecture | None = None):
        super().__init__()
        self.extractor = extractor.requires_grad_(False).eval()
        self.regressor = Regressor(architecture or fitting(extractor))

    @property
    def architecture(self) -> Architecture:
        return self.regressor.architecture

    def train(self, mode: bool = True) -> "FullRegressor":
        """Only R trains; the extractor's batch normalisation stays as it is."""
        super().train(mode)
        self.extractor.eval()
        return self

    def forward(
        self, picture: Tensor, landmarks: Tensor, neutral: Tensor, neutral_code: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
        """
        Args:
            picture: uint8 (N, 128, 128, 3) aligned view, RGB (``models.runtime.crop``).
            landmarks: (N, 478, 3) aligned, head frame, metres.
            neutral: (N, 478, 3) the same person at rest, likewise.
            neutral_code: (N, code) mean of this person's codes at rest; all zeros where not known.

        Returns:
            au (N, 40) 0..1, pose (N, 2) 0..1, gaze_deg (N, 4), identity (N, 208) 0..1, brow_style (N, 36)
            probabilities, code (N, code).
        """
        r = self.regressor(self.features(picture), landmarks, neutral, neutral_code)
        return (
            r.au.clamp(0, 1),
            r.pose.clamp(0, 1),
            r.gaze_deg.clamp(-GAZE_LIMIT_DEG, GAZE_LIMIT_DEG),
            r.identity.clamp(0, 1),
            r.brow_logits.softmax(1),
            r.code,
        )

    def encode(self, picture: Tensor) -> Tensor:
        """uint8 (N, 128, 128, 3) -> code (N, code)."""
        return self.regressor.look(self.features(picture)).code

    def features(self, picture: Tensor) -> Fused:
        """uint8 (N, 128, 128, 3) -> what R reads."""
        return fuse(self.extractor(of_pictures(picture)))

    def checkpoint(self, **more: object) -> dict[str, object]:
        parser = self.extractor.parser.architecture
        architecture = {"regressor": asdict(self.architecture), "parser": asdict(parser)}
        return {"architecture": architecture, "state": self.state_dict(), **more}

    @classmethod
    def from_checkpoint(cls, checkpoint: dict) -> "FullRegressor":
        a = checkpoint["architecture"]
        extractor = FeatureExtractor(BiSeNet(**a["parser"]))
        model = cls(extractor, Architecture.from_dict(a["regressor"]))
        model.load_state_dict(checkpoint["state"])
        return model
