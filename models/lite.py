"""The ``lite`` regressor: a small picture network beside the landmarks, quick enough for one core of a CPU.

Landmarks say how far lips, lids and brows moved; the picture says what they do not show: cheeks, wrinkles, a pressed
or sucked lip, teeth, the tongue. Both are read against the same person at rest.
"""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from models.landmark_regressor import DELTA_UNIT_M, LandmarkRegressor
from models.landmark_regressor import Architecture as LandmarkArchitecture
from rig.parameters import CHANNEL_INDEX, N_BROW_STYLES, N_CHANNELS, N_IDENTITY

CODE = 128
"""Numbers that describe one picture."""
GRID = 8
"""The picture network ends at GRID x GRID places."""
SURE = (0.4, 0.6)
"""Landmarks that say less than the first of AU34 (0..1) are not heard beside pictures, and fully from the second on."""


@dataclass
class Architecture:
    """Widths; saved in checkpoints so that they rebuild themselves."""

    widths: tuple[int, int, int, int] = (16, 32, 64, 128)
    """Channels at 1/2, 1/4, 1/8 and 1/16 of the view's side."""
    place_channels: int = 32
    """Channels kept at each of the last places before they are joined into a code."""
    hidden: int = 256
    dropout: float = 0.1


def convolution(into: int, out: int, stride: int = 1, size: int = 3) -> nn.Sequential:
    """With normalisation everywhere: without it the last ReLU dies within a few steps and the picture says nothing."""
    layer = nn.Conv2d(into, out, size, stride, size // 2, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(out), nn.ReLU(inplace=True))


class Block(nn.Module):
    """He et al. 2016's residual block, with one convolution: the second costs time and brought nothing here."""

    def __init__(self, width: int):
        super().__init__()
        self.convolution = convolution(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.convolution(x)


class PictureEncoder(nn.Module):
    """(N, 3, 128, 128) in 0..1 -> code (N, CODE). About 45 million multiplications; ReLU, as facts.md says of PRelu."""

    def __init__(self, a: Architecture):
        super().__init__()
        w = a.widths
        self.body = nn.Sequential(
            convolution(3, w[0], 2),
            convolution(w[0], w[1], 2), Block(w[1]),
            convolution(w[1], w[2], 2), Block(w[2]),
            convolution(w[2], w[3], 2), Block(w[3]),
        )  # fmt: skip
        self.place = convolution(w[3], a.place_channels, size=1)
        # The face is aligned: every place has weights of its own.
        self.join = nn.Linear(a.place_channels * GRID * GRID, CODE)

    def places(self, picture: Tensor) -> Tensor:
        """(N, 3, 128, 128) in 0..1 -> (N, K) what is seen at each place, in the picture's or autocast's precision."""
        return self.place(self.body(picture * 2 - 1)).flatten(1)

    def forward(self, picture: Tensor) -> Tensor:
        return self.join(self.places(picture))


def puffed(au: Tensor, by_landmarks: Tensor) -> Tensor:
    """Puffed cheeks by both, (N, 40) each -> (N, 40) with another AU34: the mean of the two where landmarks are sure
    and pictures see less.

    Renders show puffed cheeks by a shade that real ones hardly have, so pictures learn from renders to doubt landmarks
    that are right on real people. On renders alone this costs a little.
    """
    cheeks = CHANNEL_INDEX["AU34"]
    seen, felt = au[:, cheeks], by_landmarks[:, cheeks]
    begin, end = SURE
    felt = felt * ((felt - begin) / (end - begin)).clamp(0, 1)
    both = torch.maximum(seen, (seen + felt) / 2)
    return torch.cat([au[:, :cheeks], both[:, None], au[:, cheeks + 1 :]], 1)


class LiteRegressor(nn.Module):
    """See the contract in ``models.runtime.picture_regressor``.

    The landmarks' regressor (``geometry``, trained before on many more faces) gives a first answer; what the picture
    adds to it is learned here.
    """

    def __init__(self, architecture: Architecture | None = None, geometry: LandmarkRegressor | None = None):
        super().__init__()
        self.architecture = a = architecture or Architecture()
        self.geometry = geometry or LandmarkRegressor()
        self.encoder = PictureEncoder(a)
        landmarks = self.geometry.enter.in_features
        self.difference = nn.Linear(CODE, CODE)
        self.moved = nn.Linear(landmarks, 64)
        self.mix = nn.Sequential(
            nn.Linear(2 * CODE + 64 + N_CHANNELS + 1, a.hidden), nn.GELU(), nn.Dropout(a.dropout),
            nn.Linear(a.hidden, a.hidden), nn.GELU(), nn.Dropout(a.dropout),
        )  # fmt: skip
        self.au = nn.Linear(a.hidden, N_CHANNELS)
        self.gaze = nn.Linear(a.hidden, 4)
        self.pose = nn.Linear(CODE, 2)
        person = 2 * CODE + 1
        last = nn.Linear(a.hidden, N_IDENTITY)
        self.identity = nn.Sequential(nn.Linear(person, a.hidden), nn.GELU(), last)
        self.brow_style = nn.Sequential(nn.Linear(person, a.hidden), nn.GELU(), nn.Linear(a.hidden, N_BROW_STYLES))
        for head in (self.au, self.gaze, last):  # at first the landmarks' answer, unchanged
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)

    def encode(self, picture: Tensor) -> Tensor:
        """(N, 128, 128, 3) uint8 -> code (N, CODE)."""
        return self.encoder(picture.permute(0, 3, 1, 2).float() / 255)

    def decode(self, code: Tensor, landmarks: Tensor, neutral: Tensor, neutral_code: Tensor) -> tuple[Tensor, ...]:
        """Code of the present picture and the other inputs of :meth:`forward` -> its outputs but the code.

        AUs are unbounded here, brow styles logits. Only outside of training do the landmarks have their say about
        puffed cheeks (:func:`puffed`): the pictures would learn to undo it.
        """
        known = (neutral_code.abs().sum(1, keepdim=True) > 0).to(code.dtype)
        au, gaze, _ = self.geometry(landmarks, neutral)
        moved = (8 * torch.tanh((landmarks - neutral) / (8 * DELTA_UNIT_M))).flatten(1)
        difference = self.difference(code - neutral_code) * known
        # Where rest is known, only what differs from it counts: a real face with deep folds is not smiling, and what
        # the network makes of skin that no render has cancels out.
        h = self.mix(torch.cat([code * (1 - known), difference, self.moved(moved), au, known], 1))
        identity, brow_style = self.person(neutral, code, neutral_code)
        together = au + self.au(h)
        return (
            together if self.training else puffed(together, au),
            0.5 + 0.5 * torch.tanh(self.pose(code)),
            gaze + 10 * self.gaze(h),
            identity,
            brow_style,
        )

    def person(self, neutral: Tensor, code: Tensor, neutral_code: Tensor) -> tuple[Tensor, Tensor]:
        """Who somebody is: identity (N, 208), unbounded, and logits of brow styles (N, 36). The present picture's code
        counts only where rest is not known."""
        known = (neutral_code.abs().sum(1, keepdim=True) > 0).to(code.dtype)
        person = torch.cat([code * (1 - known), neutral_code, known], 1)
        return self.geometry.who(neutral) + 0.25 * self.identity(person), self.brow_style(person)

    def forward(
        self, picture: Tensor, landmarks: Tensor, neutral: Tensor, neutral_code: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
        """
        Args:
            picture: (N, 128, 128, 3) uint8 RGB aligned view (``models.runtime.crop``).
            landmarks, neutral: (N, 478, 3) present and at rest, aligned, head frame, metres.
            neutral_code: (N, CODE) mean code of this person's pictures at rest; zeros where not known.

        Returns:
            au (N, 40) 0..1, pose (N, 2) 0..1, gaze (N, 4) degrees, identity (N, 208) 0..1, brow style (N, 36)
            probabilities, code (N, CODE).
        """
        code = self.encode(picture)
        au, pose, gaze, identity, brow_style = self.decode(code, landmarks, neutral, neutral_code)
        return (
            au.clamp(0, 1), pose, gaze.clamp(-45, 45), identity.clamp(0, 1), brow_style.softmax(1), code
        )  # fmt: skip

    def checkpoint(self, **more: object) -> dict[str, object]:
        geometry = asdict(self.geometry.architecture)
        return {"architecture": asdict(self.architecture), "geometry": geometry, "state": self.state_dict(), **more}

    @classmethod
    def from_checkpoint(cls, checkpoint: dict) -> "LiteRegressor":
        geometry = LandmarkRegressor(LandmarkArchitecture(**checkpoint["geometry"]))
        model = cls(Architecture(**checkpoint["architecture"]), geometry)
        model.load_state_dict(checkpoint["state"])
        return model
