"""Any number of streams: what each is to send and where, kept from one start to the next, and how it goes."""

import queue
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from app.config import PROTOCOLS
from app.errors import UserError
from app.outputs.limited import Limited
from app.outputs.osc_mien import parse_target
from app.pipeline import Pipeline
from app.ui.message_bar import MessageBar
from app.ui.output.stream_settings import StreamSettings, settings_of
from app.ui.preferences import Preferences
from app.ui.session import Session

KEY: Final = "output/streams"
OLD_KEY: Final = "output/osc"
"""The one target of earlier versions."""
NOTHING_KEPT: Final[list[Any]] = ["nothing"]
"""Told apart from a list that was emptied."""
TARGET_AT_FIRST: Final = "127.0.0.1:9000"
RATE_WINDOW_S: Final = 2.0
RETRY_S: Final = 5.0
"""A name that cannot be found now may be there later: the network comes back, a computer is switched on."""


class Stream:
    """One stream as it runs. Counts go on over restarts of the source."""

    def __init__(self, settings: StreamSettings) -> None:
        self.settings = settings
        self.sink: Limited | None = None
        """While it is part of a run."""
        self.why_not = ""
        """Why it has no sink though it should: a name that cannot be found."""
        self.attempt = 0
        """Counts name look-ups: what an old one finds is let go."""
        self.retry_s = 0.0
        self._before = (0, 0)
        self._counts: deque[tuple[float, int]] = deque()

    @property
    def sent(self) -> int:
        """Packets that left this machine. UDP does not tell whether they arrived."""
        return self._before[0] + (self.sink.written if self.sink is not None else 0)

    @property
    def lost(self) -> int:
        """Packets that did not leave it."""
        return self._before[1] + (self.sink.failed if self.sink is not None else 0)

    @property
    def rate(self) -> float:
        """Packets a second, over the last two seconds."""
        if len(self._counts) < 2:
            return 0.0
        (first_s, first), (last_s, last) = self._counts[0], self._counts[-1]
        return (last - first) / (last_s - first_s) if last_s > first_s else 0.0

    @property
    def sending(self) -> bool:
        """Packets left within the last two seconds."""
        return self.settings.on and self.rate > 0

    @property
    def trouble(self) -> str:
        """What is wrong now, in a few words; empty while all is well. The stream is not named in it."""
        if self.why_not:
            return self.why_not.rpartition(f"{self.settings.target}: ")[2]
        return self.sink.trouble if self.sink is not None else ""

    def measure(self, now_s: float) -> None:
        """Call a few times a second."""
        self._counts.append((now_s, self.sent))
        while len(self._counts) > 2 and now_s - self._counts[0][0] > RATE_WINDOW_S:
            self._counts.popleft()

    def end(self) -> Limited | None:
        """Let go of the sink, keeping its counts."""
        sink, self.sink = self.sink, None
        if sink is not None:
            self._before = self._before[0] + sink.written, self._before[1] + sink.failed
        return sink


Answer = tuple[Stream, int, Limited | UserError]
"""Of a name look-up: which stream and attempt, and the sink or why there is none."""


