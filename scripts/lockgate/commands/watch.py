"""`lockgate watch`: attach to a running release, and drive it when nobody does any more."""

from __future__ import annotations

import click

from lockgate.commands.finish import conclude, drive
from lockgate.commands.opened import Opened, opens
from lockgate.commands.options import console
from lockgate.errors import Exit
from lockgate.release.model import Status


@click.command()
@opens
@click.option(
    "--release", "release_id", metavar="ID", help="This one; the newest running one when not given."
)
def watch(opened: Opened, release_id: str | None) -> Exit:
    """Attach to a running release from another terminal, or after a crash."""
    opened.checked()
    out = console()
    if release_id is None:
        running = (r.release_id for r in opened.ledger.history(limit=50) if r.status is Status.RUNNING)
        release_id = next(running, None)
    if release_id is None:
        out.print(f"Nothing is being released to {opened.name}.")
        return Exit.OK
    return conclude(drive(opened, release_id, out, watch=True), out)
