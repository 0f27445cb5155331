"""The container, the document and its references: what is read and what is refused."""

import base64
import json
import os
import struct
from pathlib import Path
from typing import Any

import pytest
from gltf_files import arkit_character, glb

from rig.gltf import document
from rig.gltf.document import read_document, read_uri
from rig.gltf.limits import CharacterError

NAMES = ("jawOpen", "eyeBlinkLeft")


def parts() -> tuple[dict[str, Any], bytes]:
    b = arkit_character(NAMES)
    return b.json(), bytes(b.blob)


def refused(path: Path, data: bytes, match: str) -> None:
    path.write_bytes(data)
    with pytest.raises(CharacterError, match=match) as caught:
        read_document(path)
    assert "\n" not in str(caught.value)


def test_a_glb_comes_back_with_its_bytes(tmp_path: Path) -> None:
    raw, blob = parts()
    (tmp_path / "a.glb").write_bytes(glb(raw, blob))
    read = read_document(tmp_path / "a.glb")
    assert read.buffers == (blob,)
    assert len(read.gltf.accessors) == len(raw["accessors"])


def test_a_gltf_with_a_data_uri_or_a_file_beside_it_says_the_same(tmp_path: Path) -> None:
    raw, blob = parts()
    raw["buffers"][0]["uri"] = "data:application/octet-stream;base64," + base64.b64encode(blob).decode()
    (tmp_path / "data.gltf").write_text(json.dumps(raw))
    raw["buffers"][0]["uri"] = "sub/a%20b.bin"
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a b.bin").write_bytes(blob)
    (tmp_path / "file.gltf").write_text(json.dumps(raw))
    for name in ("data.gltf", "file.gltf"):
        assert read_document(tmp_path / name).buffers == (blob,)


def test_files_cut_off_anywhere_are_refused(tmp_path: Path) -> None:
    raw, blob = parts()
    whole = glb(raw, blob)
    for n in (0, 1, 4, 11, 15, 19, 40, len(whole) // 2, len(whole) - 1):
        refused(tmp_path / "a.glb", whole[:n], "cut off|no glTF")


def test_headers_that_lie_are_refused(tmp_path: Path) -> None:
    raw, blob = parts()
    whole = glb(raw, blob)
    path = tmp_path / "a.glb"
    refused(path, whole[:4] + struct.pack("<I", 1) + whole[8:], "version 1")
    refused(path, whole[:12] + struct.pack("<I", 2**32 - 1) + whole[16:], "beyond its end")
    refused(path, whole[:16] + b"XXXX" + whole[20:], "no JSON chunk")
    refused(path, b"MZ" + whole[2:], "no glTF")
    refused(path, glb(raw, blob)[:12] + struct.pack("<II", 4, 0x4E4F534A) + b"[1] ", "cut off")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"asset": {"version": "1.0"}}, "export it as glTF 2.0"),
        ({"asset": None}, "glTF 2.0"),
        ({"extensionsRequired": ["KHR_draco_mesh_compression"]}, "Draco-compressed"),
        ({"extensionsRequired": ["EXT_meshopt_compression"]}, "meshopt-compressed"),
        ({"extensionsRequired": ["ACME_secret"]}, "requires the extension ACME_secret"),
        ({"extensionsRequired": 5}, "malformed"),
        ({"accessors": 5}, "malformed"),
        ({"accessors": [5]}, "malformed"),
        ({"buffers": 5}, "malformed"),
        ({"buffers": [{"byteLength": 10**12}]}, "cut off"),
        ({"buffers": [{"byteLength": -1}]}, "cut off"),
        ({"buffers": [{"byteLength": 4}, {"byteLength": 4}]}, "buffer 1 is missing"),
        ({"nodes": [{}] * 5001}, "5001 nodes"),
        ({"materials": [{}] * 30001}, "objects"),
        ({"skins": [{"joints": [0] * 400_001}]}, "values"),
        ({"meshes": [{"primitives": [{"targets": [{}] * 400_001}]}]}, "values"),
    ],
)
def test_documents_that_cannot_be_read_are_refused(tmp_path: Path, change: dict[str, Any], match: str) -> None:
    raw, blob = parts()
    refused(tmp_path / "a.glb", glb(raw | change, blob), match)


def test_json_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(tmp_path / "deep.gltf", b'{"a":' + b"[" * 100_000, "no valid JSON")
    refused(tmp_path / "bad.gltf", b'{"a": \xff}', "no valid JSON")
    monkeypatch.setattr(document, "MAX_JSON_BYTES", 1000)
    refused(tmp_path / "long.gltf", b'{"a": "' + b"x" * 2000 + b'"}', "description")


def test_files_beyond_the_limit_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.glb"
    with path.open("wb") as f:
        f.truncate(document.MAX_FILE_BYTES + 1)  # sparse: takes no room
    with pytest.raises(CharacterError, match="at most 256"):
        read_document(path)


@pytest.mark.parametrize(
    "uri",
    [
        "http://example.com/a.bin",
        "file:///etc/passwd",
        "/etc/passwd",
        "%2Fetc%2Fpasswd",
        "../secret.bin",
        "sub/../../secret.bin",
        "%2e%2e/secret.bin",
        "..\\secret.bin",
        "\\\\server\\share",
        "C:\\secret.bin",
        "link.bin",
        "a\x00b",
        "missing.bin",
        "x" * 5000,
        "",
        5,
        None,
        "data:text/plain,hello",
        "data:;base64,@@@@",
    ],
)
def test_only_files_beside_the_character_are_read(tmp_path: Path, uri: object) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(b"secret")
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    with pytest.raises(CharacterError):
        read_uri(uri, folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.glb")
    with pytest.raises(CharacterError, match="not a regular file"):
        read_document(tmp_path / "a.glb")


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CharacterError, match="no such file"):
        read_document(tmp_path / "none.glb")
