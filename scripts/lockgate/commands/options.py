"""Options that several verbs share, and where they write. Light: some verbs never talk to AWS."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

environment_option = click.option(
    "--env", "environment", required=True, metavar="NAME", help="Environment of platform.yaml, such as local."
)
service_option = click.option(
    "--service", "services", multiple=True, metavar="NAME", help="Only this service; may be given again."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")

_LOG_WIDTH = 160
"""Columns of a table in a log or a pipe, where nobody has a width."""


def console(file: IO[str] | None = None, *, to_stderr: bool = False) -> Console:
    """Where people read: rich leaves out colours for NO_COLOR and for what is not a terminal.

    Args:
        file: where that is; by default the standard output.
        to_stderr: whether that is standard error, since programs read standard output.
    """
    from rich.console import Console

    stream = file or (sys.stderr if to_stderr else sys.stdout)
    width = None if stream.isatty() else _LOG_WIDTH
    return Console(file=file, highlight=False, stderr=to_stderr, width=width)


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)
