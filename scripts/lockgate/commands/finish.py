"""The end of every verb that runs a release: drive it, say how it ended, turn that into an exit code."""

from __future__ import annotations

from rich.console import Console

from lockgate.commands.opened import Opened
from lockgate.commands.options import now
from lockgate.errors import Exit
from lockgate.interrupts import Detached
from lockgate.notify import announce
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
        announce(opened.aws, opened.contract.platform.release_topic_arn, release)
    return release


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
