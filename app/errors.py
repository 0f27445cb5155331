"""Errors that a person can act on: shown as one line, exit code 2, never a traceback."""

import traceback


class UserError(Exception):
    """Something outside Mien is wrong; the message says what, and what to do. What the machine itself said is its
    cause: ``raise UserError(...) from error``."""


def technical_cause(error: BaseException) -> str:
    """What lies behind an error, a line each, the nearest first; empty where nothing does. For who asks for details.

    What only says again what was said is left out.
    """
    lines: list[str] = []
    said = {str(error)}
    seen: set[int] = set()
    cause = error.__cause__
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        words = str(cause)
        if not words:
            lines.append(type(cause).__name__)
        elif not any(line.endswith(words) for line in said):
            lines.append(f"{type(cause).__name__}: {words}")
        said.add(words)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "\n".join(lines)


def told_by(error: BaseException) -> str:
    """Details of an error: the causes of a ``UserError``, what the operating system said, the way to any other."""
    if isinstance(error, UserError):
        return technical_cause(error)
    if isinstance(error, OSError):
        said = f"{type(error).__name__}: {error}"
        return "\n".join(part for part in (said, technical_cause(error)) if part)
    return "".join(traceback.format_exception(error)).rstrip()
