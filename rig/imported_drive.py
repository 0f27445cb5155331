"""Channels -> the vertices of an imported character: morph targets, then the few bones that a live face turns."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from rig import skinning
from rig.arkit import channels_to_arkit
from rig.gltf.meshes import Primitive
from rig.gltf.rest import node_weights, transform, vertex_transforms
from rig.gltf.vrm import BLINK, DEFAULT_RANGE_DEG, EMOTIONS, LOOK, MOUTH
from rig.imported import ImportedCharacter
from rig.imported_expressions import apply_overrides, preset_weights
from rig.parameters import ARKIT, N_CHANNELS
from rig.skeleton import GAZE_FULL_DEG

F = NDArray[np.float32]
NECK_SHARE: Final = 0.4
"""Of the head's rotation; the head bone takes the rest."""
EYES: Final = ("eye-left", "eye-right")
ROOT: Final = 0


@dataclass(frozen=True)
class _Piece:
    """One primitive, at rest in stage space, and what moves it."""

    rest: F
    """(V, 3)"""
    rows: NDArray[np.intp]
    """(M,) the vertices that any used morph target moves."""
    deltas: F
    """(T, M * 3) of the used targets."""
    binds: F
    """(C, T) expression -> weight of target."""
    base: F
    """(T,) weights at rest."""
    turns: sp.csr_matrix | None
    """(V, G) what share of which turning bone; None where all hang on one."""
    only: int


