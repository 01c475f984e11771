"""What `deploy` does first where the environment is an embedded AWS: start it, and apply Terraform."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console

from lockgate.commands import emulator
from lockgate.commands.opened import Opened, OpenedAccount
from lockgate.config import Service
from lockgate.plans.stack import Stack


def bring_up(opened: Opened, services: Mapping[str, Service], out: Console) -> None:
    """Starts the embedded AWS, and applies Terraform where something that it reads has changed: first to the
    tooling account that the environment shares, if any.

    Raises:
        RefusedError: it could not run one of the services.
    """
    if opened.environment.emulator:
        out.print(emulator.start(opened), markup=False, soft_wrap=True)
        emulator.check_can_run(opened, services)
    if opened.project.platform.shares_tooling(opened.name):
        _apply_changed(OpenedAccount.tooling(), out)
    _apply_changed(opened, out)


def _apply_changed(opened: OpenedAccount, out: Console) -> None:
    opened.checked()
    stack = Stack(opened.project, opened.name, opened.aws)
    stack.check_state_bucket()
    if stack.applied_digest() != stack.inputs_digest():
        apply_stack(stack, out)


def apply_stack(stack: Stack, out: Console) -> bool:
    """Plans and applies a stack; whether anything changed."""
    with out.status("Terraform is planning") as status:
        plan = stack.plan(status.update)
        out.print("Terraform: nothing to change" if plan is None else "Terraform: applying")
        stack.apply(plan, status.update)
    return plan is not None
