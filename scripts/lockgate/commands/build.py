"""`lockgate build`: make the artifacts of a bundle, without releasing them."""

from __future__ import annotations

import click
from rich.table import Table

from lockgate.commands.options import Opened, console, opens, service_option
from lockgate.packaging import build as make


@click.command()
@opens
@service_option
def build(opened: Opened, services: tuple[str, ...]) -> None:
    """Build every service once; the result is named by its content."""
    bundle = make(opened.project, opened.name, list(opened.project.services(opened.name, services)))
    table = Table()
    for column in ("service", "sha256", "bytes"):
        table.add_column(column)
    for name, artifact in bundle.services.items():
        table.add_row(name, artifact.sha256, f"{artifact.size:,}")
    console().print(table)
