"""`lockgate account`: which account, region and roles an environment or the tooling account has."""

from __future__ import annotations

import json
from pathlib import Path

import click

from lockgate.commands.options import json_option
from lockgate.config import TOOLING, Platform, Project
from lockgate.config.platform import Purpose
from lockgate.errors import UsageError
from lockgate.github.workflow import hand_on

PURPOSES: tuple[Purpose, ...] = ("plan", "deploy", "build")


def roles_of(platform: Platform, name: str) -> dict[str, str]:
    """What a job of a workflow needs to know about a stack before it has credentials."""
    return {
        "account_id": platform.account_of(name).account_id,
        "region": platform.region_of(name),
        **{f"{purpose}_role": platform.role_arn_of(name, purpose) for purpose in PURPOSES},
    }


def planned_in_workflows(platform: Platform, name: str) -> bool:
    """Whether workflows plan it: not what every machine starts for itself."""
    return not platform.account_of(name).emulator


@click.command()
@click.option("--env", "environment", metavar="NAME", help="An environment.")
@click.option("--stack", type=click.Choice(["workload", TOOLING]), default="workload", help="Or tooling.")
@json_option
def account(environment: str | None, stack: str, as_json: bool) -> None:
    """Say which account, region and roles belong to an environment; a workflow gets them as outputs."""
    project = Project.find(Path.cwd())
    name = TOOLING if stack == TOOLING else environment
    if name is None:
        raise UsageError("which environment? --env is missing", hint="Say which: make account ENV=prod")
    if name == TOOLING:
        if project.platform.tooling is None:
            raise UsageError("platform.yaml has no tooling account", hint="Name an environment with ENV=.")
    else:
        project.environment(name)
    found = roles_of(project.platform, name)
    hand_on(**found)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for key, value in found.items():
        click.echo(f"{key}: {value}")
