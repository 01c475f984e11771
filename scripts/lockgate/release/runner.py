"""Runs a release to its end in the foreground, or watches somebody else do it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from lockgate.errors import LockgateError
from lockgate.interrupts import Detached, Interrupts
from lockgate.release import lease
from lockgate.release.engine import Engine, is_final
from lockgate.release.ledger import StaleError
from lockgate.release.model import Phase, Release, Status, Tally

POLLS_PER_MINUTE = 6
"""Looks in a CodeDeploy minute: every ten seconds on AWS, which is as soon as anything there changes."""

PATIENCE = timedelta(minutes=15)
"""How long AWS may fail to answer before the watcher gives up. The deployment does not notice either way."""


class Progress(Protocol):
    """Shows a release to people."""

    def update(self, release: Release, engine: Engine, tallies: dict[str, dict[str, Tally]]) -> None:
        """Shows what is new."""

    def say(self, words: str) -> None:
        """Shows a sentence."""


@dataclass
class Runner:
    """A loop around `advance`.

    Args:
        engine: takes the steps.
        progress: shows them.
        now: the clock.
    """

    engine: Engine
    progress: Progress
    now: Callable[[], datetime]

    def run(self, release_id: str) -> Release:
        """Drives a release until it is over.

        Raises:
            Detached: the operator pressed Ctrl-C twice.
            LostLeaseError: another process has taken over.
        """
        with Interrupts() as interrupts:
            return self._loop(release_id, interrupts, self.engine.advance)

    def watch(self, release_id: str) -> Release:
        """Shows a release that another process drives, and drives it when nobody does any more."""
        with Interrupts() as interrupts:
            return self._loop(release_id, interrupts, self._look_or_drive)

    def _look_or_drive(self, release_id: str) -> Release:
        release = self.engine.ledger.release(release_id)
        if release.status is not Status.RUNNING:
            return release
        if self.engine.drives(release) or lease.is_free(release.lease, self.now()):
            return self.engine.advance(release_id)
        self.engine.look(release)
        return release

    def _loop(self, release_id: str, interrupts: Interrupts, step: Callable[[str], Release]) -> Release:
        silent_since: datetime | None = None
        tallied_at: datetime | None = None
        tallies: dict[str, dict[str, Tally]] = {}
        asked = False
        while True:
            if interrupts.first and not asked:
                asked = True
                self._interrupted(release_id, interrupts.first)
            try:
                release = step(release_id)
                silent_since = None
            except StaleError:
                continue
            except (BotoCoreError, ClientError) as error:
                if is_final(error):
                    raise
                silent_since = self._be_patient(error, silent_since)
                interrupts.sleep(self._pause())
                continue
            if tallied_at is None or self.now() - tallied_at >= self.engine.minute / 2:
                tallied_at = self.now()
                tallies = self._tallies(release)
            self.progress.update(release, self.engine, tallies)
            if release.status is not Status.RUNNING:
                return release
            interrupts.sleep(self._pause())

    def _interrupted(self, release_id: str, name: str) -> None:
        release = self.engine.ledger.release(release_id)
        if release.kind == "rollback" or not self.engine.drives(release):
            raise Detached
        self.engine.ledger.request_stop(release_id, f"interrupted by {name}")
        self.progress.say(f"{name}: stopping and rolling back; once more to leave it alone")

    def _tallies(self, release: Release) -> dict[str, dict[str, Tally]]:
        return {
            name: self.engine.tally(deployment, self.now())
            for name, deployment in release.deployments.items()
            if deployment.phase in (Phase.STARTED, Phase.CANARY, Phase.BAKING, Phase.STOPPING)
        }

    def _be_patient(self, error: Exception, since: datetime | None) -> datetime:
        now = self.now()
        since = since or now
        if now - since > PATIENCE:
            raise LockgateError(
                f"AWS has not answered for {PATIENCE}: {error}",
                hint="The deployment goes on without anybody watching. Attach again with `lockgate watch`.",
            ) from error
        self.progress.say(f"AWS does not answer ({error}); the deployment goes on, looking again")
        return since

    def _pause(self) -> float:
        return self.engine.minute.total_seconds() / POLLS_PER_MINUTE
