"""What an ECS service serves: which task set has which share of the listener's traffic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lockgate.aws import Aws
from lockgate.contract import ContainerContract
from lockgate.errors import LockgateError
from lockgate.metrics.load_balancer import dimension_of

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import ServiceTypeDef, TaskSetTypeDef


@dataclass(frozen=True)
class State:
    """What serves.

    Attributes:
        version: the one with most traffic.
        weights: share of traffic by version, adding up to 1.
        target_group: ARN of the target group with most traffic.
        idle_target_group: ARN of the other one, on which CodeDeploy starts the next version.
    """

    version: str
    weights: dict[str, float]
    target_group: str
    idle_target_group: str


@dataclass(frozen=True)
class EcsService:
    """One ECS service with its load balancer.

    Args:
        aws: clients of the environment.
        contract: the service, as Terraform provisioned it.
    """

    aws: Aws
    contract: ContainerContract

    def state(self) -> State:
        """What serves now. Writes nothing.

        Raises:
            LockgateError: the service or its listener does not exist, or has other target groups.
        """
        shares = self._shares()
        versions = dict(self._versions())
        serving = max(shares, key=lambda arn: shares[arn])
        idle = next((arn for arn in self.contract.target_groups if arn != serving), serving)
        weights: dict[str, float] = {}
        for arn, share in shares.items():
            if share:
                version = versions.get(arn) or f"nothing on {dimension_of(arn)}"
                weights[version] = round(weights.get(version, 0.0) + share, 6)
        return State(next(iter(sorted(weights, key=lambda v: -weights[v]))), weights, serving, idle)

    def _shares(self) -> dict[str, float]:
        """Share of the production listener's traffic by target group, both groups of the contract."""
        listeners = self.aws.elbv2.describe_listeners(ListenerArns=[self.contract.listener_arn])["Listeners"]
        weights: dict[str, float] = dict.fromkeys(self.contract.target_groups, 0.0)
        for action in listeners[0].get("DefaultActions", []) if listeners else []:
            forward = action.get("ForwardConfig", {}).get("TargetGroups", [])
            groups = [(group["TargetGroupArn"], float(group.get("Weight", 1))) for group in forward]
            for arn, weight in groups or [(action.get("TargetGroupArn", ""), 1.0)]:
                if arn not in weights:
                    raise self._broken(f"listener {self.contract.listener_arn} forwards to {arn!r}")
                weights[arn] += weight
        total = sum(weights.values())
        if not total:
            raise self._broken(f"listener {self.contract.listener_arn} forwards to nothing")
        return {arn: weight / total for arn, weight in weights.items()}

    def _versions(self) -> Iterator[tuple[str, str]]:
        """Target groups, each with the version whose tasks it has; the newest task set counts."""
        for task_set in sorted(self._task_sets(), key=lambda one: one["createdAt"]):
            for balancer in task_set.get("loadBalancers", []):
                yield balancer["targetGroupArn"], self.contract.version_of(task_set["taskDefinition"])

    def _task_sets(self) -> list[TaskSetTypeDef]:
        """Task sets of the service that are not being removed."""
        found = [one for one in self.describe().get("taskSets", []) if one["status"] != "DRAINING"]
        if not found:
            raise self._broken(f"service {self.contract.ecs_service} has no task set")
        return found

    def why_stopped(self, version: str) -> str | None:
        """Why the task of a version stopped that stopped last, in ECS's words; None where none has, or nobody
        may ask. ECS tells for an hour (API reference, ListTasks)."""
        cluster, family = self.contract.cluster, self.contract.task_definition_family
        try:
            arns = self.aws.ecs.list_tasks(cluster=cluster, family=family, desiredStatus="STOPPED")[
                "taskArns"
            ]
            tasks = self.aws.ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
        except ClientError:
            return None
        reasons = {
            task["stoppedAt"]: task["stoppedReason"]
            for task in tasks
            if self.contract.version_of(task["taskDefinitionArn"]) == version
            and "stoppedAt" in task
            and task.get("stoppedReason")
        }
        return reasons[max(reasons)] if reasons else None

    def describe(self) -> ServiceTypeDef:
        """DescribeServices' answer.

        Raises:
            LockgateError: the service does not exist.
        """
        answer = self.aws.ecs.describe_services(
            cluster=self.contract.cluster, services=[self.contract.ecs_service]
        )
        active = [service for service in answer["services"] if service["status"] == "ACTIVE"]
        if not active:
            raise self._broken(f"there is no service {self.contract.ecs_service} in {self.contract.cluster}")
        return active[0]

    def _broken(self, what: str) -> LockgateError:
        return LockgateError(
            f"{self.contract.service}: {what}, though the contract says otherwise",
            hint=f"Apply Terraform: make apply ENV={self.contract.environment}.",
        )
