"""A .glb, .gltf or .vrm file -> its glTF 2.0 document (pygltflib) and its buffers, checked before anything is built."""

import base64
import binascii
import json
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pygltflib import GLTF2

from rig.gltf.limits import MAX_FILE_BYTES, MAX_JSON_BYTES, MAX_NODES, MAX_OBJECTS, MAX_VALUES, MIB, CharacterError

GLB_MAGIC = b"glTF"
GLB_HEADER = struct.Struct("<4sII")  # magic, version, length of the file
CHUNK_HEADER = struct.Struct("<II")  # length, type
JSON_CHUNK, BIN_CHUNK = 0x4E4F534A, 0x004E4942

COMPRESSED = {
    "KHR_draco_mesh_compression": "Draco",
    "EXT_meshopt_compression": "meshopt",
    "KHR_meshopt_compression": "meshopt",
}
UNDERSTOOD = (
    r"VRM|VRMC_.*|KHR_materials_.*|KHR_texture_transform|KHR_texture_basisu|EXT_texture_webp|KHR_mesh_quantization"
    r"|KHR_lights_punctual|KHR_node_visibility|KHR_animation_pointer|KHR_xmp.*"
)
"""Extensions that a file may require: we read them, or leaving them out only costs finer points of its looks."""
UNUSED = ("animations", "cameras", "samplers")
"""Not decoded: a face is driven live, and decoding is what takes time."""


@dataclass(frozen=True)
class Document:
    """A parsed file: glTF objects (their types unchecked), raw JSON of the extensions, and the bytes of each buffer."""

    path: Path
    gltf: GLTF2
    buffers: tuple[bytes, ...]


def read_document(path: Path) -> Document:
    """Raises CharacterError for anything but a readable, uncompressed glTF 2.0 file within the limits."""
    data = read_bounded(path)
    json_bytes, blob = _split(data)
    raw = _parse(json_bytes)
    _check(raw)
    try:
        gltf = GLTF2.gltf_from_json(json.dumps(raw))
    except Exception as e:  # pygltflib checks no types: whatever it trips over is the file's fault
        raise CharacterError(f"the glTF document is malformed ({type(e).__name__})") from e
    return Document(path, gltf, tuple(_buffers(raw.get("buffers") or [], blob, path.parent)))


def read_bounded(path: Path) -> bytes:
    """The bytes of a regular file of at most MAX_FILE_BYTES."""
    try:
        if not path.is_file():
            raise CharacterError("there is no such file" if not path.exists() else "this is not a regular file")
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise CharacterError(f"the file has {size // MIB} MiB; at most {MAX_FILE_BYTES // MIB} are read")
        with path.open("rb") as f:
            return f.read(MAX_FILE_BYTES)
    except (OSError, ValueError) as e:
        raise CharacterError(f"the file cannot be read ({e})") from e


def _split(data: bytes) -> tuple[bytes, bytes | None]:
    """JSON and binary chunk of a GLB, or the whole file as JSON."""
    if data[:4] != GLB_MAGIC:
        if data.lstrip()[:1] != b"{":
            raise CharacterError("this is no glTF, GLB or VRM file")
        return data, None
    if len(data) < GLB_HEADER.size + CHUNK_HEADER.size:
        raise CharacterError("the file is cut off in its header")
    _, version, length = GLB_HEADER.unpack_from(data)
    if version != 2:
        raise CharacterError(f"this is glTF version {version}; export it as glTF 2.0")
    if length > len(data):
        raise CharacterError(f"the file is cut off: it has {len(data)} of {length} bytes")
    chunks: dict[int, bytes] = {}
    at = GLB_HEADER.size
    while at + CHUNK_HEADER.size <= length and len(chunks) < 16:
        size, kind = CHUNK_HEADER.unpack_from(data, at)
        at += CHUNK_HEADER.size
        if size > length - at:
            raise CharacterError("the file is cut off or damaged: a chunk goes beyond its end")
        chunks.setdefault(kind, data[at : at + size])
        at += size
    if JSON_CHUNK not in chunks:
        raise CharacterError("the file is damaged: it has no JSON chunk")
    return chunks[JSON_CHUNK], chunks.get(BIN_CHUNK)


def _parse(json_bytes: bytes) -> dict[str, Any]:
    if len(json_bytes) > MAX_JSON_BYTES:
        raise CharacterError(
            f"its description has {len(json_bytes) // MIB} MiB of at most {MAX_JSON_BYTES // MIB}; save it as .glb"
        )
    try:
        raw = json.loads(json_bytes.decode("utf-8-sig"))
    except (ValueError, RecursionError) as e:
        raise CharacterError(f"the glTF document is no valid JSON ({type(e).__name__})") from e
    if not isinstance(raw, dict):
        raise CharacterError("the glTF document is malformed (it is no JSON object)")
    return raw


