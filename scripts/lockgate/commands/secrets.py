"""`lockgate secrets`: set the values of services' secrets, and see which have one."""

from __future__ import annotations

import difflib
import json
import sys

import click
from rich.table import Table

from lockgate.commands.opened import Opened, opens
from lockgate.commands.options import console, dry_run_option, json_option, service_option
from lockgate.config import Project
from lockgate.contract import SecretContract
from lockgate.errors import Exit, RefusedError, UsageError
from lockgate.secrets.listing import Listed, listed, provisioned_of
from lockgate.secrets.stores import Writer
from lockgate.secrets.values import READ_BYTES, SecretValue, check_size, piped


@click.group()
def secrets() -> None:
    """Set secrets of services, and see which have a value."""


@secrets.command("set")
@opens
@click.argument("service", metavar="SERVICE")
@click.argument("name", metavar="NAME")
@dry_run_option
def set_(opened: Opened, service: str, name: str, dry_run: bool) -> Exit:
    """Set the value of one secret: from standard input, or typed twice.

    A pipe's bytes are taken as they are, without one newline at their end.
    """
    _check_declared(opened.project, opened.name, service, name)
    secret = _provisioned(opened.checked(), service, name)
    value = _read()
    if value.newline_dropped:
        click.echo("One newline at the end was left out.", err=True)
    check_size(value, secret.store)
    if dry_run:
        click.echo("Nothing was written.")
        return Exit.OK
    where = _writer(opened).put(secret, value)
    click.echo(f"{service}: {name} is set in {where}.")
    return Exit.OK


@secrets.command("list")
@opens
@service_option
@json_option
def list_(opened: Opened, services: tuple[str, ...], as_json: bool) -> Exit:
    """Show each secret: its store, whether it has a value, since when, and its rotation."""
    wanted = opened.project.services(opened.name, services)
    found = list(listed(opened.checked().aws, opened.contract, wanted))
    if as_json:
        click.echo(json.dumps([one.as_dict() for one in found], indent=2))
    elif found:
        console().print(_table(found))
    else:
        click.echo("No service declares a secret.")
    return Exit.OK


def _check_declared(project: Project, environment: str, service: str, name: str) -> None:
    declared = project.services(environment, [service])[service].secrets
    if name not in declared:
        close = difflib.get_close_matches(name, list(declared), n=1)
        raise UsageError(
            f"{service} declares no secret {name!r}: there are {', '.join(sorted(declared)) or 'none'}",
            hint=f"Did you mean {close[0]!r}?" if close else "Add it under `secrets:` of its service.yaml.",
        )


def _provisioned(opened: Opened, service: str, name: str) -> SecretContract:
    found = provisioned_of(opened.contract, service).get(name)
    if found is None:
        raise RefusedError(f"{service}: {name} is declared and not provisioned", hint=_apply_hint(opened))
    return found


def _apply_hint(opened: Opened) -> str:
    return f"Apply Terraform first: make apply ENV={opened.name}."


def _writer(opened: Opened) -> Writer:
    platform = opened.project.platform
    tags = {
        **platform.tags,
        "environment": opened.name,
        "managed-by": "lockgate",
        "organisation": platform.organisation,
        "platform": platform.name,
    }
    return Writer(opened.aws, tags, _apply_hint(opened))


def _read() -> SecretValue:
    """What a person types twice, unseen, or what a pipe or file has.

    Raises:
        UsageError: it cannot be stored.
    """
    if not sys.stdin.isatty():
        return piped(sys.stdin.buffer.read(READ_BYTES))
    typed: str = click.prompt("Value", hide_input=True, confirmation_prompt="Once more", err=True)
    return piped(typed.encode(errors="surrogateescape"))


def _table(found: list[Listed]) -> Table:
    table = Table()
    for column in ("service", "secret", "store", "value", "changed (UTC)", "rotation"):
        table.add_column(column, overflow="fold")
    for one in found:
        known = one.known
        value = "[red]not provisioned[/]" if known is None else "yes" if known.has_value else "[red]no[/]"
        changed = f"{known.changed:%Y-%m-%d %H:%M}" if known and known.changed else "-"
        rotation = (known.rotation if known else None) or "-"
        table.add_row(one.service, one.name, one.store, value, changed, rotation)
    return table
