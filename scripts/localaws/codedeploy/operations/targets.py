"""Deployment targets: a Lambda deployment has one, its function."""

from __future__ import annotations

from localaws.codedeploy.appspec import read
from localaws.codedeploy.model import Deployment, Event
from localaws.codedeploy.operations.context import Context, Operation, Params, time, without_none
from localaws.wire import ServiceError

_STATUSES = {"Created": "Pending", "Queued": "Pending", "Stopped": "Failed"}


def get(context: Context, params: Params) -> Params:
    """GetDeploymentTarget."""
    return {"deploymentTarget": _answer(context, params["deploymentId"], params["targetId"])}


def batch_get(context: Context, params: Params) -> Params:
    """BatchGetDeploymentTargets."""
    targets = [_answer(context, params["deploymentId"], target) for target in params["targetIds"]]
    return {"deploymentTargets": targets}


def list_all(context: Context, params: Params) -> Params:
    """ListDeploymentTargets."""
    return {"targetIds": [_target_id(context.deployment(params["deploymentId"]))]}


def _target_id(deployment: Deployment) -> str:
    """Id of the target: function and alias."""
    spec = read(deployment.content)
    return f"{spec.function}:{spec.alias}"


def _answer(context: Context, deployment_id: str, target_id: str) -> Params:
    deployment = context.deployment(deployment_id)
    if target_id != _target_id(deployment):
        raise ServiceError(
            "DeploymentTargetDoesNotExistException", f"{deployment_id} has no target {target_id}"
        )
    spec = read(deployment.content)
    arn = f"arn:aws:lambda:{context.region_name}:{context.account}:function:{target_id}"
    updated = deployment.completed or deployment.started or deployment.created
    target = {
        "deploymentId": deployment_id,
        "targetId": target_id,
        "targetArn": arn,
        "status": _STATUSES.get(deployment.status, deployment.status),
        "lastUpdatedAt": time(updated),
        "lifecycleEvents": [_event(event) for event in deployment.events],
        "lambdaFunctionInfo": {
            "functionName": spec.function,
            "functionAlias": spec.alias,
            "currentVersion": spec.current_version,
            "targetVersion": spec.target_version,
            "targetVersionWeight": deployment.weight / 100,
        },
    }
    return {"deploymentTargetType": "LambdaTarget", "lambdaTarget": target}


def _event(event: Event) -> Params:
    diagnostics = {"errorCode": "ScriptFailed", "message": event.message} if event.message else None
    return without_none(
        {
            "lifecycleEventName": event.name,
            "status": event.status,
            "startTime": time(event.start),
            "endTime": time(event.end),
            "diagnostics": diagnostics,
        }
    )


OPERATIONS: dict[str, Operation] = {
    "GetDeploymentTarget": get,
    "BatchGetDeploymentTargets": batch_get,
    "ListDeploymentTargets": list_all,
}
