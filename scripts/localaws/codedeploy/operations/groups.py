"""Deployment groups."""

from __future__ import annotations

import uuid
from typing import Any

from localaws.codedeploy.operations import ecs_groups
from localaws.codedeploy.operations.context import Context, Operation, Params, page, time, without_none
from localaws.codedeploy.operations.tags import check_tags, move_tags, replace_tags
from localaws.codedeploy.validation import (
    check_alarms,
    check_role,
    check_rollback,
    check_style,
    check_triggers,
)
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


_DEFAULT_CONFIGS = {
    "Lambda": "CodeDeployDefault.LambdaAllAtOnce",
    "ECS": "CodeDeployDefault.ECSAllAtOnce",
}
"""Where none is named: CodeDeploy's own default (API reference, CreateDeploymentGroup) is one for the Server
platform and of no use to the others; these are inferred."""

_BATCH = 100
"""Groups in one BatchGetDeploymentGroups (API reference)."""


def create(context: Context, params: Params) -> Params:
    """CreateDeploymentGroup."""
    application, name = params["applicationName"], params["deploymentGroupName"]
    platform = context.application(application)["computePlatform"]
    key = f"{application}/{name}"
    if key in context.region.groups:
        raise ServiceError(
            "DeploymentGroupAlreadyExistsException", f"Deployment group already exists: {name}"
        )
    if platform == "Server":
        raise ServiceError("InvalidInputException", "Groups of the Server platform are not emulated here.")
    _check(context, platform, params, {})
    check_tags(params.get("tags"))
    group_id = str(uuid.uuid4())
    context.region.groups[key] = {
        "applicationName": application,
        "deploymentGroupId": group_id,
        "deploymentGroupName": name,
        "computePlatform": platform,
        "deploymentConfigName": _DEFAULT_CONFIGS[platform],
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
    _check(context, group["computePlatform"], params, group)
    _rename(context, application, name, params.get("newDeploymentGroupName"))
    group.update({setting: params[setting] for setting in _SETTINGS if setting in params})
    return {"hooksNotCleanedUp": []}


def _rename(context: Context, application: str, name: str, new: str | None) -> None:
    if not new or new == name:
        return
    region, old_key, new_key = context.region, f"{application}/{name}", f"{application}/{new}"
    if new_key in region.groups:
        raise ServiceError("DeploymentGroupAlreadyExistsException", f"Deployment group already exists: {new}")
    region.groups[new_key] = region.groups.pop(old_key)
    region.groups[new_key]["deploymentGroupName"] = new
    move_tags(context, "deploymentgroup", old_key, new_key)
    for deployment in region.of_group(application, name):
        deployment.group = new


def _check(context: Context, platform: str, params: Params, existing: Params) -> None:
    config = params.get("deploymentConfigName")
    if config and context.config(config)["computePlatform"] != platform:
        raise ServiceError(
            "InvalidDeploymentConfigNameException", f"{config} is not a configuration for {platform}."
        )
    check_role(params.get("serviceRoleArn"))
    check_alarms(params.get("alarmConfiguration"))
    check_rollback(params.get("autoRollbackConfiguration"))
    check_triggers(params.get("triggerConfigurations"))
    check_style(params.get("deploymentStyle"))
    if platform == "ECS":
        ecs_groups.check({**existing, **params})


def get(context: Context, params: Params) -> Params:
    """GetDeploymentGroup."""
    group = context.group(params["applicationName"], params["deploymentGroupName"])
    return {"deploymentGroupInfo": answer(group)}


def batch_get(context: Context, params: Params) -> Params:
    """BatchGetDeploymentGroups."""
    if len(params["deploymentGroupNames"]) > _BATCH:
        raise ServiceError("BatchLimitExceededException", f"At most {_BATCH} deployment groups at once")
    application = params["applicationName"]
    context.application(application)
    groups = context.region.groups
    names = params["deploymentGroupNames"]
    found = [answer(groups[f"{application}/{name}"]) for name in names if f"{application}/{name}" in groups]
    missing = [name for name in names if f"{application}/{name}" not in groups]
    error = f"No Deployment Group found for name: {', '.join(missing)}" if missing else None
    return without_none({"deploymentGroupsInfo": found, "errorMessage": error})


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
