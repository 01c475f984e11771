"""`lockgate touched`: which stacks a change touches, in the order in which they are planned."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from lockgate.commands.account import planned_in_workflows
from lockgate.commands.options import json_option
from lockgate.config import Project
from lockgate.github.workflow import hand_on
from lockgate.plans.refusal import refuse
from lockgate.plans.stack import root_of
from lockgate.plans.touched import touched as found_since


@click.command()
@click.option("--since", metavar="REF", default="origin/main", show_default=True, help="A branch or commit.")
@json_option
def touched(since: str, as_json: bool) -> None:
    """Say which stacks a change touches, and why; the tooling account comes first.

    Sources of theirs that would run code in a plan are refused here, before there are credentials.
    """
    project = Project.find(Path.cwd())
    found = found_since(project, since)
    platform = project.platform
    for kind in sorted({root_of(one.stack) for one in found}):
        refuse(project.root, project.root / kind, platform.terraform)
    stacks = [one.stack for one in found if planned_in_workflows(platform, one.stack)]
    hand_on(stacks=json.dumps(stacks))
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], indent=2))
        return
    for one in found:
        click.echo(f"{one.stack}: {', '.join(one.because)}")
    if not found:
        click.echo(f"No stack is touched since {since}.")
