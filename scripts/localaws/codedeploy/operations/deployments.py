"""Deployments: creating, looking at, listing and stopping them."""

from __future__ import annotations

import hashlib
from typing import Any

from localaws.codedeploy import rollback
from localaws.codedeploy.appspec import AppSpecError, load
from localaws.codedeploy.ecs_platform import READY_WAIT, TERMINATION_WAIT
from localaws.codedeploy.model import Deployment, new_deployment_id
from localaws.codedeploy.notifications import overview
from localaws.codedeploy.operations.context import Context, Operation, Params, page, time, without_none
from localaws.codedeploy.operations.revisions import remember, text_of
from localaws.codedeploy.validation import MAX_DESCRIPTION, check_alarms, check_rollback
from localaws.wire import ServiceError

_BATCH = 25
"""Deployments in one BatchGetDeployments (API reference)."""

_STATUSES = ("Created", "Queued", "InProgress", "Baking", "Succeeded", "Failed", "Stopped", "Ready")

_GROUP_SETTINGS = (
    "serviceRoleArn",
    "deploymentGroupId",
    "alarmConfiguration",
    "autoRollbackConfiguration",
    "triggerConfigurations",
    "ecsServices",
    "loadBalancerInfo",
    "blueGreenDeploymentConfiguration",
)
"""What a deployment takes from its group when it is created; a later change is for later deployments
(inferred)."""

_STYLE = {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}


def create(context: Context, params: Params) -> Params:
    """CreateDeployment. One deployment of a group can run at a time (user guide, "CodeDeploy quotas").

    Without a revision the last one that was deployed successfully is taken (inferred).
    """
    application = context.application(params["applicationName"])
    name = params.get("deploymentGroupName")
    if not name:
        raise ServiceError("DeploymentGroupNameRequiredException", "deploymentGroupName is missing")
    group = context.group(params["applicationName"], name)
    platform = application["computePlatform"]
    if platform not in ("Lambda", "ECS"):
        message = f"Deployments to {platform} are not emulated here: those to Lambda and ECS are."
        raise ServiceError("InvalidComputePlatformException", message)
    _check_settings(params)
    revision = context.revision(params)
    if not revision:
        raise ServiceError("RevisionRequiredException", "Revision is missing")
    named = params.get("deploymentConfigName") or group["deploymentConfigName"]
    config = _config(context, named, platform)
    content = _content(context, revision)
    _check_idle(context, params["applicationName"], name)
    deployment = Deployment(
        deployment_id=new_deployment_id(),
        application=params["applicationName"],
        group=name,
        config=config,
        revision=revision,
        content=content,
        created=context.now,
        description=params.get("description"),
        settings={key: group[key] for key in _GROUP_SETTINGS if key in group},
        alarm_override=params.get("overrideAlarmConfiguration"),
        auto_rollback=params.get("autoRollbackConfiguration"),
        previous_revision=group.get("targetRevision"),
        platform=platform,
    )
    remember(context, deployment.application, revision, name, None)
    context.region.deployments[deployment.deployment_id] = deployment
    context.engine.run(deployment)
    return {"deploymentId": deployment.deployment_id}


def _check_settings(params: Params) -> None:
    if len(params.get("description", "")) > MAX_DESCRIPTION:
        raise ServiceError("DescriptionTooLongException", f"At most {MAX_DESCRIPTION} characters")
    if params.get("deploymentMode", "STANDARD") != "STANDARD":
        raise ServiceError("InvalidInputException", "RESTART is for EC2/On-Premises only.")
    check_alarms(params.get("overrideAlarmConfiguration"))
    check_rollback(params.get("autoRollbackConfiguration"))


def _config(context: Context, name: str, platform: str) -> str:
    if context.config(name)["computePlatform"] != platform:
        raise ServiceError(
            "InvalidDeploymentConfigNameException", f"{name} is not a configuration for {platform}."
        )
    return name


