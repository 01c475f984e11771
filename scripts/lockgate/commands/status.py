"""`lockgate status`: what is live, what is running, what came last."""

from __future__ import annotations

import json
from typing import Any

import click
from rich.table import Table

from lockgate.commands.opened import Opened, opens
from lockgate.commands.options import console, json_option, now, service_option
from lockgate.release.codedeploy import red_alarms
from lockgate.release.drivers import driver_of
from lockgate.report import words


@click.command()
@opens
@service_option
@json_option
def status(opened: Opened, services: tuple[str, ...], as_json: bool) -> None:
    """Live version, weights, running release and last release of each service."""
    opened.project.services(opened.name, services)
    opened.checked()
    rows = [_row(opened, name) for name in services or opened.contract.services]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    table = Table(title=f"{opened.name} ({opened.environment.account_id})")
    for column in ("service", "live", "traffic", "release", "running", "alarms"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(
            row["service"],
            words.short(row["version"]),
            words.shares(row["weights"]),
            row["last_good_release"] or "none yet",
            row["running_release"] or "",
            "red: " + ", ".join(row["red_alarms"]) if row["red_alarms"] else "quiet",
        )
    console().print(table)


def _row(opened: Opened, name: str) -> dict[str, Any]:
    contract = opened.contract.service(name)
    live = driver_of(opened.aws, contract, "", now()).live(None)
    good = opened.ledger.good(name)
    return {
        "service": name,
        "version": live.version,
        "weights": live.weights,
        "last_good_release": good[-1].release_id if good else None,
        "last_good_version": good[-1].version if good else None,
        "running_release": opened.ledger.holder(name),
        "red_alarms": list(red_alarms(opened.aws, contract)),
        "url": contract.address,
    }
