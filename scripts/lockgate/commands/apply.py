"""`lockgate apply`: make an account's resources what a reviewed plan says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
from rich.console import Console

from lockgate.commands import emulator
from lockgate.commands.bring_up import apply_stack
from lockgate.commands.gates import Gate, announce_apply, break_glass_option, freezes
from lockgate.commands.options import console, dry_run_option
from lockgate.commands.stacks import opened_stack, stack_options
from lockgate.errors import Exit, RefusedError, UsageError
from lockgate.plans.kept import drop, take
from lockgate.plans.planning import apply_plan
from lockgate.plans.saved import Saved, again
from lockgate.plans.stack import Stack


@click.command()
@stack_options
@click.option(
    "--plan",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the plan, instead of the one that `plan` leaves in .build/plans.",
)
@click.option(
    "--digest",
    metavar="SHA256",
    help="Apply only the plan that was approved: the one here, or what plan --keep has put beside the state.",
)
@click.option(
    "--approve-destroy",
    "approved",
    multiple=True,
    metavar="ADDRESS",
    help="Allow to destroy or replace this one, which holds what cannot be made again; may be given again.",
)
@click.option(
    "--approve-destroys",
    "approve_all",
    is_flag=True,
    help="Allow all that the plan with the approved digest destroys or replaces; needs --digest.",
)
@break_glass_option
@click.option("--replan", is_flag=True, help="Plan and apply in one go; only on an embedded AWS.")
@dry_run_option
def apply(
    environment: str | None,
    kind: str,
    folder: Path | None,
    digest: str | None,
    approved: tuple[str, ...],
    approve_all: bool,
    break_glass: str | None,
    replan: bool,
    dry_run: bool,
) -> Exit:
    """Apply the plan that `plan` has made, if everything is still as it was then.

    On an embedded AWS, where no plan was made, plan and apply in one go.
    """
    if approve_all and digest is None:
        raise UsageError(
            "--approve-destroys is for one plan, and --digest is missing",
            hint="Name the plan: --digest SHA256",
        )
    opened = opened_stack(environment, kind)
    out = console()
    gate, obstacles = Gate(break_glass, dry_run, out), freezes(opened)
    passes = gate.passes(obstacles)
    if opened.account.emulator:
        out.print(emulator.start(opened), markup=False, soft_wrap=True)
    opened.checked()
    stack = Stack(opened.project, opened.name, opened.aws)
    if dry_run:
        _dry_run(stack, out)
        return Exit.OK if passes else Exit.REFUSED
    saved = Saved(folder) if folder else Saved.of(opened.project.root, opened.name)
    if replan and not opened.account.is_embedded:
        raise RefusedError(
            f"--replan: {opened.name} is no embedded AWS: what is applied there was read before",
            hint=f"Plan, read it, apply it: {again(opened.name)}",
        )
    begins = partial(announce_apply, opened, gate.broken(obstacles), out)
    wanted = folder is not None or digest is not None or bool(approved)
    if opened.account.is_embedded and (replan or not (saved.exists or wanted)):
        begins()
        changed = apply_stack(stack, out)
        saved.applied()
    else:
        changed = _apply_saved(stack, saved, out, digest, None if approve_all else approved, begins)
    out.print("Applied." if changed else "Nothing to change.")
    return Exit.OK


def _dry_run(stack: Stack, out: Console) -> None:
    plan = stack.plan(lambda line: out.print(line, markup=False, soft_wrap=True))
    out.print("Terraform would change something; nothing was written." if plan else "Nothing to change.")
    if plan:
        plan.unlink()


def _apply_saved(
    stack: Stack,
    saved: Saved,
    out: Console,
    digest: str | None,
    approved: tuple[str, ...] | None,
    begins: Callable[[], None],
) -> bool:
    stack.check_state_bucket()
    if digest is not None and not saved.exists:
        take(stack, digest, saved)
    bound = saved.read(stack.name).digest
    with out.status("Terraform is applying the plan") as status:
        done = apply_plan(stack, saved, status.update, digest=digest, approved=approved, begins=begins)
    if digest is not None:
        drop(stack, bound)
    return not done.is_empty
