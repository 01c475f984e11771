"""What CodeDeploy keeps: plain data that goes to JSON and back."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

ENDED = ("Succeeded", "Failed", "Stopped")


@dataclass
class Event:
    """A lifecycle event of a deployment.

    Attributes:
        status: as in the service model's LifecycleEventStatus.
        start: seconds since the epoch.
        end: seconds since the epoch.
        error_code: as in the service model's LifecycleErrorCode, once it has failed.
        message: why it failed.
    """

    name: str
    status: str = "Pending"
    start: float | None = None
    end: float | None = None
    error_code: str | None = None
    message: str = ""


@dataclass
class HookExecution:
    """A hook of one lifecycle event.

    Attributes:
        execution_id: what the function reports with.
        deadline: seconds since the epoch after which it has failed.
        status: what PutLifecycleEventHookExecutionStatus said, or None.
        invoked: whether the function was invoked by this run of the server: an invocation does not outlive
            the server, so it is repeated after a restart.
    """

    execution_id: str
    event: str
    deadline: float
    status: str | None = None
    invoked: bool = False


@dataclass
class EcsState:
    """What a deployment to ECS works with. Blue is the task set that serves before, green the one after.

    Attributes:
        cluster: name of the service's cluster.
        definition: ARN of the task definition that is deployed.
        container: name of the container behind the load balancer.
        port: that it listens on.
        options: further members of CreateTaskSet, from the AppSpec.
        blue: id of a task set, empty while it is not known.
        green: id of a task set, empty while there is none.
        blue_group: ARN of blue's target group.
        green_group: ARN of green's target group.
        blue_definition: ARN of blue's task definition.
        production: ARN of the production listener.
        test: ARN of the test listener; empty where there is none.
        sets: the task sets as they were when somebody looked last, as GetDeploymentTarget has them.
    """

    cluster: str
    service: str
    definition: str
    container: str
    port: int
    options: dict[str, Any] = field(default_factory=dict)
    blue: str = ""
    green: str = ""
    blue_group: str = ""
    green_group: str = ""
    blue_definition: str = ""
    production: str = ""
    test: str = ""
    sets: list[dict[str, Any]] = field(default_factory=list)

    def turned_round(self) -> EcsState:
        """What the rollback works with: it goes from green to blue."""
        return replace(
            self,
            definition=self.blue_definition,
            options={},
            blue=self.green,
            green=self.blue,
            blue_group=self.green_group,
            green_group=self.blue_group,
            blue_definition=self.definition,
            sets=[],
        )


@dataclass
class Deployment:
    """One deployment of a function's alias, or of an ECS service.

    Attributes:
        content: the AppSpec, as text.
        settings: what the group said when this was created: `serviceRoleArn`, `deploymentGroupId`,
            `alarmConfiguration`, `autoRollbackConfiguration`, `triggerConfigurations`, and for ECS
            `ecsServices`, `loadBalancerInfo`, `blueGreenDeploymentConfiguration`.
        alarm_override: replaces the group's alarm configuration.
        auto_rollback: replaces the group's roll-back configuration.
        checked: whether everything that is looked at before the first event was in order.
        shifted: number of traffic shifts that were made.
        shifting_since: when the first shift was made, in seconds since the epoch.
        weight: percentage of traffic that the target version, or green, gets.
        platform: Lambda or ECS.
        ecs: what a deployment to ECS works with, once its AppSpec was read.
        waits: ends of the waits that have begun, by READY_WAIT and TERMINATION_WAIT, in seconds since the
            epoch.
        continued: waits that ContinueDeployment has ended.
        stop: once somebody asked for it: "rollback", "keep", or "group" (as the configuration says).
        undoes: id of the deployment that this one rolls back.
        undone_by: id of the deployment that rolls this one back.
    """

    deployment_id: str
    application: str
    group: str
    config: str
    revision: dict[str, Any]
    content: str
    created: float
    description: str | None = None
    creator: str = "user"
    status: str = "Created"
    started: float | None = None
    completed: float | None = None
    error_code: str | None = None
    error_message: str = ""
    function: str = ""
    alias: str = ""
    current_version: str = ""
    target_version: str = ""
    checked: bool = False
    weight: float = 0.0
    shifted: int = 0
    shifting_since: float | None = None
    hooks: dict[str, str] = field(default_factory=dict)
    executions: list[HookExecution] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    alarm_override: dict[str, Any] | None = None
    auto_rollback: dict[str, Any] | None = None
    previous_revision: dict[str, Any] | None = None
    stop: str | None = None
    undoes: str | None = None
    undone_by: str | None = None
    platform: str = "Lambda"
    ecs: EcsState | None = None
    waits: dict[str, float] = field(default_factory=dict)
    continued: list[str] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in ENDED

    def event(self, name: str) -> Event:
        """A lifecycle event by name."""
        return next(event for event in self.events if event.name == name)

    def execution(self, event: str) -> HookExecution | None:
        """The hook of an event, once there is one."""
        return next((execution for execution in self.executions if execution.event == event), None)

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Deployment:
        """What `as_json` gave, also that of an older state."""
        events = [Event(**known(Event, event)) for event in data.get("events", [])]
        executions = [HookExecution(**known(HookExecution, item)) for item in data.get("executions", [])]
        ecs = EcsState(**known(EcsState, data["ecs"])) if data.get("ecs") else None
        return cls(**{**known(cls, data), "events": events, "executions": executions, "ecs": ecs})


@dataclass
class Region:
    """Everything of one account in one region.

    Attributes:
        groups: by `application/group`.
        revisions: by application, what was registered or deployed, the oldest first.
        tags: by ARN.
    """

    applications: dict[str, dict[str, Any]] = field(default_factory=dict)
    configs: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    deployments: dict[str, Deployment] = field(default_factory=dict)
    revisions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)

    def of_group(self, application: str, group: str) -> list[Deployment]:
        """Deployments of a group, the oldest first."""
        return [d for d in self.deployments.values() if (d.application, d.group) == (application, group)]

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Region:
        """What `as_json` gave, also that of an older state."""
        deployments = {key: Deployment.from_json(value) for key, value in data["deployments"].items()}
        return cls(**{**known(cls, data), "deployments": deployments})


def known(kind: type, data: Mapping[str, Any]) -> dict[str, Any]:
    """The members that a dataclass has today."""
    names = {member.name for member in fields(kind)}
    return {name: value for name, value in data.items() if name in names}


def new_deployment_id() -> str:
    """An id in CodeDeploy's form: `d-` and nine capitals or digits."""
    return "d-" + "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(9))
