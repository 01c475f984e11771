"""`lockgate verify`: whether everything that a release needs is there and fits."""

from __future__ import annotations

import json

import click
from rich.table import Table

from lockgate.commands.opened import Opened, opens
from lockgate.commands.options import console, json_option, service_option
from lockgate.errors import Exit
from lockgate.release.findings import Finding, Level
from lockgate.release.verify import verify as look

_MARKS = {Level.OK: "[green]ok[/]", Level.WARNING: "[yellow]warning[/]", Level.PROBLEM: "[red]problem[/]"}


@click.command()
@opens
@service_option
@json_option
def verify(opened: Opened, services: tuple[str, ...], as_json: bool) -> Exit:
    """Check contract, alias, role trust, alarms, hook, secrets and running deployments; write nothing."""
    wanted = opened.project.services(opened.name, services)
    opened.checked()
    findings = look(opened.aws, opened.contract, wanted)
    if as_json:
        click.echo(json.dumps([finding.as_dict() for finding in findings], indent=2))
    else:
        console().print(_table(findings))
    return Exit.REFUSED if any(finding.level is Level.PROBLEM for finding in findings) else Exit.OK


def _table(findings: list[Finding]) -> Table:
    table = Table()
    for column in ("service", "check", "", "detail"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        detail = f"{finding.detail}\n[dim]{finding.hint}[/]" if finding.hint else finding.detail
        table.add_row(finding.subject, finding.check, _MARKS[finding.level], detail)
    return table
