"""`lockgate local`: start, stop and look at the embedded AWS."""

from __future__ import annotations

import click

from lockgate.commands.emulator import run_emulator, start
from lockgate.commands.opened import Opened

_environment = click.option(
    "--env", "environment", default="local", show_default=True, help="An environment with an emulator."
)


@click.group()
def local() -> None:
    """Start, stop and look at the embedded AWS."""


@local.command()
@_environment
def up(environment: str) -> None:
    """Start it, unless it runs already."""
    click.echo(start(Opened.named(environment)))


@local.command()
@_environment
@click.option("--wipe", is_flag=True, help="Forget everything that is in it.")
def down(environment: str, wipe: bool) -> None:
    """Stop it; what is in it is kept."""
    click.echo(run_emulator(Opened.named(environment), "down", *(["--wipe"] if wipe else [])))


@local.command()
@_environment
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def status(environment: str, as_json: bool) -> None:
    """Whether it runs, where, and since when."""
    click.echo(run_emulator(Opened.named(environment), "status", *(["--json"] if as_json else [])))