def _check_idle(context: Context, application: str, group: str) -> None:
    """Refuses a second deployment of a group (user guide, "CodeDeploy quotas"; words inferred)."""
    running = [d for d in context.region.of_group(application, group) if not d.is_over]
    if running:
        raise ServiceError(
            "DeploymentLimitExceededException",
            f"The Deployment Group '{group}' already has an active Deployment '{running[-1].deployment_id}'",
        )


def _content(context: Context, revision: dict[str, Any]) -> str:
    """Text of the AppSpec. Whether it fits a function is found out by the deployment: its message says that
    "the AppSpec file … is missing or has an invalid configuration" (docs/fidelity.md).

    Raises:
        ServiceError: there is none, it is not what its digest says, or it is neither YAML nor JSON.
    """
    given = text_of(revision)
    if given is not None:
        content = str(given.get("content") or "")
        digest = given.get("sha256")
        if digest and digest != hashlib.sha256(content.encode()).hexdigest():
            raise ServiceError(
                "InvalidRevisionException", "The SHA-256 digest of the AppSpec content does not match."
            )
    elif context.content is not None:
        content = context.content
    else:
        raise ServiceError("InvalidRevisionException", "The revision must be an AppSpec as text or in S3.")
    try:
        load(content)
    except AppSpecError as error:
        raise ServiceError("InvalidRevisionException", str(error)) from error
    return content


def get(context: Context, params: Params) -> Params:
    """GetDeployment."""
    return {"deploymentInfo": _answer(context.deployment(params["deploymentId"]))}


def batch_get(context: Context, params: Params) -> Params:
    """BatchGetDeployments: what does not exist is left out."""
    ids = params["deploymentIds"]
    if len(ids) > _BATCH:
        raise ServiceError("BatchLimitExceededException", f"At most {_BATCH} deployments at once")
    known = [context.region.deployments[one] for one in ids if one in context.region.deployments]
    return {"deploymentsInfo": [_answer(deployment) for deployment in known]}


def list_all(context: Context, params: Params) -> Params:
    """ListDeployments: the newest first (inferred)."""
    application, group = params.get("applicationName"), params.get("deploymentGroupName")
    _check_filters(context, params)
    statuses = params.get("includeOnlyStatuses")
    window = params.get("createTimeRange", {})
    found = [
        deployment
        for deployment in reversed(context.region.deployments.values())
        if (not application or deployment.application == application)
        and (not group or deployment.group == group)
        and (not statuses or deployment.status in statuses)
        and not params.get("externalId")
        and _within(deployment, window)
    ]
    found.sort(key=lambda deployment: deployment.created, reverse=True)
    ids = [deployment.deployment_id for deployment in found]
    return page(ids, params.get("nextToken"), "deployments", in_order=False)


def _check_filters(context: Context, params: Params) -> None:
    application, group = params.get("applicationName"), params.get("deploymentGroupName")
    if group and not application:
        raise ServiceError("ApplicationNameRequiredException", "A group needs its application")
    if application and not group:
        raise ServiceError("DeploymentGroupNameRequiredException", "An application needs its group")
    if application and group:
        context.group(application, group)
    for status in params.get("includeOnlyStatuses") or []:
        if status not in _STATUSES:
            raise ServiceError("InvalidDeploymentStatusException", f"{status} is not a status")
    window = params.get("createTimeRange", {})
    if window.get("start") and window.get("end") and window["start"] > window["end"]:
        raise ServiceError("InvalidTimeRangeException", "The start of the range is after its end")


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
    how = "group" if asked is None else "rollback" if asked else "keep"
    context.engine.stop_deployment(deployment, how)
    return {"status": "Pending", "statusMessage": "Deployment is being stopped."}


