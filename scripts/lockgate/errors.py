"""Errors that an operator reads: what failed, on what, and what to do next."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command, documented in docs/commands.md."""

    OK = 0
    """Succeeded, or there was nothing to do."""
    ERROR = 1
    """Something failed that nobody decided."""
    USAGE = 2
    """The command line, or a declaration file, is wrong."""
    ROLLED_BACK = 3
    """The release was rolled back: the old version serves everything."""
    REFUSED = 4
    """Refused before anything was written."""
    DRIFTED = 5
    """Somebody has changed something outside of Terraform."""


class LockgateError(Exception):
    """An error with a hint.

    Args:
        message: what failed, on what, with what is known.
        hint: what to do next, as an imperative sentence.
    """

    exit_code: Exit = Exit.ERROR

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(LockgateError):
    """A declaration or an argument is wrong; nothing was contacted."""

    exit_code = Exit.USAGE


class RefusedError(LockgateError):
    """Going on would be wrong or unsafe; nothing was written."""

    exit_code = Exit.REFUSED
