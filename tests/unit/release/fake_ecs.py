"""ECS, a load balancer and CodeDeploy as far as the driver sees them, with what it asked of them."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import botocore.session
from botocore.exceptions import ClientError

from lockgate.contract import ContainerContract

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GROUPS = "arn:aws:elasticloadbalancing:eu-west-1:111111111111:targetgroup"
BLUE, GREEN = f"{GROUPS}/blue/1", f"{GROUPS}/green/1"
PREFIX = "arn:aws:ecs:eu-west-1:111111111111:task-definition/"
CONTRACT = ContainerContract.model_validate(
    {
        "schema": 1,
        "environment": "local",
        "kind": "container",
        "service": "web",
        "cluster": "lockgate-local",
        "ecs_service": "web",
        "task_definition_template": f"{PREFIX}web-template:1",
        "task_definition_family": "web",
        "container_name": "web",
        "container_port": 8080,
        "load_balancer": "app/web/1",
        "listener_arn": "arn:listener",
        "test_listener_arn": "arn:test-listener",
        "target_groups": [BLUE, GREEN],
        "repository_url": "registry/web",
        "codedeploy_application": "web",
        "deployment_group": "live",
        "deployment_configs": {"all_at_once": "at-once", "canary": "canary-5"},
        "canary_configs": {"5": "canary-5"},
        "termination_wait_minutes": 10,
        "alarms": ["web-errors"],
        "hook_function": "check",
        "url": "http://web",
        "traffic": {"strategy": "canary", "percentage": 10, "interval_minutes": 5},
    }
)

_MODEL = botocore.session.get_session().get_service_model("ecs")


class AlreadyCompletedError(Exception):
    """CodeDeploy's DeploymentAlreadyCompletedException."""


class NotReadyError(Exception):
    """CodeDeploy's DeploymentIsNotInReadyStateException."""


class LimitExceededError(Exception):
    """CodeDeploy's DeploymentLimitExceededException."""


def template(image: str = "bootstrap@sha256:0", **changes: Any) -> dict[str, Any]:
    """A task definition as DescribeTaskDefinition gives it."""
    return {
        "containerDefinitions": [
            {"name": "web", "image": image, "environment": [{"name": "GREETING", "value": "hello"}]},
            {"name": "agent", "image": "agent@sha256:9"},
        ],
        "cpu": "256",
        "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.task-iam-role"}],
        "volumes": [],
        **changes,
    }