def _check(raw: dict[str, Any]) -> None:
    """Version, extensions and sizes; takes out what is not used."""
    asset = raw.get("asset")
    version = asset.get("version") if isinstance(asset, dict) else None
    if not isinstance(version, str) or not version.startswith("2."):
        raise CharacterError(f"this is glTF version {str(version)[:20]}; export it as glTF 2.0")
    for name in UNUSED:
        raw.pop(name, None)
    required = raw.get("extensionsRequired") or []
    used = raw.get("extensionsUsed") or []
    if not isinstance(required, list) or not isinstance(used, list):
        raise CharacterError("the glTF document is malformed (extensions)")
    for name in (str(n) for n in required):
        if name in COMPRESSED:
            raise CharacterError(f"its meshes are {COMPRESSED[name]}-compressed; export it without compression")
        if not re.fullmatch(UNDERSTOOD, name):
            raise CharacterError(f"it requires the extension {name[:60]}, which is not supported")
    n_objects, n_values = _measure(raw)
    if n_objects > MAX_OBJECTS or n_values > MAX_VALUES:
        raise CharacterError(
            f"it describes {n_objects} objects of {n_values} values; at most {MAX_OBJECTS} and {MAX_VALUES} are read"
        )
    nodes = raw.get("nodes")
    if isinstance(nodes, list) and len(nodes) > MAX_NODES:
        raise CharacterError(f"it has {len(nodes)} nodes; at most {MAX_NODES} are read")


def _measure(raw: dict[str, Any]) -> tuple[int, int]:
    """Objects and values that pygltflib will decode; targets, extensions and extras it leaves as they are."""
    objects = values = 0
    stack: list[Any] = [raw]
    while stack:
        here = stack.pop()
        values += len(here)
        if isinstance(here, dict):
            objects += 1
            targets = here.get("targets")
            values += len(targets) if isinstance(targets, list) else 0
            here = [v for k, v in here.items() if k not in ("extensions", "extras", "targets")]
        stack += [v for v in here if isinstance(v, list | dict)]
    return objects, values


def _buffers(entries: Any, blob: bytes | None, folder: Path) -> list[bytes]:
    if not isinstance(entries, list):
        raise CharacterError("the glTF document is malformed (buffers)")
    buffers: list[bytes] = []
    total = 0
    for i, entry in enumerate(entries):
        uri = entry.get("uri") if isinstance(entry, dict) else None
        length = entry.get("byteLength") if isinstance(entry, dict) else None
        if uri is None:
            data = blob if i == 0 else None
            if data is None:
                raise CharacterError(f"buffer {i} is missing from the file")
        else:
            data = read_uri(uri, folder)
        if not isinstance(length, int) or not 0 <= length <= len(data):
            raise CharacterError(f"buffer {i} is cut off: it has {len(data)} of {str(length)[:20]} bytes")
        total += length
        if total > MAX_FILE_BYTES:
            raise CharacterError(f"its buffers have more than {MAX_FILE_BYTES // MIB} MiB")
        buffers.append(data[:length])
    return buffers


def read_uri(uri: Any, folder: Path) -> bytes:
    """A data URI, or a file beside the character (in its folder or below it). Nothing is ever fetched."""
    if not isinstance(uri, str):
        raise CharacterError("the glTF document is malformed (uri)")
    if uri[:5].lower() == "data:":
        header, comma, text = uri.partition(",")
        if not comma or not header.lower().endswith(";base64"):
            raise CharacterError("a data URI in it is not base64")
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as e:
            raise CharacterError("a data URI in it is damaged") from e
    name = unquote(uri)
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", name) or name[:1] in ("/", "\\") or "\x00" in name:
        raise CharacterError(f"it refers to {name[:60]!r}; only files beside it are read")
    try:
        target = (folder / name.replace("\\", "/")).resolve()
        inside = target.is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError) as e:
        raise CharacterError(f"it refers to {name[:60]!r}, which cannot be read") from e
    if not inside:
        raise CharacterError(f"it refers to {name[:60]!r}, outside its folder; only files beside it are read")
    try:
        return read_bounded(target)
    except CharacterError as e:
        raise CharacterError(f"its part {name[:60]!r}: {e}") from e
