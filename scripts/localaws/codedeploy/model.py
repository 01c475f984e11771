"""What CodeDeploy keeps: plain data that goes to JSON and back."""

from __future__ import annotations

import secrets
import string
from dataclasses import asdict, dataclass, field
from typing import Any

EVENTS = ("Start", "BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic", "End")
"""Lifecycle events of a Lambda deployment (CodeDeploy user guide, "AppSpec 'hooks' section for an AWS Lambda
deployment")."""

HOOKABLE = ("BeforeAllowTraffic", "AfterAllowTraffic")

ENDED = ("Succeeded", "Failed", "Stopped")


@dataclass
class Event:
    """A lifecycle event of a deployment; times are seconds since the epoch."""

    name: str
    status: str = "Pending"
    start: float | None = None
    end: float | None = None
    message: str = ""


@dataclass
class HookExecution:
    """A hook that was invoked.

    Attributes:
        status: what PutLifecycleEventHookExecutionStatus said, or None.
        deadline: seconds since the epoch after which it has failed.
    """

    execution_id: str
    event: str
    deadline: float
    status: str | None = None


@dataclass
class Deployment:
    """One deployment of a Lambda function's alias.

    Attributes:
        content: the AppSpec, as text.
        alarms: names that are polled; None takes the group's.
        auto_rollback: events that start a roll-back; None takes the group's.
        shifted: number of traffic shifts that were made.
        weight: percentage of traffic that the target version gets.
        stop: once somebody asked for it: "rollback", "keep", or "group" (as the group's configuration says).
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
    weight: float = 0.0
    shifted: int = 0
    shifting_since: float | None = None
    hooks: dict[str, str] = field(default_factory=dict)
    executions: list[HookExecution] = field(default_factory=list)
    events: list[Event] = field(default_factory=lambda: [Event(name) for name in EVENTS])
    alarm_override: dict[str, Any] | None = None
    auto_rollback: dict[str, Any] | None = None
    stop: str | None = None
    undoes: str | None = None
    undone_by: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in ENDED

    def event(self, name: str) -> Event:
        """A lifecycle event by name."""
        return next(event for event in self.events if event.name == name)

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Deployment:
        """What `as_json` gave."""
        events = [Event(**event) for event in data["events"]]
        executions = [HookExecution(**execution) for execution in data["executions"]]
        return cls(**{**data, "events": events, "executions": executions})


@dataclass
class Region:
    """Everything of one account in one region; groups are keyed by `application/group`."""

    applications: dict[str, dict[str, Any]] = field(default_factory=dict)
    configs: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    deployments: dict[str, Deployment] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)

    def of_group(self, application: str, group: str) -> list[Deployment]:
        """Deployments of a group, the oldest first."""
        return [d for d in self.deployments.values() if (d.application, d.group) == (application, group)]

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Region:
        """What `as_json` gave."""
        deployments = {key: Deployment.from_json(value) for key, value in data["deployments"].items()}
        return cls(**{**data, "deployments": deployments})


def new_deployment_id() -> str:
    """An id in CodeDeploy's form: `d-` and nine capitals or digits."""
    return "d-" + "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(9))
