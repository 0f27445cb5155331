"""Make ``assets/canonical_face.npz``: the metric mean face that every pose and alignment is measured against.

Source: ``geometry_pipeline_metadata_landmarks.binarypb`` of MediaPipe's face geometry module (Apache-2.0), as packed
into the npm package ``@mediapipe/face_mesh`` 0.4.1657299874 (PyPI wheels carry the module's code, not this file)::

    npm pack @mediapipe/face_mesh@0.4.1657299874
    python -m models.build_canonical_face mediapipe-face_mesh-0.4.1657299874.tgz ../shared/data/stills

The file holds 468 vertices in centimetres, x to the subject's left, y up, z out of the face. They go to metres, and ten
iris points are added: centres in the middle between the eye's corners, at the depth of the lids' rims, rings of
5.9 mm (half the mean visible iris diameter; Ruefer et al. 2005 measured 11.7 mm).

The canonical face's lips are parted and its eyes half shut, so it is no face at rest. That one (``rest_m``) is the mean
of our landmarks on generated people (``flux_*`` of antgroup/echomimic_v2, Apache-2.0; they do not exist) who face the
camera with closed lips, men and women weighing the same, made symmetric.
"""

import argparse
import json
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

PACKED_NAME = "geometry_pipeline_metadata_landmarks.binarypb"
IRIS_RADIUS_M = 0.0059
# (first iris index, outer corner, inner corner, upper lid rim, lower lid rim), the subject's right eye first.
EYES = ((468, 33, 133, 159, 145), (473, 263, 362, 386, 374))
MAX_TURN_DEG, MAX_LIP_GAP_M = 8.0, 0.0012
OUTPUT = Path(__file__).resolve().parent.parent / "assets" / "canonical_face.npz"


def read_packed(package: Path) -> bytes:
    """The metadata message out of the npm package: the loader script says where in the packed file it lies."""
    with tarfile.open(package) as tar:
        members = {Path(m.name).name: m for m in tar.getmembers()}

        def read(name: str) -> bytes:
            file = tar.extractfile(members[name])
            assert file is not None
            return file.read()

        loader = read("face_mesh_solution_packed_assets_loader.js").decode()
        found = re.search(r'\{"filename": "[^"]*' + re.escape(PACKED_NAME) + r'", "start": \d+, "end": \d+\}', loader)
        if found is None:
            raise SystemExit(f"{package}: its loader names no {PACKED_NAME}; use version 0.4.1657299874 of the package")
        entry = json.loads(found.group())
        return read("face_mesh_solution_packed_assets.data")[entry["start"] : entry["end"]]


def varint(message: bytes, at: int) -> tuple[int, int]:
    """A base-128 number and where the next thing begins."""
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def fields(message: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Field numbers and raw values of a protobuf message (wire types 0, 2 and 5 are all that occur here)."""

    at = 0
    while at < len(message):
        tag, at = varint(message, at)
        kind = tag & 7
        if kind == 0:
            number, at = varint(message, at)
            yield tag >> 3, number
        else:
            length, at = (4, at) if kind == 5 else varint(message, at)
            yield tag >> 3, message[at : at + length]
            at += length


def decode(message: bytes) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """``GeometryPipelineMetadata`` -> vertices (468, 3) in centimetres and triangles (T, 3)."""
    mesh = next(value for number, value in fields(message) if number == 1)
    assert isinstance(mesh, bytes)
    buffer = b"".join(value for number, value in fields(mesh) if number == 3 and isinstance(value, bytes))
    indices = [value for number, value in fields(mesh) if number == 4]
    vertices = np.frombuffer(buffer, "<f4").reshape(-1, 5)[:, :3]
    return vertices.astype(np.float32), np.array(indices, np.int32).reshape(-1, 3)


def add_irises(vertices: NDArray[np.float32]) -> NDArray[np.float32]:
    """(468, 3) -> (478, 3): centre, then ring points at +x, +y, -x, -y as seen in the picture of a facing head."""
    points = np.concatenate([vertices, np.zeros((10, 3), np.float32)])
    for first, outer, inner, upper, lower in EYES:
        centre = (vertices[outer] + vertices[inner]) / 2
        centre[2] = (vertices[upper, 2] + vertices[lower, 2]) / 2
        ring = IRIS_RADIUS_M * np.array([(0, 0), (1, 0), (0, 1), (-1, 0), (0, -1)], np.float32)
        points[first : first + 5] = centre
        points[first : first + 5, :2] += ring
    return points


def rest_of_stills(folder: Path) -> NDArray[np.float32]:
    """(478, 3) the mean aligned face of the generated people at rest. Needs the canonical face to be in place."""
    from models.runtime.alignment import FACING, align, euler_from_rotation, fit_head, mirror_landmarks
    from models.runtime.engines import make_landmark_engine

    engine = make_landmark_engine("onnx", "cpu")
    kinds: dict[str, list[NDArray[np.float32]]] = {"flux_man": [], "flux_woman": []}
    for kind, faces in kinds.items():
        for path in sorted(folder.glob(f"{kind}_*")):
            picture = cv2.imread(str(path))
            if picture is None:
                raise SystemExit(f"{path} cannot be read as a picture")
            engine.reset()
            found = engine.detect(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB).astype(np.uint8), 0.0)
            if found is None:
                continue
            fit = fit_head(found.points)
            face = align(found.points, fit)
            turned = np.abs(euler_from_rotation(fit.rotation @ FACING)).max()
            if turned < MAX_TURN_DEG and face[13, 1] - face[14, 1] < MAX_LIP_GAP_M:
                faces.append(face)
        print(f"{kind}: {len(faces)} at rest")
    mean = np.mean([np.mean(faces, axis=0) for faces in kinds.values()], axis=0)
    mirrored = mean[mirror_landmarks()] * np.array([-1, 1, 1], np.float32)
    return ((mean + mirrored) / 2).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path, help="mediapipe-face_mesh-0.4.1657299874.tgz")
    parser.add_argument("stills", type=Path, help="folder with the generated people, flux_*.jpg")
    args = parser.parse_args()
    vertices, triangles = decode(read_packed(args.package))
    assert vertices.shape == (468, 3), vertices.shape
    points = add_irises(vertices * np.float32(0.01))
    version = np.int32(1)
    np.savez_compressed(OUTPUT, version=version, points_m=points, triangles=triangles)  # to align the stills by
    rest = rest_of_stills(args.stills)
    np.savez_compressed(OUTPUT, version=version, points_m=points, triangles=triangles, rest_m=rest)
    print(f"{OUTPUT}: {len(points)} points, {len(triangles)} triangles, {OUTPUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
