"""Errors that a person can act on: shown as one line, exit code 2, never a traceback."""


class UserError(Exception):
    """Something outside Mien is wrong; the message says what, and what to do."""
