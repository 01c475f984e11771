"""`lockgate doctor`: whether GitHub guards what it may change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO

import click

from lockgate.commands.account import planned_in_workflows
from lockgate.commands.options import console, json_option
from lockgate.config import TOOLING, Project
from lockgate.errors import Exit, UsageError
from lockgate.github.api import GitHub
from lockgate.github.protection import Gap, branch_gaps, destroying, environment_gaps
from lockgate.github.trust import decode


@click.command()
@click.option("--github", "asked", is_flag=True, help="Read environments and branch rules from GitHub.")
@click.option(
    "--trust", "trusted", is_flag=True, help="Look at whom the roles of an account trust; needs --env."
)
@click.option(
    "--token",
    type=click.File(),
    help="A token of a job of GitHub's, or - for standard input: which role lets it in. For --trust.",
)
@click.option("--env", "environment", metavar="NAME", help="Only what guards this environment.")
@json_option
def doctor(asked: bool, trusted: bool, token: IO[str] | None, environment: str | None, as_json: bool) -> Exit:
    """Say what is set up wrong, and how to mend it; exit code 4 where something is. Write nothing."""
    if trusted:
        return _trust(environment, token, as_json=as_json)
    if not asked:
        raise UsageError(
            "what is to be looked at?", hint="Say so: make doctor ARGS=--github, or ENV=prod ARGS=--trust"
        )
    project = Project.find(Path.cwd())
    if environment not in (None, TOOLING):
        project.environment(environment)
    github = GitHub.here(project.root)
    gaps = list(_gaps(github, project, environment))
    _tell(gaps, github.repository, "is guarded", as_json=as_json)
    return Exit.REFUSED if gaps else Exit.OK


def _tell(gaps: list[Gap], what: str, well: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([asdict(gap) for gap in gaps], indent=2))
        return
    out = console()
    for gap in gaps:
        out.print(f"{gap.where}: {gap.what}", markup=False, soft_wrap=True)
        out.print(f"  {gap.hint}", markup=False, soft_wrap=True)
    out.print(f"{len(gaps)} to mend in {what}." if gaps else f"{what} {well}.", markup=False)


def _trust(name: str | None, token: IO[str] | None, *, as_json: bool) -> Exit:
    from lockgate.commands.doctor_trust import expected, opened, trust_gaps

    if name is None:
        raise UsageError("whose roles? --env is missing", hint="Say so: make doctor ENV=prod ARGS=--trust")
    account = opened(name)
    claims = decode(token.read()) if token else None
    if not as_json:
        for role, subjects in expected(account).items():
            click.echo(f"{role} expects {' or '.join(subjects) or 'nobody'}", err=True)
    gaps = list(trust_gaps(account, claims))
    _tell(gaps, name, "trusts exactly its jobs" if claims is None else "lets that job in", as_json=as_json)
    return Exit.REFUSED if gaps else Exit.OK


def _gaps(github: GitHub, project: Project, only: str | None) -> Iterator[Gap]:
    platform = project.platform
    if only is None:
        yield from branch_gaps(github)
    stacks = [*([TOOLING] if platform.tooling else []), *platform.environments]
    for name in [only] if only else [name for name in stacks if planned_in_workflows(platform, name)]:
        yield from environment_gaps(github, name, approval=platform.account_of(name).approval)
        yield from environment_gaps(github, destroying(name), approval=True)
