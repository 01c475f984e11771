"""`lockgate bootstrap`: set an account up for everything else, once and again."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from lockgate.aws import Aws
from lockgate.commands.options import console
from lockgate.config import TOOLING, Project
from lockgate.errors import Exit, RefusedError, UsageError
from lockgate.plans.bootstrap import Bootstrap
from lockgate.plans.model import Plan
from lockgate.plans.planning import check_sources
from lockgate.plans.saved import check_approved
from lockgate.plans.stack import Stack
from lockgate.plans.summary.terminal import show


@click.command()
@click.option("--account", required=True, metavar="NAME", help="An environment of platform.yaml, or tooling.")
@click.option("--yes", is_flag=True, help="Ask nothing, and apply.")
@click.option("--adopt", is_flag=True, help="Take over a bucket of that name that exists already.")
@click.option(
    "--approve-destroy",
    "approved",
    multiple=True,
    metavar="ADDRESS",
    help="Allow to destroy or replace this one, which holds what cannot be made again; may be given again.",
)
@click.option("--dry-run", is_flag=True, help="Say what would change; in an account without state, nothing.")
def bootstrap(account: str, yes: bool, adopt: bool, approved: tuple[str, ...], dry_run: bool) -> Exit:
    """Make an account's state bucket, roles, boundary and audit trail, or bring them up to date.

    Needs credentials that administer the account. Safe to run again.
    """
    stack = _opened(account)
    check_sources(stack)
    out = console()
    with out.status("Terraform is looking") as status:
        work = Bootstrap(stack, status.update)
        if dry_run and not work.has_bucket():
            out.print(f"{account} has no state yet: everything would be made. Nothing was written.")
            return Exit.OK
        if not dry_run:
            work.begin(adopt=adopt)
        plan = work.plan()
    if plan.is_empty:
        work.planned.unlink(missing_ok=True)
        out.print(f"{account} is set up; nothing to change.")
        return Exit.OK
    show(plan, f"Bootstrap of {account}", out)
    if dry_run or not _agreed(plan, account, approved, yes=yes):
        work.planned.unlink(missing_ok=True)
        out.print("Nothing more was written." if not dry_run else "Nothing was written.")
        return Exit.OK
    with out.status("Terraform is applying") as status:
        Bootstrap(stack, status.update).apply()
    out.print(f"{account} is set up.")
    return Exit.OK


def _opened(account: str) -> Stack:
    """The account's bootstrap stack, once AWS has said that these credentials belong to it."""
    project = Project.find(Path.cwd())
    if account != TOOLING:
        project.environment(account)
    elif project.platform.tooling is None:
        raise UsageError("platform.yaml has no tooling account", hint="Name an environment with ACCOUNT=.")
    platform = project.platform
    if platform.github is None:
        raise UsageError(
            "platform.yaml names no repository, and roles would have nobody to trust",
            hint="Add it: github: {repository: OWNER/REPOSITORY}. The ids that new repositories need: "
            "gh api repos/OWNER/REPOSITORY --jq '.owner.id, .id'",
        )
    declared = platform.account_of(account)
    if not declared.is_bootstrapped:
        raise RefusedError(
            f"{account} is an embedded AWS that needs no bootstrap: the account itself does everything there",
            hint=f"Set `bootstrapped: true` for {account} in platform.yaml to try roles there.",
        )
    aws = Aws.connect(declared, platform.region_of(account))
    aws.check_account(declared.account_id, account)
    return Stack(project, account, aws, bootstraps=True)


def _agreed(plan: Plan, account: str, approved: tuple[str, ...], *, yes: bool) -> bool:
    """Whether to apply: what destroys needs an approval of each address, everything else a yes.

    Raises:
        RefusedError: an approval is missing, or nobody can be asked.
    """
    check_approved(plan, approved)
    if yes:
        return True
    if not sys.stdin.isatty():
        raise RefusedError(
            "this changes who may do what, and nobody can be asked here",
            hint=f"Read the plan above, then: make bootstrap ACCOUNT={account} ARGS=--yes",
        )
    return click.confirm("Apply this?")
