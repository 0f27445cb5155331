"""A world of made-up people for tests of R: data files, tiny networks, and the features of all pictures."""

from pathlib import Path

import numpy as np
import torch

from models.bisenet import BiSeNet, FeatureExtractor
from models.generator import Generator
from models.lightcnn import LightCNN29v2
from models.runtime.alignment import canonical_face
from models.training.feature_cache import cache_features
from models.training.regressor_data import open_source

PER_SESSION = 4
"""Two at rest, two expressions; two sessions a person."""


def write_people(path: Path, people: list[int], real: bool = False) -> None:
    """A data file as models.render_dataset (or, ``real``, models.real_faces) would write."""
    rng = np.random.default_rng(people[0])
    n = 2 * PER_SESSION * len(people)
    k = np.arange(n)
    resting = k % PER_SESSION < 2
    person = np.repeat(people, 2 * PER_SESSION)
    found = canonical_face() + 0.002 * rng.standard_normal((n, 478, 3))
    au = (~resting[:, None] * rng.random((n, 40)) * (rng.random((n, 40)) < 0.3)).astype(np.float32)
    data = {
        "picture": rng.integers(0, 256, (n, 128, 128, 3), np.uint8),
        "labels": np.zeros((n, 2, 2), np.uint8),
        "points": np.zeros((n, 478, 2), np.float16),
        "found": found.astype(np.float32),
        "true": (found + 0.001 * rng.standard_normal(found.shape)).astype(np.float32),
        "au": au * np.nan if real else au,
        "gaze_deg": np.full((n, 4), np.nan) if real else rng.normal(0, 5, (n, 4)),
        "euler_deg": rng.normal(0, 8, (n, 3)),
        "identity": np.full((n, 208), np.nan) if real else rng.random((len(people), 208)).repeat(2 * PER_SESSION, 0),
        "brow_style": np.full(n, -1) if real else person % 36,
        "person": person,
        "session": person * 10 if real else k // PER_SESSION % 2,
        "resting": resting,
    }
    data |= {name: data[name].astype(np.float32) for name in ("au", "gaze_deg", "euler_deg", "identity")}
    if real:
        data["frame"] = k * 3
    np.savez(path, **data)


def make_world(root: Path) -> Path:
    """Fills ``root``: people 0 to 5 and 12 rendered, two real clips of which clip_b is held aside; returns it."""
    for name in ("rendered", "real"):
        (root / name).mkdir()
    write_people(root / "rendered" / "shard0000.npz", [0, 1, 2, 3])
    write_people(root / "rendered" / "shard0001.npz", [4, 5, 12])
    write_people(root / "real" / "clip_a.npz", [25], real=True)
    write_people(root / "real" / "clip_b.npz", [36], real=True)  # held aside
    torch.manual_seed(0)
    torch.save(BiSeNet(width=0.0625, side=128).eval().checkpoint(), root / "parser.pt")
    torch.save(Generator(128, width=16, code=16).checkpoint(), root / "generator.pt")
    torch.save(LightCNN29v2(width=0.1).checkpoint(), root / "recognition.pt")
    extractor = parser_of(root)
    cache_features(extractor, root / "rendered", root / "cache" / "rendered", mirrored=1)
    cache_features(extractor, root / "real", root / "cache" / "real", mirrored=9)
    return root


def parser_of(root: Path) -> FeatureExtractor:
    return FeatureExtractor(BiSeNet.from_checkpoint(torch.load(root / "parser.pt", weights_only=True)).eval())


def rendered(world: Path):  # type: ignore[no-untyped-def]
    return open_source(world / "rendered", world / "cache" / "rendered")
