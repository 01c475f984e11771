"""`lockgate deploy`: build, check, release, watch, and say how it ended."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

import click
from rich.console import Console

from lockgate.commands.bring_up import bring_up
from lockgate.commands.chosen import choose
from lockgate.commands.finish import conclude, drive, say_plan, telling_refusals
from lockgate.commands.gates import (
    Gate,
    announce_release,
    break_glass_option,
    freezes,
    permitted,
    unproven,
)
from lockgate.commands.opened import Opened, opens, operator
from lockgate.commands.options import console, dry_run_option, now, service_option
from lockgate.commands.traffic import Load
from lockgate.config import Service
from lockgate.errors import Exit, RefusedError
from lockgate.packaging import Bundle
from lockgate.release import lease
from lockgate.release.findings import Finding, Level
from lockgate.release.ledger import ServiceHeldError
from lockgate.release.model import Artifact, Release, Status
from lockgate.release.plan import Origin
from lockgate.release.verify import verify

NEXT_STEP = "Next: change a service's code and run it again to watch a canary."


@click.command()
@opens
@service_option
@click.option(
    "--bundle",
    "reference",
    metavar="BUNDLE",
    help="Release this one and build nothing: a file, a commit, or a bundle's digest.",
)
@click.option(
    "--ignore-alarms",
    metavar="REASON",
    help="Release although an alarm is red, and do not let alarms stop it. Written down.",
)
@break_glass_option
@click.option(
    "--keep-promoted",
    is_flag=True,
    help="Keep services that were promoted when another one of the release is rolled back.",
)
@click.option(
    "--traffic/--no-traffic",
    default=None,
    help="Send smoke events while it runs. Default: only on an embedded AWS.",
)
@dry_run_option
def deploy(
    opened: Opened,
    services: tuple[str, ...],
    reference: str | None,
    ignore_alarms: str | None,
    break_glass: str | None,
    keep_promoted: bool,
    traffic: bool | None,
    dry_run: bool,
) -> Exit:
    """Release what has changed, as canaries that are watched, promoted or rolled back."""
    out = console()
    gate = Gate(break_glass, dry_run, out)
    if gate.refuses:
        gate.passes(freezes(opened))
    wanted = opened.project.services(opened.name, services)
    if not (opened.environment.is_bootstrapped or dry_run):
        bring_up(opened, wanted, out)
    opened.checked()
    wanted = _with_hooks(opened, wanted, out)
    with _load(opened, list(wanted), opened.environment.is_embedded if traffic is None else traffic):
        interrupted = None if dry_run else _finish_interrupted(opened, list(wanted), out)
        if interrupted is not None and interrupted.status is not Status.SUCCEEDED:
            out.print("That was the interrupted release. Run it again to release what is here now.")
            return conclude(interrupted, out)
        bundle = choose(opened, wanted, reference)
        origin = Origin(operator(), bundle.commit, bundle.dirty, ignore_alarms, keep_promoted)
        with telling_refusals(opened, dry_run=dry_run):
            return _release(opened, wanted, bundle, origin, gate, reference)


def _with_hooks(opened: Opened, wanted: dict[str, Service], out: Console) -> dict[str, Service]:
    """The wanted services, and the hooks that would check them but were never released themselves: a hook
    without code reports nothing, and CodeDeploy waits an hour for it."""
    named = {hook for service in wanted.values() for hook in service.references.get("hook", [])}
    missing = [name for name in sorted(named - set(wanted)) if not opened.ledger.good(name)]
    if not missing:
        return wanted
    out.print(f"{', '.join(missing)} comes too: it is the hook, and was never released", markup=False)
    return {**wanted, **opened.project.services(opened.name, missing)}


def _release(
    opened: Opened,
    services: Mapping[str, Service],
    bundle: Bundle,
    origin: Origin,
    gate: Gate,
    reference: str | None,
) -> Exit:
    out = gate.out
    ignoring = origin.ignore_alarms is not None
    _refuse_problems(verify(opened.aws, opened.contract, services, ignore_alarms=ignoring), out)
    artifacts = {
        name: Artifact(key=built.key, sha256=built.sha256, code_sha256=built.code_sha256)
        for name, built in bundle.services.items()
    }
    planned = opened.planner.deploy(services, artifacts, origin)
    say_plan(planned, out)
    # Building may have taken until a freeze began: it is looked at again.
    obstacles = [*freezes(opened), *unproven(opened, planned, reference)]
    passes = gate.passes(obstacles)
    if gate.dry_run or not planned.deployments:
        out.print("Nothing was written." if gate.dry_run else f"Nothing to do. {NEXT_STEP}")
        return Exit.OK if passes else Exit.REFUSED
    changed = bundle.only(planned.deployments)
    if reference is None:
        if changed.images:
            opened.registry.push(changed)
        opened.store.upload(changed)
    if changed.images:
        opened.registry.verify(changed)
    opened.store.verify(changed)
    begun = _begin(opened, permitted(opened, planned, gate.broken(obstacles)))
    announce_release(opened, begun)
    return conclude(drive(opened, begun.release_id, out), out)


def _begin(opened: Opened, planned: Release) -> Release:
    try:
        return opened.ledger.begin(planned)
    except ServiceHeldError as error:
        raise _held(opened, error.release_id) from error


def _held(opened: Opened, release_id: str) -> RefusedError:
    release = opened.ledger.release(release_id)
    holder = release.lease.holder if release.lease else release.by
    return RefusedError(
        f"release {release_id} of {', '.join(release.deployments)} is being driven by {holder} since "
        f"{release.created_at:%H:%M:%S} UTC",
        hint=f"Watch it: make watch ENV={opened.name}. End it: make rollback ENV={opened.name}.",
    )


def _finish_interrupted(opened: Opened, names: list[str], out: Console) -> Release | None:
    """Ends a release whose process has died, so that nothing is deployed twice; None when there is none.

    Raises:
        RefusedError: a living process drives a release of one of these services.
    """
    last = None
    for name in names:
        release_id = opened.ledger.holder(name)
        if release_id is None:
            continue
        release = opened.ledger.release(release_id)
        if not lease.is_free(release.lease, now()):
            raise _held(opened, release_id)
        out.print(f"Release {release_id} was interrupted: going on with it.")
        last = drive(opened, release_id, out)
        if last.status is not Status.SUCCEEDED:
            return last
    return last


def _refuse_problems(findings: list[Finding], out: Console) -> None:
    for finding in findings:
        if finding.level is Level.WARNING:
            out.print(f"warning: {finding.subject}: {finding.check}: {finding.detail}", markup=False)
    problems = [finding for finding in findings if finding.level is Level.PROBLEM]
    if problems:
        raise RefusedError(
            "\n".join(f"{p.subject}: {p.check}: {p.detail}" for p in problems),
            hint=" ".join(dict.fromkeys(p.hint for p in problems)),
        )


@contextlib.contextmanager
def _load(opened: Opened, names: list[str], wanted: bool) -> Iterator[None]:
    if not wanted:
        yield
        return
    with Load.of(opened, names):
        yield
