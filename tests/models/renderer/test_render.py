"""Pictures, masks, depth and landmarks agree with each other, with the rig, and with PyVista's picture of it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.projection import View
from models.renderer.labels import LABEL
from models.renderer.pose import Projection, euler_rotation
from models.renderer.render import Rendered, Renderer
from models.renderer.sample import Parameters
from models.runtime.alignment import FACING, rotation_from_euler
from rig.looks import LOOKS
from rig.parameters import CHANNEL_INDEX
from rig.scene import FaceScene


def bare(p: Parameters) -> Parameters:
    """Nothing worn, nothing grown, the torso turned with the head, the face in the middle."""
    n = len(p)
    return replace(
        p,
        has_hair=torch.zeros(n),
        beard_length=torch.zeros(n),
        glasses=p.glasses * 0 + torch.tensor([0, 0.02, 0.02, 2, 0.001, 0, 0, 0]),
        collar=torch.full((n,), -1.0),
        torso_share=torch.ones(n),
        shift=torch.zeros(n, 2),
    )


def test_shapes_and_ranges(rendered: Rendered) -> None:
    n, s = 6, 128
    assert rendered.picture.shape == (n, 3, s, s)
    assert rendered.picture.dtype == torch.uint8
    assert rendered.labels.shape == rendered.depth.shape == (n, s, s)
    assert rendered.landmarks.shape == (n, 478, 3)
    assert rendered.vector.shape == (n, 269)
    assert rendered.vector.min() >= 0
    assert rendered.vector.max() <= 1
    assert rendered.picture.float().std(dim=(1, 2, 3)).min() > 8  # no picture is flat


def test_every_part_is_somewhere(rendered: Rendered) -> None:
    for part in ("skin", "eyes", "brows", "nose", "upper lip", "lower lip", "face", "background"):
        assert rendered.mask(part).flatten(1).sum(1).max() > 15, part
    share = rendered.mask("face").float().mean()
    assert 0.08 < share < 0.7


def test_labels_lie_where_landmarks_say(rendered: Rendered) -> None:
    """The pixel under a visible landmark has the label of its part, most of the time (edges and hair allowed)."""
    for landmarks, labels in (
        ((5, 195, 4), {"nose"}),
        ((468,), {"eye-right"}),
        ((473,), {"eye-left"}),
        ((50, 280, 425, 205), {"skin"}),
        ((0, 37, 267), {"upper-lip", "skin"}),
        ((17, 84, 314), {"lower-lip", "skin"}),
    ):
        hits = total = 0
        for n in range(len(rendered.labels)):
            for k in landmarks:
                x, y = rendered.landmarks[n, k, :2].long().tolist()
                if rendered.visible[n, k]:
                    total += 1
                    hits += int(rendered.labels[n, y, x]) in {LABEL[name] for name in labels}
        assert total >= 2, labels
        assert hits / total > 0.7, (labels, hits, total)


def test_depth_is_where_something_is(rendered: Rendered) -> None:
    something = rendered.labels != LABEL["background"]
    assert torch.equal(something, rendered.depth > 0)
    near = rendered.depth[something]
    assert near.min() > 0.15
    assert near.max() < 2.0


def test_the_same_alone_and_in_company(renderer: Renderer, parameters: Parameters, rendered: Rendered) -> None:
    alone = renderer(parameters.rows(slice(2, 3)))
    assert torch.equal(alone.labels[0], rendered.labels[2])
    assert (alone.picture[0].float() - rendered.picture[2].float()).abs().max() <= 2
    assert torch.allclose(alone.landmarks[0], rendered.landmarks[2], atol=1e-3)
    renderer.chunk, before = 4, renderer.chunk
    try:
        together = renderer(parameters)
    finally:
        renderer.chunk = before
    assert (together.labels != rendered.labels).float().mean() < 1e-3
    assert (together.picture.float() - rendered.picture.float()).abs().mean() < 0.1


def test_pose_is_the_rigs(renderer: Renderer, parameters: Parameters) -> None:
    """Expression, gaze and head on neck, against the rig's own pose with its head rotation."""
    p = bare(parameters)
    p = replace(p, torso_share=torch.full((6,), 0.25))
    posed = renderer.poser(p, renderer.mesh)
    face = renderer.face
    for n in range(3):
        person = face.person(p.identity[n].numpy())
        gaze = p.gaze_deg[n].numpy()
        expected = face.pose(p.au[n].numpy(), gaze[:2], gaze[2:], person, posed.turn[n].numpy())
        assert np.abs(posed.coarse[n].numpy() - expected).max() < 2e-5
        assert np.abs(posed.landmarks[n].numpy() - face.landmarks(expected)).max() < 2e-5
        seen = posed.camera[n].numpy() @ posed.turn[n].numpy()
        assert np.abs(seen - rotation_from_euler(p.euler_deg[n].numpy()) @ FACING).max() < 1e-5


def test_turns_are_those_of_the_runtime() -> None:
    euler = np.random.default_rng(1).uniform(-60, 60, (20, 3)).astype(np.float32)
    assert np.abs(euler_rotation(torch.from_numpy(euler)).numpy() - rotation_from_euler(euler)).max() < 1e-5


