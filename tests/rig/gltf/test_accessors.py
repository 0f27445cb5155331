"""Accessors against what was written, and against files that lie."""

from pathlib import Path

import numpy as np
import pygltflib as g
import pytest
from gltf_files import Builder

from rig.gltf import limits
from rig.gltf.accessors import Accessors
from rig.gltf.document import read_document
from rig.gltf.limits import CharacterError

VALUES = np.arange(12, dtype=np.float32).reshape(4, 3)


def accessors(b: Builder, tmp_path: Path) -> Accessors:
    return Accessors(read_document(b.save(tmp_path / "a.glb")))


def test_plain_values_come_back(tmp_path: Path) -> None:
    b = Builder()
    index = b.accessor(VALUES)
    assert np.array_equal(accessors(b, tmp_path).floats(index, 3, "x"), VALUES)


def test_interleaved_values_are_read_by_their_stride(tmp_path: Path) -> None:
    b = Builder()
    both = np.concatenate([VALUES, VALUES + 100], axis=1)
    view = b.view(both.tobytes())
    b.gltf.bufferViews[view].byteStride = 24
    for offset in (0, 12):
        b.gltf.accessors.append(
            g.Accessor(bufferView=view, byteOffset=offset, componentType=5126, count=4, type="VEC3")
        )
    a = accessors(b, tmp_path)
    assert np.array_equal(a.floats(0, 3, "x"), VALUES)
    assert np.array_equal(a.floats(1, 3, "x"), VALUES + 100)


def test_sparse_values_replace_what_lies_below(tmp_path: Path) -> None:
    b = Builder()
    delta = np.zeros((9, 3), np.float32)
    delta[[2, 7]] = [[1, 2, 3], [4, 5, 6]]
    index = b.accessor(delta, sparse=True)
    assert np.array_equal(accessors(b, tmp_path).floats(index, 3, "x"), delta)


def test_normalised_integers_become_fractions(tmp_path: Path) -> None:
    b = Builder()
    index = b.accessor(np.array([[0, 255, 51, 102]]), np.uint8)
    b.gltf.accessors[index].normalized = True
    assert np.allclose(accessors(b, tmp_path).floats(index, 4, "x"), [[0, 1, 0.2, 0.4]])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("count", 5),
        ("count", -1),
        ("count", 2**62),
        ("count", 1e300),
        ("count", "four"),
        ("byteOffset", 4),
        ("byteOffset", -4),
        ("byteOffset", 2**63),
        ("componentType", 5130),
        ("componentType", None),
        ("type", "VEC4"),
        ("type", None),
        ("bufferView", 7),
        ("bufferView", -1),
    ],
)
def test_accessors_beyond_their_buffer_are_refused(tmp_path: Path, field: str, value: object) -> None:
    b = Builder()
    index = b.accessor(VALUES)
    setattr(b.gltf.accessors[index], field, value)
    with pytest.raises(CharacterError):
        accessors(b, tmp_path).floats(index, 3, "x")


@pytest.mark.parametrize(
    ("field", "value"), [("byteLength", 400), ("byteOffset", -1), ("byteStride", 0), ("buffer", 3)]
)
def test_views_beyond_the_buffer_are_refused(tmp_path: Path, field: str, value: int) -> None:
    b = Builder()
    index = b.accessor(VALUES)
    setattr(b.gltf.bufferViews[0], field, value)
    with pytest.raises(CharacterError):
        accessors(b, tmp_path).floats(index, 3, "x")


def test_sparse_indices_outside_are_refused(tmp_path: Path) -> None:
    b = Builder()
    delta = np.zeros((9, 3), np.float32)
    delta[8] = 1
    index = b.accessor(delta, sparse=True)
    b.gltf.accessors[index].count = 8
    with pytest.raises(CharacterError, match="point outside"):
        accessors(b, tmp_path).floats(index, 3, "x")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_none_are_refused(tmp_path: Path, bad: float) -> None:
    b = Builder()
    values = VALUES.copy()
    values[1, 1] = bad
    index = b.accessor(values)
    with pytest.raises(CharacterError, match="finite"):
        accessors(b, tmp_path).floats(index, 3, "x")


def test_what_is_decoded_in_all_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rig.gltf.accessors.MAX_NUMBERS", 30)
    b = Builder()
    index = b.accessor(VALUES)
    a = accessors(b, tmp_path)
    a.floats(index, 3, "x")
    a.floats(index, 3, "x")
    with pytest.raises(CharacterError, match="more than 30 numbers"):
        a.floats(index, 3, "x")
    assert limits.MAX_NUMBERS * 4 <= 512 * limits.MIB
