"""`lockgate build`: make the artifacts of a bundle, without releasing them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lockgate.commands.options import console, json_option, service_option
from lockgate.config import Project
from lockgate.errors import UsageError
from lockgate.github.workflow import hand_on
from lockgate.packaging import BuiltZip, Bundle
from lockgate.packaging import build as make

if TYPE_CHECKING:
    from lockgate.commands.opened import OpenedAccount


@click.command()
@click.option(
    "--env",
    "environment",
    metavar="NAME",
    help="Environment whose declarations hold. Default: all must agree.",
)
@service_option
@click.option("--publish", is_flag=True, help="Put the bundle and its artifacts into the artifact store.")
@click.option("--remote", is_flag=True, help="Build in CodeBuild, which publishes; its log is printed here.")
@json_option
def build(
    environment: str | None, services: tuple[str, ...], publish: bool, remote: bool, as_json: bool
) -> None:
    """Build every service once; the result is named by its content."""
    project = Project.find(Path.cwd())
    if (publish or remote) and environment is None and project.platform.tooling is None:
        raise UsageError("which artifact store? --env is missing", hint="Say whose: make build ENV=dev")
    if remote:
        _remote(project, environment, services, as_json)
        return
    bundle = make(project, environment, services)
    if as_json:
        click.echo(bundle.content, nl=False)
    else:
        _say(bundle)
    if publish:
        _publish(project, environment, bundle)


def _say(bundle: Bundle) -> None:
    if bundle.made:
        _say_made(bundle)
    unchanged = len(bundle.services) - len(bundle.made)
    if unchanged:
        click.echo(f"{unchanged} unchanged")
    click.echo(f"Bundle {bundle.sha256[:12]} of {bundle.provenance}: .build/bundle.json")


def _say_made(bundle: Bundle) -> None:
    from rich.table import Table

    table = Table()
    for column in ("built", "sha256", "for", "bytes", "unzipped"):
        table.add_column(column, justify="right" if column in ("bytes", "unzipped") else "left")
    for name in sorted(bundle.made):
        built = bundle.services[name]
        unzipped = f"{built.unzipped:,}" if isinstance(built, BuiltZip) else ""
        table.add_row(name, built.sha256[:12], built.target, f"{built.size:,}", unzipped)
    console().print(table)


def _remote(project: Project, environment: str | None, services: tuple[str, ...], as_json: bool) -> None:
    from lockgate.commands.build_remote import build_remote

    if as_json:
        raise UsageError("--json does not go with --remote", hint="Take the bundle from the artifact store.")
    if environment is not None:
        project.services(environment, services)
    build_remote(_holder(project, environment), environment, services, console())


def _publish(project: Project, environment: str | None, bundle: Bundle) -> None:
    holder = _holder(project, environment)
    store = holder.own_store
    for name in holder.registry.push(bundle) if bundle.images else ():
        click.echo(f"{name} pushed")
    uploaded = store.publish(bundle)
    hand_on(bundle=bundle.sha256)
    click.echo(f"{len(uploaded)} uploaded to s3://{store.bucket}; release it with BUNDLE={bundle.sha256}")


def _holder(project: Project, environment: str | None) -> OpenedAccount:
    """The account with the artifact store and the builds of an environment, or of all."""
    from lockgate.commands.opened import Opened, OpenedAccount

    if environment is None or project.platform.shares_tooling(environment):
        return OpenedAccount.tooling().checked()
    return Opened.named(environment).checked()
