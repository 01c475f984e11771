"""Whether service, listeners and group fit, before a deployment to ECS begins: pure decisions.

Source: user guide, "Before you begin an Amazon ECS deployment" and "Troubleshoot Amazon ECS deployment
issues".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from localaws.codedeploy.ecs_calls import Rule
from localaws.codedeploy.model import Deployment, EcsState


@dataclass(frozen=True)
class Pair:
    """The pair of target groups of a deployment group, by name, and its listeners, by ARN.

    Attributes:
        test: empty where there is none.
    """

    groups: tuple[str, ...]
    production: str
    test: str


def pair_of(deployment: Deployment) -> Pair:
    """What the group said when the deployment was created."""
    info = deployment.settings["loadBalancerInfo"]["targetGroupPairInfoList"][0]
    test = (info.get("testTrafficRoute") or {}).get("listenerArns") or [""]
    return Pair(
        groups=tuple(group["name"] for group in info["targetGroups"]),
        production=info["prodTrafficRoute"]["listenerArns"][0],
        test=test[0],
    )


def problem_of_service(state: EcsState, service: dict[str, Any] | None, deployment_id: str) -> str | None:
    """Why a service cannot be deployed to, if so (words inferred).

    That a task set which an earlier deployment has left is in the way is inferred as well.
    """
    name = f"{state.cluster}:{state.service}"
    if service is None:
        return f"The Amazon ECS service {name} does not exist or is not active."
    if service["deploymentController"]["type"] != "CODE_DEPLOY":
        return (
            f"The Amazon ECS service {name} must be configured for a CODE_DEPLOY deployment controller, not "
            f"{service['deploymentController']['type']}."
        )
    others = [
        one["id"]
        for one in service["taskSets"]
        if one["status"] == "ACTIVE" and one.get("externalId") != deployment_id
    ]
    if others:
        return (
            f"The Amazon ECS service {name} still has the task set {others[0]} of an earlier deployment. "
            "Delete it with DeleteTaskSet, once it gets no traffic."
        )
    return None


def problem_of_rules(state: EcsState, rules: Sequence[Rule]) -> str | None:
    """Why traffic could not be moved, if so (words recorded)."""
    behind = [rule for rule in rules if rule.weights.get(state.blue_group)]
    if not behind:
        return f"Primary taskset target group must be behind listener {state.production}"
    if any(rule.weights.get(state.green_group) for rule in rules):
        return "Green taskset target group cannot have non-zero weight prior to traffic shifting"
    return None
