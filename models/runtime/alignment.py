"""Landmarks -> head pose, and landmarks freed of it: a weighted Procrustes fit of the canonical face.

Frames of reference
    *pixel*   x right, y down, z away from the camera, all in pixels (the landmark model's weak perspective).
    *head*    the subject's own, metres: x to the subject's left, y up, z out of the face.
    *camera*  OpenCV's, metres: x right in the picture, y down, z away.
Every function takes leading dimensions (``...``) and keeps them: training aligns 100k faces with what runs live.

Two steps of accuracy. :func:`fit_head` and :func:`align` take the picture as weakly perspective, which needs no camera
and is what the regressor is trained on. :func:`head_pose` is given a :class:`Camera` and undoes perspective: it turns a
virtual camera onto the face (the model only ever sees a crop, so its depth runs along the line of sight, not along the
optical axis), moves points along their rays by their depth, and fits again.

Source: Procrustes with rotation by SVD, Umeyama 1991; the canonical face and the un-projection follow MediaPipe's face
geometry module.
"""

import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.runtime.landmarks import N_LANDMARKS

Array = NDArray[np.float32]

_FILE: Final = Path(__file__).resolve().parents[2] / "assets" / "canonical_face.npz"
_FILE_VERSION: Final = 1

# Half of the points that a face cannot move, or hardly: hairline, temples, eye corners, the bridge of the nose. Brows,
# lids, nostrils, cheeks, mouth and jaw are left out, so that an open mouth does not tilt the head.
_RIGID_HALF: Final = (
    10, 109, 67, 103, 54, 21, 162, 71, 139, 127, 34, 143, 35, 124, 234, 227, 116, 111, 33, 133, 6, 168, 197, 195, 5, 4,
    122, 245, 188, 128, 196, 114, 174, 121, 236, 198, 3, 51, 134,
)  # fmt: skip
EYE_CORNERS: Final = (33, 133, 362, 263)
"""Outer and inner corner of the right eye, inner and outer of the left."""
FACING: Final = np.diag([1, -1, -1]).astype(np.float32)
"""Head -> camera axes of a head that faces the camera upright."""


class FaceFileError(Exception):
    """``assets/canonical_face.npz`` is missing, damaged or of another version; the message says what to do."""


def _array(name: str, dtype: type) -> NDArray:
    """One array of the file, read-only. Raises ``FaceFileError`` where it cannot be had."""
    try:
        with _FILE.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            version, array = int(file["version"]), file[name].astype(dtype)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise FaceFileError(f"{_FILE}: missing or damaged ({type(error).__name__}); reinstall Mien") from error
    if version != _FILE_VERSION:
        raise FaceFileError(f"{_FILE} has version {version}, this Mien reads {_FILE_VERSION}; reinstall Mien")
    array.flags.writeable = False
    return array


@cache
def canonical_face() -> Array:
    """(478, 3) the metric mean face in the head frame, metres. Read-only. Raises ``FaceFileError``."""
    return _array("points_m", np.float32)


@cache
def rest_face() -> Array:
    """(478, 3) the mean of generated people at rest (lips closed, eyes open), head frame, metres. Read-only."""
    return _array("rest_m", np.float32)


@cache
def triangles() -> NDArray[np.int32]:
    """(898, 3) vertex indices of the mesh over the first 468 landmarks. Read-only."""
    return _array("triangles", np.int32)


@cache
def mirror_landmarks() -> NDArray[np.intp]:
    """(478,) the index of each landmark's twin on the other side of the face, from the canonical face's symmetry."""
    points = canonical_face()
    distance = np.linalg.norm(points[:, None] * np.array([-1, 1, 1], np.float32) - points[None], axis=-1)
    twin = distance.argmin(axis=1)
    twin.flags.writeable = False
    return twin


@cache
def rigid_points() -> NDArray[np.intp]:
    """Indices of the landmarks that carry the fit, both sides, ascending."""
    half = np.array(_RIGID_HALF)
    return np.unique(np.concatenate([half, mirror_landmarks()[half]]))


@dataclass(frozen=True, slots=True)
class HeadFit:
    """Similarity from the canonical face to landmarks: ``pixels = scale * rotation @ metres + translation``."""

    rotation: Array
    """(..., 3, 3) head -> pixel axes, determinant +1; :data:`FACING` when the subject faces the camera upright."""
    scale: Array
    """(...) pixels per metre; NaN where the landmarks are not finite or all in one place."""
    translation: Array
    """(..., 3) pixels, where the head frame's origin falls."""


