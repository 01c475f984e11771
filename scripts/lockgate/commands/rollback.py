"""`lockgate rollback`: go back to what the ledger says was good."""

from __future__ import annotations

import click

from lockgate.commands.finish import conclude, drive, say_plan, telling_refusals
from lockgate.commands.gates import permitted
from lockgate.commands.opened import Opened, opens, operator
from lockgate.commands.options import console, dry_run_option, service_option
from lockgate.errors import Exit, UsageError
from lockgate.release.ledger import ServiceHeldError
from lockgate.release.plan import Origin

ALARMS_DO_NOT_COUNT = "a roll-back: the alarm that is red may be the reason for it"


@click.command()
@opens
@service_option
@click.option("--to", "to", metavar="RELEASE", help="Go back to what this release left serving.")
@click.option(
    "--running", "only_running", is_flag=True, help="Stop what runs; where nothing does, do nothing."
)
@dry_run_option
def rollback(
    opened: Opened, services: tuple[str, ...], to: str | None, only_running: bool, dry_run: bool
) -> Exit:
    """Stop a running release, or go back to the last good one (or to RELEASE), at once."""
    if only_running and to:
        raise UsageError("--running does not go with --to", hint="Leave one out.")
    names = list(opened.project.services(opened.name, services))
    opened.checked()
    out = console()
    running = _running(opened, names)
    if running:
        return _stop(opened, running, dry_run)
    if only_running:
        out.print("Nothing is running.")
        return Exit.OK
    known = [name for name in names if name in opened.contract.services]
    turn = known if services or to else opened.planner.last_released(known) or known
    origin = Origin(by=operator(), ignore_alarms=ALARMS_DO_NOT_COUNT)
    with telling_refusals(opened, dry_run=dry_run):
        planned = opened.planner.rollback(turn, to, origin)
    say_plan(planned, out)
    if dry_run or not planned.deployments:
        out.print("Nothing was written." if dry_run else "Nothing to do.")
        return Exit.OK
    try:
        begun = opened.ledger.begin(permitted(opened, planned, None))
    except ServiceHeldError as error:
        return _stop(opened, error.release_id, dry_run)
    return conclude(drive(opened, begun.release_id, out), out)


def _running(opened: Opened, names: list[str]) -> str | None:
    return next((holder for name in names if (holder := opened.ledger.holder(name))), None)


def _stop(opened: Opened, release_id: str, dry_run: bool) -> Exit:
    out = console()
    out.print(f"Release {release_id} is running: it is stopped and rolled back.")
    if dry_run:
        out.print("Nothing was written.")
        return Exit.OK
    opened.ledger.request_stop(release_id, f"roll-back asked for by {operator()}")
    release = drive(opened, release_id, out, watch=True)
    code = conclude(release, out)
    return Exit.OK if code is Exit.ROLLED_BACK else code
