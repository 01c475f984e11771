"""What a deployment group for ECS must say (API reference, CreateDeploymentGroup; user guide, "Create a
deployment group for an Amazon ECS deployment"). Codes are the service model's; words are inferred.

Whether service, listeners and target groups exist is found out by the deployment; CodeDeploy itself also
looks when the group is made.
"""

from __future__ import annotations

from typing import Any

from localaws.codedeploy.configs import MAX_MINUTES
from localaws.codedeploy.operations.context import Params
from localaws.wire import ServiceError


def check(group: Params) -> None:
    """Refuses a group that could not be deployed to.

    Args:
        group: as it would become.

    Raises:
        ServiceError: what it must say is missing or wrong.
    """
    services = group.get("ecsServices") or []
    if len(services) != 1 or not all(services[0].get(name) for name in ("clusterName", "serviceName")):
        raise ServiceError(
            "InvalidECSServiceException", "A deployment group for ECS must name one service and its cluster."
        )
    if not group.get("deploymentStyle"):
        raise ServiceError(
            "InvalidDeploymentStyleException", "A deployment group for ECS must have a deployment style."
        )
    _check_pair((group.get("loadBalancerInfo") or {}).get("targetGroupPairInfoList") or [])
    _check_blue_green(group.get("blueGreenDeploymentConfiguration") or {})


def _check_pair(pairs: list[Any]) -> None:
    if len(pairs) != 1:
        raise ServiceError(
            "InvalidLoadBalancerInfoException", "A deployment group for ECS must have one target group pair."
        )
    names = [one.get("name") for one in pairs[0].get("targetGroups") or []]
    if len(names) != 2 or not all(names) or names[0] == names[1]:
        raise ServiceError(
            "InvalidTargetGroupPairException", "A target group pair must have two different target groups."
        )
    if len((pairs[0].get("prodTrafficRoute") or {}).get("listenerArns") or []) != 1:
        raise ServiceError(
            "InvalidTargetGroupPairException", "A production traffic route must have one listener."
        )
    if len((pairs[0].get("testTrafficRoute") or {}).get("listenerArns") or []) > 1:
        raise ServiceError("InvalidTargetGroupPairException", "A test traffic route can have one listener.")


def _check_blue_green(settings: Params) -> None:
    invalid = "InvalidBlueGreenDeploymentConfigurationException"
    termination = settings.get("terminateBlueInstancesOnDeploymentSuccess")
    ready = settings.get("deploymentReadyOption")
    if not termination or not ready:
        raise ServiceError(
            invalid,
            "A deployment group for ECS must say what becomes of the original task set, and what happens "
            "when the replacement one is ready.",
        )
    if termination.get("action", "TERMINATE") != "TERMINATE":
        raise ServiceError(invalid, "The original task set of a deployment to ECS can only be terminated.")
    waits = (termination.get("terminationWaitTimeInMinutes", 0), ready.get("waitTimeInMinutes", 0))
    if any(not 0 <= minutes <= MAX_MINUTES for minutes in waits):
        raise ServiceError(invalid, f"A wait must be from 0 to {MAX_MINUTES} minutes.")
