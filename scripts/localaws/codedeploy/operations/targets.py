"""Deployment targets: a deployment to Lambda has one, its function's alias; one to ECS too, its service."""

from __future__ import annotations

from localaws.codedeploy.appspec import AppSpec, AppSpecError, read
from localaws.codedeploy.model import Deployment, Event
from localaws.codedeploy.operations.context import Context, Operation, Params, page, time, without_none
from localaws.wire import ServiceError

_STATUSES = {"Created": "Pending", "Queued": "Pending", "Stopped": "Failed"}
"""Status of the target by that of the deployment, where they differ (inferred)."""

_BATCH = 25
"""Targets in one BatchGetDeploymentTargets (API reference)."""


def get(context: Context, params: Params) -> Params:
    """GetDeploymentTarget."""
    return {"deploymentTarget": _answer(context, params["deploymentId"], params["targetId"])}


def batch_get(context: Context, params: Params) -> Params:
    """BatchGetDeploymentTargets."""
    if len(params["targetIds"]) > _BATCH:
        raise ServiceError("DeploymentTargetListSizeExceededException", f"At most {_BATCH} targets at once")
    targets = [_answer(context, params["deploymentId"], target) for target in params["targetIds"]]
    return {"deploymentTargets": targets}


def list_all(context: Context, params: Params) -> Params:
    """ListDeploymentTargets: none where the AppSpec cannot be used; `targetFilters` by TargetStatus."""
    deployment = context.deployment(params["deploymentId"])
    ids = _ids(deployment)
    wanted = (params.get("targetFilters") or {}).get("TargetStatus")
    shown = not wanted or _status(deployment) in wanted
    return page(ids[:1] if shown else [], params.get("nextToken"), "targetIds")


def _ids(deployment: Deployment) -> list[str]:
    """What the target of a deployment may be called; the first one is how it is called itself."""
    if deployment.platform == "ECS":
        service = deployment.settings["ecsServices"][0]
        return [f"{service['clusterName']}:{service['serviceName']}"]
    spec = _spec(deployment)
    return [_target_id(spec), spec.function] if spec else []


def _spec(deployment: Deployment) -> AppSpec | None:
    try:
        return read(deployment.content)
    except AppSpecError:
        return None


def _target_id(spec: AppSpec) -> str:
    """Id of the target: function and alias. The API reference says "names of Lambda functions"; real ones
    also have the alias (docs/fidelity.md)."""
    return f"{spec.function}:{spec.alias}"


def _status(deployment: Deployment) -> str:
    return _STATUSES.get(deployment.status, deployment.status)


def _answer(context: Context, deployment_id: str, target_id: str) -> Params:
    deployment = context.deployment(deployment_id)
    ids = _ids(deployment)
    if target_id not in ids:
        raise ServiceError(
            "DeploymentTargetDoesNotExistException", f"{deployment_id} has no target {target_id}"
        )
    if deployment.platform == "ECS":
        return {"deploymentTargetType": "ECSTarget", "ecsTarget": _ecs_target(context, deployment, ids[0])}
    target = _lambda_target(context, deployment, ids[0])
    return {"deploymentTargetType": "LambdaTarget", "lambdaTarget": target}


def _common(deployment: Deployment, target_id: str, arn: str) -> Params:
    times = [deployment.created, deployment.started, deployment.completed]
    times += [moment for event in deployment.events for moment in (event.start, event.end)]
    return {
        "deploymentId": deployment.deployment_id,
        "targetId": target_id,
        "targetArn": arn,
        "status": _status(deployment),
        "lastUpdatedAt": time(max(moment for moment in times if moment is not None)),
        "lifecycleEvents": [_event(event) for event in deployment.events],
    }


def _ecs_target(context: Context, deployment: Deployment, target_id: str) -> Params:
    name = target_id.replace(":", "/")
    arn = f"arn:aws:ecs:{context.region_name}:{context.account}:service/{name}"
    sets = deployment.ecs.sets if deployment.ecs else []
    return {**_common(deployment, target_id, arn), "taskSetsInfo": sets}


def _lambda_target(context: Context, deployment: Deployment, target_id: str) -> Params:
    spec = read(deployment.content)
    arn = f"arn:aws:lambda:{context.region_name}:{context.account}:function:{target_id}"
    return {
        **_common(deployment, target_id, arn),
        "lambdaFunctionInfo": {
            "functionName": spec.function,
            "functionAlias": spec.alias,
            "currentVersion": spec.current_version,
            "targetVersion": spec.target_version,
            "targetVersionWeight": deployment.weight / 100,
        },
    }


def _event(event: Event) -> Params:
    diagnostics = {"errorCode": event.error_code, "message": event.message} if event.error_code else None
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
