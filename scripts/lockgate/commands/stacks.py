"""The stack that a verb of Terraform works on: `--env`, or `--stack tooling`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lockgate.commands.opened import Opened, OpenedAccount
from lockgate.config import TOOLING
from lockgate.errors import UsageError
from lockgate.plans.planning import Made
from lockgate.plans.saved import Saved, facts
from lockgate.plans.stack import Stack
from lockgate.plans.summary.terminal import show

if TYPE_CHECKING:
    from rich.console import Console

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


def say_planned(made: Made, saved: Saved, stack: Stack, out: Console, *, details: bool = False) -> None:
    """What a plan would do, what it was made from, and where it is.

    Args:
        made: the plan.
        saved: where it is kept.
        stack: what it is for.
        out: where people read.
        details: whether to show all that differs, also in what is created.
    """
    show(made.plan, f"Plan for {stack.name}", out, details=details)
    out.print(f"\n{', '.join(facts(made.binding))}", markup=False, soft_wrap=True)
    out.print(f"Kept in {saved.folder.relative_to(stack.project.root)} for apply.", markup=False)
