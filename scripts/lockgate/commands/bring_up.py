"""What `deploy` does first where the environment is an embedded AWS: start it, and apply Terraform."""

from __future__ import annotations

from rich.console import Console

from lockgate.commands import emulator
from lockgate.commands.opened import Opened
from lockgate.plans.workload import Workload


def bring_up(opened: Opened, out: Console) -> None:
    """Starts the embedded AWS, and applies Terraform where something that it reads has changed."""
    if opened.environment.emulator:
        out.print(emulator.start(opened), markup=False, soft_wrap=True)
    opened.checked()
    workload = Workload(opened.project, opened.name, opened.aws)
    workload.check_state_bucket()
    if workload.applied_digest() != workload.inputs_digest():
        apply_workload(workload, out)


def apply_workload(workload: Workload, out: Console) -> bool:
    """Plans and applies the workload stack; whether anything changed."""
    with out.status("Terraform is planning") as status:
        plan = workload.plan(status.update)
        out.print("Terraform: nothing to change" if plan is None else "Terraform: applying")
        workload.apply(plan, status.update)
    return plan is not None
