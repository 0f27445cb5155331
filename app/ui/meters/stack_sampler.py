"""Where a thread is while it does not come back: looked at from another thread. No Qt.

By ``faulthandler``, which writes a stack down without holding on to its frames: a frame that is kept for a moment
longer keeps what lives in it, an open ``QPainter`` for one, and Qt does not forgive that.
"""

import faulthandler
import re
import tempfile
import threading
import time
from pathlib import Path
from typing import Final

SUSPECT_S: Final = 0.03
EVERY_S: Final = 0.008
MOST: Final = 60
DEEP: Final = 6
"""So many calls of a stack are told."""
CALL: Final = re.compile(r'File "([^"]*)", line (\d+) in (.*)')


class StackSampler:
    """Of the thread that makes it. A stack is told as ``file:line function < its caller < ...``.

    Python shows a thread only between two of its own steps: what a call into C took is told at its end.
    """

    def __init__(self, suspect_s: float = SUSPECT_S) -> None:
        """``suspect_s``: without :meth:`take` for so long the thread is looked at."""
        self._suspect_s = suspect_s
        self._thread = threading.get_ident()
        self._lock = threading.Lock()
        self._stacks: list[str] = []
        self._seen_s = time.perf_counter()
        self._end = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="stack-sampler", daemon=True)
        self._watcher.start()

    def take(self) -> tuple[str, ...]:
        """What was seen since the last time; to be called over and over."""
        with self._lock:
            stacks, self._stacks, self._seen_s = self._stacks, [], time.perf_counter()
        return tuple(stacks)

    def close(self) -> None:
        self._end.set()
        self._watcher.join()

    def _watch(self) -> None:
        with tempfile.TemporaryFile() as file:
            while not self._end.wait(EVERY_S):
                if time.perf_counter() - self._seen_s < self._suspect_s or len(self._stacks) >= MOST:
                    continue
                seen_s = self._seen_s
                file.seek(0)
                file.truncate()
                faulthandler.dump_traceback(file, all_threads=True)
                file.seek(0)
                stack = self._read(file.read().decode("utf-8", "replace"))
                with self._lock:
                    if stack and seen_s == self._seen_s:
                        self._stacks.append(stack)

    def _read(self, text: str) -> str:
        for part in re.split(r"^(?=Thread |Current thread )", text, flags=re.MULTILINE):
            head = re.match(r"Thread 0x([0-9a-f]+)", part)
            if head and int(head[1], 16) == self._thread:
                calls = CALL.findall(part)[:DEEP]
                return " < ".join(f"{Path(file).name}:{line} {name}" for file, line, name in calls)
        return ""