class Streams(QObject):
    """All streams of the window. Methods belong to the GUI thread; names are looked up on threads of their own."""

    changed = Signal()
    """There are others, or their settings are others."""

    def __init__(self, session: Session, preferences: Preferences, messages: MessageBar) -> None:
        super().__init__()
        self._preferences, self._messages = preferences, messages
        self._pipeline: Pipeline | None = None
        self._writing = False
        self._last_on: list[Stream] = []
        self._answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._closed = threading.Event()
        self.streams: list[Stream] = []
        """In the order of the screen; the first is the one of the toolbar."""
        self._load()
        session.started.connect(self._begin)
        session.ended.connect(self._end)
        preferences.changed.connect(self._hear)

    # ------------------------------------------------------------ what there is

    @property
    def on(self) -> list[Stream]:
        """Those that are switched on, whether anything runs or not."""
        return [stream for stream in self.streams if stream.settings.on]

    @property
    def sending(self) -> list[Stream]:
        """Those whose packets go out now."""
        return [stream for stream in self.streams if stream.sending]

    @property
    def target(self) -> str:
        """``HOST:PORT`` of the first stream."""
        return self.streams[0].settings.target if self.streams else TARGET_AT_FIRST

    def add(self, settings: StreamSettings | None = None) -> Stream:
        """One more; without settings one to this machine, off, on a port that no other stream uses."""
        if settings is None:
            used = {stream.settings.port for stream in self.streams}
            settings = StreamSettings(port=next(port for port in range(9000, 65536) if port not in used))
        stream = Stream(settings)
        self.streams.append(stream)
        self._keep()
        self._switch(stream)
        return stream

    def remove(self, stream: Stream) -> None:
        self._stop(stream)
        self.streams.remove(stream)
        self._keep()

    def change(self, stream: Stream, **changes: Any) -> None:
        """Other settings, from the next frame on. Raises ``UserError`` for bad ones; nothing changes then."""
        settings = replace(stream.settings, **changes)
        if settings == stream.settings:
            return
        quiet = replace(stream.settings, name=settings.name, at_start=settings.at_start) == settings
        stream.settings = settings
        self._keep()
        if not quiet:  # a new name, or what is to be at the next start, is no reason to break off
            self._switch(stream)

    def set_all(self, on: bool) -> None:
        """All off; or on again those that were on last, the first one where none was."""
        if not on:
            self._last_on = self.on
        wanted = [stream for stream in self._last_on if stream in self.streams] or self.streams[:1]
        if on and not wanted:
            wanted = [self.add()]
        for stream in wanted if on else self.on:
            self.change(stream, on=on)

    def send_to(self, target: str, protocol: str = "mien") -> Stream:
        """Have a stream send to ``HOST:PORT``: one that does already, the first one where it has nothing of its own but
        an address, else one more. Raises ``UserError``."""
        host, port = parse_target(target)
        wish = {"protocol": protocol, "host": host, "port": port}
        same = [s for s in self.streams if all(getattr(s.settings, name) == value for name, value in wish.items())]
        fit = same or [
            s for s in self.streams[:1] if (s.settings.name, s.settings.part, s.settings.rate) == ("", "all", 0)
        ]
        if fit:
            stream = fit[0]
            self.change(stream, on=True, **wish)
            return stream
        return self.add(StreamSettings(on=True, **wish))  # type: ignore[arg-type]

    # ------------------------------------------------------------ the run

    def _begin(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        for stream in self.streams:
            self._switch(stream)

    def _end(self) -> None:
        """The run closed every sink, but for those that it never came to open."""
        self._pipeline = None
        for stream in self.streams:
            stream.attempt += 1
            stream.why_not = ""
            sink = stream.end()
            if sink is not None:
                sink.close()

    def close(self) -> None:
        """After the session: nothing stays open."""
        self._closed.set()
        self._end()
        self._pick_up()

    def _stop(self, stream: Stream) -> None:
        stream.attempt += 1
        if stream.why_not:
            self._messages.withdraw(_cause(stream))
        stream.why_not = ""
        sink = stream.end()
        if sink is not None and self._pipeline is not None:
            self._pipeline.remove_sink(sink)

    def _switch(self, stream: Stream) -> None:
        """As its settings say: out of the run, and into it anew where it is on."""
        self._stop(stream)
        if stream.settings.on and self._pipeline is not None:
            self._look_up(stream)

    def _look_up(self, stream: Stream) -> None:
        """On a thread of its own: looking up a name may take seconds. ``tick`` picks up the answer."""
        stream.attempt += 1
        attempt, settings, answers, closed = stream.attempt, stream.settings, self._answers, self._closed

        # Nothing of Qt in here: the thread may outlive the window.
        def look() -> None:
            try:
                made = PROTOCOLS[settings.protocol]((settings.target,), settings.part)
            except UserError as error:
                answers.put((stream, attempt, error))
                return
            if closed.is_set():
                made.close()
            else:
                answers.put((stream, attempt, Limited(made, settings.rate)))

        threading.Thread(target=look, name="stream-name", daemon=True).start()

    def _pick_up(self) -> None:
        """What was found out meanwhile."""
        while not self._answers.empty():
            stream, attempt, answer = self._answers.get()
            if isinstance(answer, UserError):
                self._fail(stream, attempt, answer)
            else:
                self._take(stream, attempt, answer)

    def _take(self, stream: Stream, attempt: int, sink: Limited) -> None:
        if attempt != stream.attempt or self._pipeline is None:
            sink.close()
            return
        stream.why_not, stream.sink = "", sink
        self._messages.withdraw(_cause(stream))
        self._pipeline.add_sink(sink)

    def _fail(self, stream: Stream, attempt: int, error: UserError) -> None:
        if attempt != stream.attempt:
            return
        if not stream.why_not:  # said once, not with every try
            self._messages.show_error(error, cause=_cause(stream))
        stream.why_not, stream.retry_s = str(error), time.monotonic() + RETRY_S

    def tick(self) -> None:
        """Call a few times a second: names that were looked up, rates, and another try where one was not found."""
        self._pick_up()
        now_s = time.monotonic()
        for stream in self.streams:
            stream.measure(now_s)
            if stream.why_not and stream.settings.on and now_s >= stream.retry_s:
                stream.retry_s = now_s + RETRY_S
                self._look_up(stream)

    # ------------------------------------------------------------ kept

    def _load(self) -> None:
        every: list[Any] = self._preferences.value(KEY, NOTHING_KEPT)
        if every == NOTHING_KEPT:
            self.streams = [Stream(self._settings_at_first())]
            return
        self.streams = []
        for kept in every:
            try:
                settings = settings_of(kept)
                self.streams.append(Stream(replace(settings, on=settings.at_start)))
            except UserError as error:
                self._messages.show_message("warning", f"a stream of the settings is left out: {error}")

    def _settings_at_first(self) -> StreamSettings:
        host, port = parse_target(TARGET_AT_FIRST)
        with suppress(UserError):
            host, port = parse_target(self._preferences.value(OLD_KEY, TARGET_AT_FIRST))
        return StreamSettings(host=host, port=port)

    def _keep(self) -> None:
        self._writing = True
        self._preferences.set_value(KEY, [asdict(stream.settings) for stream in self.streams])
        self._writing = False
        self.changed.emit()

    def _hear(self, key: str) -> None:
        """Settings came from a file: its streams take the place of these."""
        if key != KEY or self._writing:
            return
        for stream in self.streams:
            self._stop(stream)
        self._load()
        for stream in self.streams:
            self._switch(stream)
        self.changed.emit()


def _cause(stream: Stream) -> str:
    """What its message in the bar goes by."""
    return f"stream {id(stream)}"
