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


def told(error: Exception) -> tuple[Exit, str]:
    """Exit code, and the lines: what is wrong, then a hint.

    AWS's own errors are for the operator; anything else that is none of ours is a defect.
    """
    if isinstance(error, LockgateError):
        return error.exit_code, _lines(error.message, error.hint)
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, BotoCoreError | ClientError):
        return Exit.ERROR, _lines(f"AWS: {error}", "Run it again: what was done is not done twice.")
    return Exit.ERROR, _lines(
        f"{type(error).__name__}: {error}", "This is a defect of Lockgate; run with --debug to see where."
    )


def _lines(message: str, hint: str) -> str:
    return "\n".join([*(f"error: {line}" for line in message.splitlines()), f"hint: {hint}"])
