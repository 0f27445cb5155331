"""Rendered people and real clips with their cached features, opened for training and for scoring."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.faces import load_faces
from models.fused_features import of_pictures
from models.training.detector_response import DetectorResponse, fit_response
from models.training.feature_cache import FeatureCache, data_files
from models.training.person_batches import Source

RESPONSE_ROWS = 6000
UNREAD = ("picture", "labels", "points")
"""Large, and not needed row by row."""


class Pictures:
    """Pictures of a folder's data files, read as they are asked for."""

    def __init__(self, folder: Path, files: int | None = None):
        self._paths = data_files(folder)[:files]
        sizes = []
        for path in self._paths:
            with np.load(path) as file:
                sizes.append(len(file["person"]))
        self._start = np.cumsum([0, *sizes])

    def rows(self, index: NDArray[np.intp]) -> Tensor:
        """(R,) rows in the order of ``load_faces`` -> (R, 3, S, S) RGB 0..1."""
        files = np.searchsorted(self._start, index, side="right") - 1
        out: list[NDArray[np.uint8] | None] = [None] * len(index)
        for k in np.unique(files):
            with np.load(self._paths[k]) as file:
                picture = file["picture"]
            for place in np.flatnonzero(files == k):
                out[place] = picture[index[place] - self._start[k]]
        return of_pictures(torch.from_numpy(np.stack(out)))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Clips:
    """Real people: frames of clips, and stills."""

    source: Source
    pictures: Pictures
    triples: dict[int, NDArray[np.intp]]
    """Clip (its session number) -> (T, 3) rows of neighbouring sampled frames."""
    resting: dict[int, NDArray[np.intp]]
    """Clip -> rows at rest."""
    stills: NDArray[np.intp]


@dataclass(frozen=True)
class Data:
    rendered: Source
    pictures: Pictures
    held_out: Source
    """Rendered people that training never sees."""
    real: Clips | None
    response: DetectorResponse
    """Of the detector to true motion, found on the training people."""


def open_source(folder: Path, cache: Path, files: int | None = None) -> Source:
    """All people of a folder of rendered data, for scoring."""
    faces = load_faces(folder, files, without=UNREAD)
    return Source(faces, FeatureCache(folder, cache, files), np.ones(len(faces), bool))


def load_data(rendered: Path, real: Path | None, cache: Path, files: int | None = None) -> Data:
    """The first ``files`` (default: all) files of ``rendered`` and all of ``real``; caches under ``cache``."""
    faces = load_faces(rendered, files, without=UNREAD)
    features = FeatureCache(rendered, cache / "rendered", files)
    train, aside = (Source(faces, features, used) for used in (~faces.held_out, faces.held_out))
    clips = None if real is None else load_clips(real, cache / "real")
    return Data(train, Pictures(rendered, files), aside, clips, response_of(train))


def response_of(source: Source) -> DetectorResponse:
    """How the detector answers to true motion, from up to RESPONSE_ROWS pictures."""
    rng = np.random.default_rng(5)
    f = source.faces
    rest = f.neutral_rows(rng)
    rows = np.concatenate(source.people)
    rows = rng.permutation(rows[rest[rows] >= 0])[:RESPONSE_ROWS]
    torch.manual_seed(5)
    return fit_response(
        *(torch.from_numpy(x) for x in (f.true[rest[rows]], f.true[rows], f.found[rest[rows]], f.found[rows]))
    )


def load_clips(folder: Path, cache: Path) -> Clips:
    """Real faces that are not held aside, clip by clip."""
    faces = load_faces(folder, without=UNREAD)
    frame = np.concatenate([np.load(path)["frame"] for path in data_files(folder)])
    used = ~faces.held_out
    triples, resting, stills = {}, {}, []
    for session in np.unique(faces.session[used]):
        rows = np.flatnonzero((faces.session == session) & used)
        if len(rows) < 3:
            stills.append(rows)
            continue
        step = np.diff(frame[rows])
        even = (step[1:] == step[:-1]) & (step[1:] == step.min())
        middle = np.flatnonzero(even) + 1
        if len(middle):
            triples[int(session)] = np.stack([rows[middle - 1], rows[middle], rows[middle + 1]], 1)
            resting[int(session)] = rows[faces.resting[rows]]
    alone = np.concatenate(stills) if stills else np.zeros(0, np.intp)
    return Clips(Source(faces, FeatureCache(folder, cache), used), Pictures(folder), triples, resting, alone)
