"""What one stream is asked to do, and how that is read out of kept settings."""

from dataclasses import dataclass, fields
from typing import Any

from app.config import PROTOCOLS
from app.errors import UserError
from app.outputs.limited import MOST_FPS
from app.outputs.osc_mien import parse_target
from app.outputs.parts import PARTS, Part


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """What one stream is asked to do."""

    name: str = ""
    """What the user calls it; empty: by its target."""
    protocol: str = "mien"
    """A key of ``app.config.PROTOCOLS``."""
    host: str = "127.0.0.1"
    port: int = 9000
    rate: float = 0.0
    """Frames a second at most; 0 = every frame."""
    part: Part = "all"
    on: bool = False
    at_start: bool = False
    """Send from the next start of the program on. Else it is off then, whatever it is now: nobody's face leaves the
    machine unasked."""

    def __post_init__(self) -> None:
        """Raises ``UserError`` for what no stream can be made of."""
        if self.protocol not in PROTOCOLS:
            raise UserError(f"this version has no protocol '{self.protocol}'")
        if self.part not in PARTS or not 0 <= self.rate <= MOST_FPS:
            raise UserError(f"a stream sends {', '.join(PARTS)} at up to {MOST_FPS:.0f} frames a second")
        if not self.host.strip() or any(c.isspace() for c in self.host.strip()):
            raise UserError("a stream needs a host: a name, or an address such as 127.0.0.1")
        parse_target(self.target)

    @property
    def target(self) -> str:
        """``HOST:PORT``, IPv6 in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def title(self) -> str:
        return self.name or self.target


def settings_of(kept: Any) -> StreamSettings:
    """Settings out of a dict of a settings file. Raises ``UserError`` for what makes no stream."""
    if not isinstance(kept, dict):
        raise UserError("a stream is kept as something else than a stream")
    known = {f.name: kept[f.name] for f in fields(StreamSettings) if f.name in kept}
    for f in fields(StreamSettings):
        kind = {"port": int, "rate": (int, float), "on": bool, "at_start": bool}.get(f.name, str)
        value = known.get(f.name, f.default)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):  # type: ignore[arg-type]
            raise UserError(f"a stream's {f.name} is kept as {str(value)[:40]!r}")
    return StreamSettings(**known)
