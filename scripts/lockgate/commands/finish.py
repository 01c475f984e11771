"""The end of every verb that runs a release: drive it, say how it ended, turn that into an exit code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from lockgate.commands.opened import Opened, operator
from lockgate.commands.options import now
from lockgate.errors import Exit, LockgateError, RefusedError
from lockgate.interrupts import Detached
from lockgate.notify import announce
from lockgate.notify.telling import refused
from lockgate.release.model import Release, Status
from lockgate.release.runner import Runner
from lockgate.report import words
from lockgate.report.progress import progress_for

_EXITS = {
    Status.SUCCEEDED: Exit.OK,
    Status.ROLLED_BACK: Exit.ROLLED_BACK,
    Status.FAILED: Exit.ERROR,
    Status.RUNNING: Exit.OK,
}


def drive(opened: Opened, release_id: str, console: Console, *, watch: bool = False) -> Release:
    """Runs a release to its end, or watches it, showing progress.

    Raises:
        SystemExit: the operator left it alone with a second Ctrl-C.
    """
    progress = progress_for(console)
    try:
        with progress:
            runner = Runner(opened.engine, progress, now)
            release = runner.watch(release_id) if watch else runner.run(release_id)
    except Detached:
        asked = opened.ledger.release(release_id).stop_reason
        then = "rolls it back, as was asked" if asked else "watches it to its end"
        console.print(
            f"Left release {release_id} alone; CodeDeploy goes on. What attaches again and {then}: "
            f"make watch ENV={opened.name}",
            soft_wrap=True,
        )
        raise SystemExit(Exit.ERROR) from None
    if not watch:
        announce(opened.aws, opened.contract.platform, release)
    return release


@contextmanager
def telling_refusals(opened: Opened, *, dry_run: bool) -> Iterator[None]:
    """Tells the bus of a refusal, besides whoever asked; of one in a dry run, nobody."""
    try:
        yield
    except RefusedError as error:
        if not dry_run:
            _tell_refusal(opened, error)
        raise


def _tell_refusal(opened: Opened, error: RefusedError) -> None:
    try:
        notifier = opened.notifier
    except LockgateError:
        return  # Without a contract there is no bus.
    notifier.tell([refused(opened.name, operator(), error.message, now())])


def conclude(release: Release, console: Console) -> Exit:
    """Says how a release ended, and gives the exit code."""
    console.print()
    console.print(words.outcome(release), markup=False, soft_wrap=True)
    reason = release.reason or ""
    for name, deployment in release.deployments.items():
        for line in words.judged(deployment):
            if line.partition(": ")[2] not in reason:
                console.print(f"  {name}: {line}", markup=False, soft_wrap=True)
    for line in [*reason.splitlines(), *words.permissions(release)]:
        console.print(f"  {line}", markup=False, soft_wrap=True)
    return _EXITS[release.status]


def say_plan(planned: Release, console: Console) -> None:
    """Says which services change and why, and which are left out and why."""
    for name, deployment in planned.deployments.items():
        console.print(f"{name}: {'; '.join(deployment.notes)}", markup=False, soft_wrap=True)
    for name, reason in planned.skipped.items():
        console.print(f"{name}: skipped, {reason}", markup=False, soft_wrap=True)
