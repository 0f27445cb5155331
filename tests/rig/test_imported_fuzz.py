"""Damaged files: whatever is wrong with them, they load or are refused by CharacterError, and nothing else happens."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gltf_files import Builder, arkit_character, bone_character, glb, vrm0, vrm1

from rig.imported import CharacterError, load_imported
from rig.imported_drive import Drive
from rig.imported_fit import place_on_stage
from rig.parameters import ARKIT

BASES: dict[str, Callable[[], Builder]] = {
    "arkit": lambda: arkit_character(ARKIT[:24]),
    "sparse": lambda: arkit_character(ARKIT[24:], sparse=True),
    "vrm0": vrm0,
    "vrm1": vrm1,
    "bones": lambda: bone_character({"jaw": (0, -0.03, -0.05), "lid.T.L": (0.03, 0.03, 0), "eye.L": (0.03, 0.03, 0)}),
}
PER_BASE = 60
FULL = np.full(40, 0.7, np.float32)
ODD: tuple[Any, ...] = (
    None, -1, 0, 1, 3, 65535, 2**31, 2**63, 1e308, float("nan"), float("inf"), True, "", "x", "../x", [], {}, [[]],
    [None], [1e39, 0, 0], {"a": 1}, "data:;base64,AAAA", 5126, "VEC3",
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON document."""
    out = [path] if path else []
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        out += places(child, (*path, key))
    return out


def edit(document: dict[str, Any], rng: random.Random) -> None:
    """Changes, removes, or doubles one to three fields anywhere."""
    for _ in range(rng.randint(1, 3)):
        *way, last = rng.choice(places(document))
        holder = document
        for key in way:
            holder = holder[key]
        kind = rng.random()
        if kind < 0.6:
            holder[last] = rng.choice(ODD)
        elif kind < 0.8:
            del holder[last]
        elif isinstance(holder[last], int):
            holder[last] += rng.choice((-1, 1, 7, 10_000))
        elif isinstance(holder[last], list):
            holder[last] = holder[last] * 2


def mutated(base: Builder, rng: random.Random) -> bytes:
    document, blob = base.json(), bytes(base.blob)
    kind = rng.randrange(4)
    if kind == 0:
        edit(document, rng)
        return glb(document, blob)
    data = bytearray(glb(document, blob))
    if kind == 1:
        return bytes(data[: rng.randrange(len(data))])
    # Flips: anywhere (mostly numbers), or within the header and the JSON.
    end = len(data) if kind == 2 else 20 + len(json.dumps(document))
    for _ in range(rng.choice((1, 4, 64))):
        data[rng.randrange(end)] ^= 1 << rng.randrange(8)
    return bytes(data)


@pytest.mark.parametrize("kind", BASES)
def test_three_hundred_damaged_files_load_or_are_refused(kind: str, tmp_path: Path) -> None:
    base = BASES[kind]()
    loaded, messages = 0, []
    for seed in range(PER_BASE):
        path = tmp_path / f"{seed}.glb"
        path.write_bytes(mutated(base, random.Random(f"{kind} {seed}")))
        try:
            character = load_imported(path)
        except CharacterError as e:
            messages.append(str(e))
        else:
            Drive(character, place_on_stage(character)).pose(FULL)
            loaded += 1
    # The test would say nothing if all went one way.
    assert loaded >= 5
    assert len(messages) >= 5
    assert all("\n" not in m and len(m) < 400 for m in messages)
