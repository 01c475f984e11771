"""A small world for the state machine: CodeDeploy and an alias as far as a release sees them, and a ledger
in memory. Everything that crosses the ledger goes through JSON, as in DynamoDB."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from lockgate.release.driver import Live, Observation, Outcome
from lockgate.release.engine import Engine, JudgementSource
from lockgate.release.judgement import Judgement
from lockgate.release.ledger import StaleError, lost_lease
from lockgate.release.model import Artifact, Deployment, Release, Tally, new_release_id

MINUTE = timedelta(minutes=1)


class Killed(BaseException):
    """The process has died here."""


@dataclass
class Clock:
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class MemoryLedger:
    documents: dict[str, str] = field(default_factory=dict)
    at: Callable[[str], None] = lambda _: None

    def release(self, release_id: str) -> Release:
        return Release.model_validate_json(self.documents[release_id])

    def save(self, release: Release) -> Release:
        self.at("before save")
        current = self.release(release.release_id)
        if current.revision != release.revision:
            if current.lease and release.lease and current.lease.token != release.lease.token:
                raise lost_lease(current)
            raise StaleError("stale", hint="again")
        following = release.but(revision=release.revision + 1)
        self.documents[release.release_id] = following.model_dump_json()
        self.at("after save")
        return following


@dataclass
class World:
    """One service's alias and its CodeDeploy deployments.

    Args:
        verdict: how the canary ends when its time comes: good, or an error code.
        own_rollback: whether CodeDeploy starts a roll-back by itself after a bad end.
        red_in_bake: whether an alarm is red once the new version serves alone.
    """

    clock: Clock
    at: Callable[[str], None]
    verdict: str = "good"
    own_rollback: bool = True
    rollback_fails: bool = False
    red_in_bake: bool = False
    interval: timedelta = 5 * MINUTE
    alias: str = "1"
    weights: dict[str, float] = field(default_factory=dict)
    versions: int = 1
    created: dict[str, datetime] = field(default_factory=dict)
    ended: dict[str, datetime] = field(default_factory=dict)
    outcome: dict[str, Outcome] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)

    def shares(self) -> dict[str, float]:
        return {self.alias: 1.0 - sum(self.weights.values()), **self.weights}

    def end(self, name: str, outcome: Outcome) -> None:
        self.outcome[name] = outcome
        self.ended[name] = self.clock()

    def tick(self) -> None:
        """Lets CodeDeploy do what is due."""
        started = self.created.get("start")
        if self.outcome.get("start") is Outcome.RUNNING and started is not None:
            self.weights = {"2": 0.1}
            if self.clock() - started >= self.interval:
                if self.verdict == "good":
                    self.alias, self.weights = "2", {}
                    self.end("start", Outcome.SUCCEEDED)
                else:
                    self.break_off()
        for name in ("auto", "undo"):
            if self.outcome.get(name) is Outcome.RUNNING and self.clock() - self.created[name] >= MINUTE / 2:
                if self.rollback_fails:
                    self.end(name, Outcome.ENDED_BADLY)
                else:
                    self.alias, self.weights = "1", {}
                    self.end(name, Outcome.SUCCEEDED)

    def break_off(self) -> None:
        self.end("start", Outcome.ENDED_BADLY)
        if self.own_rollback:
            self.created["auto"] = self.clock()
            self.outcome["auto"] = Outcome.RUNNING


@dataclass
class WorldDriver:
    world: World

    def live(self, artifact: Artifact | None) -> Live:
        return Live(self.world.alias, self.world.shares(), None, "code")

    def has(self, version: str) -> bool:
        return int(version) <= self.world.versions

    def prepare(self, deployment: Deployment) -> Deployment:
        self.world.at("before prepare")
        self.world.versions = 2
        self.world.at("after prepare")
        return deployment.but(from_version=self.world.alias, to_version="2")

    def start(self, deployment: Deployment) -> str:
        self.world.at("before start")
        if "start" not in self.world.created:
            self.world.events.append("start")
            self.world.created["start"] = self.world.clock()
            self.world.outcome["start"] = Outcome.RUNNING
        self.world.at("after start")
        return "start"

    def observe(self, deployment: Deployment) -> Observation:
        self.world.tick()
        world = self.world
        outcome = world.outcome.get("start")
        undo = deployment.undo_id or ("auto" if "auto" in world.created else None)
        return Observation(
            deployment_id="start" if outcome else None,
            outcome=outcome,
            weights=world.shares(),
            ended_at=world.ended.get("start"),
            problem="ALARM_ACTIVE" if outcome is Outcome.ENDED_BADLY else None,
            undo_id=undo,
            undo=world.outcome.get(undo) if undo else None,
            red_alarms=("error-rate",) if world.red_in_bake and world.shares() == {"2": 1.0} else (),
        )

    def stop(self, deployment: Deployment) -> None:
        self.world.at("before stop")
        if self.world.outcome.get("start") is Outcome.RUNNING:
            self.world.events.append("stop")
            self.world.break_off()
        self.world.at("after stop")

    def rollback(self, deployment: Deployment) -> str | None:
        self.world.at("before rollback")
        world = self.world
        if world.shares() == {"1": 1.0}:
            return deployment.undo_id
        if deployment.undo_id is None and world.shares() == {"2": 1.0}:
            if "undo" not in world.created:
                world.events.append("undo")
                world.created["undo"] = world.clock()
                world.outcome["undo"] = Outcome.RUNNING
            world.at("after rollback")
            return "undo"
        world.alias, world.weights = "1", {}
        world.events.append("repair")
        return deployment.undo_id


def a_release(now: datetime, *names: str, **changes: object) -> Release:
    deployment = {
        "strategy": "canary",
        "percentage": 10,
        "interval_minutes": 5,
        "bake_minutes": 2,
        "artifact": {"key": "k", "sha256": "s", "code_sha256": "c"},
    }
    return Release.model_validate(
        {
            "release_id": new_release_id(now),
            "environment": "local",
            "created_at": now,
            "by": "somebody",
            "revision": 1,
            "deployments": {
                name: {**deployment, "service": name, "wave": wave}
                for wave, name in enumerate(names or ("a",))
            },
            **changes,
        }
    )


def nobody_judges(release: Release, deployments: object, now: datetime) -> dict[str, Judgement]:
    return {}


def an_engine(
    ledger: MemoryLedger, worlds: dict[str, World], clock: Clock, judge: JudgementSource = nobody_judges
) -> Engine:
    def tally(deployment: Deployment, at: datetime) -> dict[str, Tally]:
        return {"2": Tally(requests=48, errors=12), "1": Tally(requests=430, errors=0)}

    drivers = {name: WorldDriver(world) for name, world in worlds.items()}
    return Engine(
        ledger=ledger,  # type: ignore[arg-type]
        drivers=lambda _: drivers,
        tally=tally,
        judge=judge,
        minute=MINUTE,
        now=clock,
    )
