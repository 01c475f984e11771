"""`python -m lockgate.plans.validate`: formatting and validity of every Terraform module, two at a time."""

from __future__ import annotations

import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from lockgate.errors import LockgateError
from lockgate.plans.terraform import Terraform

AT_ONCE = 2
"""Terraform processes at the same time: each brings a provider of 600 MB."""


@click.command()
@click.option("--format", "rewrite", is_flag=True, help="Rewrite what is not formatted; validate nothing.")
@click.option("--only-format", is_flag=True, help="Check the format; validate nothing.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(rewrite: bool, only_format: bool, folder: Path) -> None:
    """Check the Terraform modules under FOLDER."""
    folder = folder.resolve()
    root = folder.parent
    formatter = Terraform(project_root=root, folder=folder, data_dir=root / ".lockgate" / "fmt")
    if rewrite:
        formatter.fmt()
        return
    diff = formatter.fmt_check()
    if diff:
        sys.exit(f"{diff}\nerror: not formatted as above\nhint: make format")
    if only_format:
        return
    roots = sorted({path.parent for path in folder.rglob("versions.tf") if ".terraform" not in path.parts})
    with ThreadPoolExecutor(AT_ONCE) as workers:
        problems = [
            problem for problem in workers.map(lambda module: _validate(root, module), roots) if problem
        ]
    if problems:
        sys.exit("\n".join(problems))
    click.echo(f"{len(roots)} Terraform modules are formatted and valid")


LOCK = Path("terraform/stacks/workload/.terraform.lock.hcl")


def _validate(root: Path, module: Path) -> str | None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = module if (module / LOCK.name).is_file() else _copied(root, module, Path(temporary))
        it = Terraform(project_root=root, folder=folder, data_dir=Path(temporary) / "data")
        try:
            it.init()
            it.validate()
        except LockgateError as error:
            return f"error: {module.relative_to(root)}: {error.message}\nhint: {error.hint}"
    return None


def _copied(root: Path, module: Path, temporary: Path) -> Path:
    """A copy with the stack's lock file: beside a module that others include, none should appear."""
    ignored = shutil.ignore_patterns(".terraform", "*.tfstate*")
    folder = Path(shutil.copytree(root / "terraform", temporary / "terraform", ignore=ignored))
    shutil.copy(root / LOCK, folder / module.relative_to(root / "terraform"))
    return folder / module.relative_to(root / "terraform")


if __name__ == "__main__":
    main()
