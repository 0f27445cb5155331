"""Parameters -> pictures with masks, depth and landmarks: the training renderer.

One visibility buffer a picture decides what every pixel sees; colour, label and depth are read from it. Smoothing
renders at twice the side: colours are averaged, a pixel's label is the one that most of its four samples have (the
higher code where two have two each), its depth the nearest of those.
"""

from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn import functional as nnf

from models.renderer import crop
from models.renderer.backdrop import backdrop
from models.renderer.head_mesh import FIELD, build_head_mesh, light_map, vertex_normals
from models.renderer.labels import parameter_vector, part_mask
from models.renderer.pose import People, Posed, Poser, Projection
from models.renderer.props import Props, glasses
from models.renderer.rasterise import Visible, fragments, rasterise
from models.renderer.sample import Parameters
from models.renderer.sensor import Sensor
from models.renderer.shade import Scene, light_surface, surface
from models.renderer.shade_eyes import light_eyes, veil
from models.renderer.sheets import build_sheets
from rig.face import Face

LIGHT_MAP_SIZE = 160
POSE_GROUP = 16
"""Bones are posed for so many pictures at a time: the loop over bones costs the same for one."""
VISIBLE_M = 0.005
"""A landmark this far behind the surface that the pixel shows, or more, is hidden."""
INNER_LIPS = (13, 14)
IRISES = 468
"""The first landmark of the irises."""
UPPER_LIDS = (246, 161, 160, 159, 158, 157, 173, 33, 133, 466, 388, 387, 386, 385, 384, 398, 263, 362)


@dataclass(frozen=True)
class Rendered:
    """N pictures and everything true about them. Pixels run right and down; left and right are the subject's."""

    picture: Tensor
    """(N, 3, S, S) uint8 sRGB."""
    labels: Tensor
    """(N, S, S) uint8, see ``models.renderer.labels.LABELS``."""
    depth: Tensor
    """(N, S, S) metres along the optical axis, 0 where only the backdrop is."""
    landmarks: Tensor
    """(N, 478, 3) x, y in pixels, z in the same scale relative to the face's centre, as ``projection.View`` gives."""
    visible: Tensor
    """(N, 478) bool: inside the picture and not hidden by the head, hair or glasses."""
    vector: Tensor
    """(N, 269) the paper's parameters, 0..1."""
    au: Tensor
    """(N, 40)"""
    gaze_deg: Tensor
    """(N, 4)"""
    euler_deg: Tensor
    """(N, 3)"""
    identity: Tensor
    """(N, 208)"""
    brow_style: Tensor
    """(N,)"""
    matrix: Tensor
    """(N, 2, 3) camera picture -> this picture: the identity, or the five-point alignment."""

    def mask(self, part: str) -> Tensor:
        """(N, S, S) bool of one of ``labels.PARTS``."""
        return part_mask(self.labels, part)

    def aligned(self, size: int = 256) -> "Rendered":
        """The same through the five-point alignment: picture, labels, depth and landmarks alike."""
        matrix = crop.similarity(self.landmarks, size)
        scale = matrix[:, :, 0].norm(dim=1)
        xy = crop.transform_points(matrix, self.landmarks[..., :2])
        seen = self.visible & ((xy >= 0) & (xy < size)).all(-1)
        picture = crop.warp(self.picture.float(), matrix, size).round().clamp(0, 255).to(torch.uint8)
        labels = crop.warp(self.labels[:, None].float(), matrix, size, "nearest")[:, 0].to(torch.uint8)
        depth = crop.warp(self.depth[:, None], matrix, size, "nearest")[:, 0]
        points = torch.cat([xy, self.landmarks[..., 2:] * scale[:, None, None]], dim=-1)
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        changed = {"picture": picture, "labels": labels, "depth": depth, "landmarks": points, "visible": seen}
        return Rendered(**{**values, **changed, "matrix": matrix})


