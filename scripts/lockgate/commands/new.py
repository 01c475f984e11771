"""`lockgate new`: a folder for a new service that builds, tests and deploys at once."""

from __future__ import annotations

import re
import shutil
from importlib.resources import as_file, files
from pathlib import Path

import click

from lockgate.config import Project
from lockgate.config.kinds import FOLDERS
from lockgate.errors import UsageError

_NAME = re.compile(r"[a-z][a-z0-9-]{1,30}")


@click.command()
@click.argument("kind", type=click.Choice(list(FOLDERS)))
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Say what would be written; write nothing.")
def new(kind: str, name: str, dry_run: bool) -> None:
    """Add a service: NAME becomes its folder, and part of its resources' names."""
    project = Project.find(Path.cwd())
    target = project.root / FOLDERS[kind] / name
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be a service's name",
            hint="Take 2 to 31 lower-case letters, digits and dashes, a letter first.",
        )
    if target.exists():
        raise UsageError(f"{target} exists already", hint="Choose another name, or remove it first.")
    with as_file(files("lockgate.scaffold") / kind) as template:
        for source in sorted(path for path in template.rglob("*") if path.is_file()):
            written = target / source.relative_to(template)
            click.echo(f"{'would write' if dry_run else 'wrote'} {written.relative_to(project.root)}")
            if not dry_run:
                written.parent.mkdir(parents=True, exist_ok=True)
                written.write_text(
                    source.read_text(encoding="utf-8").replace("@NAME@", name), encoding="utf-8"
                )
                shutil.copymode(source, written)
    click.echo(f"Next: make deploy ENV=local SERVICE={name}")
