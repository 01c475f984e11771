"""The issue of a stack that somebody has changed by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lockgate.github.api import GitHub
from lockgate.github.sticky import close_issue, raise_issue
from lockgate.plans.model import Action, Change
from lockgate.plans.saved import again

_MOST = 200
"""Attributes that are listed; an issue takes 65,536 characters."""


def write_issue(github: GitHub, stack: str, found: Sequence[Change]) -> str | None:
    """Opens the issue of a stack, brings it up to date, or closes it where nothing differs any more; its
    address, or None where there is none.

    Args:
        github: the repository.
        stack: name of the environment, or `tooling`.
        found: what was changed by hand, without secrets.

    Raises:
        LockgateError: GitHub refuses.
    """
    name = f"drift {stack}"
    if not found:
        return close_issue(github, name, "Nothing differs any more.")
    count = f"{len(found)} resource{'s' if len(found) > 1 else ''}"
    title = f"Drift in {stack}: {count} changed by hand"
    return raise_issue(github, name, title, "\n".join(_lines(stack, found)))


def _lines(stack: str, found: Sequence[Change]) -> Iterator[str]:
    yield f"Set it back: `{again(stack)}`, then `make apply`. Or declare it as it is now.\n"
    yield "| resource | attribute | declared | there is |"
    yield "|---|---|---|---|"
    rows = [row for change in found for row in _rows(change)]
    yield from rows[:_MOST]
    if len(rows) > _MOST:
        yield f"\n{len(rows) - _MOST} more are left out here."


def _rows(change: Change) -> Iterator[str]:
    if change.action is Action.DESTROY:
        yield f"| {_cell(change.address)} | | | it is gone |"
    for one in change.attributes:
        cells = (change.address, one.path, one.before, one.after)
        yield "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    """A text that stays in its cell: neither a bar nor a backtick ends it, and nobody is mentioned."""
    short = text if len(text) <= 120 else f"{text[:116]} ..."
    return f"`{short.replace('|', '/').replace('`', chr(39)).replace(chr(10), ' ')}`"
