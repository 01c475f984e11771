"""Services, task sets and tasks as ECS answers (API reference; recorded answers, docs/fidelity.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from localaws.ecs.model import EcsService, Task, TaskSet

_OF_A_SET = (
    "taskDefinition",
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "platformFamily",
    "networkConfiguration",
)
"""Members that a service and each of its task sets have: a service shows those of its primary one (API
reference, UpdateServicePrimaryTaskSet)."""


@dataclass(frozen=True)
class Arns:
    """ARNs of one account and region."""

    account: str
    region: str

    def of(self, kind: str, *names: str) -> str:
        """The ARN of a cluster, service, task or task set."""
        return f"arn:aws:ecs:{self.region}:{self.account}:{kind}/{'/'.join(names)}"


def service(arns: Arns, found: EcsService, with_tags: bool = False) -> dict[str, Any]:
    """A service as DescribeServices answers."""
    shown = {
        **found.settings,
        **_of_primary(found),
        "serviceArn": arns.of("service", found.cluster, found.name),
        "serviceName": found.name,
        "clusterArn": arns.of("cluster", found.cluster),
        "status": found.status,
        "desiredCount": found.desired,
        "runningCount": found.count(None, "RUNNING"),
        "pendingCount": found.count(None, "PENDING"),
        "taskSets": [task_set(arns, found, one) for one in found.task_sets],
        "deployments": [],
        "events": [{**event, "createdAt": _time(event["createdAt"])} for event in found.events],
        "createdAt": _time(found.created),
    }
    return {**shown, "tags": found.tags} if with_tags else shown


def _of_primary(found: EcsService) -> dict[str, Any]:
    primary = next((one for one in found.task_sets if one.status == "PRIMARY"), None)
    if primary is None:
        return {}
    shown = {name: primary.settings[name] for name in _OF_A_SET if name in primary.settings}
    return {**shown, "loadBalancers": primary.load_balancers}


def task_set(arns: Arns, owner: EcsService, found: TaskSet, with_tags: bool = False) -> dict[str, Any]:
    """A task set as DescribeTaskSets answers."""
    shown = {name: found.settings[name] for name in _OF_A_SET if name in found.settings}
    shown |= {
        "id": found.set_id,
        "taskSetArn": arns.of("task-set", owner.cluster, owner.name, found.set_id),
        "serviceArn": arns.of("service", owner.cluster, owner.name),
        "clusterArn": arns.of("cluster", owner.cluster),
        "status": found.status,
        "computedDesiredCount": found.wanted(owner.desired),
        "pendingCount": owner.count(found, "PENDING"),
        "runningCount": owner.count(found, "RUNNING"),
        "createdAt": _time(found.created),
        "updatedAt": _time(found.updated),
        "loadBalancers": found.load_balancers,
        "serviceRegistries": found.settings.get("serviceRegistries") or [],
        "scale": {"value": found.scale, "unit": "PERCENT"},
        "stabilityStatus": found.stability,
        "stabilityStatusAt": _time(found.stability_at),
    }
    if found.external_id:
        shown |= {"externalId": found.external_id, "startedBy": "CODE_DEPLOY"}
    return {**shown, "tags": found.tags} if with_tags else shown


def task(
    arns: Arns, owner: EcsService, found: Task, definition: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A task as DescribeTasks answers.

    Args:
        definition: its task definition, for the containers.
    """
    task_set_ = owner.task_set(found.set_id)
    settings = task_set_.settings if task_set_ else owner.settings
    shown = {
        "taskArn": arns.of("task", owner.cluster, found.task_id),
        "clusterArn": arns.of("cluster", owner.cluster),
        "taskDefinitionArn": found.definition,
        "group": f"service:{owner.name}",
        "startedBy": found.set_id,
        "launchType": settings.get("launchType") or "FARGATE",
        "lastStatus": found.status,
        "desiredStatus": "RUNNING" if found.is_live else "STOPPED",
        "createdAt": _time(found.created),
        "availabilityZone": f"{arns.region}a",
        "attachments": [_interface(found)],
        "containers": _containers(arns, owner, found, definition or {}),
        "version": 1,
    }
    times = {"startedAt": found.started, "stoppedAt": found.stopped, "stoppingAt": found.stopped}
    shown |= {name: _time(at) for name, at in times.items() if at is not None}
    if not found.is_live:
        shown |= {"stoppedReason": found.stopped_reason, "stopCode": found.stop_code}
    return shown


def _interface(found: Task) -> dict[str, Any]:
    details = [{"name": "privateIPv4Address", "value": found.address}]
    status = "ATTACHED" if found.is_live else "DELETED"
    return {
        "id": f"{found.task_id}-eni",
        "type": "ElasticNetworkInterface",
        "status": status,
        "details": details,
    }


def _containers(
    arns: Arns, owner: EcsService, found: Task, definition: Mapping[str, Any]
) -> list[dict[str, Any]]:
    return [
        {
            "name": container["name"],
            "image": container["image"],
            "taskArn": arns.of("task", owner.cluster, found.task_id),
            "lastStatus": found.status,
            "networkInterfaces": [{"privateIpv4Address": found.address}],
        }
        for container in definition.get("containerDefinitions", [])
    ]


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
