"""The `lockgate` command: finds the verb, and turns what goes wrong into one clear error and an exit code."""

from __future__ import annotations

import gc
import importlib
import logging
import os
import sys
from typing import Any

import click

from lockgate.errors import Exit, LockgateError, told

VERBS = (
    "account",
    "apply",
    "attested",
    "bootstrap",
    "build",
    "calibrate",
    "canary-plan",
    "check",
    "deploy",
    "doctor",
    "drift",
    "history",
    "judge",
    "local",
    "new",
    "plan",
    "prune",
    "rehearse",
    "review",
    "rollback",
    "schema",
    "secrets",
    "status",
    "touched",
    "traffic",
    "verify",
    "watch",
)

_YOUNG = 50_000
"""Objects that are made before Python looks for cycles among them. A plan is a tree of tens of thousands that
stay while it is read; at Python's own 700, a third of that time goes into looking through them."""

_OUTCOMES = {
    Exit.ERROR: "an error",
    Exit.USAGE: "the command line or a declaration is wrong",
    Exit.ROLLED_BACK: "rolled back",
    Exit.REFUSED: "refused before anything was written",
    Exit.DRIFTED: "something was changed outside of Terraform",
}


class _Verbs(click.Group):
    """Loads a verb's file only when that verb is asked for: boto3 is slow to load."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in VERBS:
            return None
        name = cmd_name.replace("-", "_")
        # Imports make many objects and hardly any garbage: looking for it took a tenth of a short command.
        gc.disable()
        try:
            module = importlib.import_module(f"lockgate.commands.{name}")
        finally:
            # They stay, so nobody need look through them again.
            gc.freeze()
            gc.set_threshold(_YOUNG)
            gc.enable()
        command: click.Command = getattr(module, name)
        return command


@click.command(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, envvar="LOCKGATE_DEBUG", help="Show tracebacks and AWS calls.")
@click.version_option(package_name="lockgate")
def cli(debug: bool) -> None:
    """Release services to AWS as canaries that are watched, promoted or rolled back."""
    logging.basicConfig(
        level=logging.INFO if debug else logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("botocore").setLevel(logging.DEBUG if debug else logging.WARNING)


def main() -> None:
    """Entry point of the console script."""
    code = _run()
    if code is not Exit.OK and "MAKELEVEL" in os.environ:
        arguments = " ".join(sys.argv[1:])
        click.echo(
            f"lockgate ended with exit code {code:d}: {_OUTCOMES[code]}. make reports every failure as its "
            f"own error 2; to get the code itself, run: .venv/bin/lockgate {arguments}",
            err=True,
        )
    sys.exit(code)


def _run() -> Exit:
    try:
        result: Any = cli.main(standalone_mode=False, prog_name="lockgate")
        return result if isinstance(result, Exit) else Exit.OK
    except click.exceptions.Exit as ended:
        return Exit(ended.exit_code)
    except click.Abort:
        click.echo("Interrupted; nothing was being released.", err=True)
        return Exit.ERROR
    except click.ClickException as error:
        error.show()
        return Exit.USAGE
    except SystemExit as ended:
        return Exit(ended.code if isinstance(ended.code, int) else Exit.ERROR)
    except Exception as error:
        if not isinstance(error, LockgateError) and _debugs():
            raise
        code, lines = told(error)
        click.echo(lines, err=True)
        return code


def _debugs() -> bool:
    return "--debug" in sys.argv or bool(os.environ.get("LOCKGATE_DEBUG"))