def test_landmarks_are_those_of_the_view(renderer: Renderer, parameters: Parameters) -> None:
    p = bare(parameters)
    rendered = renderer(p)
    face = renderer.face
    for n in range(2):
        gaze = p.gaze_deg[n].numpy()
        vertices = face.pose(p.au[n].numpy(), gaze[:2], gaze[2:], face.person(p.identity[n].numpy()))
        view = View(p.euler_deg[n].numpy(), float(p.distance_m[n]), float(p.focal[n]) * 128, 128)
        assert np.abs(rendered.landmarks[n].numpy() - view.project(face.landmarks(vertices))).max() < 0.05


def test_silhouette_is_pyvistas(renderer: Renderer, parameters: Parameters) -> None:
    p = bare(parameters)
    rendered = renderer(p)
    face = renderer.face
    scene = FaceScene(128, 128, face=face, skin=replace(LOOKS["light"], hair="none"), samples=0)
    try:
        scene.set_background("#00ff00")
        for n in range(2):
            gaze = p.gaze_deg[n].numpy()
            scene.set_vertices(face.pose(p.au[n].numpy(), gaze[:2], gaze[2:], face.person(p.identity[n].numpy())))
            view = View(p.euler_deg[n].numpy(), float(p.distance_m[n]), float(p.focal[n]) * 128, 128)
            view.place(scene.plotter.camera)
            theirs = np.abs(scene.render().astype(int) - [0, 255, 0]).sum(2) > 30
            ours = rendered.depth[n].numpy() > 0
            # Below the chin PyVista's bust ends, and ours has a shirt.
            chin = int(rendered.landmarks[n, 152, 1])
            both, either = (theirs & ours)[:chin].sum(), (theirs | ours)[:chin].sum()
            assert ours[:chin].sum() > 1000
            assert both / either >= 0.99
    finally:
        scene.close()


def test_visibility_knows_the_far_side(renderer: Renderer, parameters: Parameters) -> None:
    """A head turned 60 degrees to its left hides its left cheek and jaw, and shows the right ones."""
    p = bare(parameters.rows(slice(0, 1)))
    p = replace(p, euler_deg=torch.tensor([[60.0, 0.0, 0.0]]), au=torch.zeros(1, 40))
    seen = renderer(p).visible[0]
    assert not seen[[454, 323, 361, 288]].any()
    assert seen[[50, 205, 137, 177]].all()


def test_aligned_view(rendered: Rendered) -> None:
    """Five points come near the template, and labels still lie under the landmarks."""
    aligned = rendered.aligned(96)
    assert aligned.picture.shape == (6, 3, 96, 96)
    irises = aligned.landmarks[:, [468, 473], :2] / 96
    assert (irises[..., 1] - 0.415).abs().max() < 0.12
    assert torch.equal(aligned.vector, rendered.vector)
    for n in range(6):
        if rendered.visible[n, 4]:
            x, y = aligned.landmarks[n, 4, :2].long().tolist()
            assert aligned.labels[n, y, x] == LABEL["nose"]


def test_smoothing_keeps_the_mask(renderer: Renderer, parameters: Parameters, rendered: Rendered) -> None:
    fine = Renderer.__new__(Renderer)
    fine.__dict__.update(renderer.__dict__, samples=2)
    p = parameters.rows(slice(0, 2))
    smooth = fine(p)
    assert (smooth.labels != rendered.labels[:2]).float().mean() < 0.03
    assert torch.equal(smooth.depth > 0, smooth.labels != LABEL["background"])


def test_expressions_change_the_masks(renderer: Renderer, parameters: Parameters) -> None:
    """An opened mouth shows its inside; closed lids hide the eyes."""
    p = bare(parameters.rows(slice(0, 3)))
    au = torch.zeros(3, 40)
    au[1, [CHANNEL_INDEX["AU25"], CHANNEL_INDEX["AU26"]]] = torch.tensor([1.0, 0.8])
    au[2, [CHANNEL_INDEX["AU43-left"], CHANNEL_INDEX["AU43-right"]]] = 1.0
    same = replace(
        p, au=au, identity=torch.full((3, 208), 0.5), euler_deg=torch.zeros(3, 3), gaze_deg=torch.zeros(3, 4)
    )
    r = renderer(same)
    mouth, eyes = (r.mask(part).flatten(1).sum(1).float() for part in ("mouth interior", "eyes"))
    assert mouth[1] > 5 * mouth[0] + 20
    assert eyes[2] < 0.2 * eyes[0]


def test_no_tensor_is_made_on_the_default_device(
    renderer: Renderer, parameters: Parameters, rendered: Rendered
) -> None:
    """On a GPU a tensor made without a device would land on the CPU and stop the run; here it would hold nothing."""
    torch.set_default_device("meta")
    try:
        r = renderer(parameters.rows(slice(0, 1)))
    finally:
        torch.set_default_device(None)
    assert r.picture.device.type == "cpu"
    assert torch.equal(r.labels[0], rendered.labels[0])
    assert torch.equal(r.visible[0], rendered.visible[0])


def test_projection_of_points_behind_the_camera() -> None:
    eye = torch.eye(3)[None]
    projection = Projection(eye, torch.zeros(1, 3), torch.tensor([0.5]), torch.tensor([100.0]), torch.zeros(1, 2))
    _, inverse = projection.to_pixels(projection.to_camera(torch.tensor([[[0.0, 0, 1], [0, 0, -0.5], [0, 0, -2]]])))
    assert inverse[0, 0].item() == pytest.approx(1 / 1.5)
    assert (inverse[0, 1:] <= 0).all()


def test_wrong_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 16"):
        Renderer(size=100)
