"""The traffic driver: the one seam between a release and whatever shifts its traffic.

Every call is safe to repeat: a process that dies after any of them, and another that calls it again, leave
the same deployment as one that lived.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from lockgate.release.model import Artifact, Deployment


class Outcome(StrEnum):
    """What has become of a deployment that the driver has started."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    ENDED_BADLY = "ended_badly"


@dataclass(frozen=True)
class Event:
    """A lifecycle event of a deployment."""

    name: str
    status: str
    message: str = ""
    started_at: datetime | None = None


@dataclass(frozen=True)
class Observation:
    """What is true of a service right now.

    Attributes:
        deployment_id: the deployment, also one that was started but not written down.
        outcome: of the deployment; None when there is none yet.
        shifted_at: when traffic first moved, as far as that is known.
        ended_at: when it ended.
        problem: the driver's own words for a bad end.
        undo_id: the deployment that moves traffic back, where one is known.
        undo: its outcome.
        undo_problem: the driver's own words for its bad end.
        events: lifecycle events so far.
        weights: share of traffic by version, adding up to 1.
        red_alarms: names of the service's alarms in ALARM.
    """

    outcome: Outcome | None
    weights: dict[str, float]
    deployment_id: str | None = None
    shifted_at: datetime | None = None
    ended_at: datetime | None = None
    problem: str | None = None
    undo_id: str | None = None
    undo: Outcome | None = None
    undo_problem: str | None = None
    events: tuple[Event, ...] = ()
    red_alarms: tuple[str, ...] = field(default=())

    def serves_only(self, version: str | None) -> bool:
        """Whether one version gets all traffic."""
        return version is not None and self.weights == {version: 1.0}


@dataclass(frozen=True)
class Live:
    """What serves now, and whether releasing an artifact would change it.

    Attributes:
        version: the version with most traffic.
        weights: share of traffic by version.
        code_sha256: its code's digest as Lambda reports it.
        differs: why a release of the artifact would change something, or None.
    """

    version: str
    weights: dict[str, float]
    code_sha256: str | None
    differs: str | None


class TrafficDriver(Protocol):
    """Moves one service's traffic from one version to another, and back."""

    def live(self, artifact: Artifact | None) -> Live:
        """What serves now. Writes nothing."""

    def has(self, version: str) -> bool:
        """Whether a version that was released once is still there. Writes nothing."""

    def prepare(self, deployment: Deployment) -> Deployment:
        """Publishes the new version; sets `from_version` and `to_version`. No traffic moves."""

    def start(self, deployment: Deployment) -> str:
        """Starts the deployment, or finds it when it was started before; returns its id."""

    def observe(self, deployment: Deployment) -> Observation:
        """What is true now. Writes nothing."""

    def stop(self, deployment: Deployment) -> None:
        """Asks a running deployment to stop and to move traffic back; does nothing when it has ended."""

    def rollback(self, deployment: Deployment) -> str | None:
        """Moves traffic back after the deployment has ended.

        Returns the id of the deployment that does it, or None when it is done at once.
        """
