"""`lockgate prune`: delete what nobody can need any more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Protocol

import click
from rich.console import Console

from lockgate.commands.opened import Opened, opens
from lockgate.commands.options import console, dry_run_option, json_option, now, service_option
from lockgate.contract import ContainerContract, LambdaContract
from lockgate.prune.artifacts import BUNDLES, Artifacts
from lockgate.prune.images import Images
from lockgate.prune.plan import Done, Plan, Reason
from lockgate.prune.task_definitions import TaskDefinitions
from lockgate.prune.versions import Versions

DAYS = 30
"""Age from which something may go, where the command line does not say: for a month every version that was
tried can be looked at, also one that was rolled back."""


class Deleter(Protocol):
    """Carries out a plan of its kind."""

    def delete(self, planned: Plan) -> Iterator[Done]:
        """Deletes one thing after another, unless it has been needed since."""


@click.command()
@opens
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
def prune(opened: Opened, services: tuple[str, ...], days: int, dry_run: bool, as_json: bool) -> None:
    """Delete old versions and artifacts that nothing names and no roll-back may go to."""
    opened.project.services(opened.name, services)
    opened.checked()
    out = console()
    planned = list(_plans(opened, services, timedelta(days=days)))
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


def _plans(opened: Opened, services: tuple[str, ...], age: timedelta) -> Iterator[tuple[Plan, Deleter]]:
    """Versions first, then what they and the bundles that are left need no more."""
    at, names = now(), services or tuple(opened.contract.services)
    contracts = [opened.contract.service(name) for name in names]
    code: dict[str, dict[str, str]] = {}
    images: list[tuple[Plan, TaskDefinitions]] = []
    for contract in contracts:
        if isinstance(contract, LambdaContract):
            versions = Versions(opened.aws, contract, opened.ledger)
            yield versions.plan(at, age), versions
            code[contract.service] = {
                found["Version"]: found.get("CodeSha256", "") for found in versions.published
            }
        elif isinstance(contract, ContainerContract):
            definitions = TaskDefinitions(opened.aws, contract, opened.ledger)
            planned = definitions.plan(at, age)
            images.append((planned, definitions))
            yield planned, definitions
    artifacts = _artifacts(opened, services, code)
    if opened.project.platform.shares_tooling(opened.name):
        yield _shared(f"s3://{artifacts.bucket}", "artifacts"), artifacts
        if images:
            yield _shared(f"registry {opened.registry.account_id}", "images"), artifacts
        return
    found = artifacts.plans(at, age)
    yield from ((plan, artifacts) for plan in found)
    named = artifacts.named(left_by=next((plan for plan in found if plan.kind == BUNDLES), None))
    for planned, definitions in images:
        repository = _images(opened, definitions, artifacts)
        yield repository.plan(at, age, definitions.images(left_by=planned), named), repository


def _artifacts(opened: Opened, services: tuple[str, ...], code: dict[str, dict[str, str]]) -> Artifacts:
    platform = opened.contract.platform
    return Artifacts(
        s3=opened.aws.s3,
        bucket=platform.artifact_bucket,
        account_id=platform.account_id,
        ledger=opened.ledger,
        versions=code,
        only=services,
    )


def _images(opened: Opened, definitions: TaskDefinitions, artifacts: Artifacts) -> Images:
    service, registry = definitions.contract.service, opened.registry
    return Images(
        ecr=opened.aws.ecr,
        registry_id=registry.account_id,
        repository=registry.repository(service),
        service=service,
        ledger=opened.ledger,
        defined=definitions.images,
        named=artifacts.named,
    )


def _shared(subject: str, kind: str) -> Plan:
    return Plan(
        subject,
        kind,
        skipped="environments share it, and what the others may go back to is in their ledgers",
    )


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
