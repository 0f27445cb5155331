"""F_seg's features of all training pictures, made once: the extractor is frozen, and on a CPU it costs more than R.

``cache_features`` writes one file of half-precision rows per data file, and more where asked: of the mirrored pictures,
and of the pictures as other cameras would have taken them (``models.training.augment``). A cache belongs to one parsing
network; another one's is refused.
"""

import copy
import hashlib
import json
import zlib
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.bisenet import FeatureExtractor
from models.fused_features import WINDOWS, fuse, of_pictures
from models.training.augment import Spoiler, draw_looks, draw_moves, photograph

BATCH = 32
NOTE = "extractor.json"


class CacheError(Exception):
    """The cache does not fit the data or the network; the message says what to do."""


def fingerprint(extractor: FeatureExtractor) -> str:
    """Tells parsing networks apart by their weights."""
    digest = hashlib.sha256()
    for name, value in sorted(extractor.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]


def data_files(folder: Path) -> list[Path]:
    """The files that ``models.faces.load_faces`` reads, in its order."""
    return sorted(p for p in folder.glob("*.npz") if not p.name.endswith(".part.npz"))


def by_another_camera(picture: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """(N, S, S, 3) RGB -> the same, each as a camera and a light of its own would show it."""
    rng = np.random.default_rng(seed)
    n = len(picture)
    seen = photograph(picture, draw_moves(n, rng), draw_looks(n, rng), Spoiler(), rng)
    return (seen * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()


@torch.no_grad()
def features_of(
    extractor: FeatureExtractor, picture: NDArray[np.uint8], device: str = "cpu", quick: bool = False
) -> NDArray[np.float16]:
    """(N, SIZE, SIZE, 3) RGB -> (N, D): ``Fused.flat`` of each. ``quick``: with bfloat16's 8 bits of mantissa, in half
    the time on a CPU that knows them."""
    layout = torch.channels_last if quick else torch.contiguous_format
    parts = []
    for first in range(0, len(picture), BATCH):
        view = of_pictures(torch.from_numpy(picture[first : first + BATCH])).to(device, memory_format=layout)
        with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=quick):
            parts.append(fuse(extractor(view)).flat().half().cpu().numpy())
    return np.concatenate(parts)


def cache_features(
    extractor: FeatureExtractor,
    folder: Path,
    out: Path,
    files: int | None = None,
    mirrored: int = 0,
    device: str = "cpu",
    quick: bool = False,
    cameras: int = 0,
) -> None:
    """Writes what is missing of the first ``files`` (default: all) data files of ``folder``, of the mirrored
    pictures of the first ``mirrored`` of them, and of all pictures as ``cameras`` others saw them (moved by about a
    pixel, recoloured, noisy, partly covered); ``quick`` as in :func:`features_of`.

    Raises:
        CacheError: ``out`` holds another network's features.
    """
    out.mkdir(parents=True, exist_ok=True)
    # Ours alone: training passes gradients through the extractor as it is.
    extractor = copy.deepcopy(extractor)
    note = {"extractor": fingerprint(extractor), "windows": {k: list(w) for k, w in WINDOWS.items()}}
    if (out / NOTE).exists() and json.loads((out / NOTE).read_text()) != note:
        raise CacheError(
            f"{out} holds features of another parsing network or of other windows: delete it, or use another one"
        )
    (out / NOTE).write_text(json.dumps(note))
    if quick:
        extractor = extractor.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    for k, path in enumerate(data_files(folder)[:files]):
        kinds = ["", *([".mirror"] if k < mirrored else []), *(f".camera{n}" for n in range(cameras))]
        for kind in kinds:
            target = out / f"{path.stem}{kind}.npy"
            if target.exists():
                continue
            with np.load(path) as file:
                picture = file["picture"]
            view = np.ascontiguousarray(picture[:, :, ::-1]) if kind == ".mirror" else picture
            if kind.startswith(".camera"):
                view = by_another_camera(picture, seed=zlib.crc32(target.name.encode()))
            part = target.with_suffix(".part")
            with part.open("wb") as raw:
                np.save(raw, features_of(extractor, view, device, quick))
            part.replace(target)


class FeatureCache:
    """Rows of cached features in the order of ``load_faces``, read from disk as they are asked for."""

    def __init__(self, folder: Path, out: Path, files: int | None = None):
        """Raises :class:`CacheError` where a data file's features are missing."""
        self._plain, self._mirror, self._cameras = [], [], []
        for path in data_files(folder)[:files]:
            own = out / f"{path.stem}.npy"
            if not own.exists():
                raise CacheError(f"{own} is missing: run cache_features (python -m models.train_regressor does)")
            mirror = out / f"{path.stem}.mirror.npy"
            self._plain.append(np.load(own, mmap_mode="r"))
            self._mirror.append(np.load(mirror, mmap_mode="r") if mirror.exists() else None)
            others = sorted(out.glob(f"{path.stem}.camera*.npy"))
            self._cameras.append([np.load(other, mmap_mode="r") for other in others])
        self._start = np.cumsum([0, *(len(p) for p in self._plain)])

    def __len__(self) -> int:
        return int(self._start[-1])

    @property
    def has_mirror(self) -> NDArray[np.bool_]:
        """(N,) whether the mirrored picture's features are there."""
        each = [np.full(len(p), m is not None) for p, m in zip(self._plain, self._mirror, strict=True)]
        return np.concatenate(each)

    def rows(
        self,
        index: NDArray[np.intp],
        mirrored: NDArray[np.bool_] | None = None,
        by_others: NDArray[np.bool_] | None = None,
    ) -> Tensor:
        """(R,) rows -> (R, D) float32: of the mirrored picture where ``mirrored``, else as another camera saw it where
        ``by_others`` and there is one."""
        flip = np.zeros(len(index), bool) if mirrored is None else mirrored
        files = np.searchsorted(self._start, index, side="right") - 1
        parts = []
        elsewhere = np.zeros(len(index), bool) if by_others is None else by_others
        for place, (row, k, other) in enumerate(zip(index, files, flip, strict=True)):
            source = self._mirror[k] if other else self._plain[k]
            if elsewhere[place] and not other and self._cameras[k]:
                source = self._cameras[k][place % len(self._cameras[k])]
            if source is None:
                raise CacheError(f"the mirrored features of row {row} were not cached")
            parts.append(source[row - self._start[k]])
        return torch.from_numpy(np.stack(parts)).float()
