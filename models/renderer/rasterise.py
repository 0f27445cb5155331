"""Triangles -> one visibility buffer, in plain torch: the same code on a CPU and on a CUDA card without a compiler.

Every triangle is expanded into the pixels of its bounding box; those whose centre lies inside compete by one 64-bit
number, inverse depth in the high half and the triangle in the low one, through an atomic maximum. Depth, masks and
picture are all read from that buffer and so agree to the pixel.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

CANDIDATE_BUDGET = 1 << 22
"""At most this many pixel candidates are held at a time (about 60 bytes each); more are done in turns."""
EDGE_TOLERANCE = -1e-5
"""Barycentric slack, so that rounding leaves no pinholes between neighbours; depth settles what overlaps."""


@dataclass(frozen=True)
class Visible:
    """What each pixel sees."""

    triangle: Tensor
    """(N, H * W) int64 index of the triangle, -1 where there is none."""
    inverse_depth: Tensor
    """(N, H * W) 1 / metres along the optical axis, 0 where there is none."""


def _coefficients(corners: Tensor, inverse_depth: Tensor, origin: Tensor) -> list[Tensor]:
    """9 x (M,): planes of 2nd and 3rd barycentric weight and of inverse depth over offsets from ``origin`` (M, 2)."""
    ax, ay = corners[:, 0, 0] - origin[:, 0], corners[:, 0, 1] - origin[:, 1]
    e1, e2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    inverse = 1 / (e1[:, 0] * e2[:, 1] - e1[:, 1] * e2[:, 0])
    ux, uy = e2[:, 1] * inverse, -e2[:, 0] * inverse
    vx, vy = -e1[:, 1] * inverse, e1[:, 0] * inverse
    u0, v0 = -(ux * ax + uy * ay), -(vx * ax + vy * ay)
    d1, d2 = inverse_depth[:, 1] - inverse_depth[:, 0], inverse_depth[:, 2] - inverse_depth[:, 0]
    plane = (ux * d1 + vx * d2, uy * d1 + vy * d2, inverse_depth[:, 0] + u0 * d1 + v0 * d2)
    return [ux, uy, u0, vx, vy, v0, *plane]


def rasterise(xy: Tensor, inverse_depth: Tensor, triangles: Tensor, height: int, width: int) -> Visible:
    """The nearest front-facing triangle at every pixel centre.

    Args:
        xy: (N, V, 2) float32, pixels; the centre of the first pixel is (0.5, 0.5), y runs down.
        inverse_depth: (N, V) 1 / metres; vertices at or behind the camera have values <= 0 and take no part.
        triangles: (T, 3) int64, counter-clockwise seen from outside (y up), as the rig's quads are.
    """
    n, v = inverse_depth.shape
    t = len(triangles)
    x, y, z = (k.reshape(n * v) for k in (xy[..., 0], xy[..., 1], inverse_depth))
    index = (torch.arange(n, device=xy.device)[:, None, None] * v + triangles.T).transpose(0, 1).reshape(3, n * t)
    ax, bx, cx = (x.index_select(0, k) for k in index)
    ay, by, cy = (y.index_select(0, k) for k in index)
    # y runs down, so a triangle that faces the camera has a negative area here.
    area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)

    def pixels(a: Tensor, b: Tensor, c: Tensor, side: int) -> tuple[Tensor, Tensor]:
        """First pixel centre at or after the lowest of three coordinates, and how many up to the highest."""
        # Clamped before it becomes an integer: what leaves the picture by far would overflow.
        first = (torch.minimum(torch.minimum(a, b), c) - 0.5).ceil_().clamp_(0, side)
        last = (torch.maximum(torch.maximum(a, b), c) - 0.5).floor_().clamp_(-1, side - 1)
        return first, (last - first + 1).clamp_(min=0)

    first_x, wide = pixels(ax, bx, cx, width)
    first_y, high = pixels(ay, by, cy, height)
    kept = ((area < -1e-12) & (wide * high > 0)).nonzero().squeeze(1)
    index = index.index_select(1, kept)
    depth = z.index_select(0, index.reshape(-1)).reshape(3, -1)
    ahead = (depth.amin(0) > 0).nonzero().squeeze(1)
    kept, index, depth = kept.index_select(0, ahead), index.index_select(1, ahead), depth.index_select(1, ahead)

    def of_kept(*values: Tensor) -> Tensor:
        return torch.stack([k.index_select(0, kept) for k in values], dim=-1)

    corner = torch.stack([of_kept(ax, bx, cx), of_kept(ay, by, cy), depth.T], dim=-1)
    start = of_kept(first_x, first_y)
    spans = of_kept(wide, high).long()
    count = spans[:, 0] * spans[:, 1]
    buffer = torch.zeros(n * height * width, dtype=torch.int64, device=xy.device)
    for rows in _turns(count):
        _draw(buffer, corner[rows], start[rows], spans[rows], count[rows], kept[rows], t, height, width)
    low_half = (buffer & 0xFFFFFFFF) - 1
    inverse = (buffer >> 32).to(torch.int32).view(torch.float32)
    return Visible(low_half.reshape(n, -1), inverse.reshape(n, -1))


def _turns(count: Tensor) -> list[slice]:
    """Slices of the triangles that each expand to at most CANDIDATE_BUDGET candidates (or to one triangle's)."""
    if len(count) == 0:
        return []
    total = count.cumsum(0)
    if int(total[-1]) <= CANDIDATE_BUDGET:
        return [slice(0, len(count))]
    turns, begin, done = [], 0, 0
    while begin < len(count):
        end = int(torch.searchsorted(total, done + CANDIDATE_BUDGET, right=True))
        end = min(max(end, begin + 1), len(count))
        turns.append(slice(begin, end))
        done, begin = int(total[end - 1]), end
    return turns


def _draw(
    buffer: Tensor, corners: Tensor, start: Tensor, spans: Tensor, count: Tensor, which: Tensor, t: int, h: int, w: int
) -> None:
    """Expands triangles into candidates and keeps the nearest in ``buffer``."""
    planes = _coefficients(corners[..., :2], corners[..., 2], start + 0.5)
    owner = torch.repeat_interleave(torch.arange(len(count), device=count.device), count)
    within = torch.arange(len(owner), device=count.device) - (count.cumsum(0) - count).index_select(0, owner)
    wide = spans[:, 0].contiguous().index_select(0, owner)
    dy = torch.div(within, wide, rounding_mode="floor")
    dx = within - dy * wide
    x, y = dx.to(corners.dtype), dy.to(corners.dtype)
    ux, uy, u0, vx, vy, v0 = (k.index_select(0, owner) for k in planes[:6])
    u = torch.addcmul(torch.addcmul(u0, ux, x), uy, y)
    v = torch.addcmul(torch.addcmul(v0, vx, x), vy, y)
    inside = (torch.minimum(torch.minimum(u, v), 1 - u - v) >= EDGE_TOLERANCE).nonzero().squeeze(1)
    owner, x, y, dx, dy = (k.index_select(0, inside) for k in (owner, x, y, dx, dy))
    px, py, p0 = (k.index_select(0, owner) for k in planes[6:])
    inverse = torch.addcmul(torch.addcmul(p0, px, x), py, y).clamp(min=1e-6)
    begin = start.long()
    triangle, picture = which % t, torch.div(which, t, rounding_mode="floor")
    first_pixel = picture * (h * w) + begin[:, 1] * w + begin[:, 0]
    place = first_pixel.index_select(0, owner) + dy * w + dx
    # Positive floats order as their bits do.
    key = (inverse.view(torch.int32).long() << 32) | (triangle + 1).index_select(0, owner)
    buffer.scatter_reduce_(0, place, key, reduce="amax")


@dataclass(frozen=True)
class Fragments:
    """The covered pixels of each picture, padded to the fullest one: rows broadcast against per-picture values."""

    pixel: Tensor
    """(N, P) index into the picture's H * W pixels, H * W where padded."""
    triangle: Tensor
    """(N, P), 0 where padded."""
    corners: Tensor
    """(N, 3, P) vertex indices."""
    weights: Tensor
    """(N, 3, P) perspective-correct barycentric weights."""
    area_px: Tensor
    """(N, P) the triangle's area in pixels (of the buffer)."""

    def interpolate(self, values: Tensor) -> Tensor:
        """Vertex values (N, V, C), or (V, C) where all pictures share them, at the fragments: (N, C, P)."""
        n, _, p = self.corners.shape
        c = values.shape[-1]
        index = self.corners
        if values.dim() == 3:
            index = index + torch.arange(n, device=index.device)[:, None, None] * values.shape[1]
        return self._blend([values.reshape(-1, c).index_select(0, index[:, k].reshape(-1)) for k in range(3)], n, p)

    def interpolate_corners(self, values: Tensor) -> Tensor:
        """Values of triangles' corners (T, 3, C), such as UVs, at the fragments: (N, C, P)."""
        n, p = self.triangle.shape
        rows = values.reshape(len(values), -1).index_select(0, self.triangle.reshape(-1))
        return self._blend(list(rows.reshape(n * p, 3, -1).unbind(1)), n, p)

    def _blend(self, rows: list[Tensor], n: int, p: int) -> Tensor:
        out = self.weights[:, 0].reshape(-1, 1) * rows[0]
        out.addcmul_(self.weights[:, 1].reshape(-1, 1), rows[1]).addcmul_(self.weights[:, 2].reshape(-1, 1), rows[2])
        return out.reshape(n, p, -1).transpose(1, 2).contiguous()

    def scatter(self, values: Tensor, pixels: int) -> Tensor:
        """Fragment values (N, C, P) -> pictures (N, C, pixels), 0 where nothing is."""
        n, c, _ = values.shape
        out = values.new_zeros(n, c, pixels + 1)
        out.scatter_(2, self.pixel[:, None].expand(-1, c, -1), values)
        return out[..., :pixels]


def fragments(seen: Visible, xy: Tensor, inverse_depth: Tensor, triangles: Tensor, width: int) -> Fragments:
    """Lists the pixels of a visibility buffer and where in their triangles they lie (arguments as in rasterise)."""
    n, pixels = seen.triangle.shape
    covered = seen.triangle >= 0
    count = covered.sum(dim=1)
    p = max(int(count.max()), 1)
    picture, at = covered.nonzero().unbind(1)
    place = torch.arange(len(at), device=at.device) - (count.cumsum(0) - count).index_select(0, picture)
    pixel = torch.full((n, p), pixels, dtype=torch.int64, device=at.device)
    pixel[picture, place] = at
    padded = pixel == pixels
    triangle = seen.triangle.gather(1, pixel.clamp(max=pixels - 1)).masked_fill(padded, 0)
    corners = triangles.index_select(0, triangle.reshape(-1)).T.reshape(3, n, p).transpose(0, 1).contiguous()
    v = inverse_depth.shape[1]
    index = (corners + torch.arange(n, device=at.device)[:, None, None] * v).reshape(-1)
    x, y, z = (k.reshape(-1).index_select(0, index).reshape(n, 3, p) for k in (xy[..., 0], xy[..., 1], inverse_depth))
    row = torch.div(pixel, width, rounding_mode="floor")
    x = x - (pixel - row * width + 0.5)[:, None]
    y = y - (row + 0.5)[:, None]
    cross = torch.stack(
        [
            x[:, 1] * y[:, 2] - y[:, 1] * x[:, 2],
            x[:, 2] * y[:, 0] - y[:, 2] * x[:, 0],
            x[:, 0] * y[:, 1] - y[:, 0] * x[:, 1],
        ],
        dim=1,
    )
    area = cross[:, 0] + cross[:, 1] + cross[:, 2]
    # Perspective: weights of the plane times inverse depth, normalised. Both signs are negative here, so they cancel.
    weights = (cross * z / torch.where(area.abs() < 1e-12, torch.ones_like(area), area)[:, None]).clamp_(min=0)
    total = (weights[:, 0] + weights[:, 1] + weights[:, 2]).clamp_(min=1e-12)
    weights = (weights / total[:, None]).masked_fill(padded[:, None], 0)
    return Fragments(pixel, triangle, corners, weights, area.abs() * 0.5)
