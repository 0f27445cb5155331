"""The versioned rig file -> a frozen Skeleton. ``assets/rig/head.npz`` holds arrays, ``bones.json`` the table."""

import json
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from rig.parameters import CHANNELS, EXCLUSIVE_CHANNELS, N_IDENTITY

RIG_VERSION = 2
ASSETS = Path(__file__).resolve().parent.parent / "assets"
HEAD_FILE = ASSETS / "rig" / "head.npz"
BONES_FILE = ASSETS / "rig" / "bones.json"
PARTS = ("skin", "eye-left", "eye-right", "upper-teeth", "lower-teeth", "tongue", "lashes-left", "lashes-right", "hair")
GAZE_DIRECTIONS = ("up", "down", "in", "out")
GAZE_FULL_DEG = 30.0
"""Eye rotation at which ARKit's eyeLook shapes are 1."""

F = NDArray[np.float32]


class RigError(Exception):
    """The rig file is missing, damaged or of another version; the message says which and what to do."""


@dataclass(frozen=True)
class Skeleton:
    """The base face and its bones. Metres; x to the subject's left, y up, z out of the face, 0 between the eyes."""

    vertices: F
    """(V, 3) the base face."""
    quads: NDArray[np.int32]
    """(F, 4) vertex indices, counter-clockwise from outside."""
    quad_uvs: NDArray[np.int32]
    """(F, 4) indices into ``uvs``."""
    uvs: F
    """(T, 2)"""
    part: NDArray[np.int32]
    """(V,) index into PARTS."""
    mirror: NDArray[np.int32]
    """(V,) the vertex on the other side."""
    names: tuple[str, ...]
    """(B,) bone names; a parent comes before its children."""
    parents: NDArray[np.int32]
    """(B,) parent index, -1 for the root."""
    twins: NDArray[np.int32]
    """(B,) the bone on the other side, itself on the middle."""
    pivots: F
    """(B, 3) rest positions: what a bone turns about (lid bones: the eye's centre)."""
    pivot_bone: NDArray[np.int32]
    """(B,) the bone that carries the pivot along when identity moves it: itself, or the eye for lids."""
    bone_index: NDArray[np.uint16]
    """(V, 4) the bones of each vertex, heaviest first."""
    bone_weight: F
    """(V, 4) their weights, summing to 1."""
    channel_rotation: F
    """(40, B, 3) rotation vectors (radians, local to the parent) at intensity 1."""
    channel_translation: F
    """(40, B, 3) translations (metres) at intensity 1."""
    corrective_channels: NDArray[np.int32]
    """(K, 2) pairs of channels whose product drives a corrective."""
    corrective_rotation: F
    """(K, B, 3)"""
    corrective_translation: F
    """(K, B, 3)"""
    gaze_rotation: F
    """(2, 4, B, 3) how the lids follow the left and right eye looking up, down, in, out by GAZE_FULL_DEG."""
    gaze_translation: F
    """(2, 4, B, 3)"""
    identity_names: tuple[str, ...]
    """(208,)"""
    identity_translation: F
    """(208, B, 3) metres from parameter 0.5 to 1."""
    identity_rotation: F
    """(208, B, 3) rotation vectors (radians) about the bone's pivot from parameter 0.5 to 1."""
    identity_scale: F
    """(208, B, 3) relative growth along x, y, z about the pivot from parameter 0.5 to 1."""
    lid_seam: NDArray[np.int32]
    """(2, L, 2) left and right eye: vertices of the upper and the lower lid's rim that meet when the eye closes."""
    lip_seam: NDArray[np.int32]
    """(P, 2) vertices of the upper and the lower lip that touch at rest."""
    lip_rows: NDArray[np.int32]
    """(M,) the vertices near the lips' seam."""
    lip_close: F
    """(M, P) how far each of them goes along with what parts the pairs of ``lip_seam`` (``rig.seams``)."""
    ride: NDArray[np.int32]
    """(R, 2) a vertex about the eye, and the vertex of the lid whose ride on the eyeball it shares (``rig.seams``)."""
    ride_share: F
    """(R,) 1 where that lid lies on the ball, falling to 0 away from it."""
    landmark_vertices: NDArray[np.int32]
    """(478, 3) the triangle each MediaPipe landmark lies in."""
    landmark_weights: F
    """(478, 3) barycentric weights."""

    @property
    def weights(self) -> sp.csr_matrix:
        """(V, B) sparse skin weights."""
        v = np.arange(len(self.vertices)).repeat(4)
        return sp.csr_matrix(
            (self.bone_weight.ravel(), (v, self.bone_index.ravel().astype(np.int32))),
            shape=(len(self.vertices), len(self.names)),
        )

    def save(self, path: Path, provenance: str) -> None:
        arrays = {f.name: np.asarray(getattr(self, f.name)) for f in fields(self)}
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, version=RIG_VERSION, provenance=provenance, **arrays)  # type: ignore[arg-type]


