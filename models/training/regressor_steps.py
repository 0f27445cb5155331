"""What one step of R's training looks at, and the loss terms it gives (``models.losses``)."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.fused_features import Fused
from models.losses import Weights, channel_loss, flip_loss, landmark_loss, smooth_loss, supervised_loss
from models.regressor import Reading, Regressor, Seen
from models.training.person_batches import CLEAN, Batch, Life, Source
from models.training.regressor_data import Clips, Data
from models.training.rig_landmarks import RigLandmarks
from models.training.self_supervision import SelfSupervision

RIG_ROWS = 16
"""Pictures in a step whose landmarks the rig answers for."""
RESTS, TRIPLES = 2, 2
"""Of a clip in a step: frames at rest, and runs of three neighbours."""
STILLS = 2


def looked(
    regressor: Regressor, batch: Batch, generator: torch.Generator | None = None, device: str = "cpu"
) -> tuple[Seen, Tensor]:
    """R's first look at a whole batch, and the code at rest of each picture's person, from the pictures among them."""
    with torch.autocast(device, enabled=device == "cuda"):
        seen = regressor.look(Fused.from_flat(batch.features, regressor.architecture.channels))
    seen = Seen(*[part.float() for part in seen])
    return seen, batch.neutral_code(seen.code, generator)


def read(regressor: Regressor, batch: Batch, generator: torch.Generator | None = None, device: str = "cpu") -> Reading:
    """R on a whole batch."""
    seen, code = looked(regressor, batch, generator, device)
    return regressor.answer(seen, batch.landmarks, batch.neutral, code, batch.picture_known)


def alone_loss(regressor: Regressor, seen: Seen, code: Tensor, true_au: Tensor) -> Tensor:
    """AUs from the pictures (now and at rest) without landmarks: beside those, which explain most of what is asked, the
    pictures alone would learn slowly."""
    points, _, _ = regressor.nothing_known(len(code))
    return channel_loss(regressor.answer(seen, points, points, code).au, true_au)


class Steps:
    """Draws the pictures of each step."""

    def __init__(
        self,
        regressor: Regressor,
        data: Data,
        unlabelled: SelfSupervision | None,
        weights: Weights,
        people: int = 5,
        clips: int = 4,
        drawn: int = 8,
        device: str = "cpu",
        pictures: int = 20,
    ):
        """``people``, ``clips`` and ``drawn``: how many a step has of each, with at most ``pictures`` of a rendered
        person; ``drawn`` pictures go through G."""
        self._regressor, self._data, self._unlabelled, self._weights = regressor, data, unlabelled, weights
        self._people, self._clips, self._drawn, self._device = people, clips, drawn, device
        self._pictures = pictures
        self._rig = RigLandmarks().to(device)
        self._response = data.response
        self._response.true_modes = self._response.true_modes.to(device)
        self._response.matrix = self._response.matrix.to(device)

    def labelled(
        self, rng: np.random.Generator, generator: torch.Generator, with_clips: bool = True
    ) -> dict[str, Tensor]:
        """Rendered people, whose parameters are known; real clips by our own terms, and by what readers say of them
        where they were asked (``models.label_real_faces``)."""
        batch = self._rendered(rng)
        rendered = len(batch.rows)
        clips = self._data.real if with_clips else None
        real, places = (None, None) if clips is None else self._real(rng, clips)
        whole = batch if real is None else joined(batch, real)
        whole = whole.to(self._device)
        seen, code = looked(self._regressor, whole, generator, self._device)
        reading = self._regressor.answer(seen, whole.landmarks, whole.neutral, code, whole.picture_known)
        w = self._weights
        terms: dict[str, Tensor] = {}
        if w.supervised:
            known = supervised_loss(rows_of(reading, slice(0, rendered)), batch.to(self._device))
            terms |= {name: w.supervised * value for name, value in known.items()}
        if w.alone:
            few_seen = seen.rows(slice(0, rendered))
            terms["alone"] = w.alone * alone_loss(self._regressor, few_seen, code[:rendered], whole.au[:rendered])
        if w.landmarks and (real is not None or self._data.real is None):
            terms["landmarks"] = w.landmarks * self._landmarks(whole, reading, rng)
        if real is not None and places is not None:
            au = reading.au[rendered:]
            read = torch.arange(rendered, len(whole.rows))[whole.au[rendered:].isfinite().any(1).cpu()]
            if w.real and len(read):
                by_pictures = alone_loss(self._regressor, seen.rows(read), code[read], whole.au[read])
                terms["real"] = w.real * (2 * channel_loss(reading.au[read], whole.au[read]) + by_pictures)
            if w.smooth:
                terms["smooth"] = w.smooth * smooth_loss(*[au[places["triples"][:, k]] for k in range(3)])
            if w.flip and len(places["seen"]):
                terms["flip"] = w.flip * flip_loss(au[places["seen"]], au[places["mirrored"]])
        return terms

    def unlabelled(self, rng: np.random.Generator, generator: torch.Generator) -> dict[str, Tensor]:
        """The paper's terms on a few rendered and real pictures; R's statistics stand still meanwhile."""
        assert self._unlabelled is not None
        half = self._drawn // 2 if self._data.real is not None else self._drawn
        parts = [self._few_rendered(rng, half)]
        if self._data.real is not None:
            parts.append(self._few_real(rng, self._data.real, self._drawn - half))
        was_training = self._regressor.training
        self._regressor.eval()
        terms: dict[str, Tensor] = {}
        for batch, picture, drawn in parts:
            reading = read(self._regressor, batch.to(self._device), generator, self._device)
            found = self._unlabelled(self._regressor, rows_of(reading, drawn), picture.to(self._device))
            for name, value in found.items():
                terms[name] = terms.get(name, 0) + value * len(drawn) / self._drawn
        self._regressor.train(was_training)
        return terms

    def _rendered(self, rng: np.random.Generator) -> Batch:
        source = self._data.rendered
        people = rng.choice(len(source.people), min(self._people, len(source.people)), replace=False)
        chosen = [source.some_of(source.people[k], self._pictures, rng) for k in people]
        rows = np.concatenate(chosen)
        flip = np.concatenate([np.full(len(p), rng.random() < 0.5 and bool(source.mirror[p].all())) for p in chosen])
        return source.draw(rows, rng, Life(), flip)

    def _real(self, rng: np.random.Generator, clips: Clips) -> tuple[Batch, dict[str, Tensor]]:
        """Runs of neighbours, the clip's resting frames, and some again in the mirror; and where in the batch."""
        rows: list[NDArray[np.intp]] = []
        flips: list[NDArray[np.bool_]] = []
        triples, seen, mirrored = [], [], []
        names = list(clips.triples)
        at = 0
        for clip in rng.choice(names, min(self._clips, len(names)), replace=False):
            runs = clips.triples[clip]
            runs = runs[rng.choice(len(runs), min(TRIPLES, len(runs)), replace=False)]
            rests = clips.resting[clip]
            rests = rests[rng.choice(len(rests), min(RESTS, len(rests)), replace=False)]
            own = np.concatenate([rests, runs.ravel(), rests, runs[:, 1]])
            n, m = len(rests), len(runs)
            triples.append(at + n + np.arange(3 * m).reshape(m, 3))
            seen.append(at + n + 1 + 3 * np.arange(m))
            mirrored.append(at + n + 3 * m + n + np.arange(m))
            rows.append(own)
            flips.append(np.arange(len(own)) >= n + 3 * m)
            at += len(own)
        batch = clips.source.draw(np.concatenate(rows), rng, Life(other_session=0), np.concatenate(flips))
        known = batch.at_rest.sum(1) > 0
        s, f = (torch.from_numpy(np.concatenate(x)) for x in (seen, mirrored))
        pairs = known[s] == known[f]
        return batch, {"triples": torch.from_numpy(np.concatenate(triples)), "seen": s[pairs], "mirrored": f[pairs]}

    def _few_rendered(self, rng: np.random.Generator, n: int) -> tuple[Batch, Tensor, Tensor]:
        """Batch, pictures (n, 3, S, S) and where these are in the batch: of one person, in one session."""
        source = self._data.rendered
        person = source.people[rng.integers(len(source.people))]
        session = rng.choice(source.faces.session[person])
        person = person[source.faces.session[person] == session]
        resting = source.faces.resting[person]
        moving = rng.permutation(person[~resting])[:n]
        return few(source, person[resting], moving, self._data.pictures.rows(moving), rng)

    def _few_real(self, rng: np.random.Generator, clips: Clips, n: int) -> tuple[Batch, Tensor, Tensor]:
        """The same of one clip, and a still or two."""
        clip = rng.choice(list(clips.triples))
        stills = rng.permutation(clips.stills)[: min(STILLS, n - 1)]
        frames = rng.permutation(clips.triples[clip][:, 1])[: n - len(stills)]
        chosen = np.concatenate([frames, stills])
        rests = np.setdiff1d(clips.resting[clip], chosen)[: 2 * RESTS]
        return few(clips.source, rests, chosen, clips.pictures.rows(chosen), rng)

    def _landmarks(self, batch: Batch, reading: Reading, rng: np.random.Generator) -> Tensor:
        """On real pictures as far as there are enough, else on rendered ones too."""
        has = np.flatnonzero(batch.motion.isfinite().all(2).all(1).cpu().numpy())
        rows = torch.from_numpy(np.sort(rng.permutation(has[::-1][: 3 * RIG_ROWS])[:RIG_ROWS])).to(self._device)
        return landmark_loss(
            reading.au[rows],
            reading.identity[rows],
            reading.gaze_deg[rows],
            batch.motion[rows],
            self._rig,
            self._response.apply,
        )


def few(
    source: Source, resting: NDArray[np.intp], moving: NDArray[np.intp], picture: Tensor, rng: np.random.Generator
) -> tuple[Batch, Tensor, Tensor]:
    """``moving`` rows beside ``resting`` ones that tell of the person; with ``picture`` of the moving."""
    batch = source.draw(np.concatenate([resting, moving]), rng, CLEAN)
    return batch, picture, len(resting) + torch.arange(len(moving))


def rows_of(reading: Reading, rows: Tensor | slice) -> Reading:
    return Reading(*[part[rows] for part in reading])


def joined(a: Batch, b: Batch) -> Batch:
    """Two batches as one; nobody of one is known to the other."""
    parts = {}
    for name, x in vars(a).items():
        y = getattr(b, name)
        if name == "at_rest":
            parts[name] = torch.block_diag(x, y)
        elif isinstance(x, Tensor):
            parts[name] = torch.cat([x, y])
        else:
            parts[name] = np.concatenate([x, y]) if name == "rows" else max(x, y)
    return Batch(**parts)
