"""What ran at a time, by the ledger alone: a pure function of the releases that began before.

Times are those at which a release saw it, seconds after it happened: a release looks six times a minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from lockgate.release.model import Deployment, Phase, Release


@dataclass(frozen=True)
class Period:
    """A moment, or the time from `since` until before `until`."""

    since: datetime
    until: datetime

    def overlaps(self, since: datetime, until: datetime | None) -> bool:
        """Whether something that began then, and ended then or goes on, lies in it in part."""
        if self.since == self.until:
            return since <= self.since and (until is None or self.since < until)
        return since < self.until and (until is None or until > self.since)


@dataclass(frozen=True)
class Ran:
    """A version that served for a while.

    Attributes:
        service: its name.
        version: the version; None while it is not known what served, after a release that failed.
        since: when it began.
        until: when it ended; None where it goes on, as far as the ledger knows.
        share: percent of the traffic that a canary had; None for everything.
        grows: whether that share grew step by step from there.
        release: the release that made the version; None where the ledger knows of none.
        restored_by: the release that came back to it, by its own roll-back or because that was asked for.
        by_hand: whether a release found it serving, and the one before had left something else.
    """

    service: str
    version: str | None
    since: datetime
    until: datetime | None = None
    share: int | None = None
    grows: bool = False
    release: Release | None = None
    restored_by: Release | None = None
    by_hand: bool = False

    @property
    def sha256(self) -> str | None:
        """Digest of its artifact."""
        made = self.release.deployments[self.service].artifact if self.release else None
        return made.sha256 if made else None


@dataclass(frozen=True)
class Audit:
    """The answer to an auditor.

    Attributes:
        period: what was asked about.
        ran: by service, what served in that time, the oldest first; empty before its first release.
        releases: those in progress on the day of that time, or that ended on it, the oldest first.
    """

    period: Period
    ran: Mapping[str, tuple[Ran, ...]]
    releases: tuple[Release, ...]


def audit(releases: Iterable[Release], period: Period, day: Period, services: Sequence[str]) -> Audit:
    """What ran in a time, and which releases there were on the day.

    Args:
        releases: of the environment, in any order; those that began before the day's end are enough.
        period: the time.
        day: the day that it lies in.
        services: those that are asked about.
    """
    ordered = sorted(releases, key=lambda release: (release.created_at, release.release_id))
    ran = {
        name: tuple(one for one in timeline(name, ordered) if period.overlaps(one.since, one.until))
        for name in services
    }
    at_work = (one for one in ordered if day.overlaps(one.created_at, one.ended_at))
    asked = set(services)
    return Audit(period, ran, tuple(one for one in at_work if asked & one.deployments.keys()))


def timeline(service: str, releases: Iterable[Release]) -> list[Ran]:
    """All that ever served of a service, by releases in their order: what had everything does not overlap,
    and what had a share overlaps with that."""
    told = _Told(service)
    for release in releases:
        deployment = release.deployments.get(service)
        if deployment is not None:
            told.add(release, deployment)
    return sorted(told.ended(), key=lambda one: (one.since, one.share is not None))


@dataclass
class _Told:
    """What is known of a service so far."""

    service: str
    ran: list[Ran] = field(default_factory=list)
    serving: Ran | None = None
    made: dict[str, Release] = field(default_factory=dict)

    def add(self, release: Release, deployment: Deployment) -> None:
        """Goes on by one release."""
        times, promoted = deployment.times, _promoted_at(deployment)
        self._made(release, deployment)
        found = times.get(Phase.PREPARED) or times.get(Phase.STARTED)
        if found and self.serving and self.serving.version != deployment.from_version:
            self._serves(deployment.from_version, found, by_hand=self.serving.version is not None)
        self.ran += self._canary(release, deployment)
        if promoted is not None:
            restored = release if release.kind == "rollback" else None
            self._serves(deployment.to_version, promoted, restored_by=restored)
        if deployment.phase is Phase.ROLLED_BACK and promoted is not None:
            self._serves(deployment.from_version, times[Phase.ROLLED_BACK], restored_by=release)
        if deployment.phase is Phase.FAILED and Phase.STARTED in times:
            self._serves(None, times[Phase.FAILED], restored_by=release)

    def _made(self, release: Release, deployment: Deployment) -> None:
        """Whose a version is: Lambda gives the same one for the same code and configuration, so that a later
        release may bring up what an earlier one did not."""
        version = deployment.to_version
        if deployment.artifact is None or version is None or version == deployment.from_version:
            return
        if version not in self.made or _promoted_at(deployment) is not None:
            self.made[version] = release

    def ended(self) -> Iterator[Ran]:
        """Everything, the last of it without an end."""
        yield from self.ran
        if self.serving is not None:
            yield self.serving

    def _serves(
        self,
        version: str | None,
        since: datetime,
        *,
        restored_by: Release | None = None,
        by_hand: bool = False,
    ) -> None:
        if self.serving is not None and self.serving.version == version:
            return
        if self.serving is not None:
            self.ran.append(replace(self.serving, until=since))
        made = self.made.get(version or "")
        self.serving = Ran(
            self.service, version, since, release=made, restored_by=restored_by, by_hand=by_hand
        )

    def _canary(self, release: Release, deployment: Deployment) -> Iterator[Ran]:
        since = deployment.times.get(Phase.CANARY)
        if since is None or deployment.strategy == "all_at_once":
            return
        bad = [deployment.times.get(phase) for phase in (Phase.ROLLED_BACK, Phase.FAILED)]
        ends = [_promoted_at(deployment), *bad]
        until = min((end for end in ends if end is not None), default=None)
        yield Ran(
            self.service,
            deployment.to_version,
            since,
            until,
            deployment.percentage,
            deployment.strategy == "linear",
            self.made.get(deployment.to_version or "", release),
        )


def _promoted_at(deployment: Deployment) -> datetime | None:
    """When the new version was seen to serve everything."""
    return deployment.times.get(Phase.BAKING) or deployment.times.get(Phase.SUCCEEDED)
