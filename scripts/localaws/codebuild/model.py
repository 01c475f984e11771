"""What CodeBuild keeps: plain data that goes to JSON and back. Times are seconds since the epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

IN_PROGRESS = "IN_PROGRESS"
SUCCEEDED = "SUCCEEDED"
FAILED = "FAILED"
FAULT = "FAULT"
STOPPED = "STOPPED"
TIMED_OUT = "TIMED_OUT"
"""Statuses of builds and of their phases (API reference, Build and BuildPhase)."""


@dataclass
class Phase:
    """One phase of a build.

    Attributes:
        kind: as in the service model's BuildPhaseType, or BuildBatchPhaseType for a batch.
        status: None while nothing is known of it, which for COMPLETED is always.
        code: status code of its context, empty where all went well.
        message: why it did not.
    """

    kind: str
    start: float
    status: str | None = None
    end: float | None = None
    code: str = ""
    message: str = ""


@dataclass
class Build:
    """One build.

    Attributes:
        build_id: `<project>:<uuid>`.
        number: counts the builds of the project.
        request: the parameters of StartBuild, from which RetryBuild starts another one.
        settings: members of the answer that are fixed when it starts: the project's, with what the request
            overrides.
        resolved_version: the commit that was built, where the source has commits.
        artifacts: what was uploaded, as in BuildArtifacts, once it was.
        exported: names and values of the exported variables.
        attempt: how many builds this one repeats by itself.
        retry_limit: how often it may be repeated by itself.
        batch: ARN of the batch that it is a part of.
        identifier: its name in that batch.
        log_stream: name of its stream, once it has one.
    """

    build_id: str
    project: str
    number: int
    started: float
    initiator: str
    request: dict[str, Any]
    settings: dict[str, Any]
    status: str = IN_PROGRESS
    ended: float | None = None
    phases: list[Phase] = field(default_factory=list)
    resolved_version: str | None = None
    artifacts: dict[str, Any] | None = None
    secondary_artifacts: list[dict[str, Any]] = field(default_factory=list)
    exported: list[dict[str, str]] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    attempt: int = 0
    retry_limit: int = 0
    previous: str | None = None
    following: str | None = None
    batch: str | None = None
    identifier: str | None = None
    log_stream: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status != IN_PROGRESS

    @property
    def uuid(self) -> str:
        """The part of its id behind the project's name."""
        return self.build_id.rpartition(":")[2]

    @property
    def phase(self) -> str:
        """The phase that it is in."""
        return self.phases[-1].kind

    @property
    def failure(self) -> Phase | None:
        """The first phase that did not succeed."""
        return next(
            (phase for phase in self.phases if phase.status not in (None, SUCCEEDED, IN_PROGRESS)), None
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Build:
        """What `asdict` gave, also that of an older state."""
        phases = [Phase(**known(Phase, phase)) for phase in data.get("phases", [])]
        return cls(**{**known(cls, data), "phases": phases})


@dataclass
class Group:
    """A build of a batch.

    Attributes:
        depends_on: identifiers of the groups that have to succeed first.
        overrides: parameters of StartBuild that are its own.
        builds: ids of its builds, the current one last.
    """

    identifier: str
    depends_on: list[str] = field(default_factory=list)
    ignore_failure: bool = False
    overrides: dict[str, Any] = field(default_factory=dict)
    builds: list[str] = field(default_factory=list)


@dataclass
class Batch:
    """A batch of builds.

    Attributes:
        batch_id: `<project>:<uuid>`.
        request: the parameters of StartBuildBatch.
        settings: as for a build, with the batch's own.
        fast_fail: whether a group that fails stops the others.
        groups: empty until the buildspec has been read.
    """

    batch_id: str
    project: str
    number: int
    started: float
    initiator: str
    request: dict[str, Any]
    settings: dict[str, Any]
    status: str = IN_PROGRESS
    ended: float | None = None
    phases: list[Phase] = field(default_factory=list)
    fast_fail: bool = False
    groups: list[Group] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status != IN_PROGRESS

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Batch:
        """What `asdict` gave, also that of an older state."""
        phases = [Phase(**known(Phase, phase)) for phase in data.get("phases", [])]
        groups = [Group(**known(Group, group)) for group in data.get("groups", [])]
        return cls(**{**known(cls, data), "phases": phases, "groups": groups})


@dataclass
class Region:
    """Everything of one account in one region.

    Attributes:
        projects: by name, as in the API's answers but with times as seconds.
        numbers: how many builds, and under `<project>/batch` batches, a project has had.
        tokens: idempotency tokens: when each came, a digest of its request, and the id that it gave.
        report_groups: by ARN, as in the API's answers.
        reports: by ARN, as in the API's answers.
        test_cases: by the ARN of their report.
    """

    projects: dict[str, dict[str, Any]] = field(default_factory=dict)
    builds: dict[str, Build] = field(default_factory=dict)
    batches: dict[str, Batch] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    report_groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    test_cases: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def next_number(self, of: str) -> int:
        """Counts on."""
        self.numbers[of] = self.numbers.get(of, 0) + 1
        return self.numbers[of]

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Region:
        """What `as_json` gave, also that of an older state."""
        builds = {key: Build.from_json(value) for key, value in data.get("builds", {}).items()}
        batches = {key: Batch.from_json(value) for key, value in data.get("batches", {}).items()}
        return cls(**{**known(cls, data), "builds": builds, "batches": batches})


def known(kind: type, data: Mapping[str, Any]) -> dict[str, Any]:
    """The members that a dataclass has today."""
    names = {member.name for member in fields(kind)}
    return {name: value for name, value in data.items() if name in names}
