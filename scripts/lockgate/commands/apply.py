"""`lockgate apply`: make an environment's resources what the repository says."""

from __future__ import annotations

import click

from lockgate.commands import emulator
from lockgate.commands.bring_up import apply_workload
from lockgate.commands.opened import Opened, opens
from lockgate.commands.options import console, dry_run_option
from lockgate.errors import Exit
from lockgate.plans.workload import Workload


@click.command()
@opens
@dry_run_option
def apply(opened: Opened, dry_run: bool) -> Exit:
    """Apply the workload stack; with --dry-run, say what would change."""
    out = console()
    opened.project.services(opened.name)
    if opened.environment.emulator:
        out.print(emulator.start(opened), markup=False, soft_wrap=True)
    opened.checked()
    workload = Workload(opened.project, opened.name, opened.aws)
    if not dry_run:
        changed = apply_workload(workload, out)
        out.print("Applied." if changed else "Nothing to change.")
        return Exit.OK
    plan = workload.plan(lambda line: out.print(line, markup=False, soft_wrap=True))
    out.print("Terraform would change something; nothing was written." if plan else "Nothing to change.")
    if plan:
        plan.unlink()
    return Exit.OK
