"""Streams: they arrive, are counted honestly, outlive the source's restarts and the window, and say what is wrong."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSettings
from pythonosc.osc_bundle import OscBundle

from app.errors import UserError
from app.ui.message_bar import MessageBar
from app.ui.output.stream_settings import StreamSettings, settings_of
from app.ui.output.streams import KEY, Streams
from app.ui.preferences import Preferences
from app.ui.session import Session
from app.ui.style.theme import DARK

WAIT_MS = 60_000
Begin = Callable[[], None]


@pytest.fixture
def kept(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def messages(qtbot: Any) -> MessageBar:
    bar = MessageBar(DARK)
    qtbot.addWidget(bar)
    return bar


@pytest.fixture
def streams(session: Session, kept: QSettings, messages: MessageBar) -> Any:
    made = Streams(session, Preferences(kept), messages)
    yield made
    session.close()
    made.close()


def addresses(packet: bytes) -> set[str]:
    return {message.address for message in OscBundle(packet)}


def tick_until(qtbot: Any, session: Session, streams: Streams, done: Callable[[], bool]) -> None:
    def ticked() -> bool:
        session.poll()
        streams.tick()
        return done()

    qtbot.waitUntil(ticked, timeout=WAIT_MS)


def test_two_streams_carry_what_each_was_asked_for(
    streams: Streams, session: Session, clip: Path, qtbot: Any, udp_ear: Any
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as second:
        second.bind(("127.0.0.1", 0))
        second.settimeout(5)
        port = second.getsockname()[1]
        streams.change(streams.streams[0], port=udp_ear.port, on=True)
        few = streams.add(StreamSettings(port=port, part="au", rate=5, on=True))
        session.start(str(clip))
        tick_until(qtbot, session, streams, lambda: few.sent >= 3)
        assert "/mien/arkit/jawOpen" in addresses(udp_ear.receive())
        got = addresses(second.recv(65536))
        assert "/mien/au/12/left" in got
        assert "/mien/arkit/jawOpen" not in got
        assert few.sent < streams.streams[0].sent
        assert len(streams.sending) == 2
        streams.change(few, on=False)
        assert len(streams.on) == 1


def test_counts_agree_with_what_arrives_and_go_on_over_a_restart(
    streams: Streams, session: Session, make_clip: Callable[..., Path], qtbot: Any, udp_ear: Any
) -> None:
    stream = streams.streams[0]
    streams.change(stream, port=udp_ear.port, on=True)
    for frames in (12, 24):
        session.start(str(make_clip("short.mp4", 12)))
        tick_until(qtbot, session, streams, lambda: not session.running)
        assert 0 < stream.sent <= frames
    assert stream.sink is None
    assert stream.lost == 0
    assert len(udp_ear.drain()) == stream.sent


def test_settings_are_kept_and_bad_ones_left_out(
    streams: Streams, session: Session, kept: QSettings, messages: MessageBar
) -> None:
    streams.change(streams.streams[0], name="Unity", host="localhost", port=9100, part="arkit", rate=30.0)
    streams.add()
    assert [stream.settings.port for stream in streams.streams] == [9100, 9000], "a port that is not in use"
    again = Streams(session, Preferences(kept), messages)
    assert [s.settings for s in again.streams] == [s.settings for s in streams.streams]
    assert messages.text == ""
    preferences = Preferences(kept)
    preferences.set_value(KEY, [{"host": "a", "port": 1}, {"port": "9000"}, "nonsense", {"protocol": "morse"}])
    odd = Streams(session, preferences, messages)
    assert [(s.settings.host, s.settings.port) for s in odd.streams] == [("a", 1)]
    assert "left out" in messages.text
    for stream in list(again.streams):
        again.remove(stream)
    assert Streams(session, Preferences(kept), messages).streams == [], "an empty list is not the first start"


def test_the_target_of_an_older_version_is_the_first_stream(
    session: Session, kept: QSettings, messages: MessageBar
) -> None:
    kept.setValue("osc", "10.0.0.5:9123")  # version 1
    (stream,) = Streams(session, Preferences(kept), messages).streams
    assert stream.settings == StreamSettings(host="10.0.0.5", port=9123, on=False)


def test_a_stream_is_off_at_the_next_start_unless_that_is_wished(
    streams: Streams, session: Session, kept: QSettings, messages: MessageBar
) -> None:
    first, second = streams.streams[0], streams.add()
    streams.change(first, on=True)
    streams.change(second, on=True, at_start=True)
    again = Streams(session, Preferences(kept), messages)
    assert [s.settings.on for s in again.streams] == [False, True]
    again.change(again.streams[1], on=False)
    third = Streams(session, Preferences(kept), messages)
    assert [s.settings.on for s in third.streams] == [False, True], "the tick counts, not how it was left"


def test_a_wish_for_the_next_start_does_not_break_off(
    streams: Streams, session: Session, clip: Path, qtbot: Any, udp_ear: Any
) -> None:
    stream = streams.streams[0]
    streams.change(stream, port=udp_ear.port, on=True)
    session.start(str(clip))
    tick_until(qtbot, session, streams, lambda: stream.sent > 2)
    sink = stream.sink
    streams.change(stream, at_start=True)
    assert stream.sink is sink


def test_settings_from_a_file_take_the_place_of_these(session: Session, kept: QSettings, messages: MessageBar) -> None:
    preferences = Preferences(kept)
    streams = Streams(session, preferences, messages)
    told: list[bool] = []
    streams.changed.connect(lambda: told.append(True))
    preferences.set_value(KEY, [{"host": "studio", "port": 9500, "name": "Stage"}])
    assert [stream.settings.title for stream in streams.streams] == ["Stage"]
    assert told


@pytest.mark.parametrize(
    "changes",
    [{"host": ""}, {"host": "two words"}, {"port": 0}, {"part": "ears"}, {"rate": -1.0}, {"protocol": "morse"}],
)
def test_what_makes_no_stream_changes_nothing(streams: Streams, changes: dict[str, Any]) -> None:
    before = streams.streams[0].settings
    with pytest.raises(UserError) as error:
        streams.change(streams.streams[0], **changes)
    assert "\n" not in str(error.value)
    assert streams.streams[0].settings == before


@pytest.mark.parametrize("kept", [7, {"port": True}, {"name": 3}, {"rate": "fast"}, {"on": 1}, {"at_start": 1}])
def test_settings_of_refuses_other_types(kept: Any) -> None:
    with pytest.raises(UserError):
        settings_of(kept)


def test_ipv6_is_written_in_brackets() -> None:
    assert StreamSettings(host="::1", port=9000).target == "[::1]:9000"


def test_a_name_that_cannot_be_found_is_said_once_and_tried_again(
    streams: Streams,
    session: Session,
    clip: Path,
    qtbot: Any,
    messages: MessageBar,
    udp_ear: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    look_up = socket.getaddrinfo
    there: list[bool] = []

    def some_names(host: str, *args: Any, **kwargs: Any) -> Any:
        if not there:
            raise socket.gaierror(-2, "Name or service not known")
        return look_up("127.0.0.1", *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", some_names)
    monkeypatch.setattr("app.ui.output.streams.RETRY_S", 0.05)
    stream = streams.streams[0]
    streams.change(stream, host="studio.local", port=udp_ear.port, on=True)
    session.start(str(clip))
    tick_until(qtbot, session, streams, lambda: stream.attempt > 4)
    assert stream.trouble.startswith("the host cannot be found")
    assert not stream.sending
    assert len(messages.messages) == 1
    assert messages.messages[0].times == 1, "each try is not one more message"
    there.append(True)
    tick_until(qtbot, session, streams, lambda: stream.sent > 0)
    assert stream.trouble == ""
    assert messages.messages == []


def test_a_network_that_is_down_is_counted_and_shown_and_forgiven(
    streams: Streams, session: Session, clip: Path, qtbot: Any, udp_ear: Any, messages: MessageBar
) -> None:
    stream = streams.streams[0]
    streams.change(stream, port=udp_ear.port, on=True)
    session.start(str(clip))
    tick_until(qtbot, session, streams, lambda: stream.sent > 0)
    assert stream.sink is not None
    udp = stream.sink._sink._udp  # type: ignore[attr-defined]
    good = udp._to[:]
    udp._to[:] = [(good[0][0], ("127.0.0.1", 0))]  # no packet can go to port 0
    tick_until(qtbot, session, streams, lambda: stream.lost >= 3)
    assert stream.trouble
    udp._to[:] = good
    tick_until(qtbot, session, streams, lambda: not stream.trouble)
    assert messages.messages == [], "it is in the row, not in the way"
    before = stream.sent
    tick_until(qtbot, session, streams, lambda: stream.sent > before)


def test_a_stream_that_breaks_ends_and_says_why(
    streams: Streams, session: Session, clip: Path, qtbot: Any, udp_ear: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = streams.streams[0]
    streams.change(stream, port=udp_ear.port, on=True)
    session.start(str(clip))
    tick_until(qtbot, session, streams, lambda: stream.sent > 0)

    def broken(face: object) -> None:
        raise ConnectionError("the receiver hung up")

    monkeypatch.setattr(stream.sink._sink, "write", broken)  # type: ignore[union-attr]
    tick_until(qtbot, session, streams, lambda: stream.trouble == "the receiver hung up")
    assert session.running


def test_all_off_and_on_again_are_the_same_ones(streams: Streams) -> None:
    second, third = streams.add(), streams.add()
    streams.set_all(True)
    assert streams.on == streams.streams[:1], "none was on before: the first"
    streams.change(streams.streams[0], on=False)
    streams.change(second, on=True)
    streams.change(third, on=True)
    streams.set_all(False)
    assert streams.on == []
    streams.remove(third)
    streams.set_all(True)
    assert streams.on == [second]


def test_send_to_uses_the_first_stream_or_the_one_that_does_so_already(streams: Streams) -> None:
    first = streams.send_to("10.0.0.7:9001")
    assert (first.settings.host, first.settings.port, first.settings.on) == ("10.0.0.7", 9001, True)
    second = streams.add(StreamSettings(host="10.0.0.8", port=9002))
    assert streams.send_to("10.0.0.8:9002") is second
    assert second.settings.on
    with pytest.raises(UserError, match="HOST:PORT"):
        streams.send_to("nowhere")
    streams.change(first, rate=10.0, part="pose")
    third = streams.send_to("10.0.0.9:9004")
    assert third not in (first, second), "what was set up for another receiver stays"
    assert (third.settings.rate, third.settings.part, first.settings.target) == (0, "all", "10.0.0.7:9001")
    for stream in list(streams.streams):
        streams.remove(stream)
    assert streams.send_to("10.0.0.9:9003").settings.target == "10.0.0.9:9003"


def test_a_source_that_does_not_open_leaves_no_socket_open(
    streams: Streams, session: Session, tmp_path: Path, qtbot: Any, udp_ear: Any
) -> None:
    streams.change(streams.streams[0], port=udp_ear.port, on=True)
    session.start(str(tmp_path / "missing.mp4"))
    tick_until(qtbot, session, streams, lambda: not session.running)
    assert streams.streams[0].sink is None
    assert streams.streams[0].sent == 0
