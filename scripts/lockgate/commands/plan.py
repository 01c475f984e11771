"""`lockgate plan`: what applying would do, for people to review and for `apply` to take."""

from __future__ import annotations

import json
from pathlib import Path

import click

from lockgate.commands import emulator
from lockgate.commands.options import console, json_option
from lockgate.commands.plan_touched import plan_touched, profile_option
from lockgate.commands.stacks import opened_stack, say_planned, stack_options
from lockgate.errors import Exit, UsageError
from lockgate.github.api import GitHub
from lockgate.github.reviewed import reviewed as reviewed_on_github
from lockgate.github.workflow import hand_on, summarise
from lockgate.plans.comparing import compare, uncompared
from lockgate.plans.kept import keep
from lockgate.plans.model import Plan, parse_plan
from lockgate.plans.planning import Made, check_sources, make_plan
from lockgate.plans.saved import Saved
from lockgate.plans.stack import Stack

_MOST = 50
"""Differences that are listed."""


@click.command()
@stack_options
@click.option("--touched", "since", metavar="REF", help="Plan every stack that is touched since then.")
@profile_option
@click.option("--details", is_flag=True, help="Show all that differs, also in what is created.")
@click.option(
    "--compare",
    "reviewed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Compare with a plan.json that was reviewed: exit code 4 where this one would do something else.",
)
@click.option(
    "--reviewed",
    "as_reviewed",
    is_flag=True,
    help="Say how it differs from the plan of the pull request that this commit came from.",
)
@click.option("--keep", "keeping", is_flag=True, help="Put it beside the state too, for apply --digest.")
@json_option
def plan(
    environment: str | None,
    kind: str,
    since: str | None,
    profiles: tuple[str, ...],
    details: bool,
    reviewed: Path | None,
    as_reviewed: bool,
    keeping: bool,
    as_json: bool,
) -> Exit:
    """Say what applying would do, and keep the plan for `apply`."""
    if since is not None:
        if environment or reviewed or as_reviewed or keeping or as_json:
            raise UsageError(
                "--touched goes with --profile, and none of the others", hint="Say only: --touched REF"
            )
        return plan_touched(since, profiles)
    if profiles:
        raise UsageError("--profile goes with --touched", hint="For one stack, set AWS_PROFILE.")
    opened = opened_stack(environment, kind)
    github = GitHub.here(opened.project.root) if as_reviewed else None
    stack = Stack(opened.project, opened.name, opened.aws)
    before = _reviewed(reviewed) if reviewed else None
    check_sources(stack)
    if opened.account.emulator:
        emulator.start(opened)
    opened.checked()
    out = console(to_stderr=as_json)
    saved = Saved.of(opened.project.root, opened.name)
    with out.status("Terraform is planning") as status:
        made = make_plan(stack, saved, status.update)
    if as_json:
        click.echo(json.dumps(json.loads(saved.model.read_bytes()), indent=2))
    else:
        say_planned(made, saved, stack, out, details=details)
    if keeping:
        keep(stack, saved)
        out.print(f"And in s3://{stack.bucket}, for apply --digest {made.binding.digest}", markup=False)
    hand_on(
        digest=made.binding.digest,
        changes=json.dumps(not made.plan.is_empty),
        losing=json.dumps(bool(made.plan.losing)),
    )
    if github is not None:
        said = against_reviewed(github, opened.name, made)
        out.print(said, markup=False, soft_wrap=True)
        summarise(said)
    summarise(saved.summary.read_text(encoding="utf-8"))
    return _compared(before, made) if before is not None else Exit.OK


def against_reviewed(github: GitHub, stack: str, made: Made) -> str:
    """How a plan differs from what reviewers saw, in Markdown; whoever approves it decides what that means.

    Raises:
        LockgateError: GitHub does not answer, or what it has is no plan.
    """
    found = reviewed_on_github(github, stack, made.binding.commit or "")
    if found is None:
        return f"**No pull request:** nobody has reviewed this plan of {stack}."
    before = found.plan or Plan(made.plan.terraform_version)
    differences = compare(before, made.plan)
    if not differences:
        return f"This plan of {stack} does what was reviewed in #{found.pull_request}."
    kept = "" if found.plan else f", which has no plan of {stack}"
    head = f"**Not what was reviewed** in #{found.pull_request}{kept}:"
    rows = [f"- {difference}" for difference in differences[:_MOST]]
    left = len(differences) - _MOST
    return "\n".join([head, "", *rows, *([f"- and {left} more"] if left > 0 else [])])


def _reviewed(path: Path) -> Plan:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(f"{path} is not JSON: {error}", hint="Name a plan.json of make plan.") from error
    return parse_plan(data if isinstance(data, dict) else {}, str(path))


def _compared(before: Plan, made: Made) -> Exit:
    found = compare(before, made.plan)
    secret = uncompared(made.plan)
    more = f"; {secret} values are secrets and cannot be compared" if secret else ""
    said = "would do something else than the reviewed plan" if found else "would do what was reviewed"
    for line in (f"This plan {said}{more}.", *(f"  {difference}" for difference in found)):
        click.echo(line, err=True)
    return Exit.REFUSED if found else Exit.OK
