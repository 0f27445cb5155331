"""Parameters -> posed face: the bone-driven face model in numpy."""

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from rig import seams as seam_room
from rig import skinning
from rig.parameters import CHANNEL_INDEX, IDENTITY_BASE, N_CHANNELS, N_IDENTITY
from rig.seams import EYES
from rig.skeleton import GAZE_FULL_DEG, Skeleton, load_skeleton

F = NDArray[np.float32]
LID_CHANNELS = (CHANNEL_INDEX["AU43-left"], CHANNEL_INDEX["AU43-right"])
LID_GAIN_RANGE = (0.6, 2.0)


@dataclass(frozen=True)
class Person:
    """A neutral face: the base face after its identity parameters, and how its bones move it."""

    vertices: F
    """(V, 3) metres."""
    pivots: F
    """(B, 3) metres."""
    gain: F
    """(40,) what the channels are multiplied by: 1 shall mean the same on every face, and wide eyes need more lid."""
    close: F
    """(B, 3) metres that AU43 at 1 adds to the lids' bones, so that these lids meet all along."""
    size: F
    """(B,) what the bones' translations are multiplied by: a wide mouth smiles wide."""


class Face:
    """Poses the bones and skins the mesh. All inputs are float arrays; intensities are clipped to their range."""

    def __init__(self, skeleton: Skeleton | None = None):
        self.skeleton = s = skeleton or load_skeleton()
        self.weights: sp.csr_matrix = s.weights.astype(np.float32)
        self.seams = seam_room.make_seams(s, self.weights)
        self._eye_bone = [s.names.index(e) for e in EYES]
        self._head = s.names.index("head")
        b = len(s.names)
        self._lid_gap = self.lid_gap(s.vertices)
        still = np.zeros((b, 3), np.float32)
        self.base = Person(s.vertices, s.pivots, np.ones(N_CHANNELS, np.float32), still, np.ones(b, np.float32))
        self.closed_gap = self._closed(self.base)

    def person(self, identity: F | None) -> Person:
        """Identity parameters ``(208,)`` in 0..1 (0.5 = base face) -> the neutral person.

        Per bone the parameters' translations t, rotation vectors r and growths s are added up first, so their order
        does not matter; then bone b takes x to p + t + R(r) diag(1 + s) (x - p) about its pivot p, and the vertices
        blend their bones as always. Bones are not chained here. What seams are left open is closed by
        ``rig.seams.settle``; pivots go with their bone.
        """
        s = self.skeleton
        if identity is None:
            return self.base
        identity = np.asarray(identity, np.float32)
        if identity.shape != (N_IDENTITY,):
            raise ValueError(f"identity has shape {identity.shape}, expected ({N_IDENTITY},)")
        k = (np.clip(identity, 0, 1) - IDENTITY_BASE) * 2
        scale = 1 + np.tensordot(k, s.identity_scale, 1)
        local = skinning.local_affine(
            np.tensordot(k, s.identity_rotation, 1), np.tensordot(k, s.identity_translation, 1), s.pivots, scale
        )
        vertices = skinning.skin(s.vertices, self.weights, local)
        at = np.einsum("bij,bj->bi", local[:, :, :3], s.pivots) + local[:, :, 3]
        pivots = s.pivots + (at - s.pivots)[s.pivot_bone]
        vertices = seam_room.settle(s, self.seams, vertices, pivots, scale.mean(1))
        return self.neutral(vertices.astype(np.float32), pivots.astype(np.float32))

    def neutral(self, vertices: F, pivots: F | None = None) -> Person:
        """A person of any neutral vertices (V, 3). Pivots not given go with the skin that their bones carry."""
        s = self.skeleton
        if pivots is None:
            mass = np.maximum(np.asarray(self.weights.sum(0)).ravel(), 1e-6)
            move = (self.weights.T @ (vertices - s.vertices)) / mass[:, None]
            pivots = (s.pivots + move[s.pivot_bone]).astype(np.float32)
        gain = np.ones(N_CHANNELS, np.float32)
        gap = np.clip(self.lid_gap(vertices) / np.maximum(self._lid_gap, 1e-6), *LID_GAIN_RANGE)
        gain[list(LID_CHANNELS)] = gap
        size = seam_room.local_size(self.seams, pivots)
        person = Person(vertices, pivots, gain, np.zeros_like(pivots), size)
        parted = self._closed(person) - self.closed_gap
        close = np.zeros_like(pivots)
        for side, (own, solve) in enumerate(zip(self.seams.lid_bones, self.seams.lid_solve, strict=True)):
            close[own] = solve @ parted[side]
        return replace(person, close=close)

    def lid_gap(self, vertices: F) -> F:
        """(2,) metres between the lids' rims of the left and right eye, mean of their pairs."""
        pairs = vertices[self.skeleton.lid_seam]
        return np.linalg.norm(pairs[:, :, 0] - pairs[:, :, 1], axis=2).mean(1).astype(np.float32)

    def _closed(self, person: Person) -> F:
        """(2, L, 3) from the lower to the upper lid's rim with both eyes closed by AU43 = 1."""
        au = np.zeros(N_CHANNELS, np.float32)
        au[list(LID_CHANNELS)] = 1
        bones = self.bones(au, person=person)
        rim = self.skeleton.lid_seam.reshape(-1)
        p = skinning.skin(person.vertices[rim], self.weights[rim], bones).reshape(2, -1, 2, 3)
        gap: F = p[:, :, 0] - p[:, :, 1]
        return gap

    def bones(
        self,
        au: F,
        gaze_left_deg: F | None = None,
        gaze_right_deg: F | None = None,
        person: Person | None = None,
        head_rotation: F | None = None,
    ) -> F:
        """Global bone transforms ``(B, 3, 4)`` from 40 channels 0..1 and gaze (yaw to the subject's left, pitch up).

        AU offsets add as rotation vectors and translations about the person's own pivots, translations in the local
        size of the person's face (Song et al. 2020, section 1: offsets relative to the neutral face).
        ``head_rotation`` (3, 3) turns the head about the neck.
        """
        s = self.skeleton
        person = person or self.base
        a = np.asarray(au, np.float32)
        if a.shape != (N_CHANNELS,):
            raise ValueError(f"au has shape {a.shape}, expected ({N_CHANNELS},)")
        shut = np.clip(a[list(LID_CHANNELS)], 0, 1)
        a = np.clip(a, 0, 1) * person.gain
        product = a[s.corrective_channels[:, 0]] * a[s.corrective_channels[:, 1]]
        rotvec = np.tensordot(a, s.channel_rotation, 1) + np.tensordot(product, s.corrective_rotation, 1)
        move = np.tensordot(a, s.channel_translation, 1) + np.tensordot(product, s.corrective_translation, 1)
        for side, gaze in enumerate((gaze_left_deg, gaze_right_deg)):
            if gaze is None:
                continue
            yaw, pitch = float(gaze[0]), float(gaze[1])
            outward = yaw if side == 0 else -yaw
            share = np.clip(np.array([pitch, -pitch, -outward, outward], np.float32) / GAZE_FULL_DEG, 0, 1)
            share *= 1 - shut[side]  # lids follow the eye as far as they are open: shut ones have met
            rotvec += np.tensordot(share, s.gaze_rotation[side], 1)
            move += np.tensordot(share, s.gaze_translation[side], 1)
            rotvec[self._eye_bone[side]] += np.radians([-pitch, yaw, 0.0])
        move *= person.size[:, None]
        for amount, own in zip(shut, self.seams.lid_bones, strict=True):
            move[own] += amount * person.close[own]
        local = skinning.local_affine(rotvec.astype(np.float32), move.astype(np.float32), person.pivots)
        if head_rotation is not None:
            h = self._head
            r = np.asarray(head_rotation, np.float32)
            local[h, :, :3] = r
            local[h, :, 3] = person.pivots[h] - r @ person.pivots[h]
        return skinning.chain(local, s.parents)

    def pose(
        self,
        au: F,
        gaze_left_deg: F | None = None,
        gaze_right_deg: F | None = None,
        person: Person | None = None,
        head_rotation: F | None = None,
    ) -> F:
        """Like :meth:`bones`, but the skinned vertices ``(V, 3)`` in metres."""
        person = person or self.base
        bones = self.bones(au, gaze_left_deg, gaze_right_deg, person, head_rotation)
        return skinning.skin(person.vertices, self.weights, bones)

    def landmarks(self, vertices: F) -> F:
        """The 478 MediaPipe landmarks ``(478, 3)`` on skinned ``vertices`` (V, 3)."""
        s = self.skeleton
        return np.einsum("nk,nkd->nd", s.landmark_weights, vertices[s.landmark_vertices])
