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
        click.option("--enforce/--no-enforce", default=None, help="Let IAM decide who may do what."),
    ):
        command = option(command)
    return command


def _settings(**given: Any) -> Settings:
    """Settings from the options that all commands share."""
    try:
        return Settings.resolve(minute_seconds=given.pop("minute"), **given)
    except SettingsError as error:
        raise click.UsageError(str(error)) from None


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The embedded AWS: starts, ends and shows the server of a folder."""


@main.command()
@_options
def up(**given: Any) -> None:
    """Starts the server in the background, unless it runs already."""
    try:
        running = lifecycle.up(_settings(**given))
    except lifecycle.PortTakenError as error:
        raise _Refused(str(error)) from None
    except lifecycle.LifecycleError as error:
        raise click.ClickException(str(error)) from None
    verb = "started" if running.started else "runs already"
    enforces = ", IAM enforced" if running.enforces else ""
    minute = f"1 AWS minute = {running.minute_seconds:g} s"
    click.echo(f"embedded AWS {verb} at {running.endpoint} ({minute}{enforces})")


@main.command()
@_options
@click.option("--wipe", is_flag=True, help="Delete its state, too.")
def down(wipe: bool, **given: Any) -> None:
    """Ends the server; its state is kept."""
    settings = _settings(**given)
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
def status(as_json: bool, **given: Any) -> None:
    """Shows whether the server runs; exit status 1 when it does not."""
    settings = _settings(**given)
    running = lifecycle.status(settings)
    if running is None:
        click.echo(json.dumps({"running": False, "home": str(settings.home)}) if as_json else "does not run")
        raise SystemExit(1)
    words = f"runs at {running.endpoint} (pid {running.pid}, 1 AWS minute = {running.minute_seconds:g} s)"
    click.echo(running.to_json() if as_json else words)


@main.command()
@_options
def serve(**given: Any) -> None:
    """Serves in the foreground until SIGTERM or Ctrl-C."""
    from localaws.server import PortInUseError
    from localaws.server import serve as serve_here
    from localaws.tasks.runner import RunnerError

    try:
        serve_here(_settings(**given))
    except (PortInUseError, RunnerError) as error:
        raise _Refused(str(error)) from None
