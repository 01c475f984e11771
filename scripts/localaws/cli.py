"""`python -m localaws up|down|status|serve`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from localaws import lifecycle
from localaws.settings import Settings, SettingsError

_Decorated = Callable[..., Any]


class _Refused(click.ClickException):
    """Nothing was started."""

    exit_code = 4


def _options(command: _Decorated) -> _Decorated:
    for option in (
        click.option("--home", type=click.Path(file_okay=False, path_type=Path), help="Folder of its state."),
        click.option("--port", type=int, help="TCP port on 127.0.0.1; 0 takes a free one. Default 4566."),
        click.option("--minute", type=float, help="Real seconds of one AWS minute. Default 5."),
        click.option(
            "--task-runner", help="What runs ECS tasks: auto (Docker, if there is one), docker, none."
        ),
    ):
        command = option(command)
    return command


def _settings(home: Path | None, port: int | None, minute: float | None, task_runner: str | None) -> Settings:
    try:
        return Settings.resolve(home=home, port=port, minute_seconds=minute, task_runner=task_runner)
    except SettingsError as error:
        raise click.UsageError(str(error)) from None


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The embedded AWS: starts, ends and shows the server of a folder."""


@main.command()
@_options
def up(home: Path | None, port: int | None, minute: float | None, task_runner: str | None) -> None:
    """Starts the server in the background, unless it runs already."""
    try:
        running = lifecycle.up(_settings(home, port, minute, task_runner))
    except lifecycle.PortTakenError as error:
        raise _Refused(str(error)) from None
    except lifecycle.LifecycleError as error:
        raise click.ClickException(str(error)) from None
    verb = "started" if running.started else "runs already"
    click.echo(f"embedded AWS {verb} at {running.endpoint} (1 AWS minute = {running.minute_seconds:g} s)")


@main.command()
@_options
@click.option("--wipe", is_flag=True, help="Delete its state, too.")
def down(
    home: Path | None, port: int | None, minute: float | None, task_runner: str | None, wipe: bool
) -> None:
    """Ends the server; its state is kept."""
    settings = _settings(home, port, minute, task_runner)
    try:
        pid = lifecycle.down(settings, wipe=wipe)
    except lifecycle.LifecycleError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"embedded AWS ended (pid {pid})" if pid else "embedded AWS does not run")
    if wipe:
        click.echo(f"state of {settings.home} deleted")


@main.command()
@_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def status(
    home: Path | None, port: int | None, minute: float | None, task_runner: str | None, as_json: bool
) -> None:
    """Shows whether the server runs; exit status 1 when it does not."""
    settings = _settings(home, port, minute, task_runner)
    running = lifecycle.status(settings)
    if running is None:
        click.echo(json.dumps({"running": False, "home": str(settings.home)}) if as_json else "does not run")
        raise SystemExit(1)
    words = f"runs at {running.endpoint} (pid {running.pid}, 1 AWS minute = {running.minute_seconds:g} s)"
    click.echo(running.to_json() if as_json else words)


@main.command()
@_options
def serve(home: Path | None, port: int | None, minute: float | None, task_runner: str | None) -> None:
    """Serves in the foreground until SIGTERM or Ctrl-C."""
    from localaws.server import PortInUseError
    from localaws.server import serve as serve_here
    from localaws.tasks.runner import RunnerError

    try:
        serve_here(_settings(home, port, minute, task_runner))
    except (PortInUseError, RunnerError) as error:
        raise _Refused(str(error)) from None
