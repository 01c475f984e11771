"""`advance`: one step of a release, taken by whoever calls it, as often as anybody likes.

State lives in the ledger. A step reads it, looks at AWS, decides with a pure function, does one thing that is
safe to repeat, and writes. A process that dies anywhere leaves a release that the next one goes on with.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from lockgate.errors import LockgateError
from lockgate.notify.notifier import Nobody, Notifier
from lockgate.notify.telling import events_of
from lockgate.release import lease
from lockgate.release.decide import condemned, decide, wants_own_rollback
from lockgate.release.driver import Observation, TrafficDriver
from lockgate.release.judgement import Judgement
from lockgate.release.judging import judged
from lockgate.release.ledger import Ledger, lost_lease
from lockgate.release.model import Deployment, Phase, Release, Status, Tally

log = logging.getLogger(__name__)


class TallySource(Protocol):
    """Counts requests and errors of a deployment's two versions."""

    def __call__(self, deployment: Deployment, at: datetime, /) -> dict[str, Tally]:
        """Tallies by version since the deployment started; empty when they cannot be read."""


class JudgementSource(Protocol):
    """Judges deployments."""

    def __call__(
        self, release: Release, deployments: Iterable[Deployment], now: datetime, /
    ) -> Mapping[str, Judgement]:
        """New judgements by service; none for a service about which nothing new is known."""


@dataclass
class Engine:
    """Drives releases of one environment.

    Args:
        ledger: where releases are written.
        drivers: makes the traffic driver of each service of a release.
        tally: counts requests and errors.
        judge: judges the new versions beside the old ones.
        minute: length of a CodeDeploy minute.
        now: the clock.
        mark: shows on dashboards how far a release has come; called after each look, and safe to repeat.
        notifier: tells others what happens.
        seen: the last observation of each service, for whoever shows progress.
    """

    ledger: Ledger
    drivers: Callable[[Release], Mapping[str, TrafficDriver]]
    tally: TallySource
    judge: JudgementSource
    minute: timedelta
    now: Callable[[], datetime]
    mark: Callable[[Release], None] = lambda _: None
    notifier: Notifier = field(default_factory=Nobody)
    seen: dict[str, Observation] = field(default_factory=dict)

    def advance(self, release_id: str) -> Release:
        """Takes one step with every service whose turn it is.

        Raises:
            LostLeaseError: another process drives this release now.
            StaleError: the release was written meanwhile, by somebody who asked for a stop, say; call again.
        """
        release = self._hold(self.ledger.release(release_id))
        if release.status is not Status.RUNNING:
            return release
        drivers = self.drivers(release)
        judgements = self.judge(release, [d for d in _at_work(release) if d.judge], self.now())
        for deployment in _at_work(release):
            driver = drivers[deployment.service]
            known = judged(deployment, judgements.get(deployment.service))
            stepped = self._step(release, known, driver)
            if stepped != deployment:
                release = self.ledger.save(release.with_deployment(stepped))
            if stepped.phase is Phase.STOPPING and deployment.phase is not Phase.STOPPING:
                # The intention is written: nothing is gained by waiting for the next look.
                driver.stop(stepped)
        concluded = self._told(conclude(release, self.now()))
        if concluded != release:
            release = self.ledger.save(concluded)
        self.mark(release)
        return release

    def _told(self, release: Release) -> Release:
        """Says what is new, and notes it. After what the step had to do, which must not wait for it, and
        before the end is written: a process that is killed in between makes an event come twice, none
        get lost."""
        try:
            news = [event for event in events_of(release) if event.id not in release.told]
            told = self.notifier.tell(news) if news else ()
        except Exception:  # whatever it is: a release does not fail because nobody could be told
            log.warning("what happens in release %s cannot be told", release.release_id, exc_info=True)
            return release
        return release.but(told=(*release.told, *told)) if told else release

    def drives(self, release: Release) -> bool:
        """Whether this process has the release's lease."""
        return release.lease is not None and release.lease.token == self._token

    def look(self, release: Release) -> None:
        """Observes what is going on without touching it."""
        drivers = self.drivers(release)
        for deployment in _at_work(release):
            if deployment.deployment_id:
                self.seen[deployment.service] = drivers[deployment.service].observe(deployment)

    def _hold(self, release: Release) -> Release:
        now = self.now()
        held = release.lease
        if release.status is not Status.RUNNING:
            return release
        if self.drives(release):
            if held is not None and not lease.wants_renewal(held, now):
                return release
        elif not lease.is_free(held, now):
            raise lost_lease(release)
        renewed = lease.mine(now, self._token)
        self._token = renewed.token
        return self.ledger.save(release.but(lease=renewed))

    _token: str | None = None

    def _step(self, release: Release, deployment: Deployment, driver: TrafficDriver) -> Deployment:
        reason = _reason_to_stop(release, deployment)
        if reason:
            return self._turn_back(deployment, driver, reason)
        try:
            if deployment.phase is Phase.PENDING:
                return self._prepare(deployment, driver)
            if deployment.phase is Phase.PREPARED:
                deployment_id = driver.start(deployment)
                return deployment.enter(Phase.STARTED, self.now(), deployment_id=deployment_id)
        except (LockgateError, ClientError) as error:
            if not is_final(error):
                raise
            return deployment.enter(Phase.FAILED, self.now(), cause=f"not started: {error}")
        return self._follow(deployment, driver)

    def _turn_back(self, deployment: Deployment, driver: TrafficDriver, reason: str) -> Deployment:
        if deployment.phase is Phase.PREPARED:
            # A process that died between starting and writing has left a deployment that nobody noted.
            found = driver.observe(deployment).deployment_id
            if found:
                return deployment.enter(Phase.STARTED, self.now(), deployment_id=found)
        if deployment.phase in (Phase.PENDING, Phase.PREPARED):
            return deployment.enter(Phase.NOT_STARTED, self.now(), cause=reason)
        running = deployment.phase in (Phase.STARTED, Phase.CANARY)
        return deployment.enter(Phase.STOPPING if running else Phase.ROLLING_BACK, self.now(), cause=reason)

    def _prepare(self, deployment: Deployment, driver: TrafficDriver) -> Deployment:
        prepared = driver.prepare(deployment)
        if prepared.from_version == prepared.to_version:
            note = f"version {prepared.to_version} serves already"
            return prepared.enter(Phase.SUCCEEDED, self.now(), notes=(*prepared.notes, note))
        return prepared.enter(Phase.PREPARED, self.now())

    def _follow(self, deployment: Deployment, driver: TrafficDriver) -> Deployment:
        if deployment.phase is Phase.STOPPING:
            driver.stop(deployment)
        seen = self.seen[deployment.service] = driver.observe(deployment)
        now = self.now()
        if wants_own_rollback(deployment, seen, now, self.minute):
            return deployment.but(undo_id=driver.rollback(deployment))
        decided = decide(deployment, seen, now, self.minute)
        promoted = deployment.phase is Phase.CANARY and decided.phase in (Phase.BAKING, Phase.SUCCEEDED)
        if promoted or decided.phase is deployment.phase:
            reason = condemned(deployment, now, self.minute, promoted=promoted)
            decided = self._turn_back(decided, driver, reason) if reason else decided
        return self._explained(deployment, decided, now)

    def _explained(self, before: Deployment, after: Deployment, now: datetime) -> Deployment:
        """With the numbers: tallies whenever the phase changes, and in the cause when it turns bad."""
        if after.phase is before.phase:
            return after
        after = after.but(tallies=self.tally(after, now) or after.tallies)
        if after.phase.is_bad and before.cause is None and after.cause:
            return after.but(cause="; ".join([after.cause, *_numbers(after)]))
        return after


