"""How a command ends: its exit codes, the line for what the user can mend, the signals that ask for a clean end."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from app.errors import UserError

OK: Final = 0
USER_ERROR: Final = 2
INTERRUPTED: Final = 128 + signal.SIGINT
TERMINATED: Final = 128 + signal.SIGTERM


@contextmanager
def stopped_by_signals(stop: Callable[[], None]) -> Iterator[list[int]]:
    """Ctrl-C and SIGTERM ask for a clean end, the second time too; yields the list of signals caught."""
    caught: list[int] = []

    def on_signal(number: int, _: FrameType | None) -> None:
        caught.append(number)
        stop()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def with_one_line(work: Callable[[], int]) -> int:
    """What ``work`` returns; where it raises a ``UserError`` that is told in one line on stderr, and the code is 2."""
    try:
        return work()
    except UserError as error:
        print(f"mien: {' '.join(str(error).split())}", file=sys.stderr)
        return USER_ERROR


def exit_code(caught: list[int]) -> int:
    """For the signals that were caught, the first of them counts; 0 without any."""
    if not caught:
        return OK
    return INTERRUPTED if caught[0] == signal.SIGINT else TERMINATED
