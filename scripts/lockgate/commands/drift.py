"""`lockgate drift`: what somebody changed outside of Terraform, and an apply would set back."""

from __future__ import annotations

import json

import click
from rich.console import Console

from lockgate.commands.options import console, json_option
from lockgate.commands.stacks import opened_stack, stack_options
from lockgate.errors import Exit
from lockgate.github.api import GitHub
from lockgate.github.drift import write_issue
from lockgate.plans.by_hand import by_hand, left_alone
from lockgate.plans.model import Action, Change, Plan
from lockgate.plans.planning import check_sources, look_for_drift
from lockgate.plans.stack import Stack


@click.command()
@stack_options
@click.option(
    "--issue", is_flag=True, help="Open, update or close the stack's issue on GitHub, and end with 0."
)
@json_option
def drift(environment: str | None, kind: str, issue: bool, as_json: bool) -> Exit:
    """Report what was changed by hand; exit code 5 where something was. Write nothing."""
    opened = opened_stack(environment, kind)
    github = GitHub.here(opened.project.root) if issue else None
    stack = Stack(opened.project, opened.name, opened.aws)
    check_sources(stack)
    opened.checked()
    out = console(to_stderr=as_json)
    with out.status("Terraform is looking") as status:
        plan = look_for_drift(stack, status.update)
    found = by_hand(plan)
    if as_json:
        click.echo(json.dumps(_as_json(opened.name, plan, found), indent=2))
    else:
        _say(opened.name, plan, found, out)
    if github is not None:
        address = write_issue(github, opened.name, found)
        out.print(address or "No issue is open.", markup=False, soft_wrap=True)
        return Exit.OK
    return Exit.DRIFTED if found else Exit.OK


def _say(name: str, plan: Plan, found: tuple[Change, ...], out: Console) -> None:
    head = (
        f"{len(found)} resources of {name} were changed by hand"
        if found
        else f"{name} has nothing that was changed by hand"
    )
    out.print(head, markup=False, soft_wrap=True)
    for change in found:
        gone = " is gone" if change.action is Action.DESTROY else ""
        out.print(f"  {change.address}{gone}", markup=False, soft_wrap=True)
        for attribute in change.attributes:
            line = f"    {attribute.path}: declared {attribute.before}, there is {attribute.after}"
            out.print(line, markup=False, soft_wrap=True)
    if found:
        out.print(
            f"Set it back: make plan ENV={name}, then make apply. Or declare it as it is now.", markup=False
        )
    if waiting := _not_applied(plan, found):
        out.print(f"{waiting} changes of the repository are not applied yet.", markup=False)
    if left := left_alone(plan):
        out.print(f"{left} resources differ and stay so: a release owns that.", markup=False)


def _not_applied(plan: Plan, found: tuple[Change, ...]) -> int:
    """Number of changes that come from the repository, not from somebody's hands."""
    return len({change.address for change in plan.changes} - {change.address for change in found})


def _as_json(name: str, plan: Plan, found: tuple[Change, ...]) -> dict[str, object]:
    return {
        "stack": name,
        "changed_by_hand": [
            {
                "address": change.address,
                "type": change.type,
                "gone": change.action is Action.DESTROY,
                "attributes": [
                    {"path": one.path, "declared": one.before, "found": one.after}
                    for one in change.attributes
                ],
            }
            for change in found
        ],
        "not_applied_yet": _not_applied(plan, found),
        "left_alone": left_alone(plan),
    }