def load_skeleton(path: Path = HEAD_FILE) -> Skeleton:
    """Reads and checks a rig file (no pickle). Raises RigError naming the file, both versions, and what to do."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as z:
            version = int(z["version"])
            if version != RIG_VERSION:
                raise RigError(
                    f"{path}: rig version {version}, this Mien reads {RIG_VERSION}; reinstall Mien or rebuild the head"
                )
            data = {f.name: z[f.name] for f in fields(Skeleton)}
    except FileNotFoundError:
        raise RigError(f"{path}: the head is missing; reinstall Mien") from None
    except RigError:
        raise
    except Exception as e:
        raise RigError(f"{path}: the head file is damaged ({type(e).__name__}); reinstall Mien") from e
    data["names"] = tuple(str(n) for n in data["names"])
    data["identity_names"] = tuple(str(n) for n in data["identity_names"])
    skeleton = Skeleton(**data)
    n_bones = len(skeleton.names)
    if skeleton.channel_rotation.shape != (len(CHANNELS), n_bones, 3):
        raise RigError(f"{path}: made for other channels; rebuild the head")
    moves = (skeleton.identity_translation, skeleton.identity_rotation, skeleton.identity_scale)
    if any(move.shape != (N_IDENTITY, n_bones, 3) for move in moves):
        raise RigError(f"{path}: made for other identity parameters; rebuild the head")
    return skeleton


def moved_by(skeleton: Skeleton, control: int) -> NDArray[np.bool_]:
    """(B,) the bones that identity parameter number ``control`` shapes, those that only follow it included."""
    s = skeleton
    moves = (s.identity_translation[control], s.identity_rotation[control], s.identity_scale[control])
    return np.any([np.abs(m).max(1) > 0 for m in moves], axis=0)


def bone_table(skeleton: Skeleton, limits_deg: F, limits_mm: F) -> str:
    """The readable table: every bone, its parent, rest position, what moves it, its limits; exclusive pairs."""

    def row(i: int, name: str) -> dict:
        moved = [
            c
            for k, c in enumerate(CHANNELS)
            if np.abs(skeleton.channel_rotation[k, i]).max() > 0.02
            or np.abs(skeleton.channel_translation[k, i]).max() > 0.0005
        ]
        shaped = [p for k, p in enumerate(skeleton.identity_names) if moved_by(skeleton, k)[i]]
        parent = int(skeleton.parents[i])
        return {
            "name": name,
            "parent": skeleton.names[parent] if parent >= 0 else None,
            "twin": skeleton.names[int(skeleton.twins[i])],
            "rest_mm": [round(1000 * float(x), 2) for x in skeleton.pivots[i]],
            "limit_deg": round(float(limits_deg[i]), 1),
            "limit_mm": round(float(limits_mm[i]), 1),
            "channels": moved,
            "identity": shaped,
        }

    bones = ",\n  ".join(json.dumps(row(i, n)) for i, n in enumerate(skeleton.names))
    pairs = ",\n  ".join(json.dumps(p) for p in EXCLUSIVE_CHANNELS)
    return f'{{"version": {RIG_VERSION},\n "bones": [\n  {bones}],\n "exclusive": [\n  {pairs}]}}\n'
