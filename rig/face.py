"""Parameters -> posed face: the bone-driven face model in numpy."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from rig import skinning
from rig.parameters import CHANNEL_INDEX, IDENTITY_BASE, N_CHANNELS, N_IDENTITY
from rig.skeleton import GAZE_FULL_DEG, Skeleton, load_skeleton

F = NDArray[np.float32]
EYES = ("eye-left", "eye-right")
LID_CHANNELS = (CHANNEL_INDEX["AU43-left"], CHANNEL_INDEX["AU43-right"])
LID_LANDMARKS = ((386, 374), (159, 145))
"""Upper and lower lid's middle, left and right eye, among the 478."""
LID_GAIN_RANGE = (0.6, 2.0)


@dataclass(frozen=True)
class Person:
    """A neutral face: the base face after its identity parameters, and where its bones rest."""

    vertices: F
    """(V, 3) metres."""
    pivots: F
    """(B, 3) metres."""
    gain: F
    """(40,) what the channels are multiplied by: 1 shall mean the same on every face, and wide eyes need more lid."""


class Face:
    """Poses the bones and skins the mesh. All inputs are float arrays; intensities are clipped to their range."""

    def __init__(self, skeleton: Skeleton | None = None):
        self.skeleton = s = skeleton or load_skeleton()
        self.weights: sp.csr_matrix = s.weights.astype(np.float32)
        self._lid_gap = self.lid_gap(s.vertices)
        self.base = Person(s.vertices, s.pivots, np.ones(N_CHANNELS, np.float32))
        self._eye_bone = [s.names.index(e) for e in EYES]
        self._head = s.names.index("head")

    def person(self, identity: F | None) -> Person:
        """Identity parameters ``(208,)`` in 0..1 (0.5 = base face) -> the neutral person.

        Each bone b moves the vertices by its weight times t_b + s_b (v - p_b); pivots go with their bone.
        """
        s = self.skeleton
        if identity is None:
            return self.base
        identity = np.asarray(identity, np.float32)
        if identity.shape != (N_IDENTITY,):
            raise ValueError(f"identity has shape {identity.shape}, expected ({N_IDENTITY},)")
        k = (np.clip(identity, 0, 1) - IDENTITY_BASE) * 2
        t = np.tensordot(k, s.identity_translation, 1)
        scale = k @ s.identity_scale
        # Blended over bones: sum_b w (t_b - s_b p_b) + (sum_b w s_b) v
        m = self.weights @ np.concatenate([t - scale[:, None] * s.pivots, scale[:, None]], axis=1)
        vertices = s.vertices + m[:, :3] + m[:, 3:] * s.vertices
        return self.neutral(vertices.astype(np.float32), (s.pivots + t[s.pivot_bone]).astype(np.float32))

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
        return Person(vertices, pivots, gain)

    def lid_gap(self, vertices: F) -> F:
        """(2,) metres between the lids' edges of the left and right eye at their middle."""
        s = self.skeleton
        i = np.array(LID_LANDMARKS)
        p = np.einsum("nmk,nmkd->nmd", s.landmark_weights[i], vertices[s.landmark_vertices[i]])
        return np.linalg.norm(p[:, 0] - p[:, 1], axis=1).astype(np.float32)

    def bones(
        self,
        au: F,
        gaze_left_deg: F | None = None,
        gaze_right_deg: F | None = None,
        person: Person | None = None,
        head_rotation: F | None = None,
    ) -> F:
        """Global bone transforms ``(B, 3, 4)`` from 40 channels 0..1 and gaze (yaw to the subject's left, pitch up).

        AU offsets add as rotation vectors and translations about the person's own pivots (Song et al. 2020,
        section 1: offsets relative to the neutral face). ``head_rotation`` (3, 3) turns the head about the neck.
        """
        s = self.skeleton
        person = person or self.base
        a = np.asarray(au, np.float32)
        if a.shape != (N_CHANNELS,):
            raise ValueError(f"au has shape {a.shape}, expected ({N_CHANNELS},)")
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
            rotvec += np.tensordot(share, s.gaze_rotation[side], 1)
            move += np.tensordot(share, s.gaze_translation[side], 1)
            rotvec[self._eye_bone[side]] += np.radians([-pitch, yaw, 0.0])
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
