"""Deployments: creating, looking at, listing and stopping them."""

from __future__ import annotations

import hashlib
from typing import Any

from localaws.codedeploy.appspec import AppSpecError, read
from localaws.codedeploy.model import Deployment, new_deployment_id
from localaws.codedeploy.notifications import overview
from localaws.codedeploy.operations.context import Context, Operation, Params, page, time, without_none
from localaws.wire import ServiceError

_BATCH = 25
"""Deployments in one BatchGetDeployments (API reference)."""


def create(context: Context, params: Params) -> Params:
    """CreateDeployment. One deployment of a group can run at a time."""
    application = context.application(params["applicationName"])
    name = params.get("deploymentGroupName")
    if not name:
        raise ServiceError("DeploymentGroupNameRequiredException", "Deployment Group name is missing")
    group = context.group(params["applicationName"], name)
    if application["computePlatform"] != "Lambda":
        raise ServiceError(
            "InvalidComputePlatformException", f"{application['computePlatform']} is not emulated here."
        )
    revision = params.get("revision") or group.get("targetRevision")
    if not revision:
        raise ServiceError("RevisionRequiredException", "Revision is missing")
    config = params.get("deploymentConfigName") or group["deploymentConfigName"]
    if context.config(config)["computePlatform"] != "Lambda":
        raise ServiceError(
            "InvalidDeploymentConfigNameException", f"{config} is not a configuration for Lambda."
        )
    running = [d for d in context.region.of_group(params["applicationName"], name) if not d.is_over]
    if running:
        raise ServiceError(
            "DeploymentLimitExceededException",
            f"The Deployment Group '{name}' already has an active Deployment '{running[-1].deployment_id}'",
        )
    deployment = Deployment(
        deployment_id=new_deployment_id(),
        application=params["applicationName"],
        group=name,
        config=config,
        revision=revision,
        content=_content(context, revision),
        created=context.now,
        description=params.get("description"),
        alarm_override=params.get("overrideAlarmConfiguration"),
        auto_rollback=params.get("autoRollbackConfiguration"),
    )
    context.region.deployments[deployment.deployment_id] = deployment
    context.engine.run(deployment)
    return {"deploymentId": deployment.deployment_id}


def _content(context: Context, revision: dict[str, Any]) -> str:
    """Text of the AppSpec.

    Raises:
        ServiceError: it is not what its digest says, or is not for Lambda.
    """
    given = revision.get("appSpecContent") or revision.get("string")
    if given:
        content = str(given.get("content", ""))
        digest = given.get("sha256")
        if digest and digest != hashlib.sha256(content.encode()).hexdigest():
            raise ServiceError("InvalidRevisionException", "The SHA-256 of the AppSpec does not match.")
    elif context.content is not None:
        content = context.content
    else:
        raise ServiceError("InvalidRevisionException", "A Lambda revision is an AppSpec as text or in S3.")
    try:
        read(content)
    except AppSpecError as error:
        raise ServiceError("InvalidRevisionException", str(error)) from error
    return content


def get(context: Context, params: Params) -> Params:
    """GetDeployment."""
    return {"deploymentInfo": _answer(context, context.deployment(params["deploymentId"]))}


def batch_get(context: Context, params: Params) -> Params:
    """BatchGetDeployments: what does not exist is left out."""
    ids = params["deploymentIds"]
    if len(ids) > _BATCH:
        raise ServiceError("BatchLimitExceededException", f"At most {_BATCH} deployments at once")
    known = [context.region.deployments[one] for one in ids if one in context.region.deployments]
    return {"deploymentsInfo": [_answer(context, deployment) for deployment in known]}


def list_all(context: Context, params: Params) -> Params:
    """ListDeployments: the newest first."""
    application, group = params.get("applicationName"), params.get("deploymentGroupName")
    if group and not application:
        raise ServiceError("ApplicationNameRequiredException", "A group needs its application")
    if application:
        context.application(application)
    if application and group:
        context.group(application, group)
    statuses = params.get("includeOnlyStatuses")
    window = params.get("createTimeRange", {})
    found = [
        deployment
        for deployment in context.region.deployments.values()
        if (not application or deployment.application == application)
        and (not group or deployment.group == group)
        and (not statuses or deployment.status in statuses)
        and _within(deployment, window)
    ]
    found.sort(key=lambda deployment: deployment.created, reverse=True)
    return page([d.deployment_id for d in found], params.get("nextToken"), "deployments")


