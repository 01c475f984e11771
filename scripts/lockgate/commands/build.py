"""`lockgate build`: make the artifacts of a bundle, without releasing them."""

from __future__ import annotations

from pathlib import Path

import click

from lockgate.commands.options import console, json_option, service_option
from lockgate.config import Project
from lockgate.errors import UsageError
from lockgate.packaging import Bundle
from lockgate.packaging import build as make


@click.command()
@click.option(
    "--env",
    "environment",
    metavar="NAME",
    help="Environment whose declarations hold. Default: all must agree.",
)
@service_option
@click.option("--publish", is_flag=True, help="Put the bundle and its artifacts into the artifact store.")
@json_option
def build(environment: str | None, services: tuple[str, ...], publish: bool, as_json: bool) -> None:
    """Build every service once; the result is named by its content."""
    project = Project.find(Path.cwd())
    if publish and environment is None and project.platform.tooling is None:
        raise UsageError("--publish needs to know where", hint="Name an environment: make build ENV=dev")
    bundle = make(project, environment, services)
    if as_json:
        click.echo(bundle.content, nl=False)
    else:
        _say(bundle)
    if publish:
        _publish(project, environment, bundle)


def _say(bundle: Bundle) -> None:
    from rich.table import Table

    table = Table()
    for column in ("service", "sha256", "for", "bytes", "unzipped", ""):
        table.add_column(column, justify="right" if column in ("bytes", "unzipped") else "left")
    for name, built in bundle.services.items():
        table.add_row(
            name,
            built.sha256[:12],
            f"{built.runtime} {built.architecture}",
            f"{built.size:,}",
            f"{built.unzipped:,}",
            "built" if name in bundle.made else "unchanged",
        )
    out = console()
    out.print(table)
    out.print(f"Bundle {bundle.sha256[:12]} of {bundle.provenance}: .build/bundle.json", soft_wrap=True)


def _publish(project: Project, environment: str | None, bundle: Bundle) -> None:
    from lockgate.commands.opened import Opened, OpenedAccount

    if environment is None or project.platform.shares_tooling(environment):
        opened = OpenedAccount.tooling()
    else:
        opened = Opened.named(environment)
    store = opened.checked().own_store
    uploaded = store.publish(bundle)
    click.echo(f"{len(uploaded)} uploaded to s3://{store.bucket}; release it with BUNDLE={bundle.sha256}")