@dataclass(frozen=True, slots=True)
class Camera:
    """Intrinsics of an ideal pinhole, pixels."""

    focal_px: float
    centre_px: tuple[float, float]

    @classmethod
    def of_image(cls, width: int, height: int, field_of_view_deg: float = 60.0) -> "Camera":
        """A camera with this field of view across the picture's longer side (webcams: 55 to 78) and a centred axis."""
        focal = max(width, height) / 2 / np.tan(np.radians(field_of_view_deg) / 2)
        return cls(float(focal), (width / 2, height / 2))


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Six degrees of freedom in the camera frame, with the perspective of a given camera undone."""

    quaternion: Array
    """(..., 4) unit x y z w, head to camera; identity = facing the camera upright (then axes are the camera's)."""
    position_m: Array
    """(..., 3) metres, the point midway between the eyes, for a head of the canonical face's size."""

    @property
    def euler_deg(self) -> Array:
        """(..., 3) yaw, pitch, roll: + to the subject's left, + up, + tilted to the subject's left shoulder."""
        return euler_from_rotation(rotation_from_quaternion(self.quaternion))


def fit_head(points: Array) -> HeadFit:
    """Fit the canonical face to landmarks by its rigid points (weak perspective, reflection-safe).

    Args:
        points: (..., 478, 3) pixel frame. Faces that hold NaN give NaN.
    """
    return _procrustes(np.asarray(points, np.float32)[..., rigid_points(), :])


def align(points: Array, fit: HeadFit) -> Array:
    """(..., 478, 3) pixel frame -> (..., 478, 3) float32 in the head frame, metres at the canonical face's scale."""
    centred = np.asarray(points, np.float32) - fit.translation[..., None, :]
    return centred @ np.divide(fit.rotation, fit.scale[..., None, None], dtype=np.float32)


def unalign(aligned: Array, fit: HeadFit) -> Array:
    """The inverse of :func:`align`: (..., 478, 3) head frame, metres -> pixel frame (to draw over a picture)."""
    turned = np.asarray(aligned, np.float32) @ np.swapaxes(fit.rotation, -1, -2)
    return turned * fit.scale[..., None, None] + fit.translation[..., None, :]


def head_pose(points: Array, camera: Camera) -> HeadPose:
    """Head pose in the camera frame with perspective undone.

    Args:
        points: (..., 478, 3) pixel frame.
        camera: Intrinsics of the picture the points lie in.
    """
    basis = np.asarray(points, np.float32)[..., rigid_points(), :]
    focal_px = np.float32(camera.focal_px)
    rays = basis - np.array([*camera.centre_px, 0], np.float32)
    rays[..., 2] = focal_px
    # A virtual camera that looks straight at the face, with the same focal length.
    middle = _mean(rays)
    look = _rotation_from_axis_to(middle)  # (..., 3, 3) virtual -> real camera
    onto = rays @ look
    # Off the axis a pinhole enlarges by (1 / cos) towards, and squared away from, the centre; depth takes the mean.
    cosine = focal_px / _length(middle)
    depth = basis[..., 2]
    depth_px = focal_px + (depth - _mean(depth[..., None])) * (cosine**1.5)[..., None]  # from the virtual camera
    # Each point goes along its ray to its depth. That is the face in space but for its size, which the fit tells.
    rigid = _procrustes(onto * (depth_px / onto[..., 2])[..., None])
    position = _apply(rigid.rotation, _between_eyes()) + rigid.translation / rigid.scale[..., None]
    return HeadPose(
        quaternion=quaternion_from_rotation((look @ rigid.rotation @ FACING).astype(np.float32)),
        position_m=_apply(look, position),
    )


def euler_from_rotation(rotation: Array) -> Array:
    """(..., 3, 3), identity = facing -> (..., 3) yaw, pitch, roll in degrees, signs as in :class:`HeadPose`.

    Yaw and pitch say where the face points, roll is the turn about that direction. Yaw is taken as 0 for a face that
    points straight up or down.
    """
    (xx, xy, xz), (_, _, yz), (zx, zy, zz) = _elements(np.asarray(rotation, np.float32))
    flat = np.hypot(xz, zz)
    yaw = np.where(flat < 1e-6, 0, np.arctan2(-xz, zz))
    # What stays after yaw is undone: its x axis holds roll alone.
    cos, sin = np.cos(yaw), np.sin(yaw)
    radians = np.empty(rotation.shape[:-1], np.float32)
    radians[..., 0] = yaw
    radians[..., 1] = np.arctan2(yz, flat)
    radians[..., 2] = np.arctan2(-(cos * xy + sin * zy), cos * xx + sin * zx)
    return np.degrees(radians)


def rotation_from_euler(euler_deg: Array) -> Array:
    """The inverse of :func:`euler_from_rotation`: (..., 3) degrees -> (..., 3, 3)."""
    yaw, pitch, roll = np.moveaxis(np.radians(np.asarray(euler_deg, np.float64)), -1, 0)
    return (_turn(1, -yaw) @ _turn(0, -pitch) @ _turn(2, roll)).astype(np.float32)


def quaternion_from_rotation(rotation: Array) -> Array:
    """(..., 3, 3) -> (..., 4) unit quaternion x y z w with w >= 0 (Shepperd 1978: the largest component leads)."""
    r = np.asarray(rotation, np.float32)
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = _elements(r)
    # Four times the outer product of the quaternion with itself; its column of largest diagonal is the best scaled.
    x, y, z = zy - yz, xz - zx, yx - xy
    xy, xz, yz = yx + xy, zx + xz, zy + yz
    outer = _matrix(
        (1 + xx - yy - zz, xy, xz, x),
        (xy, 1 - xx + yy - zz, yz, y),
        (xz, yz, 1 - xx - yy + zz, z),
        (x, y, z, 1 + xx + yy + zz),
    ).reshape(-1, 4, 4)
    lead = outer.diagonal(axis1=-2, axis2=-1).argmax(-1)
    quaternion = outer[np.arange(len(outer)), lead]
    quaternion /= np.copysign(_length(quaternion), quaternion[:, 3])[:, None]
    return quaternion.reshape(*r.shape[:-2], 4)


def rotation_from_quaternion(quaternion: Array) -> Array:
    """(..., 4) unit quaternion x y z w -> (..., 3, 3)."""
    ((x, y, z, w),) = _elements(np.asarray(quaternion, np.float64)[..., None, :])
    return _matrix(
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )


def _procrustes(basis: Array) -> HeadFit:
    """Similarity from the canonical face's rigid points to (..., K, 3) points of the same order."""
    model, model_centre, model_spread = _rigid_model()
    # The model is centred, so any origin serves; with one of the points, one place for all of them is exactly 0.
    origin = basis[..., 0, :]
    offsets = basis - origin[..., None, :]
    centre = origin + _mean(offsets)
    covariance = np.swapaxes(offsets, -1, -2) @ model
    lost = ~np.isfinite(covariance).all(axis=(-1, -2))
    if lost.any():
        covariance[lost] = 0
    u, s, vt = np.linalg.svd(covariance)
    rotation = u @ vt
    if (mirrored := np.asarray(_determinant(rotation) < 0)).any():
        u[mirrored, :, 2] *= -1
        s[mirrored, 2] *= -1
        rotation = u @ vt
    spread = np.add.reduce(s, axis=-1)
    if (lost := lost | (spread <= 0)).any():
        rotation[lost] = np.nan
        spread = np.where(lost, np.float32(np.nan), spread)
    scale = spread / model_spread
    return HeadFit(rotation, scale, centre - scale[..., None] * _apply(rotation, model_centre))


@cache
def _rigid_model() -> tuple[Array, Array, np.float32]:
    """The canonical face's rigid points, centred; their centre; their summed squared distance from it."""
    points = canonical_face()[rigid_points()]
    centre = points.mean(axis=0)
    return points - centre, centre, ((points - centre) ** 2).sum()


@cache
def _between_eyes() -> Array:
    """(3,) the point midway between the canonical face's eyes."""
    return canonical_face()[list(EYE_CORNERS)].mean(axis=0)


def _mean(points: Array) -> Array:
    """(..., K, C) -> (..., C); a third of the time of ``points.mean``, which counts when K is small."""
    return np.add.reduce(points, axis=-2) / np.float32(points.shape[-2])


def _length(vector: Array) -> Array:
    """(..., C) -> (...)"""
    return np.sqrt(np.einsum("...c,...c->...", vector, vector))


def _elements(matrix: NDArray[np.floating]) -> Any:
    """(..., R, C) -> R rows of C elements (...); of one matrix plain numbers, which are quicker than numpy's."""
    if matrix.ndim == 2:
        return matrix.tolist()
    return np.moveaxis(matrix, (-2, -1), (0, 1))


def _matrix(*rows: tuple[Any, ...]) -> Array:
    """The inverse of :func:`_elements`: (..., R, C) float32."""
    matrix = np.empty((*np.shape(rows[0][0]), len(rows), len(rows[0])), np.float32)
    for i, row in enumerate(rows):
        for j, element in enumerate(row):
            matrix[..., i, j] = element
    return matrix


def _determinant(matrix: Array) -> Any:
    """(..., 3, 3) -> (...)"""
    (a, b, c), (d, e, f), (g, h, i) = _elements(matrix)
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)


def _apply(rotation: Array, vector: Array) -> Array:
    """(..., 3, 3) times (..., 3)."""
    return (rotation @ vector[..., None])[..., 0]


def _rotation_from_axis_to(direction: Array) -> Array:
    """(..., 3) -> (..., 3, 3) the shortest turn from +z to a direction whose z is positive (Rodrigues' formula)."""
    ((x, y, z),) = _elements((direction / _length(direction)[..., None])[..., None, :])
    k = 1 / (1 + z)
    return _matrix((1 - k * x * x, -k * x * y, x), (-k * x * y, 1 - k * y * y, y), (-x, -y, z))


def _turn(axis: int, angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """(...) radians -> (..., 3, 3), right-handed turn about one axis."""
    a, b = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.zeros((*angle.shape, 3, 3))
    matrix[..., axis, axis] = 1
    matrix[..., a, a] = matrix[..., b, b] = np.cos(angle)
    matrix[..., b, a] = np.sin(angle)
    matrix[..., a, b] = -np.sin(angle)
    return matrix


assert N_LANDMARKS == 478  # the canonical face has as many
