"""Which part of a face a stream carries, told apart by the OSC addresses of protocol ``mien``."""

from collections.abc import Callable
from typing import Final, Literal, get_args

Part = Literal["all", "au", "arkit", "pose"]
PARTS: Final[tuple[Part, ...]] = get_args(Part)

PREFIXES: Final[dict[Part, tuple[str, ...]]] = {
    "all": ("/mien/",),
    "au": ("/mien/au/",),
    "arkit": ("/mien/arkit/",),
    "pose": ("/mien/head/", "/mien/gaze/"),
}
"""Addresses of each part begin with one of these: everything, AU channels, ARKit blendshapes, head and gaze."""
ALWAYS: Final = ("/mien/frame", "/mien/tracked")
"""Without these no receiver can tell a still face from a lost one."""


def address_filter(part: Part) -> Callable[[str], bool]:
    """Whether an address belongs to a part."""
    prefixes = (*ALWAYS, *PREFIXES[part])
    return lambda address: address.startswith(prefixes)
