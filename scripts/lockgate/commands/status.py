"""`lockgate status`: what is live, what is running, what came last."""

from __future__ import annotations

import json
from typing import Any

import click
from rich.table import Table

from lockgate.commands.opened import Opened, opens
from lockgate.commands.options import console, json_option, now, service_option
from lockgate.errors import RefusedError
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
        runs = row["running_release"] is not None
        table.add_row(
            row["service"],
            words.short(row["version"]),
            words.shares(row["weights"]),
            _with(row["last_good_release"] or "none yet", None if runs else row["break_glass"]),
            _with(row["running_release"] or "", row["break_glass"] if runs else None),
            "red: " + ", ".join(row["red_alarms"]) if row["red_alarms"] else "quiet",
        )
    console().print(table)


def _row(opened: Opened, name: str) -> dict[str, Any]:
    contract = opened.contract.service(name)
    live = driver_of(opened.aws, contract, "", now()).live(None)
    good = opened.ledger.good(name)
    running = opened.ledger.holder(name)
    broken = _broken(opened, running or (good[-1].release_id if good else None))
    return {
        "service": name,
        "version": live.version,
        "weights": live.weights,
        "last_good_release": good[-1].release_id if good else None,
        "last_good_version": good[-1].version if good else None,
        "running_release": running,
        "break_glass": broken,
        "red_alarms": list(red_alarms(opened.aws, contract)),
        "url": contract.address,
    }


def _with(release: str, broken: str | None) -> str:
    return f"{release}\n{broken}" if broken else release


def _broken(opened: Opened, release_id: str | None) -> str | None:
    """Under which break-glass a release runs, or has made what is live."""
    if release_id is None:
        return None
    try:
        release = opened.ledger.release(release_id)
    except RefusedError:
        return None
    return words.break_glass(release.break_glass, release.by) if release.break_glass else None
