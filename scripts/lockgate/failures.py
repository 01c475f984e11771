"""What people are told of an error, and how a command ends with it."""

from __future__ import annotations

from lockgate.errors import Exit, LockgateError


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