class Drive:
    """Poses one character. ``placement`` (4, 4) is a uniform scale, rotation and shift from the file's axes.

    Every bone that the face turns (neck, head, eyes, mapped ones) carries all that hangs below it rigidly, so the
    mesh is skinned by those few and not by the whole skeleton. That is exact as long as the file rests as it was
    bound where a vertex is shared between them, which avatars do.
    """

    def __init__(self, character: ImportedCharacter, placement: F | None = None):
        self.character = character
        self.placement = character.facing if placement is None else np.asarray(placement, np.float32)
        self.scale = float(np.cbrt(abs(np.linalg.det(self.placement[:3, :3]))))
        self._names = {e.name: i for i, e in enumerate(character.expressions)}
        self._by_name = {e.name: e for e in character.expressions}
        self._arkit = np.array([ARKIT.index(n) for n in self._names] if character.how == "arkit" else [], int)
        transforms = [self._placed(p) for p in character.primitives]
        self.rest = [transform(m, p.positions) for m, p in zip(transforms, character.primitives, strict=True)]
        hung = [node_weights(p, character.nodes, character.skins) for p in character.primitives]
        self._groups(hung)
        self._pieces = [
            self._piece(i, p, m, h)
            for i, (p, m, h) in enumerate(zip(character.primitives, transforms, hung, strict=True))
        ]
        self._overlap = self._overlaps() if character.how == "vrm" else []

    def _placed(self, primitive: Primitive) -> F:
        m = vertex_transforms(primitive, self.character.nodes, self.character.skins)
        full = np.zeros((len(m), 4, 4), np.float32)
        full[:, :3], full[:, 3, 3] = m, 1
        return (self.placement @ full)[:, :3].astype(np.float32)

    def _groups(self, hung: list[sp.csr_matrix]) -> None:
        """The turning bones: group 0 is the root; parents before children; pivots in stage space."""
        tree, roles, bones = self.character.nodes, self.character.roles, self.character.bones
        carried = np.sum([np.asarray(h.sum(0)).ravel() for h in hung], axis=0)
        for i in tree.order[::-1]:
            if tree.parents[i] >= 0:
                carried[tree.parents[i]] += carried[i]
        roles = {r: n for r, n in roles.items() if carried[n] > 0}
        self.turning = {*roles.values(), *(bones.nodes if bones else ())}
        index = {int(n): g for g, n in enumerate((n for n in tree.order if int(n) in self.turning), 1)}
        group = np.zeros(len(tree.names), int)
        parents = [-1]
        for i in tree.order:
            above = group[tree.parents[i]] if tree.parents[i] >= 0 else ROOT
            group[i] = index.get(int(i), above)
            if int(i) in index:
                parents.append(int(above))
        self._group_of_node = group
        self._parents = np.array(parents, np.int32)
        at = tree.world[:, :3, 3] @ self.placement[:3, :3].T + self.placement[:3, 3]
        pivots = np.zeros((len(parents), 3), np.float32)
        for node, g in index.items():
            pivots[g] = at[node]
        pivots[ROOT] = self._base_of_head()
        self._pivots = pivots
        self._role = {role: index[n] for role, n in roles.items()}
        self._bone_groups = np.array([index[n] for n in bones.nodes] if bones else [], int)
        vrm = self.character.vrm
        self.eyes_by_bones = all(e in self._role for e in EYES) and (
            vrm is None or self.character.how != "vrm" or vrm.looks_by_bones or not set(LOOK) & set(self._names)
        )

    def _base_of_head(self) -> F:
        """Where a character without a head bone turns: low and back in the box of what there is."""
        points = np.concatenate(self.rest)
        low, high = points.min(0), points.max(0)
        return (low + (high - low) * [0.5, 0.3, 0.4]).astype(np.float32)

    def _piece(self, i: int, primitive: Primitive, matrices: F, hung: sp.csr_matrix) -> _Piece:
        binds = np.zeros((len(self._names), len(primitive.targets)), np.float32)
        for e in self.character.expressions:
            for bind in e.binds:
                if bind.primitive == i:
                    binds[self._names[e.name], bind.target] += bind.weight
        n_nodes, n_groups = len(self.character.nodes.names), len(self._parents)
        to_group = sp.csr_matrix(
            (np.ones(n_nodes, np.float32), (np.arange(n_nodes), self._group_of_node)), (n_nodes, n_groups)
        )
        turns = (hung @ to_group).tocsr()
        heaviest = np.asarray(turns.argmax(1)).ravel()
        only = int(heaviest[0])
        one = bool((heaviest == only).all()) and turns[:, only].min() > 0.999
        used = [t for t in range(len(primitive.targets)) if binds[:, t].any() or primitive.target_weights[t]]
        used = [t for t in used if len(primitive.targets[t].rows)]
        rows = np.unique(np.concatenate([primitive.targets[t].rows for t in used])) if used else np.zeros(0, np.intp)
        deltas = np.zeros((len(used), len(rows), 3), np.float32)
        for k, t in enumerate(used):
            deltas[k, np.searchsorted(rows, primitive.targets[t].rows)] = primitive.targets[t].deltas
        linear = matrices[:, :, :3] if len(matrices) == 1 else matrices[rows, :, :3]
        deltas = np.einsum("mij,tmj->tmi", np.broadcast_to(linear, (len(rows), 3, 3)), deltas)
        binds = binds[:, used]
        self._leave_eyeballs_to_bones(deltas, binds, turns[rows])
        return _Piece(
            rest=self.rest[i],
            rows=rows.astype(np.intp),
            deltas=np.ascontiguousarray(deltas.reshape(len(used), 3 * len(rows)), np.float32),
            binds=binds,
            base=primitive.target_weights[used],
            turns=None if one else turns.astype(np.float32),
            only=only,
        )

    def _leave_eyeballs_to_bones(self, deltas: F, binds: F, turns: sp.csr_matrix) -> None:
        """Shapes that look about keep moving the lids, but not the eyeballs, where eye bones turn those."""
        if not self.eyes_by_bones:
            return
        looks = [i for name, i in self._names.items() if name.startswith(("eyeLook", "look"))]
        eyes = np.asarray(turns[:, [self._role[e] for e in EYES]].sum(1)).ravel()
        for t in range(len(deltas)):
            if binds[looks, t].any():
                deltas[t] *= (1 - eyes)[:, None]

    def _overlaps(self) -> list[tuple[str, str, float]]:
        """How much of a blink or a mouth shape each emotion does already: the share along that shape's own motion."""
        found = []
        for emotion in (n for n in EMOTIONS if n in self._names):
            for name in (n for n in (*BLINK, *MOUTH) if n in self._names):
                along = size = 0.0
                for piece in self._pieces:
                    a = piece.binds[self._names[emotion]] @ piece.deltas
                    b = piece.binds[self._names[name]] @ piece.deltas
                    along += float(a @ b)
                    size += float(b @ b)
                share = min(max(along / size, 0.0), 1.0) if size > 0 else 0.0
                if share > 0.02:
                    found.append((emotion, name, share))
        return found

    def weights(self, au: F, gaze_left_deg: F, gaze_right_deg: F) -> F:
        """(C,) weights 0..1 of the character's expressions, in their order."""
        au = np.clip(np.asarray(au, np.float32), 0, 1)
        if self.character.how == "arkit":
            return channels_to_arkit(au, gaze_left_deg, gaze_right_deg)[self._arkit]
        out = np.zeros(len(self._names), np.float32)
        if self.character.how == "vrm":
            values = preset_weights(au, gaze_left_deg, gaze_right_deg, frozenset(self._names))
            values = apply_overrides(values, self._by_name)
            # What a smile already closes is not closed again: lids would go through the cheeks.
            done: dict[str, float] = {}
            for emotion, name, share in self._overlap:
                done[name] = done.get(name, 0.0) + share * values.get(emotion, 0.0)
            for name, value in values.items():
                out[self._names[name]] = min(value, max(1 - done.get(name, 0.0), 0.0))
            if self.eyes_by_bones:
                out[[self._names[n] for n in LOOK if n in self._names]] = 0
        return out

    def bones(self, au: F, gaze_left_deg: F, gaze_right_deg: F, head_rotation: F | None) -> F:
        """(G, 3, 4) stage-space transforms of the turning bones."""
        n = len(self._parents)
        rotvec, move = np.zeros((n, 3), np.float32), np.zeros((n, 3), np.float32)
        bones = self.character.bones
        if bones is not None and len(self._bone_groups):
            a = np.clip(np.asarray(au, np.float32), 0, 1)
            rotvec[self._bone_groups] = np.tensordot(a, bones.rotation, 1)
            move[self._bone_groups] = np.tensordot(a, bones.translation, 1) * self.scale
        if self.eyes_by_bones:
            for side, (role, gaze) in enumerate(zip(EYES, (gaze_left_deg, gaze_right_deg), strict=True)):
                yaw, pitch = self._eye_turn(float(gaze[0]), float(gaze[1]), side)
                rotvec[self._role[role]] += np.radians([-pitch, yaw, 0.0])
        if head_rotation is not None:
            turn = Rotation.from_matrix(np.asarray(head_rotation, float)).as_rotvec()
            head, neck = self._role.get("head", ROOT), self._role.get("neck")
            shared = neck is not None and self._below(head, neck)
            rotvec[head] += (1 - NECK_SHARE if shared else 1.0) * turn
            if shared:
                rotvec[neck] += NECK_SHARE * turn
        return skinning.chain(skinning.local_affine(rotvec, move, self._pivots), self._parents)

    def _below(self, group: int, above: int) -> bool:
        while group > ROOT:
            group = int(self._parents[group])
            if group == above:
                return True
        return False

    def _eye_turn(self, yaw: float, pitch: float, side: int) -> tuple[float, float]:
        """Degrees that the eye's bone turns. A VRM says how far its eyes may go: that is reached at GAZE_FULL_DEG.

        (VRM maps up to 90 degrees of *looking*; of those an eye in its head does 30, the head the rest.)
        """
        vrm = self.character.vrm
        if vrm is None:
            return yaw, pitch
        outward = yaw if side == 0 else -yaw
        ranges = {
            "h": vrm.ranges["HorizontalOuter" if outward > 0 else "HorizontalInner"],
            "v": vrm.ranges["VerticalUp" if pitch > 0 else "VerticalDown"],
        }
        h, v = (min(r, 90.0) if r > 0 else DEFAULT_RANGE_DEG for r in (ranges["h"], ranges["v"]))
        x, y = np.clip(np.array([yaw, pitch]) / GAZE_FULL_DEG, -1, 1)
        return float(x * h), float(y * v)

    def pose(
        self,
        au: F,
        gaze_left_deg: F | None = None,
        gaze_right_deg: F | None = None,
        head_rotation: F | None = None,
    ) -> list[F]:
        """Vertices (V, 3) of each primitive in stage space.

        ``au`` (40,) in 0..1, gaze (2,) in degrees (yaw to the subject's left, pitch up), ``head_rotation`` (3, 3) in
        stage axes; as :meth:`rig.face.Face.pose` takes them.
        """
        au = np.asarray(au, np.float32)
        if au.shape != (N_CHANNELS,):
            raise ValueError(f"au has shape {au.shape}, expected ({N_CHANNELS},)")
        ahead = np.zeros(2, np.float32)
        left = ahead if gaze_left_deg is None else np.asarray(gaze_left_deg, np.float32)
        right = ahead if gaze_right_deg is None else np.asarray(gaze_right_deg, np.float32)
        weights = self.weights(au, left, right)
        bones = self.bones(au, left, right, head_rotation)
        return [_posed(piece, weights, bones) for piece in self._pieces]


def _posed(piece: _Piece, weights: F, bones: F) -> F:
    vertices = piece.rest
    on = np.clip(piece.base + weights @ piece.binds, 0, 1) if len(piece.deltas) else piece.base
    active = np.flatnonzero(on > 1e-4)
    if len(active):
        moved = on[active[0]] * piece.deltas[active[0]]
        for t in active[1:]:
            moved += on[t] * piece.deltas[t]
        vertices = vertices.copy()
        vertices[piece.rows] += moved.reshape(-1, 3)
    if piece.turns is None:
        m = bones[piece.only]
        return vertices @ m[:, :3].T + m[:, 3]
    return skinning.skin(vertices, piece.turns, bones)
