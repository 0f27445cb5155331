"""The brow styles: 36 that differ, on the brow and nowhere else, alike on both sides, as painted from the table."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator

from rig import brows
from rig.brows import brow_coverage, brow_tile, brow_titles
from rig.build.brows import (
    EYES,
    HEIGHT,
    LEFT_LOWER,
    LEFT_UPPER,
    LEVELS,
    SHEET,
    Place,
    Style,
    find_place,
    paint,
    read_styles,
    spine,
)
from rig.folds import landmarks
from rig.parameters import BROW_STYLES, N_BROW_STYLES
from rig.skeleton import PARTS, RigError, Skeleton, load_skeleton
from rig.texture_map import warp_uv

SIZE = 1024
LIDS = (386, 374, 263, 362, 159, 145, 33, 133, 257, 259, 258, 27, 29, 28)
FOREHEAD = (10, 151, 337, 108, 299, 69)
NONE = 35
"""The one style that is nearly bare."""


@pytest.fixture(scope="module")
def skeleton() -> Skeleton:
    return load_skeleton()


@pytest.fixture(scope="module")
def sheets() -> NDArray[np.float32]:
    """(36, SIZE, SIZE)"""
    return np.stack([brow_coverage(i, SIZE) for i in range(N_BROW_STYLES)])


def landmark_uv(s: Skeleton) -> NDArray[np.float64]:
    """(478, 2) where each landmark lies on the skin's sheet."""
    uv = np.zeros((len(s.vertices), 2))
    uv[s.quads.ravel()] = warp_uv(s.uvs)[s.quad_uvs.ravel()]
    return np.asarray(np.einsum("nk,nkd->nd", s.landmark_weights, uv[s.landmark_vertices]))


