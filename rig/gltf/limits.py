"""What a character file may be at most, and the one error that loading raises."""

from typing import Final

MIB: Final = 1 << 20
MAX_FILE_BYTES: Final = 256 * MIB
"""The file, and all of its buffers together; avatars people trade are under 100 MiB."""
MAX_JSON_BYTES: Final = 16 * MIB
MAX_OBJECTS: Final = 30_000
"""Accessors, views, nodes, primitives ... together: pygltflib takes about 0.1 ms for each."""
MAX_VALUES: Final = 400_000
"""Numbers and names in the document, extensions and extras left out: some 5 microseconds each."""
MAX_NODES: Final = 5_000
MAX_VERTICES: Final = 500_000
"""Over all primitives that nodes show."""
MAX_TRIANGLES: Final = 1_000_000
MAX_MORPH_DELTAS: Final = 20_000_000
"""Morph targets times vertices, over all primitives."""
MAX_TARGETS: Final = 50_000
"""Morph targets over all primitives that nodes show."""
MAX_NUMBERS: Final = 100_000_000
"""Numbers decoded from accessors in all, however often they share one buffer."""
MAX_IMAGE_PIXELS: Final = 8192 * 8192
"""Of one picture, as its header says, before anything is decoded."""
MAX_TEXTURE_PIXELS: Final = 400_000_000
"""Of all pictures together; what comes after is shown in plain colour."""
MAX_TEXTURES: Final = 48
SHOWN_TEXTURE_SIDE: Final = 2048
"""Larger pictures are scaled down as soon as they are decoded."""
MAX_COORDINATE: Final = 1e6
"""Metres; beyond it single precision falls apart."""


class CharacterError(Exception):
    """A character that cannot be loaded; the message is one line that says why and, where one can, what to do."""
