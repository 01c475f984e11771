"""What ECS keeps of services that CodeDeploy deploys: plain data that goes to JSON and back."""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

KEPT_STOPPED = 20
"""Stopped tasks of a service that are still told about; ECS forgets them after an hour."""


@dataclass
class Task:
    """A task of a task set.

    Attributes:
        task_id: last part of its ARN.
        set_id: of its task set.
        address: private address in the network of the embedded AWS, which exists there only.
        ports: host and port at which each of its ports really listens.
        status: PENDING, RUNNING or STOPPED.
    """

    task_id: str
    set_id: str
    definition: str
    address: str
    created: float
    status: str = "PENDING"
    ports: dict[str, list[Any]] = field(default_factory=dict)
    started: float | None = None
    stopped: float | None = None
    stopped_reason: str = ""
    stop_code: str = ""

    @property
    def is_live(self) -> bool:
        """Whether it counts against the desired number."""
        return self.status != "STOPPED"


@dataclass
class TaskSet:
    """A task set.

    Attributes:
        settings: members of the API reference's TaskSet that a request gave: `taskDefinition`,
            `loadBalancers`, `networkConfiguration`, `launchType`, ...
        status: PRIMARY, ACTIVE or DRAINING.
        scale: percentage of the service's desired number.
        failures: tasks in a row that did not start or ended by themselves.
        retry_at: seconds since the epoch before which no other task is started.
    """

    set_id: str
    settings: dict[str, Any]
    status: str
    created: float
    updated: float
    external_id: str | None = None
    scale: float = 100.0
    stability: str = "STABILIZING"
    stability_at: float = 0.0
    failures: int = 0
    retry_at: float = 0.0
    tags: list[dict[str, str]] = field(default_factory=list)

    def wanted(self, desired: int) -> int:
        """How many tasks it shall have (API reference, Scale: rounded up)."""
        return math.ceil(desired * self.scale / 100)

    @property
    def load_balancers(self) -> list[dict[str, Any]]:
        """Its target groups, with container and port."""
        found: list[dict[str, Any]] = self.settings.get("loadBalancers") or []
        return found


@dataclass
class EcsService:
    """A service with the deployment controller CODE_DEPLOY.

    Attributes:
        cluster: name of its cluster.
        settings: members of the API reference's Service that it was created with or updated to.
        status: ACTIVE, DRAINING or INACTIVE.
    """

    name: str
    cluster: str
    settings: dict[str, Any]
    desired: int
    created: float
    status: str = "ACTIVE"
    task_sets: list[TaskSet] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    tags: list[dict[str, str]] = field(default_factory=list)

    @property
    def key(self) -> str:
        """`cluster/name`, which tells services of a region apart."""
        return f"{self.cluster}/{self.name}"

    @property
    def primary(self) -> TaskSet:
        """The task set that serves production traffic."""
        return next(one for one in self.task_sets if one.status == "PRIMARY")

    def task_set(self, reference: str) -> TaskSet | None:
        """A task set by its id or ARN."""
        return next((one for one in self.task_sets if reference.endswith(one.set_id)), None)

    def live(self, task_set: TaskSet) -> list[Task]:
        """Tasks of a task set that run or will, the oldest first."""
        return [task for task in self.tasks if task.set_id == task_set.set_id and task.is_live]

    def count(self, task_set: TaskSet | None, status: str) -> int:
        """Tasks in a status, of one task set or of all."""
        found = [task for task in self.tasks if task_set is None or task.set_id == task_set.set_id]
        return sum(task.status == status for task in found)

    def forget_stopped(self) -> None:
        """Forgets all but the last stopped tasks."""
        stopped = [task for task in self.tasks if not task.is_live]
        gone = {task.task_id for task in stopped[:-KEPT_STOPPED]}
        self.tasks = [task for task in self.tasks if task.task_id not in gone]

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> EcsService:
        """What `as_json` gave."""
        sets = [TaskSet(**one) for one in data["task_sets"]]
        tasks = [Task(**one) for one in data["tasks"]]
        return cls(**{**data, "task_sets": sets, "tasks": tasks})


@dataclass
class Region:
    """Services of one account in one region, by `cluster/name`."""

    services: dict[str, EcsService] = field(default_factory=dict)

    def find(self, cluster: str, reference: str) -> EcsService | None:
        """A service by its name or ARN, in a cluster by its name or ARN."""
        return self.services.get(f"{last_part(cluster)}/{last_part(reference)}")

    def tasks(self) -> Iterator[tuple[EcsService, Task]]:
        """Every task with its service."""
        for service in self.services.values():
            for task in service.tasks:
                yield service, task

    def new_address(self) -> str:
        """A private address that no live task has."""
        taken = {task.address for _, task in self.tasks() if task.is_live}
        while True:
            address = f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.{secrets.randbelow(254) + 1}"
            if address not in taken:
                return address


def last_part(reference: str) -> str:
    """The name at the end of an ARN, or the name itself."""
    return reference.rsplit("/", 1)[-1]


def new_set_id() -> str:
    """An id in ECS's form: `ecs-svc/` and digits."""
    return f"ecs-svc/{secrets.randbelow(9 * 10**18) + 10**18}"
