"""Base-colour pictures of a glTF file, decoded by OpenCV; sizes are read from the header before anything is decoded."""

import io
import warnings
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rig.gltf.accessors import Accessors, item
from rig.gltf.document import Document, read_uri
from rig.gltf.limits import MAX_IMAGE_PIXELS, SHOWN_TEXTURE_SIDE, CharacterError

FORMATS = ("PNG", "JPEG", "WEBP")
Picture = NDArray[np.uint8]


class PictureError(Exception):
    """A picture that cannot be shown; the character can, in its plain colour."""


def read_picture(document: Document, accessors: Accessors, texture_index: Any) -> tuple[Picture, int]:
    """(H, W, 3) or (H, W, 4) sRGB uint8, at most SHOWN_TEXTURE_SIDE on a side, and how many pixels were decoded.

    Raises PictureError for formats that OpenCV does not know (KTX2) and damaged pictures, CharacterError for pictures
    that claim to be huge and for references out of the file.
    """
    texture = item(document.gltf.textures, texture_index, "a texture index")
    source = texture.source
    for name in ("EXT_texture_webp", "KHR_texture_basisu"):
        extension = (texture.extensions or {}).get(name)
        if source is None and isinstance(extension, dict):
            source = extension.get("source")
    if source is None:
        raise PictureError("a texture without a picture")
    image = item(document.gltf.images, source, "an image index")
    if image.bufferView is not None:
        data = bytes(accessors.view(image.bufferView))
    else:
        data = read_uri(image.uri, document.path.parent)
    width, height = size(data)
    return decode(data), width * height


def decode(data: bytes) -> Picture:
    """PNG, JPEG or WebP bytes -> sRGB uint8 with 3 or 4 channels; errors as :func:`read_picture`."""
    width, height = size(data)
    if width * height > MAX_IMAGE_PIXELS or not width or not height:
        raise CharacterError(f"a texture of {width} x {height} pixels is too large; scale it to 4096 or less")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as e:
        raise PictureError("a damaged picture") from e
    if image is None:
        raise PictureError("a damaged picture")
    if image.dtype == np.uint16:
        image = (image // 256).astype(np.uint8)
    if image.dtype != np.uint8:
        raise PictureError("a picture of an unusual depth")
    longest = max(image.shape[:2])
    if longest > SHOWN_TEXTURE_SIDE:
        k = SHOWN_TEXTURE_SIDE / longest
        small = (max(1, round(image.shape[1] * k)), max(1, round(image.shape[0] * k)))
        image = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    if image.ndim == 2:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2RGB), np.uint8)
    if image.shape[2] not in (3, 4):
        raise PictureError("a picture of an unusual kind")
    order = cv2.COLOR_BGRA2RGBA if image.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(image, order), np.uint8)


def size(data: bytes) -> tuple[int, int]:
    """Width and height as the header says; nothing is decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of bombs; ours is the stricter limit
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                return image.size
    except Image.DecompressionBombError as e:
        raise CharacterError("a texture of it is far too large; scale it to 4096 pixels or less") from e
    except Exception as e:  # Pillow's readers raise many kinds on damaged headers
        raise PictureError("a texture that is no PNG, JPEG or WebP picture") from e