@dataclass
class FakeEcs:
    """All three services: each client of `aws` is this."""

    weights: dict[str, int] = field(default_factory=lambda: {BLUE: 100, GREEN: 0})
    task_sets: dict[str, str] = field(default_factory=lambda: {BLUE: "web-template:1"})
    definitions: dict[str, dict[str, Any]] = field(default_factory=dict)
    deployments: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: dict[str, dict[str, str]] = field(default_factory=dict)
    red: list[str] = field(default_factory=list)
    stopped: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ecs = self.elbv2 = self.codedeploy = self.cloudwatch = self
        self.meta = SimpleNamespace(service_model=_MODEL)
        self.exceptions = SimpleNamespace(
            DeploymentAlreadyCompletedException=AlreadyCompletedError,
            DeploymentIsNotInReadyStateException=NotReadyError,
            DeploymentLimitExceededException=LimitExceededError,
        )
        self.put("web-template", template())

    def put(self, family: str, definition: dict[str, Any]) -> dict[str, Any]:
        """Registers a task definition as the family's next revision."""
        revision = 1 + sum(name.rpartition(":")[0] == family for name in self.definitions)
        name = f"{family}:{revision}"
        more = {"taskDefinitionArn": PREFIX + name, "family": family, "revision": revision}
        self.definitions[name] = {**deepcopy(definition), **more, "status": "ACTIVE"}
        return self.definitions[name]

    def deploy(self, deployment_id: str, status: str = "InProgress", **events: str) -> None:
        """A deployment of the group, with its lifecycle events by name."""
        self.deployments[deployment_id] = {
            "deploymentId": deployment_id,
            "status": status,
            "createTime": NOW,
        }
        self.events[deployment_id] = events

    def describe_task_definition(self, taskDefinition: str, include: Any = ()) -> dict[str, Any]:  # noqa: N803
        wanted = taskDefinition.removeprefix(PREFIX)
        active = [name for name, one in self.definitions.items() if one["status"] == "ACTIVE"]
        found = (
            wanted if ":" in wanted else next((n for n in reversed(active) if n.startswith(wanted + ":")), "")
        )
        if found not in self.definitions:
            error: Any = {
                "Error": {"Code": "ClientException", "Message": "Unable to describe task definition."}
            }
            raise ClientError(error, "DescribeTaskDefinition")
        tags = {"tags": [{"key": "platform", "value": "lockgate"}]} if include else {}
        return {"taskDefinition": deepcopy(self.definitions[found]), **tags}

    def register_task_definition(self, **definition: Any) -> dict[str, Any]:
        unknown = set(definition) - set(_MODEL.operation_model("RegisterTaskDefinition").input_shape.members)  # type: ignore[union-attr]
        assert not unknown
        self.asked.append("register")
        return {"taskDefinition": self.put(definition.pop("family"), definition)}

    def describe_services(self, cluster: str, services: list[str]) -> dict[str, Any]:
        assert (cluster, services) == ("lockgate-local", ["web"])
        sets = [
            {
                "taskDefinition": PREFIX + definition,
                "status": "ACTIVE" if number else "PRIMARY",
                "createdAt": NOW + timedelta(minutes=number),
                "loadBalancers": [{"targetGroupArn": group}],
            }
            for number, (group, definition) in enumerate(self.task_sets.items())
        ]
        return {"services": [{"status": "ACTIVE", "taskSets": sets}]}

    def list_tasks(self, cluster: str, family: str, desiredStatus: str) -> dict[str, Any]:  # noqa: N803
        assert (cluster, family, desiredStatus) == ("lockgate-local", "web", "STOPPED")
        return {"taskArns": [task["taskArn"] for task in self.stopped]}

    def describe_tasks(self, cluster: str, tasks: list[str]) -> dict[str, Any]:
        assert cluster == "lockgate-local"
        return {"tasks": [task for task in self.stopped if task["taskArn"] in tasks]}

    def describe_listeners(self, ListenerArns: list[str]) -> dict[str, Any]:  # noqa: N803
        assert ListenerArns == ["arn:listener"]
        groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in self.weights.items()]
        actions = [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]
        return {"Listeners": [{"DefaultActions": actions}]}

    def describe_alarms(self, **_: Any) -> dict[str, Any]:
        return {"MetricAlarms": [{"AlarmName": name} for name in self.red], "CompositeAlarms": []}

    def get_deployment(self, deploymentId: str) -> dict[str, Any]:  # noqa: N803
        return {"deploymentInfo": self.deployments[deploymentId]}

    def batch_get_deployments(self, deploymentIds: list[str]) -> dict[str, Any]:  # noqa: N803
        return {"deploymentsInfo": [self.deployments[name] for name in deploymentIds]}

    def get_paginator(self, operation: str) -> FakeEcs:
        assert operation == "list_deployments"
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"deployments": list(self.deployments)}]

    def list_deployments(self, includeOnlyStatuses: list[str], **_: Any) -> dict[str, Any]:  # noqa: N803
        running = [name for name, one in self.deployments.items() if one["status"] in includeOnlyStatuses]
        return {"deployments": running}

    def list_deployment_targets(self, deploymentId: str) -> dict[str, Any]:  # noqa: N803
        return {"targetIds": [f"lockgate-local:web of {deploymentId}"]}

    def get_deployment_target(self, deploymentId: str, targetId: str) -> dict[str, Any]:  # noqa: N803
        assert deploymentId in targetId
        events = [
            {"lifecycleEventName": name, "status": status, "startTime": NOW}
            for name, status in self.events[deploymentId].items()
        ]
        return {"deploymentTarget": {"ecsTarget": {"lifecycleEvents": events}}}

    def create_deployment(self, **request: Any) -> dict[str, Any]:
        if self.list_deployments(["InProgress"])["deployments"]:
            raise LimitExceededError
        name = f"d-{len(self.deployments) + 1}"
        self.deploy(name)
        appspec = json.loads(request["revision"]["appSpecContent"]["content"])
        self.deployments[name] |= {"description": request["description"], "appspec": appspec}
        self.deployments[name]["config"] = request["deploymentConfigName"]
        return {"deploymentId": name}

    def stop_deployment(self, deploymentId: str, autoRollbackEnabled: bool) -> None:  # noqa: N803
        assert autoRollbackEnabled
        self.asked.append(f"stop {deploymentId}")
        if self.deployments[deploymentId]["status"] != "InProgress":
            raise AlreadyCompletedError

    def continue_deployment(self, deploymentId: str, deploymentWaitType: str) -> None:  # noqa: N803
        assert deploymentWaitType == "TERMINATION_WAIT"
        self.asked.append(f"end wait {deploymentId}")
        self.deployments[deploymentId]["status"] = "Succeeded"
