"""Making a plan that can be reviewed, and applying exactly that one."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from lockgate.packaging.provenance import provenance
from lockgate.plans.binding import Binding, State, files_of, planned_against, providers_of, sha256_of
from lockgate.plans.model import Plan
from lockgate.plans.reading import read_plan
from lockgate.plans.refusal import refuse
from lockgate.plans.saved import Saved, check_approved, check_unchanged
from lockgate.plans.stack import Stack
from lockgate.plans.toolchain import Toolchain


@dataclass(frozen=True)
class Made:
    """A plan, and what it was made from."""

    plan: Plan
    binding: Binding


def check_sources(stack: Stack) -> None:
    """Refuses sources that would run code nobody chose; needs neither Terraform nor credentials.

    Raises:
        RefusedError: with file and line of each reason.
    """
    refuse(stack.project.root, stack.root_module, stack.project.platform.terraform)


def make_plan(
    stack: Stack, saved: Saved, on_line: Callable[[str], None], shown: Callable[[], None] = lambda: None
) -> Made:
    """Plans without holding the state's lock, and leaves everything that a review needs.

    Args:
        stack: what it is for.
        saved: where it is left.
        on_line: gets each line of Terraform.
        shown: called when `saved.shown` is there, while the rest is still made.

    Raises:
        LockgateError: Terraform fails, with its own words.
        RefusedError: the account is not ready.
    """
    terraform = stack.ready(on_line)
    saved.begin()
    terraform.plan(saved.plan, stack.variables, lock=False)
    redacted = terraform.show(saved.plan)
    saved.write_shown(redacted)
    shown()
    plan = read_plan(redacted)
    binding = bind(stack, saved.plan, planned_against(saved.plan))
    saved.write(plan, binding)
    return Made(plan, binding)


def apply_plan(
    stack: Stack,
    saved: Saved,
    on_line: Callable[[str], None],
    *,
    digest: str | None = None,
    approved: Iterable[str] | None = (),
    begins: Callable[[], None] = lambda: None,
) -> Plan:
    """Applies a plan that was made before, if nothing that it was made from has changed; what it did.

    Args:
        stack: what it is for.
        saved: the plan.
        on_line: gets each line of Terraform.
        digest: what was approved; None where nobody says.
        approved: addresses that may be destroyed; None approves all that this plan destroys.
        begins: called when nothing refuses it any more, before anything is written.

    Raises:
        RefusedError: something has changed, or an approval is missing; nothing was written.
    """
    check_unchanged(saved.read(stack.name), bind(stack, saved.plan, stack.state()), digest)
    plan = read_plan(stack.ready(on_line).show(saved.plan))
    if approved is not None:
        check_approved(plan, approved)
    begins()
    stack.apply(None if plan.is_empty else saved.plan, on_line)
    saved.applied()
    return plan


def look_for_drift(stack: Stack, on_line: Callable[[str], None]) -> Plan:
    """What a plan of now would do, without keeping it or holding the state's lock.

    Not `-refresh-only`: that reports what a release has moved as well, and what providers fill in.

    Raises:
        LockgateError: Terraform fails, with its own words.
        RefusedError: the account is not ready.
    """
    terraform = stack.ready(on_line)
    with tempfile.TemporaryDirectory(dir=stack.folder, prefix="drift-") as private:
        planned = Path(private) / "plan.tfplan"
        terraform.plan(planned, stack.variables, lock=False)
        return read_plan(terraform.show(planned))


def bind(stack: Stack, plan: Path, state: State) -> Binding:
    """What is here now, together with a plan's file."""
    platform = stack.project.platform
    return Binding(
        stack=stack.name,
        account_id=platform.account_of(stack.name).account_id,
        commit=provenance(stack.project.root)[0],
        files=files_of(stack.project.root, stack.root_module),
        providers=providers_of(stack.root_module),
        variables=stack.variables,
        terraform_version=Toolchain.find(stack.project.root).version,
        state=state,
        plan=sha256_of(plan),
    )
