"""`lockgate plan --touched REF`: the plans of all stacks that a change touches."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import click
import psutil

from lockgate.aws import Aws
from lockgate.commands import emulator
from lockgate.commands.opened import OpenedAccount
from lockgate.commands.options import console
from lockgate.commands.stacks import opened_stack, say_planned
from lockgate.config import TOOLING, Project
from lockgate.errors import Exit, LockgateError, told
from lockgate.plans.planning import check_sources, make_plan
from lockgate.plans.saved import Saved
from lockgate.plans.several import at_a_time
from lockgate.plans.stack import Stack
from lockgate.plans.touched import touched
from lockgate.processes.child import Running
from lockgate.processes.several import processors, side_by_side

_log = logging.getLogger(__name__)

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
    since: str, profiles: Sequence[str] = (), shown: Callable[[str], None] = lambda _: None
) -> Exit:
    """Plans side by side, as many as the machine takes; says what each says, in the order of the stacks.

    Args:
        since: a commit.
        profiles: of AWS. Each stack is planned with the first one that belongs to its account.
        shown: gets the name of each stack whose masked plan is there, in the thread that then makes the rest.

    Raises:
        UsageError: Git does not know `since`, or a declaration is wrong.
        RefusedError: there is no such profile, or it does not say whose it is.
    """
    stacks = [_opened(one.stack) for one in touched(Project.find(Path.cwd()), since)]
    if not stacks:
        click.echo(f"No stack is touched since {since}.")
        return Exit.OK
    for opened in stacks:
        # First, and once: several at a time would start it several times.
        if opened.account.emulator:
            emulator.start(opened)
    stacks = [_with_profile(opened, profiles) for opened in stacks]
    most = at_a_time(processors(), psutil.virtual_memory().available)
    came: dict[str, tuple[Exit, str]] = {}
    waiting = [opened.name for opened in stacks]
    # The first is the tooling stack, by far the smallest: where it is the last one, little is left to do.
    with closing(side_by_side(stacks[::-1], partial(_plan, shown=shown), most)) as done:
        for opened, (code, said) in done:
            came[opened.name] = code, said
            while waiting and waiting[0] in came:
                name = waiting.pop(0)
                click.echo(f"== {name}\n{came[name][1].rstrip()}\n")
    failed = [opened for opened in stacks if came[opened.name][0]]
    if failed:
        click.echo(f"error: no plan of {', '.join(opened.name for opened in failed)}", err=True)
        if any(opened.aws.session.profile_name not in profiles for opened in failed):
            click.echo(f"hint: {_PROFILES}", err=True)
    return Exit.ERROR if failed else Exit.OK


def _opened(name: str) -> OpenedAccount:
    return opened_stack(None, TOOLING) if name == TOOLING else opened_stack(name, "workload")


def _with_profile(opened: OpenedAccount, profiles: Sequence[str]) -> OpenedAccount:
    """The same with the credentials of the first profile that belongs to its account; unchanged where none
    does, and where an embedded AWS has keys of its own."""
    account = opened.account
    if account.is_embedded and not account.is_bootstrapped:
        return opened
    for profile in profiles:
        aws = Aws.connect(account, opened.aws.region, profile)
        if aws.account(profile) == account.account_id:
            return replace(opened, aws=aws)
    return opened


def _plan(opened: OpenedAccount, running: Running, shown: Callable[[str], None]) -> tuple[Exit, str]:
    """Plans one of them; how that ended, and what there is to say."""
    said = io.StringIO()
    try:
        stack = Stack(opened.project, opened.name, opened.aws, running=running)
        check_sources(stack)
        opened.checked()
        saved = Saved.of(opened.project.root, opened.name)
        made = make_plan(stack, saved, lambda _: None, lambda: shown(opened.name))
        say_planned(made, saved, stack, console(said))
    except Exception as error:
        if not isinstance(error, LockgateError):
            _log.info("planning %s", opened.name, exc_info=True)  # which --debug shows
        return told(error)
    return Exit.OK, said.getvalue()
