"""What a deployment to ECS asks of ECS and of the load balancer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from localaws.clients import Clients
from localaws.codedeploy.model import EcsState

Weights = dict[str, int]
"""Weights by ARN of the target group."""

_GONE = ("ServiceNotFoundException", "TaskSetNotFoundException", "ClusterNotFoundException")


@dataclass(frozen=True)
class Rule:
    """A rule of a listener.

    Attributes:
        arn: of the rule; None for the listener's default action.
        actions: as DescribeRules has them.
    """

    listener: str
    arn: str | None
    actions: tuple[dict[str, Any], ...]

    @property
    def weights(self) -> Weights:
        """Weights of the target groups that it forwards to."""
        found: Weights = {}
        for action in self.actions:
            for group in (action.get("ForwardConfig") or {}).get("TargetGroups", []):
                found[group["TargetGroupArn"]] = group.get("Weight", 1)
        return found

    def forwarding(self, weights: Mapping[str, int]) -> list[dict[str, Any]]:
        """The actions with other weights."""
        groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]
        forward = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
        kept = [action for action in self.actions if action["Type"] != "forward"]
        orders = [{**action, "Order": number} for number, action in enumerate([*kept, forward], 1)]
        return orders if kept else [forward]


@dataclass(frozen=True)
class EcsCalls:
    """Calls of one account and region; each blocks."""

    clients: Clients

    def service(self, cluster: str, name: str) -> dict[str, Any] | None:
        """A service, or None when it or its cluster does not exist."""
        try:
            answer = self.clients.client("ecs").describe_services(cluster=cluster, services=[name])
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                return None
            raise
        found: list[dict[str, Any]] = answer["services"]
        return found[0] if found and found[0]["status"] == "ACTIVE" else None

    def create_set(self, state: EcsState, deployment_id: str) -> str:
        """Makes green, unless it is there; its id."""
        balancer = {
            "targetGroupArn": state.green_group,
            "containerName": state.container,
            "containerPort": state.port,
        }
        made = self.clients.client("ecs").create_task_set(
            cluster=state.cluster,
            service=state.service,
            externalId=deployment_id,
            taskDefinition=state.definition,
            loadBalancers=[balancer],
            scale={"value": 100.0, "unit": "PERCENT"},
            **state.options,
        )
        set_id: str = made["taskSet"]["id"]
        return set_id

    def make_primary(self, state: EcsState, set_id: str) -> None:
        """Makes a task set the one that the service shows."""
        self.clients.client("ecs").update_service_primary_task_set(
            cluster=state.cluster, service=state.service, primaryTaskSet=set_id
        )

    def delete_set(self, state: EcsState, set_id: str) -> None:
        """Deletes a task set with its tasks; one that is gone needs nothing."""
        try:
            self.clients.client("ecs").delete_task_set(
                cluster=state.cluster, service=state.service, taskSet=set_id, force=True
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _GONE:
                raise

    def stopped_reasons(self, cluster: str, set_id: str) -> list[str]:
        """Why tasks of a task set have stopped."""
        ecs = self.clients.client("ecs")
        arns = ecs.list_tasks(cluster=cluster, startedBy=set_id, desiredStatus="STOPPED")["taskArns"]
        if not arns:
            return []
        tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
        return [task.get("stoppedReason", "") for task in tasks]

    def groups(self, names: Sequence[str]) -> dict[str, str]:
        """ARNs of the target groups that exist, by name."""
        found: dict[str, str] = {}
        for name in names:
            answer = self.clients.client("elbv2").describe_target_groups(Names=[name])
            found |= {one["TargetGroupName"]: one["TargetGroupArn"] for one in answer["TargetGroups"]}
        return found

    def rules(self, listener: str) -> list[Rule]:
        """Rules of a listener that forward somewhere, the default one last."""
        answer = self.clients.client("elbv2").describe_rules(ListenerArn=listener)
        rules = [
            Rule(listener, None if one["IsDefault"] else one["RuleArn"], tuple(one["Actions"]))
            for one in answer["Rules"]
        ]
        return sorted((rule for rule in rules if rule.weights), key=lambda rule: rule.arn is None)

    def forward(self, rule: Rule, weights: Weights) -> None:
        """Sets the weights of a rule, unless it has them."""
        if rule.weights == weights:
            return
        elbv2, actions = self.clients.client("elbv2"), rule.forwarding(weights)
        if rule.arn is None:
            elbv2.modify_listener(ListenerArn=rule.listener, DefaultActions=actions)
        else:
            elbv2.modify_rule(RuleArn=rule.arn, Actions=actions)
