"""Fits identity to real faces through their landmarks: ``python -m models.fit_identity DATA_DIR [--out DIR]``.

Of every clip the most neutral frame is taken (the coder's own where there is one, else the one that is most frontal
and nearest to the clip's median face); its 478 landmarks, aligned to the head frame, are the target. Fitted are
identity (with the spread of people as prior), a few expression channels (nobody is quite at rest) and a similarity.
Prints Markdown: mean landmark error in mm of the base face, rigidly aligned and scaled, and of the fitted face. With
``--out`` the photo crops beside the rendered fitted faces are written there (never into the repository).
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.evaluate import NEUTRAL_FRAMES
from models.landmark_dataset import LandmarkFace
from models.runtime.alignment import HeadFit, align, euler_from_rotation, fit_head, quaternion_from_rotation
from models.runtime.engines import make_landmark_engine
from rig.face import Face
from rig.identity import people_factor
from rig.parameters import CHANNEL_INDEX, IDENTITY_BASE, N_CHANNELS, N_IDENTITY

F = NDArray[np.float32]
FREE_CHANNELS = ("AU1", "AU2", "AU4", "AU5", "AU7", "AU12", "AU15", "AU17", "AU25", "AU26", "AU43")
"""Channels that a face at rest may show a little of."""
FIT_POINTS = 468
"""The mesh; irises are gaze, not identity."""
DEPTH_WEIGHT = 0.4
"""The landmark model guesses depth from one picture: it counts less."""
NOISE_MM = 1.2
"""Standard deviation taken for the landmarks: less would fit the detector's errors with strange faces."""
OWN_SIGMA = 0.06
"""How far (in parameters, 0..1) a face may go beyond the spread of people, each control by itself."""
FRAMES_LOOKED_AT = 40


@dataclass(frozen=True)
class Neutral:
    """The most neutral frame of one clip."""

    name: str
    frame: int
    image: NDArray[np.uint8]
    """(H, W, 3) RGB."""
    points: F
    """(478, 3) pixels."""
    fit: HeadFit

    @property
    def aligned(self) -> F:
        """(478, 3) metres, head frame."""
        return align(self.points, self.fit).astype(np.float32)


def read_frames(path: Path) -> list[tuple[int, NDArray[np.uint8]]]:
    """The coded neutral frame alone, or up to FRAMES_LOOKED_AT frames spread over the clip; (number, RGB)."""
    video = cv2.VideoCapture(str(path))
    n = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    coded = NEUTRAL_FRAMES.get(path.stem)
    step = max(1, n // FRAMES_LOOKED_AT)
    frames, index = [], 0
    while True:
        ok, image = video.read()
        if not ok:
            break
        if index == coded or (coded is None and index % step == 0):
            frames.append((index, np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)))
        index += 1
    video.release()
    return frames


def most_neutral(path: Path) -> Neutral | None:
    """None where no face is found."""
    engine = make_landmark_engine()
    found: list[Neutral] = []
    for index, image in read_frames(path):
        engine.reset()
        result = engine.detect(image, index / 30)
        if result is not None and np.isfinite(result.points).all():
            found.append(Neutral(path.stem, index, image, result.points, fit_head(result.points)))
    engine.close()
    if not found:
        return None
    faces = np.array([f.aligned for f in found])
    # Near the median face, frontal, lips together, eyes open: the frame that a person would call at rest.
    off = 1000 * np.linalg.norm(faces - np.median(faces, axis=0), axis=2).mean(1)
    turned = np.abs(np.array([euler_from_rotation(f.fit.rotation) for f in found]))[:, :2].sum(1)
    parted = 1000 * np.linalg.norm(faces[:, 13] - faces[:, 14], axis=1)
    opened = 1000 * np.linalg.norm(faces[:, [386, 159]] - faces[:, [374, 145]], axis=2).mean(1)
    return found[int((off + turned / 10 + parted / 2 - opened / 2).argmin())]