def _within(deployment: Deployment, window: dict[str, Any]) -> bool:
    start, end = window.get("start"), window.get("end")
    after = start is None or deployment.created >= start.timestamp()
    return after and (end is None or deployment.created <= end.timestamp())


def stop(context: Context, params: Params) -> Params:
    """StopDeployment: noted here, done by the deployment itself."""
    deployment = context.deployment(params["deploymentId"])
    if deployment.is_over:
        raise ServiceError(
            "DeploymentAlreadyCompletedException",
            f"The deployment {deployment.deployment_id} is already completed.",
        )
    asked = params.get("autoRollbackEnabled")
    deployment.stop = "group" if asked is None else "rollback" if asked else "keep"
    return {"status": "Pending", "statusMessage": "Deployment is being stopped."}


def go_on(context: Context, params: Params) -> Params:
    """ContinueDeployment: a Lambda deployment never waits for it."""
    deployment = context.deployment(params.get("deploymentId", ""))
    if deployment.is_over:
        raise ServiceError("DeploymentAlreadyCompletedException", "The deployment is already completed.")
    raise ServiceError(
        "UnsupportedActionForDeploymentTypeException", "A Lambda deployment cannot be continued by request."
    )


def put_hook_status(context: Context, params: Params) -> Params:
    """PutLifecycleEventHookExecutionStatus."""
    deployment = context.deployment(params.get("deploymentId", ""))
    execution_id, status = params.get("lifecycleEventHookExecutionId"), params.get("status")
    if status not in ("Succeeded", "Failed"):
        raise ServiceError(
            "InvalidLifecycleEventHookExecutionStatusException", f"{status} is neither Succeeded nor Failed"
        )
    execution = next((e for e in deployment.executions if e.execution_id == execution_id), None)
    if execution is None:
        raise ServiceError(
            "InvalidLifecycleEventHookExecutionIdException", f"No hook was invoked with id {execution_id}"
        )
    if execution.status is not None or deployment.is_over:
        raise ServiceError(
            "LifecycleEventAlreadyCompletedException", "The lifecycle event is already completed"
        )
    execution.status = status
    return {"lifecycleEventHookExecutionId": execution_id}


def _answer(context: Context, deployment: Deployment) -> Params:
    group = context.region.groups.get(f"{deployment.application}/{deployment.group}", {})
    error = {"code": deployment.error_code, "message": deployment.error_message}
    return without_none(
        {
            "applicationName": deployment.application,
            "deploymentGroupName": deployment.group,
            "deploymentConfigName": deployment.config,
            "deploymentId": deployment.deployment_id,
            "revision": deployment.revision,
            "status": deployment.status,
            "errorInformation": error if deployment.error_code else None,
            "createTime": time(deployment.created),
            "startTime": time(deployment.started),
            "completeTime": time(deployment.completed),
            "deploymentOverview": overview(deployment),
            "description": deployment.description,
            "creator": deployment.creator,
            "ignoreApplicationStopFailures": False,
            "updateOutdatedInstancesOnly": False,
            "autoRollbackConfiguration": deployment.auto_rollback or group.get("autoRollbackConfiguration"),
            "rollbackInfo": _rollback_info(deployment),
            "deploymentStyle": {
                "deploymentType": "BLUE_GREEN",
                "deploymentOption": "WITH_TRAFFIC_CONTROL",
            },
            "instanceTerminationWaitTimeStarted": False,
            "computePlatform": "Lambda",
            "overrideAlarmConfiguration": deployment.alarm_override,
        }
    )


def _rollback_info(deployment: Deployment) -> Params | None:
    if deployment.undone_by:
        return {
            "rollbackDeploymentId": deployment.undone_by,
            "rollbackMessage": f"The deployment {deployment.deployment_id} is rolled back.",
        }
    return {"rollbackTriggeringDeploymentId": deployment.undoes} if deployment.undoes else None


OPERATIONS: dict[str, Operation] = {
    "CreateDeployment": create,
    "GetDeployment": get,
    "BatchGetDeployments": batch_get,
    "ListDeployments": list_all,
    "StopDeployment": stop,
    "ContinueDeployment": go_on,
    "PutLifecycleEventHookExecutionStatus": put_hook_status,
}
