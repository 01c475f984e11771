"""`lockgate doctor`: whether GitHub guards what it may change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from lockgate.commands.account import planned_in_workflows
from lockgate.commands.options import console, json_option
from lockgate.config import TOOLING, Project
from lockgate.errors import Exit, UsageError
from lockgate.github.api import GitHub
from lockgate.github.protection import Gap, branch_gaps, destroying, environment_gaps


@click.command()
@click.option("--github", "asked", is_flag=True, help="Read environments and branch rules from GitHub.")
@click.option("--env", "environment", metavar="NAME", help="Only what guards this environment.")
@json_option
def doctor(asked: bool, environment: str | None, as_json: bool) -> Exit:
    """Say what is set up wrong, and how to mend it; exit code 4 where something is. Write nothing."""
    if not asked:
        raise UsageError("what is to be looked at?", hint="Say so: make doctor ARGS=--github")
    project = Project.find(Path.cwd())
    if environment not in (None, TOOLING):
        project.environment(environment)
    github = GitHub.here(project.root)
    gaps = list(_gaps(github, project, environment))
    if as_json:
        click.echo(json.dumps([asdict(gap) for gap in gaps], indent=2))
    else:
        out = console()
        for gap in gaps:
            out.print(f"{gap.where}: {gap.what}", markup=False, soft_wrap=True)
            out.print(f"  {gap.hint}", markup=False, soft_wrap=True)
        said = f"{len(gaps)} to mend in {github.repository}." if gaps else f"{github.repository} is guarded."
        out.print(said, markup=False)
    return Exit.REFUSED if gaps else Exit.OK


def _gaps(github: GitHub, project: Project, only: str | None) -> Iterator[Gap]:
    platform = project.platform
    if only is None:
        yield from branch_gaps(github)
    stacks = [*([TOOLING] if platform.tooling else []), *platform.environments]
    for name in [only] if only else [name for name in stacks if planned_in_workflows(platform, name)]:
        yield from environment_gaps(github, name, approval=platform.account_of(name).approval)
        yield from environment_gaps(github, destroying(name), approval=True)