def similarity(source: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """``source`` (N, L, 3) moved, turned and scaled onto ``target``; the similarity itself carries no gradient.

    At its optimum the similarity's own change leaves the error as it is, so nothing is lost.
    """
    with torch.no_grad():
        w = weight / weight.sum()
        cs, ct = (w @ source)[:, None], (w @ target)[:, None]
        a, b = source - cs, target - ct
        u, d, vt = torch.linalg.svd(torch.einsum("l,nli,nlj->nij", w, b, a))
        sign = torch.ones_like(d)
        sign[:, 2] = torch.sign(torch.linalg.det(u @ vt))
        r, d = u @ torch.diag_embed(sign) @ vt, d * sign
        scale = d.sum(1) / torch.einsum("l,nli,nli->n", w, a, a)
    return scale[:, None, None] * (source - cs) @ r.transpose(1, 2) + ct


class IdentityFit:
    """Identity and a little expression from landmarks, many faces at once."""

    def __init__(self, face: Face):
        self.face = face
        self.small = LandmarkFace(face)
        self.factor = torch.from_numpy(people_factor())
        self.weight = torch.ones(FIT_POINTS)
        self.axes = torch.tensor([1.0, 1.0, DEPTH_WEIGHT])
        self.channels = [[i for c, i in CHANNEL_INDEX.items() if c.split("-")[0] == name] for name in FREE_CHANNELS]

    def landmarks(self, identity: Tensor, au: Tensor) -> Tensor:
        """(N, 478, 3) metres."""
        still = identity.new_zeros(len(identity), 2)
        v = self.small.twin(au, still, still, *self.small.twin.person(identity))
        return torch.einsum("lk,nlkd->nld", self.small.weights, v[:, self.small.where])

    def error_mm(self, identity: Tensor, au: Tensor, target: Tensor) -> tuple[F, F]:
        """(N,) mean distance to ``target`` (N, 478, 3) in space, and as seen from the front."""
        with torch.no_grad():
            points = self.landmarks(identity, au)[:, :FIT_POINTS]
            off = 1000 * (similarity(points, target[:, :FIT_POINTS], self.weight) - target[:, :FIT_POINTS])
        return off.norm(dim=-1).mean(1).numpy(), off[..., :2].norm(dim=-1).mean(1).numpy()

    def __call__(self, target: F, steps: int = 250) -> tuple[Tensor, Tensor]:
        """``target`` (N, 478, 3) metres, head frame -> identity (N, 208) and channels (N, 40)."""
        n, goal = len(target), torch.from_numpy(target)[:, :FIT_POINTS]
        common = torch.zeros(n, len(self.factor), requires_grad=True)
        own = torch.zeros(n, N_IDENTITY, requires_grad=True)
        active = torch.full((n, len(self.channels)), -3.5, requires_grad=True)
        optimiser = torch.optim.Adam([common, own, active], lr=0.08)

        def parameters() -> tuple[Tensor, Tensor]:
            identity = IDENTITY_BASE + common @ self.factor + OWN_SIGMA * own
            au = torch.zeros(n, N_CHANNELS)
            for k, both in enumerate(self.channels):
                au = au.index_add(1, torch.tensor(both), torch.sigmoid(active[:, k : k + 1]).expand(-1, len(both)))
            return identity.clamp(0, 1), au

        for _ in range(steps):
            identity, au = parameters()
            points = self.landmarks(identity, au)[:, :FIT_POINTS]
            off = 1000 * (similarity(points, goal, self.weight) - goal) * self.axes / NOISE_MM
            # Neighbouring landmarks err together: they count as a quarter of as many.
            prior = (common**2).sum() + (own**2).sum() + (torch.sigmoid(active) / 0.15).pow(2).sum()
            loss = 0.25 * (off**2).sum() + prior
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        identity, au = parameters()
        return identity.detach(), au.detach()


def picture(neutrals: list[Neutral], face: Face, identity: F, au: F) -> NDArray[np.uint8]:
    """BGR: each photo's crop beside the fitted face, turned as the head in the photo."""
    from models.runtime.alignment import FACING
    from rig.scene import FaceScene

    size = 300
    scene = FaceScene(size, size, face=face, samples=0)
    scene.frame(0.0, 1.0, 15.0)
    tiles = []
    for k, n in enumerate(neutrals):
        low, high = n.points[:, :2].min(0), n.points[:, :2].max(0)
        half, centre = 0.75 * (high - low).max(), (low + high) / 2
        move = np.array([[1, 0, half - centre[0]], [0, 1, half - centre[1]]]) * (size / (2 * half))
        photo = cv2.warpAffine(n.image, move, (size, size), flags=cv2.INTER_AREA)[..., ::-1]
        turn = quaternion_from_rotation((n.fit.rotation @ FACING).astype(np.float32))
        scene.set_face(au[k], head_rotation=turn, identity=identity[k])
        pair = np.hstack([photo, scene.render()[..., ::-1]]).astype(np.uint8)
        tiles.append(cv2.putText(pair.copy(), n.name, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1))
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % 4)
    return np.vstack([np.hstack(tiles[i : i + 4]) for i in range(0, len(tiles), 4)])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder that holds clips/")
    parser.add_argument("--out", type=Path, help="folder for pictures, outside the repository")
    args = parser.parse_args()
    torch.set_num_threads(1)
    clips = sorted((args.data / "clips").glob("*.mp4"))
    if not clips:
        raise SystemExit(f"{args.data / 'clips'}: no clips here; give the folder that holds clips/")
    neutrals = [n for n in map(most_neutral, clips) if n is not None]
    face = Face()
    fit = IdentityFit(face)
    target = np.array([n.aligned for n in neutrals])
    identity, au = fit(target)
    base = torch.full((len(target), N_IDENTITY), IDENTITY_BASE)
    before = fit.error_mm(base, torch.zeros(len(target), N_CHANNELS), torch.from_numpy(target))
    after = fit.error_mm(identity, au, torch.from_numpy(target))
    print("| clip | frame | base face, mm | fitted, mm | base, from the front | fitted, from the front |")
    print("| --- | --- | --- | --- | --- | --- |")
    columns = (before[0], after[0], before[1], after[1])
    for k, n in enumerate(neutrals):
        print(f"| {n.name} | {n.frame} | " + " | ".join(f"{e[k]:.2f}" for e in columns) + " |")
    print("| **mean** | | " + " | ".join(f"**{e.mean():.2f}**" for e in columns) + " |")
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(args.out / "fitted_clips.jpg"), picture(neutrals, face, identity.numpy(), au.numpy()))


if __name__ == "__main__":
    main()
