"""`lockgate plan --touched REF`: the plans of all stacks that a change touches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click
import psutil

from lockgate.aws import Aws
from lockgate.commands import emulator
from lockgate.commands.opened import Opened, OpenedAccount
from lockgate.config import TOOLING, Project
from lockgate.errors import Exit
from lockgate.plans.several import at_a_time, children, processors, side_by_side
from lockgate.plans.touched import touched

_PROFILES = (
    "Where credentials belong to another account, name a profile of each that is missing: "
    "make plan SINCE=... ARGS='--profile NAME'"
)

profile_option = click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="NAME",
    help="An AWS profile for stacks of its account; may be given again. Other stacks are planned with the "
    "credentials that are here.",
)


def plan_touched(
    since: str, profiles: Sequence[str] = (), planned: Callable[[str], None] = lambda _: None
) -> Exit:
    """Plans side by side, as many as the machine takes; says what each says, in the order of the stacks.

    Args:
        since: a commit.
        profiles: of AWS. Each stack is planned with the first one that belongs to its account.
        planned: gets the name of each stack whose plan is there, while others are made.

    Raises:
        UsageError: Git does not know `since`.
        RefusedError: there is no such profile, or it does not say whose it is.
    """
    project = Project.find(Path.cwd())
    stacks = [one.stack for one in touched(project, since)]
    if not stacks:
        click.echo(f"No stack is touched since {since}.")
        return Exit.OK
    _start_emulators(project, stacks)
    using = {name: _profile_of(project, name, profiles) for name in stacks}
    most = at_a_time(processors(), psutil.virtual_memory().available)
    failed = []
    with children(project.root) as started:
        run = lambda name: started.run(["plan", *_options(name)], using[name])  # noqa: E731
        for name, code, said in side_by_side(stacks, run, most):
            click.echo(f"== {name}\n{said.rstrip()}\n")
            if code:
                failed.append(name)
            else:
                planned(name)
    if failed:
        click.echo(f"error: no plan of {', '.join(failed)}", err=True)
        if any(using[name] is None for name in failed):
            click.echo(f"hint: {_PROFILES}", err=True)
    return Exit.ERROR if failed else Exit.OK


def _profile_of(project: Project, name: str, profiles: Sequence[str]) -> str | None:
    platform = project.platform
    account = platform.account_of(name)
    if account.is_embedded and not account.is_bootstrapped:
        return None
    for profile in profiles:
        aws = Aws.connect(account, platform.region_of(name), profile)
        if aws.account(profile) == account.account_id:
            return profile
    return None


def _options(name: str) -> list[str]:
    return ["--stack", TOOLING] if name == TOOLING else ["--env", name]


def _start_emulators(project: Project, stacks: list[str]) -> None:
    """First, and once: several at a time would start it several times."""
    for name in stacks:
        if project.platform.account_of(name).emulator:
            opened = OpenedAccount.tooling() if name == TOOLING else Opened.named(name)
            emulator.start(opened)
