"""`lockgate history --at`: what ran at a time, and by whose word, for whoever audits it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import click
from rich.console import Console

from lockgate.commands.opened import Opened
from lockgate.commands.options import console, now
from lockgate.errors import UsageError
from lockgate.release.model import Deployment, Release
from lockgate.report import words
from lockgate.report.audit import Audit, Period, Ran, audit

_DAY = timedelta(days=1)


def asked_about(given: str, at: datetime) -> tuple[Period, Period]:
    """What `--at` means: a moment, or a day where it is a date alone; and the day that it lies in, by the
    same offset from UTC. Without an offset, UTC.

    Args:
        given: what the command line says.
        at: the time now.

    Raises:
        UsageError: it is no time, or one that is yet to come.
    """
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as error:
        raise UsageError(
            f"--at {given!r} is no time", hint="Give one such as 2026-11-24T10:00Z, or a day: 2026-11-24."
        ) from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    midnight = datetime.combine(moment.date(), time.min, moment.tzinfo)
    day = Period(midnight, midnight + _DAY)
    period = day if _is_date(given) else Period(moment, moment)
    if period.since > at:
        raise UsageError(f"--at {given} is yet to come", hint=f"It is {at:%Y-%m-%dT%H:%M} UTC now.")
    return period, day


def _is_date(given: str) -> bool:
    try:
        date.fromisoformat(given)
    except ValueError:
        return False
    return True


def tell(opened: Opened, services: tuple[str, ...], given: str, *, as_json: bool) -> None:
    """Says it, or prints it as JSON."""
    period, day = asked_about(given, now())
    releases = list(opened.ledger.history(before=day.until))
    known = {name for release in releases for name in release.deployments}
    names = services or tuple(sorted(known | set(opened.contract.services)))
    found = audit(releases, period, day, names)
    if as_json:
        click.echo(json.dumps(_as_json(opened.name, found), indent=2))
    else:
        _say(opened.name, found, console())


def _say(environment: str, found: Audit, out: Console) -> None:
    for line in _lines(environment, found):
        out.print(line, markup=False, soft_wrap=True)


def _lines(environment: str, found: Audit) -> Iterator[str]:
    yield f"{environment}, {_period(found.period)}, as the ledger has it:"
    for name, ran in found.ran.items():
        if not ran:
            yield f"{name}: nothing: its first release had not been promoted then"
        for one in ran:
            yield f"{name}: {_what(one)}"
            yield from (f"  {line}" for line in _by_whom(one))
    yield "Releases of the day:" if found.releases else "No release was in progress on that day."
    for release in found.releases:
        yield from _told(release)


def _period(period: Period) -> str:
    if period.since == period.until:
        return f"at {_time(period.since)}"
    return f"from {_time(period.since)} to {_time(period.until)}"


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _what(ran: Ran) -> str:
    until = "" if ran.until is None else f" until {_time(ran.until)}"
    when = f"since {_time(ran.since)}{until}"
    if ran.version is None:
        return f"not known {when}: release {_id(ran.restored_by)} failed and wanted a look"
    grows = "and more, step by step, " if ran.grows else ""
    share = "" if ran.share is None else f"{ran.share} % {grows}of the traffic "
    return f"{words.short(ran.version)} {share}{when}"


def _by_whom(ran: Ran) -> Iterator[str]:
    if ran.version is None:
        return
    if ran.by_hand:
        yield "moved there by somebody or something that is not in the ledger"
    if ran.restored_by is not None:
        how = "asked for" if ran.restored_by.kind == "rollback" else "its own roll-back"
        yield f"brought back by release {_id(ran.restored_by)} of {ran.restored_by.by} ({how})"
        if ran.restored_by.kind == "rollback":
            yield from words.permissions(ran.restored_by)
    made = ran.release
    if made is None:
        yield "made by no release that the ledger knows"
        return
    commit = f"commit {made.commit}" if made.commit else "no commit"
    dirty = ", with changes that are in none" if made.dirty else ""
    yield f"release {_id(made)} of {made.by}; {commit}{dirty}; artifact sha256:{ran.sha256}"
    yield from words.permissions(made)


def _id(release: Release | None) -> str:
    return release.release_id if release else "?"


def _told(release: Release) -> Iterator[str]:
    ended = f"ended {_time(release.ended_at)}" if release.ended_at else "not over"
    yield f"{release.release_id}: {release.kind} by {release.by}, {release.status}, {ended}"
    for name, deployment in release.deployments.items():
        moved = f"{words.short(deployment.from_version or '?')} → {words.short(deployment.to_version or '?')}"
        yield f"  {name}: {moved}: {words.phase(deployment)}"
        yield from (f"    {line}" for line in _numbers(deployment))
    yield from (f"  {line}" for line in words.permissions(release))


def _numbers(deployment: Deployment) -> Iterator[str]:
    if deployment.cause:
        yield deployment.cause
    cause = deployment.cause or ""
    yield from (line for line in words.judged(deployment) if line.partition(": ")[2] not in cause)
    counted = words.tally(deployment.tallies)
    if counted:
        yield counted


def _as_json(environment: str, found: Audit) -> dict[str, Any]:
    return {
        "environment": environment,
        "since": found.period.since.isoformat(),
        "until": found.period.until.isoformat(),
        "services": {name: [_ran_as_json(one) for one in ran] for name, ran in found.ran.items()},
        "releases": [release.model_dump(mode="json", exclude={"lease"}) for release in found.releases],
    }


def _ran_as_json(ran: Ran) -> dict[str, Any]:
    made, back = _word_of(ran.release), _word_of(ran.restored_by)
    return {
        "version": ran.version,
        "since": ran.since.isoformat(),
        "until": ran.until.isoformat() if ran.until else None,
        "share_percent": 100 if ran.share is None else ran.share,
        "share_grows": ran.grows,
        "sha256": ran.sha256,
        "release": made,
        "restored_by": back,
        "by_hand": ran.by_hand,
    }


def _word_of(release: Release | None) -> dict[str, Any] | None:
    """A release, and by whose word it ran."""
    wanted = {"release_id", "kind", "by", "commit", "dirty", "approvals", "break_glass"}
    return release.model_dump(mode="json", include=wanted) if release else None