class Renderer:
    """Everything that is built once; about four seconds and 340 MiB.

    Args:
        size: Side of the pictures, a multiple of 16.
        samples: 1, or 2 for smooth edges at about three times the cost.
        chunk: Pictures in work at once: bounds the memory (about 60 MiB each at 256 with smoothing).
    """

    def __init__(
        self,
        face: Face | None = None,
        size: int = 256,
        samples: int = 1,
        device: torch.device | str = "cpu",
        chunk: int | None = None,
    ):
        if samples not in (1, 2) or size % 16:
            raise ValueError(f"size {size} must be a multiple of 16, samples {samples} 1 or 2")
        self.face = face or Face()
        self.size, self.samples, self.device = size, samples, torch.device(device)
        self.chunk = chunk or (1 if self.device.type == "cpu" else 64)
        mesh = build_head_mesh(self.face)
        self.props = Props.build(mesh).to(device)
        self.mesh = mesh.to(device)
        self.sheets = build_sheets(self.face, device)
        self.poser = Poser(self.face).to(device)
        self.sensor = Sensor().to(device)
        m = self.mesh
        self._triangles = torch.cat([m.triangles, self.props.triangles])
        self._material = torch.cat([m.material, self.props.material])
        extra = len(self.props.triangles)
        self._uv = torch.cat([m.triangle_uv, m.triangle_uv.new_zeros(extra, 3, 2)])
        self._uv_area = torch.cat([m.uv_area, m.uv_area.new_full((extra,), 1e-12)])
        self._veil_triangles = torch.cat([m.lash_triangles, self.props.lens_triangles])
        lenses = len(self.props.lens_triangles)
        self._veil_uv = torch.cat([m.lash_uv, m.lash_uv.new_zeros(lenses, 3, 2)])
        self._is_lens = torch.arange(len(self._veil_triangles), device=self.device) >= len(m.lash_triangles)
        coarse = m.coarse_quads
        self._coarse_triangles = torch.cat([coarse[:, [0, 1, 2]], coarse[:, [0, 2, 3]]])

    @torch.no_grad()
    def __call__(self, parameters: Parameters, people: People | None = None) -> Rendered:
        """Renders a batch, ``chunk`` pictures at a time.

        ``people``: faces that are not of ``parameters.identity`` (MakeHuman's own people, by ``poser.stack``); the
        vector then still names the latter.
        """
        p = parameters.to(self.device)
        parts = []
        group = max(self.chunk, POSE_GROUP)
        for begin in range(0, len(p), group):
            some = p.rows(slice(begin, begin + group))
            them = None if people is None else tuple(x[begin : begin + group].to(self.device) for x in people)
            posed = self.poser(some, self.mesh, them)
            for first in range(0, len(some), self.chunk):
                rows = slice(first, first + self.chunk)
                parts.append(self._render(some.rows(rows), posed.rows(rows)))
        return Rendered(**{f.name: torch.cat([getattr(r, f.name) for r in parts]) for f in fields(Rendered)})

    def _render(self, p: Parameters, posed: Posed) -> Rendered:
        points, fields_ = self._vertices(p, posed)
        side = self.size * self.samples
        projection = Projection.of(p, posed, side)
        in_camera = projection.to_camera(points)
        xy, inverse = projection.to_pixels(in_camera)
        seen = rasterise(xy, inverse, self._triangles, side, side)
        f = fragments(seen, xy, inverse, self._triangles, side)
        scene = self._scene(p, posed, projection, in_camera, fields_)
        s = surface(f, scene)
        colour = light_eyes(light_surface(s, scene), s, scene, f)
        front = f.scatter(torch.cat([colour, torch.ones_like(colour[:, :1])], dim=1), side * side)
        front = self._veil(front, scene, seen, xy, inverse)
        labels = f.scatter(s.label[:, None], side * side)[:, 0].reshape(-1, side, side)
        depth = torch.where(seen.inverse_depth > 0, 1 / seen.inverse_depth.clamp(min=1e-6), 0.0).reshape(-1, side, side)
        n = len(p)
        image = front.reshape(n, 4, side, side)
        if self.samples == 2:
            image = nnf.avg_pool2d(image, 2)
            labels, depth = _vote(labels, depth)
        light = image[:, :3] + (1 - image[:, 3:]) * backdrop(p, self.size)
        picture = self.sensor(light, part_mask(labels, "face"), p)
        landmarks, visible = self._landmarks(p, posed, depth, labels)
        return Rendered(
            picture=(picture * 255).round().to(torch.uint8),
            labels=labels,
            depth=depth,
            landmarks=landmarks,
            visible=visible,
            vector=parameter_vector(p.euler_deg, p.au, p.identity, p.brow_style),
            au=p.au,
            gaze_deg=p.gaze_deg,
            euler_deg=p.euler_deg,
            identity=p.identity,
            brow_style=p.brow_style,
            matrix=torch.eye(2, 3, device=self.device).expand(n, 2, 3),
        )

    def _vertices(self, p: Parameters, posed: Posed) -> tuple[Tensor, Tensor]:
        """(N, W', 3) head, glasses and skirt in the rig's frame, and their fields (W', K)."""
        worn = posed.turned(glasses(p.glasses, posed.neutral_landmarks))
        skirt = self.props.skirt(posed.refined)
        base = self.mesh.fields
        metal = base.new_zeros(worn.shape[1], base.shape[1])
        metal[:, FIELD["occlusion"]] = 1
        hem = base.index_select(0, self.props.ring).repeat(2, 1)
        hem[:, FIELD["y"]] -= 0.1
        return torch.cat([posed.refined, worn, skirt], dim=1), torch.cat([base, metal, hem])

    def _scene(
        self, p: Parameters, posed: Posed, projection: Projection, in_camera: Tensor, vertex_fields: Tensor
    ) -> Scene:
        flip = in_camera.new_tensor([1.0, -1.0, -1.0])
        head = len(self.mesh.fields)
        view = in_camera * flip
        normals = vertex_normals(view[:, :head], self.mesh.quads, self.mesh.around)
        # Rims and skirt: outwards from the middle axis will do.
        worn = view[:, head:]
        rest = nnf.normalize(worn - worn.mean(1, keepdim=True) + flip.new_tensor([0, 0, 0.04]), dim=-1)
        marks = projection.to_camera(posed.landmarks) * flip
        lips = marks[:, list(INNER_LIPS)]
        forward = torch.einsum("nij,nj->ni", posed.camera @ posed.turn, flip.new_tensor([0.0, 0, 1]).expand(len(p), 3))
        lamp = light_map(
            projection.to_camera(posed.coarse) * flip, p.light_direction[:, 0], self._coarse_triangles, LIGHT_MAP_SIZE
        )
        return Scene(
            parameters=p,
            sheets=self.sheets,
            material=self._material,
            triangle_uv=self._uv,
            uv_area=self._uv_area,
            fields=vertex_fields,
            normals=torch.cat([normals, rest], dim=1),
            points=view,
            folds=nnf.pad(posed.folds, (0, view.shape[1] - head)),
            lips=lips.mean(1),
            forward=forward * flip,
            gap_m=(lips[:, 0] - lips[:, 1]).norm(dim=-1),
            upper_lids=marks[:, list(UPPER_LIDS)],
            light=lamp,
        )

    def _veil(self, front: Tensor, scene: Scene, solid: Visible, xy: Tensor, inverse: Tensor) -> Tensor:
        """Blends lashes and lenses over ``front`` (N, 4, pixels) where they are nearer."""
        side = self.size * self.samples
        seen = rasterise(xy, inverse, self._veil_triangles, side, side)
        nearer = seen.inverse_depth > solid.inverse_depth
        seen = Visible(torch.where(nearer, seen.triangle, -1), seen.inverse_depth)
        f = fragments(seen, xy, inverse, self._veil_triangles, side)
        layer = f.scatter(veil(f, scene, self._veil_uv, self._is_lens), side * side)
        # Over bare backdrop a lash still covers: premultiplied "over" in all four channels.
        return layer + front * (1 - layer[:, 3:])

    def _landmarks(self, p: Parameters, posed: Posed, depth: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 478, 3) pixels and (N, 478) whether the picture shows them."""
        projection = Projection.of(p, posed, self.size)
        at = projection.to_camera(posed.landmarks)
        xy, _ = projection.to_pixels(at)
        n = len(p)
        inside = ((xy >= 0) & (xy < self.size)).all(-1)
        pixel = xy.floor().long().clamp(0, self.size - 1)
        # A landmark lies on the surface: some pixel about it must show that depth, or more.
        shown, flat = torch.zeros_like(at[..., 2]), depth.reshape(n, -1)
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                near = (pixel + pixel.new_tensor([dx, dy])).clamp(0, self.size - 1)
                shown = torch.maximum(shown, flat.gather(1, near[..., 1] * self.size + near[..., 0]))
        visible = inside & (at[..., 2] <= shown + VISIBLE_M)
        # A lid is thinner than that: an iris is seen where its pixel shows an eyeball.
        place = (pixel[..., 1] * self.size + pixel[..., 0])[:, IRISES:]
        visible[:, IRISES:] &= part_mask(labels, "eyes").reshape(n, -1).gather(1, place)
        z = (at[..., 2] - p.distance_m[:, None]) * (projection.focal / p.distance_m)[:, None]
        return torch.cat([xy, z[..., None]], dim=-1), visible


def _vote(labels: Tensor, depth: Tensor) -> tuple[Tensor, Tensor]:
    """(N, 2S, 2S) codes and depths -> (N, S, S): the commonest code of four, and the nearest depth that has it."""
    n, h, w = labels.shape
    code = labels.reshape(n, h // 2, 2, w // 2, 2).permute(0, 1, 3, 2, 4).reshape(n, h // 2, w // 2, 4)
    far = depth.reshape(n, h // 2, 2, w // 2, 2).permute(0, 1, 3, 2, 4).reshape(n, h // 2, w // 2, 4)
    _, b, c, d = code.sort(dim=-1).values.unbind(-1)
    # Sorted, a majority of three or a pair in the middle is b; two pairs or the upper pair, c.
    most = torch.where((c == d) & (b != c), c, b)
    near = torch.where(code == most[..., None], far, torch.full_like(far, 1e9)).amin(-1)
    return most, near
