"""`lockgate prune`: delete what nobody can need any more."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import click
from rich.console import Console

from lockgate.commands.opened import Opened
from lockgate.commands.options import console, dry_run_option, json_option, now, service_option
from lockgate.commands.prunable import of_environment, of_tooling
from lockgate.commands.stacks import opened_stack, stack_options
from lockgate.prune.plan import Done, Plan, Reason

DAYS = 30
"""Age from which something may go, where the command line does not say: for a month every version that was
tried can be looked at, also one that was rolled back."""


@click.command()
@stack_options
@service_option
@click.option(
    "--older-than-days",
    "days",
    type=click.IntRange(min=1),
    default=DAYS,
    show_default=True,
    help="Keep what is younger.",
)
@dry_run_option
@json_option
def prune(
    environment: str | None, kind: str, services: tuple[str, ...], days: int, dry_run: bool, as_json: bool
) -> None:
    """Delete old versions and artifacts that nothing names and no roll-back may go to."""
    opened = opened_stack(environment, kind)
    out, age = console(), timedelta(days=days)
    planned = list(
        of_environment(opened, services, age, now())
        if isinstance(opened, Opened)
        else of_tooling(opened, services, age, now())
    )
    done: dict[tuple[str, str], list[Done]] = {}
    for plan, deleter in planned:
        if not as_json:
            _say(plan, out)
        if not dry_run:
            for one in deleter.delete(plan):
                done.setdefault((plan.subject, plan.kind), []).append(one)
                if not as_json:
                    _say_done(plan, one, out)
    if as_json:
        found = [_as_json(plan, done.get((plan.subject, plan.kind), [])) for plan, _ in planned]
        click.echo(json.dumps(found, indent=2))
    elif dry_run:
        out.print("Nothing was written.")


def _say(plan: Plan, out: Console) -> None:
    head = f"{plan.subject}: {plan.kind}: "
    if plan.skipped is not None:
        out.print(f"{head}skipped, {plan.skipped}", markup=False, soft_wrap=True)
        return
    counts = [f"{len(items)} kept ({reason})" for reason, items in _in_order(plan) if reason != Reason.IN_USE]
    counts.insert(0, f"{len(plan.kept.get(Reason.IN_USE, ()))} in use now")
    out.print(f"{head}{', '.join(counts)}, {len(plan.delete)} to delete", markup=False, soft_wrap=True)
    for item in plan.delete:
        out.print(f"  {item.name} of {item.created_at:%Y-%m-%d %H:%M} UTC", markup=False, soft_wrap=True)


def _say_done(plan: Plan, done: Done, out: Console) -> None:
    what = "deleted" if done.spared is None else f"kept after all: {done.spared}"
    out.print(f"{plan.subject}: {done.name} {what}", markup=False, soft_wrap=True)


def _in_order(plan: Plan) -> list[tuple[Reason, Any]]:
    return [(reason, plan.kept[reason]) for reason in Reason if reason in plan.kept]


def _as_json(plan: Plan, done: list[Done]) -> dict[str, Any]:
    return {
        "subject": plan.subject,
        "kind": plan.kind,
        "skipped": plan.skipped,
        "kept": {reason.name.lower(): [item.name for item in items] for reason, items in _in_order(plan)},
        "delete": [item.name for item in plan.delete],
        "deleted": [one.name for one in done if one.spared is None],
        "spared": {one.name: one.spared for one in done if one.spared is not None},
    }
