"""`lockgate schema`: write the JSON schemas and defaults that editors and Terraform read."""

from __future__ import annotations

from pathlib import Path

import click

from lockgate.config import Project, schemas
from lockgate.errors import Exit


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when a file is not current.")
def schema(check: bool) -> Exit:
    """Generate schemas/ from the models, or check that it is current."""
    folder = Project.find(Path.cwd()).root / "schemas"
    stale = schemas.outdated(folder) if check else schemas.write(folder)
    for name in stale:
        click.echo(f"schemas/{name} {'is not current: run `make schemas`' if check else 'written'}")
    if not stale:
        click.echo("schemas/ is current")
    return Exit.ERROR if check and stale else Exit.OK