def is_final(error: Exception) -> bool:
    """Whether an error will be the same at the next try: lost connections, throttling and 5xx will not."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        throttled = "Throttl" in error.response["Error"]["Code"] or status == 429
        return status < 500 and not throttled
    return not isinstance(error, HTTPClientError | ConnectionError)


def _at_work(release: Release) -> list[Deployment]:
    """Deployments whose turn it is: those of the first wave that is not over, and all that go back."""
    if release.status is not Status.RUNNING:
        return []
    failing = _failing(release)
    waiting = [d.wave for d in release.deployments.values() if not d.phase.is_over]
    wave = min(waiting, default=-1)
    return [
        deployment
        for deployment in release.deployments.values()
        if (not deployment.phase.is_over and (deployment.wave == wave or failing))
        or (deployment.phase is Phase.SUCCEEDED and failing and _reason_to_stop(release, deployment))
    ]


def _failing(release: Release) -> str | None:
    """Why the release as a whole goes back, if it does."""
    if release.stop_reason:
        return release.stop_reason
    bad = [d.service for d in release.deployments.values() if d.phase.is_bad]
    return f"{', '.join(bad)} of the same release did not make it" if bad else None


def _reason_to_stop(release: Release, deployment: Deployment) -> str | None:
    reason = _failing(release)
    if reason is None or deployment.phase.is_bad or deployment.phase is Phase.NOT_STARTED:
        return None
    if deployment.phase is Phase.SUCCEEDED and (
        release.keep_promoted or deployment.from_version == deployment.to_version
    ):
        return None
    return reason


def _numbers(deployment: Deployment) -> list[str]:
    """Requests and errors of both versions, where the new one has had any."""
    if not deployment.tallies.get(deployment.to_version or "", Tally()).requests:
        return []
    return [
        f"version {version}: {deployment.tallies[version]}"
        for version in (deployment.to_version, deployment.from_version)
        if version in deployment.tallies
    ]


def conclude(release: Release, now: datetime) -> Release:
    """The release with its outcome, once every service's deployment is over."""
    if release.status is not Status.RUNNING or _at_work(release):
        return release
    deployments = release.deployments.values()
    phases = {deployment.phase for deployment in deployments}
    status = Status.SUCCEEDED
    if phases - {Phase.SUCCEEDED}:
        status = Status.FAILED if Phase.FAILED in phases else Status.ROLLED_BACK
    causes = [f"{d.service}: {d.cause}" for d in deployments if d.cause and d.phase is not Phase.NOT_STARTED]
    return release.but(
        status=status, ended_at=now, lease=None, reason="\n".join(causes) or release.stop_reason
    )
