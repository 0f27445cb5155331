"""What a run is asked to do: targets of streams as they are written, and the sinks made of them."""

import socket

import pytest
from pythonosc.osc_bundle import OscBundle

from app.capture import SourceInfo
from app.config import OutputSettings, StreamTarget, make_sinks, parse_osc
from app.errors import UserError
from app.outputs.limited import Limited

CAMERA = SourceInfo("camera 0", (320, 240), 30.0, None, live=True)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("host:9000", StreamTarget("host:9000")),
        ("host:9000,rate=30", StreamTarget("host:9000", rate=30)),
        ("[::1]:9000,part=au,rate=12.5", StreamTarget("[::1]:9000", rate=12.5, part="au")),
    ],
)
def test_a_target_is_read_with_its_limit_and_part(text: str, meant: StreamTarget) -> None:
    assert parse_osc(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        *("host", "host:0", "rate=30", "host:9000,", "host:9000,30", "host:9000,port=7", "host:9000,part=ears"),
        *("host:9000,rate=0", "host:9000,rate=fast", "host:9000,rate=nan", "host:9000,rate=1000"),
    ],
)
def test_what_makes_no_target_is_one_line(text: str) -> None:
    with pytest.raises(UserError) as error:
        parse_osc(text)
    assert "\n" not in str(error.value)
    assert text.split(",")[0] in str(error.value)


def test_each_target_gets_its_part_at_its_rate(make_face, udp_ear) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as second:
        second.bind(("127.0.0.1", 0))
        second.settimeout(5)
        few = f"127.0.0.1:{second.getsockname()[1]},rate=10,part=pose"
        sinks = make_sinks(OutputSettings(osc=(parse_osc(udp_ear.target), parse_osc(few))), "demo")
        try:
            for sink in sinks:
                sink.open(CAMERA)
            for i in range(30):
                for sink in sinks:
                    sink.write(make_face(i, time_s=i / 30))
            assert [sink.written for sink in sinks] == [30, 10]
            got = {message.address for message in OscBundle(second.recv(65536))}
            assert "/mien/head/rotation" in got
            assert "/mien/frame" in got
            assert not any(address.startswith("/mien/au") for address in got)
            assert "/mien/au/12/left" in {message.address for message in OscBundle(udp_ear.receive())}
        finally:
            for sink in sinks:
                sink.close()


def test_targets_that_get_the_same_share_a_sink() -> None:
    outputs = OutputSettings(osc=tuple(parse_osc(f"127.0.0.1:{port}") for port in (9101, 9102)))
    (both,) = make_sinks(outputs, "demo")
    both.close()
    assert both.name == "OSC 127.0.0.1:9101, 127.0.0.1:9102"
    assert not isinstance(both, Limited)
