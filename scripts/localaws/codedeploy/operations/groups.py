"""Deployment groups."""

from __future__ import annotations

import uuid
from typing import Any

from localaws.codedeploy.operations.context import Context, Operation, Params, page, time, without_none
from localaws.codedeploy.operations.tags import replace_tags
from localaws.wire import ServiceError

_SETTINGS = (
    "deploymentConfigName",
    "serviceRoleArn",
    "triggerConfigurations",
    "alarmConfiguration",
    "autoRollbackConfiguration",
    "outdatedInstancesStrategy",
    "deploymentStyle",
    "blueGreenDeploymentConfiguration",
    "loadBalancerInfo",
    "ecsServices",
    "terminationHookEnabled",
)

_MAX_ALARMS = 10
"""Alarms of a group (user guide, "CodeDeploy quotas")."""


def create(context: Context, params: Params) -> Params:
    """CreateDeploymentGroup."""
    application, name = params["applicationName"], params["deploymentGroupName"]
    platform = context.application(application)["computePlatform"]
    key = f"{application}/{name}"
    if key in context.region.groups:
        raise ServiceError(
            "DeploymentGroupAlreadyExistsException", f"Deployment group already exists: {name}"
        )
    _check(context, params)
    group_id = str(uuid.uuid4())
    context.region.groups[key] = {
        "applicationName": application,
        "deploymentGroupId": group_id,
        "deploymentGroupName": name,
        "computePlatform": platform,
        "deploymentConfigName": "CodeDeployDefault.OneAtATime",
        "outdatedInstancesStrategy": "UPDATE",
        "terminationHookEnabled": False,
        "triggerConfigurations": [],
        **{setting: params[setting] for setting in _SETTINGS if setting in params},
    }
    replace_tags(context, context.arn("deploymentgroup", key), params.get("tags"))
    return {"deploymentGroupId": group_id}


def update(context: Context, params: Params) -> Params:
    """UpdateDeploymentGroup: what is given is replaced."""
    application, name = params["applicationName"], params["currentDeploymentGroupName"]
    group = context.group(application, name)
    _check(context, params)
    group.update({setting: params[setting] for setting in _SETTINGS if setting in params})
    new = params.get("newDeploymentGroupName")
    if new and new != name:
        if f"{application}/{new}" in context.region.groups:
            raise ServiceError(
                "DeploymentGroupAlreadyExistsException", f"Deployment group already exists: {new}"
            )
        group["deploymentGroupName"] = new
        context.region.groups[f"{application}/{new}"] = context.region.groups.pop(f"{application}/{name}")
    return {"hooksNotCleanedUp": []}


def _check(context: Context, params: Params) -> None:
    config = params.get("deploymentConfigName")
    if config:
        context.config(config)
    role = params.get("serviceRoleArn")
    if role is not None and not role.startswith("arn:"):
        raise ServiceError("InvalidRoleException", f"{role} is not the ARN of a role")
    alarms = params.get("alarmConfiguration", {}).get("alarms", [])
    if len(alarms) > _MAX_ALARMS:
        raise ServiceError("AlarmsLimitExceededException", f"A group can have at most {_MAX_ALARMS} alarms")
    rollback = params.get("autoRollbackConfiguration", {})
    if rollback.get("enabled") and not rollback.get("events"):
        raise ServiceError("InvalidAutoRollbackConfigException", "An enabled roll-back needs events")


def get(context: Context, params: Params) -> Params:
    """GetDeploymentGroup."""
    group = context.group(params["applicationName"], params["deploymentGroupName"])
    return {"deploymentGroupInfo": answer(group)}


def batch_get(context: Context, params: Params) -> Params:
    """BatchGetDeploymentGroups."""
    application = params["applicationName"]
    found = [answer(context.group(application, name)) for name in params["deploymentGroupNames"]]
    return {"deploymentGroupsInfo": found}


def delete(context: Context, params: Params) -> Params:
    """DeleteDeploymentGroup: nothing happens where there is none."""
    key = f"{params['applicationName']}/{params['deploymentGroupName']}"
    context.region.groups.pop(key, None)
    context.region.tags.pop(context.arn("deploymentgroup", key), None)
    return {"hooksNotCleanedUp": []}


def list_all(context: Context, params: Params) -> Params:
    """ListDeploymentGroups."""
    application = params["applicationName"]
    context.application(application)
    names = sorted(key.split("/", 1)[1] for key in context.region.groups if key.startswith(f"{application}/"))
    return {"applicationName": application, **page(names, params.get("nextToken"), "deploymentGroups")}


def answer(group: dict[str, Any]) -> Params:
    """A group as the wire has it."""
    found = dict(group)
    for attempt in ("lastSuccessfulDeployment", "lastAttemptedDeployment"):
        if attempt in found:
            times = {name: time(found[attempt][name]) for name in ("createTime", "endTime")}
            found[attempt] = {**found[attempt], **times}
    return without_none(found)


OPERATIONS: dict[str, Operation] = {
    "CreateDeploymentGroup": create,
    "UpdateDeploymentGroup": update,
    "GetDeploymentGroup": get,
    "BatchGetDeploymentGroups": batch_get,
    "DeleteDeploymentGroup": delete,
    "ListDeploymentGroups": list_all,
}