def texels(uv: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(row, column) of a sheet, whose row 0 is v = 1."""
    return (SIZE * (1 - uv[:, 1])).astype(np.intp), (SIZE * uv[:, 0]).astype(np.intp)


def test_coverage_is_a_share(sheets: NDArray[np.float32]) -> None:
    assert sheets.dtype == np.float32
    assert sheets.min() == 0
    assert sheets.max() <= 1
    assert (np.delete(sheets, NONE, axis=0).max((1, 2)) > 0.25).all()


def test_styles_differ(sheets: NDArray[np.float32]) -> None:
    """The closest two differ over texels worth a fifth of what the fuller of them covers."""
    flat = sheets[:, sheets.max(0) > 0]
    difference = np.abs(flat[:, None] - flat[None]).sum(-1)
    np.fill_diagonal(difference, np.inf)
    fuller = np.maximum(flat.sum(1)[:, None], flat.sum(1)[None])
    assert (difference > 0.2 * fuller).all()
    assert len(set(brow_titles())) == N_BROW_STYLES


def test_both_sides_are_alike(sheets: NDArray[np.float32], skeleton: Skeleton) -> None:
    """Each style's left and right half cover the same, mirrored about the face's middle line."""
    uv = landmark_uv(skeleton)
    middle = SIZE * (1 - uv[[9, 8, 168], 1].mean()) - 0.5
    rows = np.arange(SIZE)
    for sheet in sheets:
        per_row = sheet.sum(1)
        mirrored = np.interp(2 * middle - rows, rows, per_row)
        assert np.abs(per_row - mirrored).sum() < 0.05 * per_row.sum()


def test_confined_to_the_brow(sheets: NDArray[np.float32], skeleton: Skeleton) -> None:
    uv = landmark_uv(skeleton)
    bare = texels(uv[list(LIDS + FOREHEAD)])
    # The shade's blur fades to nothing; no hair comes near.
    assert sheets[:, bare[0], bare[1]].max() < 0.01
    r, c = np.nonzero(sheets.max(0) > 0.02)
    brow = uv[list(LEFT_UPPER + LEFT_LOWER)]
    centre, half = (brow.max(0) + brow.min(0)) / 2, (brow.max(0) - brow.min(0)) / 2
    u, v = (c + 0.5) / SIZE, 1 - (r + 0.5) / SIZE
    side = np.where(v > 0.5, v, 2 * float(uv[9, 1]) - v)
    assert (np.abs(u - centre[0]) < 2.4 * half[0]).all()
    assert (side - centre[1] < 1.4 * half[1]).all()


def test_natural_brow_lies_between_the_brow_landmarks(sheets: NDArray[np.float32], skeleton: Skeleton) -> None:
    """Across the body of style 0 the middle of its hairs is between the landmarks of both edges."""
    uv = landmark_uv(skeleton)
    for upper, lower in list(zip(LEFT_UPPER, LEFT_LOWER, strict=True))[1:4]:
        row = round(SIZE * (1 - (uv[upper, 1] + uv[lower, 1]) / 2))
        across = sheets[0, row - 3 : row + 4].sum(0)
        middle = float((np.arange(SIZE) + 0.5) @ across / across.sum()) / SIZE
        assert uv[upper, 0] < middle < uv[lower, 0]


def front_y_mm(s: Skeleton, place: Place, out: NDArray[np.float64], down: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) heights on the base face of places on the tile (millimetres)."""
    uv = np.zeros((len(s.vertices), 2))
    uv[s.quads.ravel()] = warp_uv(s.uvs)[s.quad_uvs.ravel()]
    wanted = np.c_[down * place.px_per_mm / SHEET + place.u0, place.middle + out * place.px_per_mm / SHEET]
    skin = s.part == PARTS.index("skin")
    return np.asarray(1000 * LinearNDInterpolator(uv[skin], s.vertices[skin, 1])(wanted))


def test_brows_run_as_their_titles_say(skeleton: Skeleton) -> None:
    """Seen from the front. The natural brow: level inner half, an arch at two thirds, the tail's tip no higher than
    where it begins. None slants down to the nose but those that say so."""
    place, styles = find_place(skeleton), read_styles()
    t = np.linspace(0, 1, 41)
    for style in styles:
        out, down = spine(style, place, t)
        y = front_y_mm(skeleton, place, out, down)
        y = y - y[0]
        slanted = "angry" in style.title or "upswept" in style.title or "lifted tail" in style.title
        assert (y[-1] > 2.0) == slanted, style.title
        assert (y[-1] < -4.5) == ("sad" in style.title or "drooping" in style.title), style.title
        if style.name == "brow-00":
            assert 2.0 < y.max() < 5.0
            assert 0.55 < t[y.argmax()] < 0.72
            assert -4.0 < y[-1] < 0.0
            assert (y[:10] > -0.2).all()


def test_a_level_brow_is_level(skeleton: Skeleton) -> None:
    place = find_place(skeleton)
    flat = Style("x", "x", 6, arch_mm=0, arch_at=0.6, angular=0, length_mm=44, gap_mm=12.5, density=1)
    y = front_y_mm(skeleton, place, *spine(flat, place, np.linspace(0, 1, 20)))
    assert np.ptp(y) < 1.6
    marks = landmarks(skeleton)
    pupils = np.array([marks[list(e)].mean(0) for e in EYES])
    height = (y.mean() / 1000 - pupils[:, 1].mean()) / np.linalg.norm(pupils[0] - pupils[1])
    assert abs(height - HEIGHT) < 0.03


def test_both_brows_exist_at_the_drawn_size() -> None:
    sheet = brow_coverage(0)
    assert sheet.shape == (2048, 2048)
    per_row = sheet.sum(1)
    assert abs(per_row[:1024].sum() / per_row.sum() - 0.5) < 0.01
    assert abs(sheet.mean() / brow_coverage(0, 512).mean() - 1) < 0.02


@pytest.mark.parametrize("style", [-1, 36, 99])
def test_out_of_range(style: int) -> None:
    with pytest.raises(ValueError, match=f"brow style {style}: there are 0 to 35") as caught:
        brow_coverage(style)
    assert "\n" not in str(caught.value)


def test_missing_assets_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = tmp_path / "brows.json"
    damaged.write_text('{"styles": []}')
    for name, path, word in (
        ("ATLAS_FILE", tmp_path / "none.png", "missing"),
        ("TABLE_FILE", tmp_path / "none.json", "missing"),
        ("TABLE_FILE", damaged, "damaged"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(brows, name, path)
            with pytest.raises(RigError, match=word) as caught:
                brow_coverage(3, 256)
        assert str(path) in str(caught.value)
        assert "reinstall Mien" in str(caught.value)


def test_table_lists_the_frozen_names() -> None:
    assert tuple(s.name for s in read_styles()) == BROW_STYLES


def test_atlas_is_the_table_painted_on_this_head(skeleton: Skeleton) -> None:
    """A changed table or head wants ``python -m rig.build.brows``."""
    place, styles = find_place(skeleton), read_styles()
    stored = brows._table(brows.TABLE_FILE)
    assert abs(stored["u0"] - place.u0) < 2e-4, "the head changed: run python -m rig.build.brows"
    assert abs(stored["middle"] - place.middle) < 2e-4, "the head changed: run python -m rig.build.brows"
    for i in (0, 13, 19):
        painted = paint(styles[i], place, i)
        assert np.abs(painted - brow_tile(i).astype(np.float32) / 255).mean() < 0.3 / LEVELS


def test_style_numbers_mean_what_they_say(skeleton: Skeleton) -> None:
    """Twice as thick covers a taller band, half as dense covers less, a slit parts the brow."""
    place = find_place(skeleton)
    plain = {"name": "x", "title": "x", "arch_mm": 0, "arch_at": 0.6, "angular": 0.2, "length_mm": 46, "gap_mm": 12.5}

    def tile(thickness_mm: float, density: float, **more: float) -> NDArray[np.float32]:
        return paint(Style(thickness_mm=thickness_mm, density=density, **plain, **more), place, 1)  # type: ignore[arg-type]

    def band(painted: NDArray[np.float32]) -> int:
        return int((painted[:, round(30 * place.px_per_mm)] > 0.2).sum())

    usual = tile(5, 2)
    assert band(tile(10, 2)) > 1.3 * band(usual)
    assert tile(5, 1).sum() < 0.8 * usual.sum()
    style = Style(thickness_mm=5, density=2, slit_at=0.5, **plain)  # type: ignore[arg-type]
    column, row = (round(float(x[0]) * place.px_per_mm) for x in spine(style, place, np.array([0.5])))
    middle = (slice(row - 3, row + 4), slice(column - 1, column + 2))
    assert usual[middle].mean() > 0.5
    assert paint(style, place, 1)[middle].mean() < 0.3
    assert tile(5, 2, bridge=1.0)[:, : int(6 * place.px_per_mm)].sum() > 20
    assert usual[:, : int(6 * place.px_per_mm)].sum() < 2
