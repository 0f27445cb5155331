"""OSC, protocol ``mien``: one time-tagged bundle a frame over UDP, the same to every target.

============================  ======  =============================================================================
``/mien/frame``               ``if``  frame index from 0; media time in seconds
``/mien/tracked``             ``i``   1 where a face was found; else values ease towards neutral
``/mien/head/rotation``       ``ffff``  quaternion x y z w, head to camera (x right in the picture, y down, z away)
``/mien/head/position``       ``fff``  metres, camera frame, midway between the eyes
``/mien/gaze/left``, right    ``ff``  yaw, pitch in the head, degrees: + to the subject's left, + up
``/mien/au/12/left`` ...      ``f``   40 channels 0..1; those without sides have no last part: ``/mien/au/17``
``/mien/arkit/jawOpen`` ...   ``f``   52 ARKit blendshapes 0..1
============================  ======  =============================================================================

The bundle's time tag is the capture time (UTC). Addresses and types never change, so they are laid out once and only
the numbers are written each frame. A bundle is 3.5 kB: one datagram, which loopback carries whole and a local network
in three fragments.
"""

import socket
import struct
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.capture import SourceInfo
from app.errors import UserError
from app.face_frame import FaceFrame
from app.outputs.parts import Part, address_filter
from rig.parameters import ARKIT, CHANNELS

NTP_EPOCH_S: Final = 2_208_988_800
"""Seconds from 1900, where OSC's time tags start, to 1970."""

MESSAGES: Final[tuple[tuple[str, str], ...]] = (
    ("/mien/frame", "if"),
    ("/mien/tracked", "i"),
    ("/mien/head/rotation", "ffff"),
    ("/mien/head/position", "fff"),
    ("/mien/gaze/left", "ff"),
    ("/mien/gaze/right", "ff"),
    *((f"/mien/au/{c[2:].replace('-', '/')}", "f") for c in CHANNELS),
    *((f"/mien/arkit/{name}", "f") for name in ARKIT),
)
"""(address, OSC type tags) in the order of the bundle."""


def _padded(text: str) -> bytes:
    """An OSC string: zero-terminated, padded to a multiple of four."""
    data = text.encode("ascii")
    return data + b"\0" * (4 - len(data) % 4)


class BundleEncoder:
    """A bundle of fixed addresses and types; ``encode`` writes only the numbers. 32-bit ints and floats."""

    def __init__(self, messages: Sequence[tuple[str, str]]) -> None:
        template = bytearray(b"#bundle\0" + bytes(8))
        self._slots: dict[str, list[int]] = {"i": [], "f": []}  # 4-byte words of the bundle, in argument order
        for address, types in messages:
            body = _padded(address) + _padded("," + types)
            template += struct.pack(">i", len(body) + 4 * len(types)) + body
            for kind in types:
                self._slots[kind].append(len(template) // 4)
                template += bytes(4)
        self._buffer = template
        self._ints = np.frombuffer(template, ">i4")
        self._floats = np.frombuffer(template, ">f4")
        self._int_slots, self._float_slots = np.array(self._slots["i"], int), np.array(self._slots["f"], int)

    def encode(self, wall_time_s: float, ints: Sequence[int], floats: Sequence[float] | np.ndarray) -> bytes:
        """The bundle as bytes; ``ints`` and ``floats`` each in the order in which the messages name them."""
        seconds, fraction = divmod(wall_time_s, 1.0)
        stamp = (int(seconds) + NTP_EPOCH_S) & 0xFFFFFFFF, int(fraction * 2**32)
        struct.pack_into(">II", self._buffer, 8, *stamp)
        self._ints[self._int_slots] = ints
        self._floats[self._float_slots] = floats
        return bytes(self._buffer)


def encode_frame(encoder: BundleEncoder, face: FaceFrame, chosen: NDArray[np.bool_] | None = None) -> bytes:
    """The bundle of one frame; ``encoder`` must be made of ``MESSAGES``, or of those whose floats are ``chosen``."""
    floats = np.concatenate(
        (
            [face.media_time_s],
            face.head_rotation,
            face.head_position_m,
            face.gaze_left_deg,
            face.gaze_right_deg,
            face.au,
            face.arkit,
        )
    )
    if chosen is not None:
        floats = floats[chosen]
    return encoder.encode(face.wall_time_s, (face.index, int(face.tracked)), floats)


def parse_target(text: str) -> tuple[str, int]:
    """``HOST:PORT`` (IPv6 as ``[::1]:9000``) -> (host, port). Raises ``UserError``."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise UserError(f"{text!r} is no OSC target: write HOST:PORT, for example 127.0.0.1:9000")
    return host.removeprefix("[").removesuffix("]"), int(port)


class UdpTargets:
    """UDP to one or more hosts. Names are resolved once; nobody listening, or a network that is down, stops nothing."""

    def __init__(self, targets: Sequence[str]) -> None:
        self._to: list[tuple[socket.socket, tuple]] = []
        self.lost = 0
        self.trouble = ""
        """Why the last packet did not leave this machine; empty once one does."""
        try:
            for target in targets:
                host, port = parse_target(target)
                family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
                # Not connected: a connected socket raises when the far side answers that nobody listens (ICMP).
                sender = socket.socket(family, socket.SOCK_DGRAM)
                sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                sender.setblocking(False)
                self._to.append((sender, address))
        except (OSError, UnicodeError) as error:
            self.close()
            why = getattr(error, "strerror", None) or error
            raise UserError(f"OSC target {target}: the host cannot be found ({why}); check the name") from error
        except UserError:
            self.close()
            raise

    def send(self, packet: bytes) -> int:
        """Send one datagram to every target; returns how many took it."""
        sent, trouble = 0, ""
        for sender, address in self._to:
            try:
                sender.sendto(packet, address)
                sent += 1
            except OSError as error:
                trouble = error.strerror or str(error)
        self.lost += len(self._to) - sent
        self.trouble = trouble
        return sent

    def close(self) -> None:
        for sender, _ in self._to:
            sender.close()
        self._to.clear()


class MienOsc:
    """The sink: one bundle a frame to every target. ``written`` counts packets."""

    def __init__(self, targets: Sequence[str], part: Part = "all") -> None:
        """``part``: which messages go out; ``/mien/frame`` and ``/mien/tracked`` always do."""
        self.name = f"OSC {', '.join(targets)}"
        self.written = 0
        carries = address_filter(part)
        self._encoder = BundleEncoder([(address, types) for address, types in MESSAGES if carries(address)])
        self._chosen = np.repeat([carries(address) for address, _ in MESSAGES], [t.count("f") for _, t in MESSAGES])
        self._udp = UdpTargets(targets)

    @property
    def failed(self) -> int:
        return self._udp.lost

    @property
    def trouble(self) -> str:
        return self._udp.trouble

    def open(self, source: SourceInfo) -> None:
        """Nothing to claim: names were resolved, and the sockets made, on construction."""

    def write(self, face: FaceFrame) -> None:
        self.written += self._udp.send(encode_frame(self._encoder, face, self._chosen))

    def close(self) -> None:
        self._udp.close()
