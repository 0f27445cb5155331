"""The losses that train R: Song et al. 2020, section 2.5, eq. 7 to 12, and four of ours.

Conventions. The paper's 1-norms are means over elements here, so that a term weighs the same at any resolution and
width; its squared 2-norms are sums over the parameters and means over the pictures, as written. What a loss compares
with (the real picture, the base face, the parameters a picture was generated from) is taken as given: no gradient flows
there.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as nnf

from models.bisenet import Features
from models.training.rig_landmarks import RigLandmarks
from rig.parameters import AU_BASE, CHANNEL_INDEX, IDENTITY_BASE, MIRROR, fold_sides

POSE_BASE = 0.5
LOCAL_PARTS = ("eyes", "nose", "mouth", "face", "brow")
"""The five components of T (section 2.3)."""
MOTION_UNIT_M = 0.004
CHANNEL_BETA = 0.04
NOT_IRISES = 468
"""The last ten landmarks are the irises, which gaze moves."""
SHUT = tuple(CHANNEL_INDEX[f"AU43-{side}"] for side in ("left", "right"))


@dataclass(frozen=True)
class Weights:
    """Of each term; 0 switches it off. The first block is section 3.2's, the second ours."""

    content: float = 1.0
    identity: float = 0.1
    parameter: float = 0.1
    loopback: float = 0.1
    adversarial: float = 0.1
    alpha: float = 0.1
    beta: float = 0.01
    loopback_expression: float = 1.0
    """lambda_le"""

    supervised: float = 1.0
    alone: float = 1.0
    real: float = 0.5
    landmarks: float = 0.1
    smooth: float = 0.1
    flip: float = 0.1


# ---------------------------------------------------------------- the paper's


@dataclass(frozen=True)
class Parameters:
    """y' in its parts, all (N, ...) and in 0..1: what the generator draws."""

    pose: Tensor
    """(N, 2)"""
    au: Tensor
    """(N, 23)"""
    identity: Tensor
    """(N, 208)"""
    brow_style: Tensor
    """(N, 36) probabilities"""

    @classmethod
    def of(cls, au: Tensor, pose: Tensor, identity: Tensor, brow_logits: Tensor) -> "Parameters":
        """From R's unbounded answer, 40 channels folded to 23 AUs. Clipped to 0..1, the gradient as if it were not, so
        that a parameter that overshot can return."""
        pose, folded, identity = (x + (x.clamp(0, 1) - x).detach() for x in (pose, fold_sides(au), identity))
        return cls(pose, folded, identity, brow_logits.softmax(1))

    def vector(self) -> Tensor:
        """The paper's y (N, 269)."""
        return torch.cat([self.pose, self.au, self.identity, self.brow_style], 1)

    def emotionless(self) -> Tensor:
        """y_gbe (N, 269): base AU, x'_id, seen from the front as the base face of eq. 12 is."""
        front, rest = torch.full_like(self.pose, POSE_BASE), torch.full_like(self.au, AU_BASE)
        return torch.cat([front, rest, self.identity, self.brow_style], 1)

    def of_base_face(self) -> Tensor:
        """y_gbi (N, 269): x'_au and the pose on the base identity; the brow style stays, for it has no base."""
        return torch.cat([self.pose, self.au, torch.full_like(self.identity, IDENTITY_BASE), self.brow_style], 1)


def base_vector(n: int = 1) -> Tensor:
    """y of the base face (N, 269): frontal, emotionless, identity 0.5, and all brow styles alike."""
    pose, au, identity, styles = (
        torch.full((n, k), v) for k, v in ((2, POSE_BASE), (23, AU_BASE), (208, 0.5), (36, 1 / 36))
    )
    return torch.cat([pose, au, identity, styles], 1)


def content_loss(generated: Features, real: Features) -> Tensor:
    """Eq. 8: |T_g - T_r|_1, the sum over T's five components of the mean over pictures, channels and pixels."""
    parts = [(getattr(generated, k) - getattr(real, k).detach()).abs().mean() for k in LOCAL_PARTS]
    return torch.stack(parts).sum()


def identity_loss(emotionless: Tensor, real: Tensor) -> Tensor:
    """Eq. 9: 1 - cos(m_gbe, m_r), embeddings (N, 256) of the emotionless generated and of the real picture."""
    return (1 - nnf.cosine_similarity(emotionless, real.detach(), dim=1)).mean()


def parameter_loss(y: Parameters, alpha: float = 0.1, beta: float = 0.01) -> Tensor:
    """Eq. 10: |h' - h_b|^2 + alpha |x'_id - x_bid|^2 + beta |x'_au - x_bau|^2, bases 0.5, 0.5 and 0.02."""
    pose, identity, au = (
        (x - base).square().sum(1).mean()
        for x, base in ((y.pose, POSE_BASE), (y.identity, IDENTITY_BASE), (y.au, AU_BASE))
    )
    return pose + alpha * identity + beta * au


