"""Brushes and the sheets they paint."""

import numpy as np

from rig.build.eye_paint import paint_eye, paint_teeth
from rig.build.fold_paint import paint_pores
from rig.build.hairline import hair_cover
from rig.build.painting import fill, noise, segments, smooth, spline, texels
from rig.folds import eye_reach, landmarks
from rig.looks import read_sheet
from rig.skeleton import PARTS, load_skeleton
from rig.texture_map import EYE_SHEET_M, tooth_uv


def test_texels_carry_the_vertices_values():
    s = load_skeleton()
    place, raw = texels(s, ("skin",), 128, s.vertices.astype(np.float64))
    there = ~np.isnan(place[..., 0])
    assert 0.4 < there.mean() < 0.9
    low, high = s.vertices.min(0) - 1e-3, s.vertices.max(0) + 1e-3
    assert ((place[there] > low) & (place[there] < high)).all()
    assert (raw[there] > 0).all()


def test_spline_goes_through_its_points_and_segments_measure_to_it():
    points = np.array([[0, 0, 0], [1, 1, 0], [2, 0, 0.0]])
    curve = spline(points)
    for p in points:
        assert np.linalg.norm(curve - p, axis=1).min() < 1e-12
    np.testing.assert_allclose(segments(np.array([[0.5, 1.5, 0.0]]), points), [np.sqrt(0.5)])


def test_noise_and_smooth():
    n = noise(np.random.default_rng(0), 64, 8)
    assert abs(n.std() - 1) < 1e-6
    np.testing.assert_allclose(smooth(np.array([-1, 0.5, 2.0]), 0, 1), [0, 0.5, 1])


def test_holes_take_their_nearest_neighbour():
    image = np.zeros((8, 8, 1))
    image[:, 4:] = 1
    hole = np.zeros((8, 8), bool)
    hole[:, 3] = hole[:, 5] = True
    filled = fill(np.where(hole[..., None], 9.0, image), hole)
    np.testing.assert_array_equal(np.unique(filled), [0, 1])
    assert (filled[:, 5] == 1).all()


def test_hair_grows_on_the_scalp_and_not_on_the_face():
    s = load_skeleton()
    skin = s.vertices[s.part == PARTS.index("skin")].astype(np.float64)
    marks, unit = landmarks(s).astype(np.float64), eye_reach(s)
    cover = hair_cover(skin, marks, unit, np.zeros(len(skin)))
    crown = skin[:, 1] > marks[10, 1] + 1.2 * unit
    assert cover[crown].min() > 0.95
    face = hair_cover(marks[[1, 9, 151, 205, 425, 152, 61, 33, 263]], marks, unit, np.zeros(9))
    assert face.max() < 0.05
    assert hair_cover(skin, marks, unit, np.ones(len(skin))).max() == 0


def test_pores_repeat_without_a_seam():
    tile = paint_pores(128).astype(int)
    assert tile.shape == (128, 128, 3)
    inner = np.abs(np.diff(tile[..., 2], axis=1)).mean()
    assert np.abs(tile[:, 0, 2] - tile[:, -1, 2]).mean() < 2.5 * inner
    np.testing.assert_allclose(tile[..., :2].mean((0, 1)), 127, atol=2)


def test_the_eye_has_a_dark_pupil_within_an_iris_within_a_pale_sclera():
    eye = paint_eye().astype(float).mean(2)
    n = len(eye)
    y, x = np.mgrid[0:n, 0:n]
    r = np.hypot(x - n / 2, y - n / 2) / n * EYE_SHEET_M
    pupil, iris, sclera = (
        eye[r < 0.0015].mean(),
        eye[(r > 0.003) & (r < 0.005)].mean(),
        eye[(r > 0.008) & (r < 0.010)].mean(),
    )
    assert pupil < 20 < iris < 120 < 190 < sclera


def test_teeth_have_gums_and_gaps():
    teeth = paint_teeth().astype(int)
    gum, crown = teeth[8, 300], teeth[70, 540]
    assert gum[0] - gum[1] > 50
    assert crown.min() > 200
    assert crown[0] > crown[2]
    row = teeth[90].sum(1)
    gaps = (row[1:-1] < row[:-2]) & (row[1:-1] <= row[2:]) & (row[1:-1] < 0.9 * row.max())
    assert 5 <= gaps.sum() <= 15
    # Bars across the teeth would read as a grille.
    assert row.min() > 0.6 * row.max()


def test_the_mouth_is_red_flesh_and_no_hole():
    """Behind the lips of the painted sheet, where no tint goes below the eyes' height."""
    skin, masks = read_sheet("skin.jpg").astype(int), read_sheet("skin_masks.png")
    inside = np.repeat(np.repeat(masks[..., 0] == 0, 2, axis=0), 2, axis=1)
    colour = skin[inside].mean(0)
    assert colour[0] > 80
    assert colour[0] > 1.8 * colour[1]
    assert abs(colour[1] - colour[2]) < 12
    detail = read_sheet("skin_detail.png")
    assert detail[masks[..., 0] == 0][:, 2].mean() > 240


def test_tooth_uv_is_symmetric():
    arch = np.array([[-0.02, 0, 0], [0, 0.01, 0.02], [0.02, 0, 0]], np.float32)
    uv = tooth_uv(arch)
    np.testing.assert_allclose(uv[0, 0] + uv[2, 0], 1, atol=1e-6)
    np.testing.assert_allclose(uv[:, 1], [0, 1, 0])
