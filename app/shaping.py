"""Gain, dead zone and limit of each channel: how a person wants to be shown, not what was measured.

Applied last, to what the rules and the filter have made, so that the filter's tuning does not depend on a gain and a
limit is never overshot; before ARKit, so that every stream, file and character gets the same. For a channel x in 0..1::

    y = min(limit, gain * max(0, x - dead_zone) / (1 - dead_zone))

What lies above the dead zone is stretched back over the whole range: y grows from 0 without a step, never falls where x
rises, and at gain 1 a full expression stays a full one.

In a file (JSON) dead zone and limit are FACS intensities 0..5, as everywhere that people read them, and only what
differs from the default is there; ``AU12`` stands for both sides::

    {"mien-shaping": 1, "channels": {"AU12": {"gain": 2.0}, "AU43-left": {"dead_zone": 0.5, "limit": 4.0}}}
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from app.errors import UserError
from rig.parameters import CHANNEL_INDEX, CHANNELS, N_CHANNELS

Array = NDArray[np.float32]
Setting = Literal["gain", "dead_zone", "limit"]

FORMAT: Final = "mien-shaping"
VERSION: Final = 1
FACS_MAX: Final = 5.0
SETTINGS: Final[tuple[Setting, ...]] = ("gain", "dead_zone", "limit")
DEFAULTS: Final[dict[Setting, float]] = {"gain": 1.0, "dead_zone": 0.0, "limit": 1.0}
RANGES: Final[dict[Setting, tuple[float, float]]] = {"gain": (0.0, 5.0), "dead_zone": (0.0, 0.9), "limit": (0.0, 1.0)}
"""Of gains as factors, of the others in channel units 0..1. A gain or limit of 0 switches a channel off."""
FILE_UNITS: Final[dict[Setting, float]] = {"gain": 1.0, "dead_zone": FACS_MAX, "limit": FACS_MAX}
"""A file's and the screen's number is this times ours."""


@dataclass(frozen=True)
class Shaping:
    """Three numbers a channel, each a tuple of 40 in the order of ``rig.parameters.CHANNELS``.

    Raises ``ValueError`` for another length or a number out of :data:`RANGES`.
    """

    gain: tuple[float, ...] = (DEFAULTS["gain"],) * N_CHANNELS
    """Factors."""
    dead_zone: tuple[float, ...] = (DEFAULTS["dead_zone"],) * N_CHANNELS
    """0..0.9: what is not above it counts as rest."""
    limit: tuple[float, ...] = (DEFAULTS["limit"],) * N_CHANNELS
    """0..1: what comes out is never above it."""

    def __post_init__(self) -> None:
        for name in SETTINGS:
            values, (low, high) = getattr(self, name), RANGES[name]
            if len(values) != N_CHANNELS or not all(low <= v <= high for v in values):
                raise ValueError(f"{name} must be {N_CHANNELS} numbers of {low:g} to {high:g}")

    @cached_property
    def is_default(self) -> bool:
        """Whether it leaves every channel as it is."""
        return all(value == DEFAULTS[name] for name in SETTINGS for value in getattr(self, name))

    @cached_property
    def _arrays(self) -> tuple[Array, Array, Array]:
        """Dead zone, slope above it, limit; (40,) each, made once: ``apply`` runs for every frame."""
        dead_zone = np.array(self.dead_zone, np.float32)
        return dead_zone, np.array(self.gain, np.float32) / (1 - dead_zone), np.array(self.limit, np.float32)

    def apply(self, au: Array) -> Array:
        """Channels (..., 40) 0..1 -> a new array of the same shape, 0..1; ``au`` itself where nothing is to be done."""
        if self.is_default:
            return au
        dead_zone, slope, limit = self._arrays
        shaped = np.maximum(au - dead_zone, 0, dtype=np.float32)
        shaped *= slope
        return np.minimum(shaped, limit, out=shaped)

    def get(self, setting: Setting, channel: int) -> float:
        """One number."""
        return getattr(self, setting)[channel]

    def with_value(self, setting: Setting, channels: tuple[int, ...], value: float) -> "Shaping":
        """A copy in which these channels have this number, the nearest that is allowed."""
        low, high = RANGES[setting]
        values = list(getattr(self, setting))
        for channel in channels:
            values[channel] = min(max(float(value), low), high)
        return replace(self, **{setting: tuple(values)})

    def without(self, channels: tuple[int, ...]) -> "Shaping":
        """A copy in which these channels are left as they are measured."""
        shaping = self
        for name in SETTINGS:
            shaping = shaping.with_value(name, channels, DEFAULTS[name])
        return shaping

    def changed(self, channel: int) -> bool:
        """Whether this channel is shaped at all."""
        return any(self.get(name, channel) != DEFAULTS[name] for name in SETTINGS)


# ---------------------------------------------------------------- files


def to_json(shaping: Shaping) -> dict[str, Any]:
    """As files and settings keep it: what differs from the default, dead zone and limit 0..5."""
    channels: dict[str, dict[Setting, float]] = {}
    for i, channel in enumerate(CHANNELS):
        own = {s: round(v * FILE_UNITS[s], 6) for s in SETTINGS if (v := shaping.get(s, i)) != DEFAULTS[s]}
        if own:
            channels[channel] = own
    return {FORMAT: VERSION, "channels": channels}


def from_json(content: Any) -> Shaping:
    """The inverse of :func:`to_json`. Raises ``UserError`` that names what is wrong."""
    if not isinstance(content, Mapping) or FORMAT not in content:
        raise UserError(f'no channel settings: a JSON object with "{FORMAT}": {VERSION} and "channels" is expected')
    if content[FORMAT] != VERSION:
        raise UserError(f"channel settings of version {content[FORMAT]!r}; this Mien reads {VERSION}: make them anew")
    channels = content.get("channels", {})
    if not isinstance(channels, Mapping):
        raise UserError('"channels" must be an object, as in {"AU12": {"gain": 2.0}}')
    shaping = Shaping()
    # "AU12" first, so that "AU12-left" beside it refines it whichever comes first in the file.
    for name, own in sorted(channels.items(), key=lambda item: item[0] in CHANNEL_INDEX):
        if not isinstance(own, Mapping):
            raise UserError(f'{name}: an object is expected, as in {{"gain": 2.0}}')
        meant = channels_named(name)
        for setting, value in own.items():
            shaping = shaping.with_value(setting, meant, _number(name, setting, value))
    return shaping


def channels_named(name: str) -> tuple[int, ...]:
    """Indices of ``AU12-left``, or of both sides of ``AU12``. Raises ``UserError`` for what is no channel."""
    sides = [f"{name}-left", f"{name}-right"]
    found = tuple(CHANNEL_INDEX[n] for n in (name, *sides) if n in CHANNEL_INDEX)
    if not found:
        raise UserError(f"there is no channel {name!r}: channels are called AU12, AU12-left, AU26 ...")
    return found


def _number(channel: str, setting: str, value: Any) -> float:
    """A file's number in our units. Raises ``UserError``."""
    if setting not in SETTINGS:
        raise UserError(f"{channel}: there is no setting {setting!r}: use {', '.join(SETTINGS)}")
    low, high = (FILE_UNITS[setting] * bound for bound in RANGES[setting])
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        raise UserError(f"{channel}: {setting} must be a number of {low:g} to {high:g}, not {value!r}")
    return value / FILE_UNITS[setting]


def load_shaping(path: Path) -> Shaping:
    """Read a file. Raises ``UserError`` for one that is missing, damaged or no such file."""
    try:
        return from_json(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"{path} is no JSON file: {error}") from error
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def save_shaping(path: Path, shaping: Shaping) -> None:
    """Write a file that :func:`load_shaping` reads. Raises ``UserError`` if it cannot be written."""
    try:
        path.write_text(json.dumps(to_json(shaping), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}") from error
