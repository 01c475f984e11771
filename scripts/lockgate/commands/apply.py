"""`lockgate apply`: make an account's resources what the repository says."""

from __future__ import annotations

import click

from lockgate.commands import emulator
from lockgate.commands.bring_up import apply_stack
from lockgate.commands.opened import Opened, OpenedAccount
from lockgate.commands.options import console, dry_run_option
from lockgate.config import TOOLING
from lockgate.errors import Exit, UsageError
from lockgate.plans.stack import Stack


@click.command()
@click.option("--env", "environment", metavar="NAME", help="Environment of platform.yaml, such as local.")
@click.option(
    "--stack",
    "kind",
    type=click.Choice(["workload", TOOLING]),
    default="workload",
    show_default=True,
    help="workload: an environment. tooling: the account with what environments share; without --env.",
)
@dry_run_option
def apply(environment: str | None, kind: str, dry_run: bool) -> Exit:
    """Apply a stack of Terraform; with --dry-run, say what would change."""
    opened = _opened(environment, kind)
    out = console()
    if kind != TOOLING:
        opened.project.services(opened.name)
    if opened.account.emulator:
        out.print(emulator.start(opened), markup=False, soft_wrap=True)
    opened.checked()
    stack = Stack(opened.project, opened.name, opened.aws)
    if not dry_run:
        changed = apply_stack(stack, out)
        out.print("Applied." if changed else "Nothing to change.")
        return Exit.OK
    plan = stack.plan(lambda line: out.print(line, markup=False, soft_wrap=True))
    out.print("Terraform would change something; nothing was written." if plan else "Nothing to change.")
    if plan:
        plan.unlink()
    return Exit.OK


def _opened(environment: str | None, kind: str) -> OpenedAccount:
    if kind == TOOLING:
        if environment is not None:
            raise UsageError(
                f"--env {environment}: the tooling stack is that of no environment",
                hint="Leave it out: make apply STACK=tooling",
            )
        return OpenedAccount.tooling()
    if environment is None:
        raise UsageError("which environment? --env is missing", hint="Say which, as in: make apply ENV=local")
    return Opened.named(environment)
