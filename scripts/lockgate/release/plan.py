"""What a release would do: which services change, why, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from lockgate.config import Service
from lockgate.contract import Contract, ServiceContract
from lockgate.errors import RefusedError
from lockgate.release.driver import Live, TrafficDriver
from lockgate.release.forecast import Forecast
from lockgate.release.judgement import Terms
from lockgate.release.ledger import Ledger
from lockgate.release.model import Artifact, Deployment, Good, Release, new_release_id
from lockgate.release.waves import waves

FIRST_RELEASE = "first release: nothing to protect yet, so it goes out at once"


@dataclass(frozen=True)
class Origin:
    """Where a release comes from.

    Attributes:
        by: who asked for it.
        commit: of the bundle, where there is one.
        dirty: whether the tree had changes that are not in that commit.
        ignore_alarms: reason for releasing although an alarm is red.
        keep_promoted: whether promoted services stay when another is rolled back.
    """

    by: str
    commit: str | None = None
    dirty: bool = False
    ignore_alarms: str | None = None
    keep_promoted: bool = False


@dataclass(frozen=True)
class Planner:
    """Plans releases of one environment. Writes nothing.

    Args:
        environment: its name.
        contract: what is provisioned.
        ledger: what was released before.
        driver: makes a service's traffic driver, to look at what is live.
        forecast: what a service's canary can see.
        now: the clock.
    """

    environment: str
    contract: Contract
    ledger: Ledger
    driver: Callable[[str], TrafficDriver]
    forecast: Callable[[Service, ServiceContract, datetime], Forecast]
    now: Callable[[], datetime]

    def deploy(
        self, services: Mapping[str, Service], artifacts: Mapping[str, Artifact], origin: Origin
    ) -> Release:
        """A release of the services whose code or configuration differs from what is live.

        Raises:
            RefusedError: Terraform has not provisioned how a service's traffic is declared to move, or there
                is too little traffic and its policy refuses that.
        """
        order = waves(services)
        deployments: dict[str, Deployment] = {}
        skipped: dict[str, str] = {}
        for name, service in services.items():
            live = self.driver(name).live(artifacts[name])
            if live.differs is None:
                skipped[name] = f"version {live.version} serves this code and configuration already"
            else:
                deployments[name] = self._deployment(
                    name, service, artifacts[name], order[name], live.differs
                )
        return self._release("deploy", deployments, skipped, origin)

    def _deployment(
        self, name: str, service: Service, artifact: Artifact, wave: int, differs: str
    ) -> Deployment:
        first = not self.ledger.good(name)
        interval, note = self._interval(name, service, first)
        notes = (f"changed: {differs}", *([note] if note else []))
        strategy = "all_at_once" if first else service.release.strategy
        # What Terraform has not provisioned is refused here, before anything is written.
        self.contract.service(name).deployment_config(strategy, service.release.percentage, interval)
        return Deployment(
            service=name,
            wave=wave,
            strategy=strategy,
            percentage=service.release.percentage,
            interval_minutes=interval,
            bake_minutes=0 if first else service.release.bake_minutes,
            judge=None if first else Terms.of(service),
            artifact=artifact,
            notes=notes,
        )

    def _interval(self, name: str, service: Service, first: bool) -> tuple[int, str]:
        """How long a service's canary takes, and what there is to say about it."""
        if first:
            return 0, FIRST_RELEASE
        if service.release.strategy == "all_at_once":
            return 0, ""
        forecast = self.forecast(service, self.contract.service(name), self.now())
        return forecast.interval_minutes, forecast.note

    def rollback(self, names: list[str], to: str | None, origin: Origin) -> Release:
        """A release that goes back, with each service to what release `to` left, or to its last good version.

        Raises:
            RefusedError: the ledger knows no such version, or it was deleted.
        """
        deployments: dict[str, Deployment] = {}
        skipped: dict[str, str] = {}
        for name in names:
            live = self.driver(name).live(None)
            good = self._left_by(to, name) if to else self._last_good(name, live)
            if good is None:
                skipped[name] = (
                    f"release {to} did not contain it" if to else "no good version before this one"
                )
            elif live.weights == {good.version: 1.0}:
                skipped[name] = f"version {live.version} of release {good.release_id} serves already"
            else:
                self._check_there(name, good)
                deployments[name] = self._back(name, good)
        if not deployments and to is None and all("no good" in reason for reason in skipped.values()):
            raise RefusedError(
                f"there is nothing to go back to: the ledger knows no earlier good version of "
                f"{', '.join(names)}",
                hint=f"See what was released: make history ENV={self.environment}.",
            )
        return self._release("rollback", deployments, skipped, origin)

    def last_released(self, names: list[str]) -> list[str]:
        """Whose turn it is when a roll-back names no service: those that do not serve what was last good,
        else those of the newest good release, and no others."""
        goods = {name: good[-1] for name in names if (good := self.ledger.good(name))}
        astray = [
            name
            for name, good in goods.items()
            if self.driver(name).live(None).weights != {good.version: 1.0}
        ]
        newest = max((good.release_id for good in goods.values()), default=None)
        return astray or [name for name, good in goods.items() if good.release_id == newest]

    def _last_good(self, name: str, live: Live) -> Good | None:
        """The good version before the live one. Where something else is live, as after a release that failed,
        the last good one itself: one further would be one too far."""
        good = self.ledger.good(name)
        if good and live.weights != {good[-1].version: 1.0}:
            return good[-1]
        return good[-2] if len(good) > 1 else None

    def _left_by(self, to: str, name: str) -> Good | None:
        release = self.ledger.release(to)
        deployment = release.deployments.get(name)
        if deployment is None:
            return None
        if deployment.phase != "succeeded" or deployment.to_version is None:
            raise RefusedError(
                f"release {to} did not succeed for {name}: it is {deployment.phase}",
                hint=f"Choose one that did: make history ENV={self.environment}.",
            )
        code = deployment.artifact.code_sha256 if deployment.artifact else None
        return Good(release_id=to, version=deployment.to_version, code_sha256=code, commit=release.commit)

    def _check_there(self, name: str, good: Good) -> None:
        if self.driver(name).has(good.version):
            return
        bundle = good.commit or "<file, commit or digest>"
        raise RefusedError(
            f"{name}: version {good.version}, which release {good.release_id} left serving, does not exist "
            "any more: it was deleted",
            hint="Release its code as a new version, from its bundle: "
            f"make deploy ENV={self.environment} SERVICE={name} BUNDLE={bundle}",
        )

    def _back(self, name: str, good: Good) -> Deployment:
        return Deployment(
            service=name,
            strategy="all_at_once",
            percentage=self.contract.service(name).traffic.percentage,
            interval_minutes=0,
            bake_minutes=0,
            to_version=good.version,
            notes=(f"back to version {good.version} of release {good.release_id}",),
        )

    def _release(
        self, kind: str, deployments: dict[str, Deployment], skipped: dict[str, str], origin: Origin
    ) -> Release:
        now = self.now()
        return Release.model_validate(
            {
                "release_id": new_release_id(now),
                "environment": self.environment,
                "kind": kind,
                "created_at": now,
                "deployments": deployments,
                "skipped": skipped,
                "by": origin.by,
                "commit": origin.commit,
                "dirty": origin.dirty,
                "ignore_alarms": origin.ignore_alarms,
                "keep_promoted": origin.keep_promoted,
            }
        )
