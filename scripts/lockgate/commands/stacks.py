"""The stack that a verb of Terraform works on: `--env`, or `--stack tooling`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from lockgate.commands.opened import Opened, OpenedAccount
from lockgate.config import TOOLING
from lockgate.errors import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])

_environment = click.option(
    "--env", "environment", metavar="NAME", help="Environment of platform.yaml, such as local."
)
_kind = click.option(
    "--stack",
    "kind",
    type=click.Choice(["workload", TOOLING]),
    default="workload",
    show_default=True,
    help="workload: an environment. tooling: the account with what environments share; without --env.",
)


def stack_options(command: Command) -> Command:
    """Adds `--env` and `--stack`, for `opened_stack`."""
    return _environment(_kind(command))


def opened_stack(environment: str | None, kind: str) -> OpenedAccount:
    """The account that is meant; of an environment, its services' declarations are known to be valid.

    Raises:
        UsageError: the two options do not fit, or a declaration is wrong.
    """
    if kind == TOOLING:
        if environment is not None:
            raise UsageError(
                f"--env {environment}: the tooling stack is that of no environment",
                hint="Leave it out: make apply STACK=tooling",
            )
        return OpenedAccount.tooling()
    if environment is None:
        raise UsageError("which environment? --env is missing", hint="Say which, as in: make apply ENV=local")
    opened = Opened.named(environment)
    opened.project.services(environment)
    return opened
