"""Protocol ``mien``: what a receiver reads, checked with python-osc's parser and builder, over a real socket."""

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from app.errors import UserError
from app.face_frame import FaceFrame
from app.outputs.osc_mien import MESSAGES, BundleEncoder, MienOsc, encode_frame, parse_target
from app.outputs.parts import Part
from rig.parameters import ARKIT, CHANNEL_INDEX, CHANNELS

if TYPE_CHECKING:
    from tests.conftest import UdpEar

MakeFace = Callable[..., FaceFrame]


@pytest.fixture
def face(make_face: MakeFace) -> FaceFrame:
    rng = np.random.default_rng(1)
    return make_face(
        7,
        au=rng.random(len(CHANNELS)).astype(np.float32),
        arkit=rng.random(len(ARKIT)).astype(np.float32),
        head_rotation=np.array([0.1, 0.2, 0.3, 0.927], np.float32),
        gaze_left_deg=np.array([3, -4], np.float32),
        gaze_right_deg=np.array([5, -6], np.float32),
    )


def parsed(packet: bytes) -> dict[str, list]:
    return {message.address: message.params for message in OscBundle(packet)}


def test_every_value_arrives_under_its_name(face: FaceFrame) -> None:
    bundle = OscBundle(encode_frame(BundleEncoder(MESSAGES), face))
    assert bundle.num_contents == 98
    assert bundle.timestamp == pytest.approx(face.wall_time_s, abs=1e-6)
    got = parsed(bundle.dgram)
    assert got["/mien/frame"] == [7, pytest.approx(7 / 25)]
    assert got["/mien/tracked"] == [1]
    assert got["/mien/head/rotation"] == pytest.approx([0.1, 0.2, 0.3, 0.927])
    assert got["/mien/head/position"] == pytest.approx([0.01, -0.02, 0.6])
    assert got["/mien/gaze/left"] == [3, -4]
    assert got["/mien/gaze/right"] == [5, -6]
    for address, channel in (
        ("/mien/au/12/left", "AU12-left"),
        ("/mien/au/12/right", "AU12-right"),
        ("/mien/au/17", "AU17"),
        ("/mien/au/30/left", "AU30-left"),
        ("/mien/au/19", "AU19"),
    ):
        assert got[address] == pytest.approx([face.au[CHANNEL_INDEX[channel]]])
    assert {a.rsplit("/", 1)[1]: v[0] for a, v in got.items() if "/arkit/" in a} == pytest.approx(
        dict(zip(ARKIT, face.arkit.tolist(), strict=True))
    )


def test_bundle_equals_python_oscs_byte_for_byte(face: FaceFrame) -> None:
    encoder = BundleEncoder(MESSAGES)
    encode_frame(encoder, face)
    packet = encode_frame(encoder, face)  # a second use of the same buffer leaves nothing of the first
    values = {message.address: message.params for message in OscBundle(packet)}
    builder = OscBundleBuilder(face.wall_time_s)  # type: ignore[arg-type]
    for address, types in MESSAGES:
        message = OscMessageBuilder(address)
        for kind, value in zip(types, values[address], strict=True):
            message.add_arg(value, kind)
        builder.add_content(message.build())
    reference = builder.build().dgram
    assert packet[16:] == reference[16:]
    assert abs(int.from_bytes(packet[8:16], "big") - int.from_bytes(reference[8:16], "big")) < 2**12, "within 1 us"


def test_packets_fit_one_datagram_everywhere(face: FaceFrame) -> None:
    """macOS refuses UDP above 9216 bytes by default."""
    assert len(encode_frame(BundleEncoder(MESSAGES), face)) < 9216


def test_sink_sends_to_every_target(make_face: MakeFace, udp_ear: "UdpEar") -> None:
    sink = MienOsc([udp_ear.target, udp_ear.target.replace("127.0.0.1", "localhost")])
    for i in range(3):
        sink.write(make_face(i, tracked=False))
    sink.close()
    sink.close()
    packets = [parsed(udp_ear.receive()) for _ in range(6)]
    assert sorted(p["/mien/frame"][0] for p in packets) == [0, 0, 1, 1, 2, 2]
    assert all(p["/mien/tracked"] == [0] for p in packets)
    assert (sink.written, sink.failed) == (6, 0)


def test_nobody_listening_is_no_error(make_face: MakeFace) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sink = MienOsc([f"127.0.0.1:{port}"])
    for i in range(20):  # the refusals of the first packets have come back by the last
        sink.write(make_face(i))
    sink.close()
    assert sink.written == 20


def test_a_network_that_is_down_is_counted(
    make_face: MakeFace, udp_ear: "UdpEar", monkeypatch: pytest.MonkeyPatch
) -> None:
    class Down:
        def sendto(self, *_: object) -> None:
            raise OSError(101, "Network is unreachable")

        def close(self) -> None: ...

    sink = MienOsc([udp_ear.target])
    (sender, address), *_ = sink._udp._to
    sender.close()
    sink._udp._to[:] = [(Down(), address)]  # type: ignore[list-item]
    sink.write(make_face(0))
    assert (sink.written, sink.failed) == (0, 1)


def test_targets_are_parsed() -> None:
    assert parse_target("localhost:9000") == ("localhost", 9000)
    assert parse_target("[::1]:39539") == ("::1", 39539)


@pytest.mark.parametrize("text", ["", "localhost", "9000", ":9000", "host:", "host:port", "host:0", "host:65536"])
def test_a_bad_target_is_named(text: str) -> None:
    with pytest.raises(UserError, match="HOST:PORT"):
        parse_target(text)


def test_a_host_that_does_not_resolve_is_named() -> None:
    with pytest.raises(UserError, match=r"no-such-host\.invalid:9000: the host cannot be found"):
        MienOsc(["127.0.0.1:9000", "no-such-host.invalid:9000"])


@pytest.mark.parametrize(
    ("part", "count", "has", "lacks"),
    [
        ("all", 98, "/mien/au/17", "/mien/nothing"),
        ("au", 42, "/mien/au/12/left", "/mien/arkit/jawOpen"),
        ("arkit", 54, "/mien/arkit/jawOpen", "/mien/head/rotation"),
        ("pose", 6, "/mien/gaze/left", "/mien/au/17"),
    ],
)
def test_a_stream_carries_the_part_that_was_asked_for(
    face: FaceFrame, udp_ear: "UdpEar", part: Part, count: int, has: str, lacks: str
) -> None:
    whole = parsed(encode_frame(BundleEncoder(MESSAGES), face))
    sink = MienOsc([f"127.0.0.1:{udp_ear.port}"], part)
    sink.write(face)
    sink.close()
    got = parsed(udp_ear.receive())
    assert len(got) == count
    assert has in got
    assert lacks not in got
    assert {address: whole[address] for address in got} == got, "every value under its own name"
    assert {"/mien/frame", "/mien/tracked"} <= set(got)


def test_what_cannot_leave_is_counted_and_said(face: FaceFrame, udp_ear: "UdpEar") -> None:
    sink = MienOsc([f"127.0.0.1:{udp_ear.port}"])
    sink.write(face)
    assert (sink.written, sink.failed, sink.trouble) == (1, 0, "")
    sender, address = sink._udp._to[0]
    sink._udp._to[0] = sender, ("127.0.0.1", 0)  # no packet can go to port 0
    sink.write(face)
    assert (sink.written, sink.failed) == (1, 1)
    assert sink.trouble
    sink._udp._to[0] = sender, address
    sink.write(face)
    assert (sink.written, sink.failed, sink.trouble) == (2, 1, "")
    sink.close()
