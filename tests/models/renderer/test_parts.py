"""Labels, sheets' pyramid, aligned view, sampler: the parts around the rasteriser."""

import numpy as np
import pytest
import torch

from models.renderer import crop
from models.renderer.labels import LABEL, LABELS, PARTS, parameter_vector, part_mask
from models.renderer.pyramid import Pyramid
from models.renderer.sample import FERA_ORIENTATIONS, Parameters, sample
from models.renderer.sensor import Sensor, blur
from models.runtime.alignment import FACING, canonical_face
from models.runtime.crop import FIVE, TEMPLATE
from rig.parameters import CHANNEL_INDEX, EXCLUSIVE_CHANNELS


def test_labels_are_those_of_the_published_parser() -> None:
    assert len(LABELS) == 19
    assert (LABELS[0], LABELS[1], LABELS[10], LABELS[11], LABELS[17]) == ("background", "skin", "nose", "mouth", "hair")
    assert {"skin", "eyes", "brows", "nose", "upper lip", "lower lip", "mouth interior", "face"} < set(PARTS)
    codes = torch.arange(19)[None, None]
    assert part_mask(codes, "eyes")[0, 0].nonzero().squeeze(1).tolist() == [LABEL["eye-left"], LABEL["eye-right"]]


def test_vector_is_the_papers() -> None:
    au = torch.zeros(1, 40)
    au[0, CHANNEL_INDEX["AU12-left"]] = 1.0
    y = parameter_vector(torch.tensor([[45.0, -90.0, 10.0]]), au, torch.full((1, 208), 0.25), torch.tensor([7]))
    assert y.shape == (1, 269)
    assert y[0, :2].tolist() == [0.75, 0.0]
    assert y[0, 2:25].sum() == 0.5  # one side of AU12: half of it
    assert torch.all(y[0, 25:233] == 0.25)
    assert y[0, 233:].argmax() == 7
    assert y[0, 233:].sum() == 1


def test_pyramid_reads_texels_and_averages() -> None:
    sheet = np.zeros((2, 64, 64, 1), np.float32)
    sheet[1, ::2] = 1  # fine stripes, which a coarser level must average
    pyramid = Pyramid.build(sheet)
    uv = torch.tensor([[[0.5], [1 - 10.5 / 64]]])  # the middle of row 10
    second = torch.ones(1, 1, dtype=torch.long)
    assert pyramid.levels == 2
    assert pyramid.sample(uv, torch.zeros(1, 1), second).item() == pytest.approx(1)
    assert pyramid.sample(uv, torch.ones(1, 1), second).item() == pytest.approx(0.5)
    assert pyramid.sample(uv, torch.zeros(1, 1)).item() == 0
    # A triangle of 4 x 4 texels on one pixel wants a level four times coarser, less the bias.
    lod = pyramid.level_of_detail(torch.tensor(16 / 64**2), torch.tensor(1.0))
    assert lod.item() == pytest.approx(2 - 0.35)


def test_similarity_of_a_turned_face_is_found_back() -> None:
    """Landmarks that are the canonical face, turned and scaled in the picture: its five points go to their places."""
    angle, scale, size = 0.3, 700.0, 100
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    points = canonical_face() @ (turn @ FACING).T * scale + (50, 40, 0)
    landmarks = torch.from_numpy(points.astype(np.float32))[None]
    matrix = crop.similarity(landmarks, size)
    upright = crop.transform_points(matrix, landmarks[:, list(FIVE), :2])[0]
    assert upright[0, 1].item() == pytest.approx(upright[1, 1].item(), abs=0.2)
    assert (upright / size - torch.from_numpy(TEMPLATE)).abs().max().item() < 0.03


def test_warp_moves_pixels_as_it_moves_points() -> None:
    image = torch.zeros(1, 1, 40, 40)
    image[0, 0, 12, 25] = 1
    matrix = torch.tensor([[[0.0, -1.0, 38.0], [1.0, 0.0, 2.0]]])  # a quarter turn
    x, y = crop.transform_points(matrix, torch.tensor([[[25.5, 12.5]]]))[0, 0].tolist()
    moved = crop.warp(image, matrix, 40)
    assert moved[0, 0, int(y), int(x)].item() == pytest.approx(1, abs=1e-3)


def test_sampler_is_seeded_and_lifelike(parameters: Parameters) -> None:
    again, other = sample(6, np.random.default_rng(4)), sample(6, np.random.default_rng(5))
    for name, value in vars(parameters).items():
        assert torch.equal(value, getattr(again, name)), name
        assert torch.isfinite(value).all(), name
    assert not torch.equal(parameters.identity, other.identity)
    many = sample(200, np.random.default_rng(1))
    assert many.au.min() >= 0
    assert many.au.max() <= 1
    assert many.skin.min() > 0
    for a, b in EXCLUSIVE_CHANNELS:
        assert (many.au[:, CHANNEL_INDEX[a]] * many.au[:, CHANNEL_INDEX[b]] == 0).all(), (a, b)
    assert len(many.brow_style.unique()) > 25
    assert 10 < (many.glasses[:, 0] > 0.5).sum() < 70


def test_sampler_keeps_a_person_and_turns_to_fera() -> None:
    p = sample(18, np.random.default_rng(2), per_person=9, fera=True, neutral_share=0.5)
    assert torch.equal(p.identity[0].expand(9, -1), p.identity[:9])
    assert torch.equal(p.skin[0].expand(9, -1), p.skin[:9])
    assert not torch.equal(p.identity[8], p.identity[9])
    assert [tuple(e) for e in p.euler_deg[:9, :2].tolist()] == list(FERA_ORIENTATIONS)
    assert 0 < (p.au.amax(1) == 0).sum() < 18


def test_sensor_meters_faces_and_blurs(parameters: Parameters) -> None:
    """A dark room and a bright one come out nearly alike; blur takes contrast and keeps the mean."""
    p = parameters.rows(slice(0, 1))
    sensor, face = Sensor(), torch.ones(1, 64, 64, dtype=torch.bool)
    scene = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1)) * 0.4
    dark, bright = (sensor(scene * k, face, p).mean().item() for k in (0.5, 2.0))
    assert 1.0 < bright / dark < 1.6
    smooth = blur(scene, torch.tensor([[2.0, 2.0]]))
    assert smooth.mean().item() == pytest.approx(scene.mean().item(), rel=0.02)
    assert smooth.std() < 0.3 * scene.std()
    sideways = blur(scene, torch.tensor([[3.0, 0.0]]))
    assert sideways.diff(dim=3).abs().mean() < 0.3 * sideways.diff(dim=2).abs().mean()


def test_jpeg_blocks_come_close_and_lose_detail() -> None:
    sensor = Sensor()
    image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(2)) * 0.2 + 0.4
    image = blur(image, torch.tensor([[1.5, 1.5]]))
    p = sample(1, np.random.default_rng(0))
    for scale, bound in ((0.1, 0.02), (1.0, 0.05)):
        coded = sensor.jpeg(image, Parameters(**{**vars(p), "jpeg": torch.tensor([scale])}))
        assert 0 < (coded - image).abs().mean() < bound
