"""`lockgate history`: what was released, by whom, and how it ended."""

from __future__ import annotations

import json
from itertools import islice

import click
from rich.table import Table

from lockgate.commands.history_at import tell
from lockgate.commands.opened import Opened, opens
from lockgate.commands.options import console, json_option, service_option
from lockgate.report import words


@click.command()
@opens
@service_option
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many at most."
)
@click.option(
    "--at",
    metavar="TIME",
    help="What ran then, and by whose word: 2026-11-24T10:00Z, or 2026-11-24 for the whole day (UTC).",
)
@json_option
def history(opened: Opened, services: tuple[str, ...], limit: int, at: str | None, as_json: bool) -> None:
    """Releases, the newest first; or what ran at a time."""
    opened.project.services(opened.name, services)
    opened.checked()
    if at is not None:
        tell(opened, services, at, as_json=as_json)
        return
    matching = (
        release
        for release in opened.ledger.history()
        if not services or set(services) & release.deployments.keys()
    )
    releases = list(islice(matching, limit))
    if as_json:
        click.echo(
            json.dumps([release.model_dump(mode="json", exclude={"lease"}) for release in releases], indent=2)
        )
        return
    table = Table(title=f"releases of {opened.name}")
    for column in ("release", "outcome", "services", "by", "commit", "reason"):
        table.add_column(column, overflow="fold")
    for release in releases:
        moves = [
            f"{d.service} {words.short(d.from_version or '?')}→{words.short(d.to_version or '?')} {d.phase}"
            for d in release.deployments.values()
        ]
        commit = (release.commit or "")[:8] + ("+" if release.dirty else "")
        table.add_row(
            release.release_id,
            f"{release.kind} {release.status}",
            "\n".join(moves),
            release.by,
            commit,
            "\n".join([release.reason or release.ignore_alarms or "", *words.permissions(release)]).strip(),
        )
    console().print(table)
