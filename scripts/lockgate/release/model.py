"""What a release is: plain frozen records, written to the ledger as JSON."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import AwareDatetime, Field

from lockgate.contract import Strategy
from lockgate.release.judgement import Judgement, Stage, Terms
from lockgate.release.permission import Approvals, BreakGlass
from lockgate.release.record import Record


class Phase(StrEnum):
    """Where one service's deployment stands, in order of a good life and then of a bad one."""

    PENDING = "pending"
    PREPARED = "prepared"
    """The new version is published; nothing serves it yet."""
    STARTED = "started"
    """CodeDeploy has the deployment; no traffic has moved (a hook may be running)."""
    CANARY = "canary"
    """Both versions serve."""
    BAKING = "baking"
    """The new version serves everything, and is still watched."""
    SUCCEEDED = "succeeded"
    STOPPING = "stopping"
    """Somebody or something has decided to roll back; CodeDeploy is told to stop."""
    ROLLING_BACK = "rolling_back"
    """Traffic moves back to the old version."""
    ROLLED_BACK = "rolled_back"
    """The old version serves everything, and that was looked at."""
    NOT_STARTED = "not_started"
    """The release ended before this service's turn came."""
    FAILED = "failed"
    """It ended in a way that wants a person."""

    @property
    def is_over(self) -> bool:
        return self in (Phase.SUCCEEDED, Phase.ROLLED_BACK, Phase.NOT_STARTED, Phase.FAILED)

    @property
    def is_bad(self) -> bool:
        """On the way back, or at an end that is not a success."""
        return self in (Phase.STOPPING, Phase.ROLLING_BACK, Phase.ROLLED_BACK, Phase.FAILED)


class Status(StrEnum):
    """Where a release stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    ROLLED_BACK = "rolled_back"
    FAILED = "failed"


class Artifact(Record):
    """What is released: one immutable object in the artifact bucket, or one image.

    Attributes:
        key: S3 key, or the name of an image with its digest.
        sha256: hexadecimal digest of the object, or of the image's manifest.
        code_sha256: the same digest as the platform reports it: Lambda in base64, ECS as `sha256:<hex>`.
    """

    key: str
    sha256: str
    code_sha256: str


class Tally(Record):
    """Requests of one version since the deployment started."""

    requests: int = 0
    errors: int = 0

    def __str__(self) -> str:
        rate = f" ({100 * self.errors / self.requests:.1f} %)" if self.requests else ""
        return f"{self.errors} errors in {self.requests} requests{rate}"


class Deployment(Record):
    """One service in a release.

    Attributes:
        wave: services of wave n start when all of wave n-1 have succeeded.
        artifact: what to publish; None when an old version is released again.
        from_version: the version that serves before, and after a roll-back.
        to_version: the version that is released.
        deployment_id: CodeDeploy's deployment.
        undo_id: the CodeDeploy deployment that moves traffic back, CodeDeploy's own or ours.
        judge: the terms on which it is judged; None where it is not.
        canary_until: when CodeDeploy gives the new version everything.
        bake_until: when the bake ends.
        target_groups: of a container, by version: where CloudWatch counts its requests.
        judgements: what the judge said last, by stage.
        cause: why it was rolled back or failed, with numbers.
        notes: what an operator should know, such as "first release".
        tallies: requests and errors by version.
    """

    service: str
    wave: int = 0
    phase: Phase = Phase.PENDING
    strategy: Strategy
    percentage: int
    interval_minutes: int
    bake_minutes: int
    judge: Terms | None = None
    artifact: Artifact | None = None
    from_version: str | None = None
    to_version: str | None = None
    deployment_id: str | None = None
    undo_id: str | None = None
    canary_until: AwareDatetime | None = None
    bake_until: AwareDatetime | None = None
    target_groups: dict[str, str] = Field(default_factory=dict)
    judgements: dict[Stage, Judgement] = Field(default_factory=dict)
    cause: str | None = None
    notes: tuple[str, ...] = ()
    tallies: dict[str, Tally] = Field(default_factory=dict)
    times: dict[Phase, AwareDatetime] = Field(default_factory=dict)

    def enter(self, phase: Phase, now: datetime, **changes: Any) -> Self:
        """This deployment in another phase, with the time noted; the first cause is kept."""
        if self.cause is not None:
            changes.pop("cause", None)
        return self.but(phase=phase, times={**self.times, phase: now}, **changes)


class Lease(Record):
    """Who drives a release at the moment.

    Attributes:
        holder: for people, `user@host pid 4711`.
        host: name of the machine.
        pid: process id on it.
        process_started: start of that process in clock ticks, since process ids are used again.
        token: random, one for each time that a process takes the lease.
        expires_at: after this, anybody may take over.
    """

    holder: str
    host: str
    pid: int
    process_started: str
    token: str
    expires_at: AwareDatetime


class Release(Record):
    """One release of one or more services to one environment.

    Attributes:
        revision: counts the writes; each is conditional on the one that was read.
        stop_reason: set when somebody asked for a roll-back while it ran.
        skipped: services that were left out, with the reason.
        ignore_alarms: reason for releasing although an alarm is red.
        keep_promoted: whether services that were promoted stay so when another one is rolled back.
        break_glass: by which word a freeze or a promotion rule did not hold for it.
        approvals: who has approved it in GitHub; None where no workflow ran it.
        told: ids of the release events that are on the bus.
    """

    release_id: str
    environment: str
    kind: Literal["deploy", "rollback"] = "deploy"
    status: Status = Status.RUNNING
    created_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    by: str
    commit: str | None = None
    dirty: bool = False
    deployments: dict[str, Deployment]
    skipped: dict[str, str] = Field(default_factory=dict)
    ignore_alarms: str | None = None
    keep_promoted: bool = False
    break_glass: BreakGlass | None = None
    approvals: Approvals | None = None
    stop_reason: str | None = None
    reason: str | None = None
    told: tuple[str, ...] = ()
    lease: Lease | None = None
    revision: int = 0

    def with_deployment(self, deployment: Deployment) -> Self:
        """This release with one service's deployment replaced."""
        return self.but(deployments={**self.deployments, deployment.service: deployment})


class Good(Record):
    """A version that a succeeded release left serving: what a roll-back may go back to."""

    release_id: str
    version: str
    code_sha256: str | None = None
    commit: str | None = None


def new_release_id(now: datetime) -> str:
    """An id that sorts by time and is not used twice: `20261124t101500-3f9a`."""
    return f"{release_id_at(now)}-{secrets.token_hex(2)}"


def release_id_at(moment: datetime) -> str:
    """What the ids of a second begin with, all of them after those of the second before."""
    return f"{moment.astimezone(UTC):%Y%m%dt%H%M%S}"