def loopback_loss(
    y_emotionless: Tensor, read_emotionless: Tensor, y_base: Tensor, read_base: Tensor, expression: float = 1.0
) -> Tensor:
    """Eq. 11: |y_gbe - y'_gbe|_1 + lambda_le |y_gbi - y'_gbi|_1, all (N, 269): R reads what the generator drew.

    What was drawn is the truth, so no gradient flows into y_gbe and y_gbi.
    """
    first = (y_emotionless.detach() - read_emotionless).abs().mean()
    return first + expression * (y_base.detach() - read_base).abs().mean()


def adversarial_loss(emotionless_mouth: Tensor, base_mouth: Tensor) -> Tensor:
    """Eq. 12: |T_gbem - T_bm|_1 over the mouth's features: (N, C, H, W), and (1 or N, C, H, W) of the base face."""
    return (emotionless_mouth - base_mouth.detach()).abs().mean()


# ---------------------------------------------------------------- ours


def channel_loss(read: Tensor, true: Tensor) -> Tensor:
    """Huber loss on channels (N, 40), ``read`` unbounded. Nearly a 1-norm, for most actions are absent and their median
    is 0, which their mean is not; a present one weighs more than one of the many zeros. Beyond the ends of the range is
    as good as at the end, for the answer is clipped. NaN where the truth is not known."""
    known, true = true.isfinite(), true.nan_to_num()
    inside = torch.where((true <= 0) & (read < 0) | (true >= 1) & (read > 1), true, read)
    weight = known * (0.8 + 1.1 * (true > 0.02))
    return (weight * nnf.smooth_l1_loss(inside, true, reduction="none", beta=CHANNEL_BETA)).sum() / known.sum()


def supervised_loss(read, true) -> dict[str, Tensor]:  # type: ignore[no-untyped-def]
    """On rendered pictures, whose parameters are known.

    Args:
        read: A ``models.regressor.Reading`` of N pictures.
        true: au (N, 40), pose (N, 2), gaze_deg (N, 4), identity (N, 208; NaN where not known) and brow_style (N,;
            negative where not known), as attributes.

    Returns:
        Each head's own term, weighed against the others: their sum is the loss.
    """
    open_eyes = (true.au[:, list(SHUT)] < 0.5).float().repeat_interleave(2, 1)
    gaze = nnf.smooth_l1_loss(read.gaze_deg / 20, true.gaze_deg / 20, reduction="none", beta=0.1)
    terms = {
        "au": 2 * channel_loss(read.au, true.au),
        "pose": 2 * (read.pose - true.pose).abs().mean(),
        "gaze": 0.3 * (open_eyes * gaze).mean(),
    }
    known = true.identity.isfinite().all(1)
    if known.any():
        terms["id"] = 2 * (read.identity - true.identity)[known].square().mean()
    styled = true.brow_style >= 0
    if styled.any():
        terms["brow"] = 0.02 * nnf.cross_entropy(read.brow_logits[styled], true.brow_style[styled])
    return terms


def landmark_loss(
    read_au: Tensor,
    read_identity: Tensor,
    gaze_deg: Tensor,
    found_motion: Tensor,
    face: RigLandmarks,
    response: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Landmark consistency: the rig, posed as read, moves its landmarks as the detector saw them move.

    Robust (a Huber loss in units of 4 mm), and over the face's landmarks without the irises.

    Args:
        read_au: (N, 40) and ``read_identity`` (N, 208), as read; clipped here.
        gaze_deg: (N, 4) left, right: lids ride on the eyes.
        found_motion: (N, 478, 3) detector's landmarks minus the same person's at rest, head frame, metres.
        response: What the detector makes of true motion, (N, 478, 3) -> same (``models.training.detector_response``).
    """
    motion = face(read_au, read_identity, gaze_deg.detach())
    seen = motion if response is None else response(motion)
    off = (seen - found_motion.detach())[:, :NOT_IRISES] / MOTION_UNIT_M
    return nnf.smooth_l1_loss(off, torch.zeros_like(off), beta=0.25)


def smooth_loss(before: Tensor, now: Tensor, after: Tensor) -> Tensor:
    """Temporal smoothness of three neighbouring frames of a clip, channels (N, 40): what the middle one differs from
    the mean of the others. Robust, so that a blink may be one."""
    off = now - (before + after) / 2
    return (off.square() + 0.05**2).sqrt().mean() - 0.05


def flip_loss(read_au: Tensor, mirrored_au: Tensor) -> Tensor:
    """Left-right flip consistency: channels (N, 40) of a picture, and of its mirror image, whose sides are swapped."""
    return (read_au - mirrored_au[:, list(MIRROR)]).abs().mean()