def go_on(context: Context, params: Params) -> Params:
    """ContinueDeployment: ends a wait of a deployment to ECS; one to Lambda never waits for it (API
    reference: READY_WAIT and TERMINATION_WAIT are of EC2 and ECS; which errors is inferred)."""
    deployment = context.deployment(params["deploymentId"])
    if deployment.is_over:
        raise ServiceError(
            "DeploymentAlreadyCompletedException",
            f"The deployment {deployment.deployment_id} is already completed.",
        )
    if deployment.platform == "Lambda":
        raise ServiceError(
            "UnsupportedActionForDeploymentTypeException",
            "A Lambda deployment cannot be continued by request.",
        )
    wait = params.get("deploymentWaitType") or READY_WAIT
    if wait not in (READY_WAIT, TERMINATION_WAIT):
        raise ServiceError(
            "InvalidDeploymentWaitTypeException", f"{wait} is neither {READY_WAIT} nor {TERMINATION_WAIT}"
        )
    waits = deployment.status == "Ready" if wait == READY_WAIT else wait in deployment.waits
    if not waits:
        raise ServiceError(
            "DeploymentIsNotInReadyStateException",
            f"The deployment {deployment.deployment_id} is not in its {wait}.",
        )
    deployment.continued.append(wait)
    context.engine.wake(deployment)
    return {}


def put_hook_status(context: Context, params: Params) -> Params:
    """PutLifecycleEventHookExecutionStatus: Succeeded and Failed are the valid ones (API reference)."""
    deployment = context.deployment(params["deploymentId"])
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
    over = deployment.is_over or deployment.event(execution.event).status != "InProgress"
    if execution.status is not None or over:
        raise ServiceError(
            "LifecycleEventAlreadyCompletedException",
            f"The lifecycle event {execution.event} is already completed",
        )
    execution.status = status
    context.engine.wake(deployment)
    return {"lifecycleEventHookExecutionId": execution_id}


def _answer(deployment: Deployment) -> Params:
    error = {"code": deployment.error_code, "message": deployment.error_message}
    own = deployment.auto_rollback or deployment.settings.get("autoRollbackConfiguration")
    return without_none(
        {
            "applicationName": deployment.application,
            "deploymentGroupName": deployment.group,
            "deploymentConfigName": deployment.config,
            "deploymentId": deployment.deployment_id,
            "previousRevision": deployment.previous_revision,
            "revision": _shown(deployment.revision),
            "status": deployment.status,
            "errorInformation": error if deployment.error_code else None,
            "createTime": time(deployment.created),
            "startTime": time(deployment.started),
            "completeTime": time(deployment.completed),
            "deploymentOverview": _overview(deployment),
            "description": deployment.description,
            "creator": deployment.creator,
            "ignoreApplicationStopFailures": False,
            "updateOutdatedInstancesOnly": False,
            "autoRollbackConfiguration": own,
            "rollbackInfo": rollback.info(deployment),
            "deploymentStyle": _STYLE,
            "instanceTerminationWaitTimeStarted": TERMINATION_WAIT in deployment.waits,
            "blueGreenDeploymentConfiguration": deployment.settings.get("blueGreenDeploymentConfiguration"),
            "loadBalancerInfo": deployment.settings.get("loadBalancerInfo"),
            "fileExistsBehavior": "DISALLOW",
            "deploymentStatusMessages": [],
            "computePlatform": deployment.platform,
            "overrideAlarmConfiguration": deployment.alarm_override,
        }
    )


def _overview(deployment: Deployment) -> dict[str, int] | None:
    """Counts of targets; a deployment to ECS has none before it is over (recorded)."""
    running = deployment.platform == "ECS" and not deployment.is_over
    return None if running else overview(deployment)


def _shown(revision: dict[str, Any]) -> dict[str, Any]:
    """A revision as GetDeployment gives it: an AppSpec's digest without its text (API reference)."""
    text = revision.get("appSpecContent")
    if text is None:
        return revision
    digest = text.get("sha256") or hashlib.sha256(str(text.get("content", "")).encode()).hexdigest()
    return {**revision, "appSpecContent": {"sha256": digest}}


OPERATIONS: dict[str, Operation] = {
    "CreateDeployment": create,
    "GetDeployment": get,
    "BatchGetDeployments": batch_get,
    "ListDeployments": list_all,
    "StopDeployment": stop,
    "ContinueDeployment": go_on,
    "PutLifecycleEventHookExecutionStatus": put_hook_status,
}
