"""Pictures: colours and order, formats, sizes read before decoding."""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from gltf_files import Builder, grid

from rig.gltf import images
from rig.gltf.images import PictureError, decode
from rig.gltf.limits import SHOWN_TEXTURE_SIDE, CharacterError
from rig.imported import load_imported


def encoded(rgb: np.ndarray, suffix: str) -> bytes:
    order = cv2.COLOR_RGBA2BGRA if rgb.shape[-1] == 4 else cv2.COLOR_RGB2BGR
    return cv2.imencode(suffix, cv2.cvtColor(rgb, order))[1].tobytes()


def huge_png(width: int, height: int) -> bytes:
    """A header that promises gigabytes, and nothing behind it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_colours_come_back_as_rgb(suffix: str) -> None:
    picture = decode(encoded(np.full((16, 24, 3), (200, 100, 50), np.uint8), suffix))
    assert picture.shape == (16, 24, 3)
    assert np.abs(picture.reshape(-1, 3).mean(0) - [200, 100, 50]).max() < 6


def test_alpha_is_kept_and_grey_becomes_rgb() -> None:
    rgba = np.full((4, 4, 4), (10, 20, 30, 40), np.uint8)
    assert np.array_equal(decode(encoded(rgba, ".png")), rgba)
    grey = cv2.imencode(".png", np.full((4, 4), 77, np.uint8))[1].tobytes()
    assert np.array_equal(decode(grey), np.full((4, 4, 3), 77))
    deep = cv2.imencode(".png", np.full((4, 4, 3), 0x8000, np.uint16))[1].tobytes()
    assert np.array_equal(decode(deep), np.full((4, 4, 3), 128))


def test_large_pictures_are_scaled_down() -> None:
    wide = np.zeros((20, SHOWN_TEXTURE_SIDE * 2, 3), np.uint8)
    assert decode(encoded(wide, ".png")).shape == (10, SHOWN_TEXTURE_SIDE, 3)


def test_bombs_are_refused_unopened(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(images.cv2, "imdecode", never)
    for size in ((60_000, 60_000), (9000, 9000), (2**31 - 1, 1)):
        with pytest.raises(CharacterError, match="too large"):
            decode(huge_png(*size))


@pytest.mark.parametrize(
    "data", [b"", b"\xabKTX 20\xbb\r\n\x1a\n" + bytes(80), b"GIF89a" + bytes(20), huge_png(8, 8)[:40]]
)
def test_other_formats_and_damage_are_told_apart_from_bombs(data: bytes) -> None:
    with pytest.raises(PictureError):
        decode(data)


def test_a_character_with_a_texture_we_cannot_read_is_shown_in_plain_colour(tmp_path: Path) -> None:
    b = Builder()
    positions, triangles, uv = grid()
    texture = b.texture(np.zeros((4, 4, 3), np.uint8))
    view = b.view(b"\xabKTX 20\xbb\r\n\x1a\n" + bytes(80))
    b.gltf.images[0].bufferView, b.gltf.images[0].mimeType = view, "image/ktx2"
    b.gltf.textures[0].source = None
    b.gltf.textures[0].extensions = {"KHR_texture_basisu": {"source": 0}}
    b.gltf.extensionsRequired.append("KHR_texture_basisu")
    material = b.material(texture, (0.5, 0.25, 1, 1))
    b.node("face", mesh=b.mesh(positions, triangles, {"jawOpen": positions}, uv, material=material))
    character = load_imported(b.save(tmp_path / "a.glb"))
    shown = character.primitives[0].material
    assert shown.texture is None
    assert shown.colour == (0.5, 0.25, 1, 1)
    assert len(character.notes) == 1
    assert "plain colour" in character.notes[0]
