"""Mien once more, as a process of its own, with its own interpreter lock and graphics; if it crashes, then alone.

What it says on stdout comes line by line. It ends when its stdin ends, on every platform, and so also when this process
dies; one that does not is killed.
"""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from typing import IO, Final

from app.errors import UserError

NICENESS: Final = 5
"""The window and its camera come first."""
LAST_LINES: Final = 40
"""Of stderr, kept for whoever asks for details."""
READERS_S: Final = 2.0
"""How long its pipes are waited for once it has gone; a grandchild may hold them."""


class Child:
    """To be used by one thread, but ``kill``, which any may call. ``end`` has to come last."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Raises ``UserError`` where it cannot be started."""
        flags = 0
        if sys.platform == "win32":
            flags = subprocess.CREATE_NO_WINDOW | subprocess.BELOW_NORMAL_PRIORITY_CLASS
        try:
            self._process = subprocess.Popen(
                list(command),
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                creationflags=flags,
            )
        except OSError as error:
            raise UserError(
                f"Mien cannot be started a second time ({error.strerror or error}): install it again"
            ) from error
        if sys.platform != "win32":
            with contextlib.suppress(OSError):  # it may have ended already
                os.setpriority(os.PRIO_PROCESS, self._process.pid, NICENESS)
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._said: deque[str] = deque(maxlen=LAST_LINES)
        out, err = self._process.stdout, self._process.stderr
        assert out is not None
        assert err is not None
        self._readers = [
            threading.Thread(target=self._read_lines, args=(out,), name="process: stdout", daemon=True),
            threading.Thread(target=self._read_last_words, args=(err,), name="process: stderr", daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read_lines(self, pipe: IO[str]) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in pipe:
                self._lines.put(line)
        self._lines.put(None)

    def _read_last_words(self, pipe: IO[str]) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in pipe:
                if line.strip():
                    self._said.append(line.rstrip())

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def line(self, wait_s: float) -> str | None:
        """The next line of stdout, waited for as long as this; empty where none came, None where there will be none."""
        try:
            line = self._lines.get(timeout=wait_s) if wait_s > 0 else self._lines.get_nowait()
        except queue.Empty:
            return ""
        if line is None:
            self._lines.put(None)  # for whoever asks again
        return line

    def end(self, patience_s: float) -> int:
        """Close its stdin, wait for it as long as this, then kill it; returns its exit code."""
        stdin = self._process.stdin
        assert stdin is not None
        with contextlib.suppress(OSError):
            stdin.close()
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
        for reader in self._readers:
            reader.join(READERS_S)
        for pipe, reader in zip((self._process.stdout, self._process.stderr), self._readers, strict=True):
            if pipe is not None and not reader.is_alive():
                pipe.close()
        return self._process.returncode

    def kill(self) -> None:
        """At once."""
        with contextlib.suppress(OSError):
            self._process.kill()

    @property
    def last_words(self) -> list[str]:
        """The end of what it said on stderr."""
        return list(self._said)


def why_it_broke_off(code: int, last_words: Sequence[str]) -> str:
    """In one line: what it said last, else how it ended."""
    if last_words:
        return " ".join(last_words[-1].removeprefix("mien: ").split())
    if code < 0:
        try:
            return f"the process was ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"the process was ended by signal {-code}"
    return f"the process ended with code {code} and no word about why"
