"""Applications."""

from __future__ import annotations

import uuid

from localaws.codedeploy.operations.context import PAGE, Context, Operation, Params, page, time
from localaws.codedeploy.operations.tags import check_tags, move_tags, replace_tags
from localaws.wire import ServiceError


def create(context: Context, params: Params) -> Params:
    """CreateApplication."""
    name = params["applicationName"]
    if name in context.region.applications:
        raise ServiceError("ApplicationAlreadyExistsException", f"Application already exists: {name}")
    platform = params.get("computePlatform", "Server")
    if platform not in ("Server", "Lambda", "ECS"):
        raise ServiceError("InvalidComputePlatformException", f"{platform} is not a compute platform")
    check_tags(params.get("tags"))
    application_id = str(uuid.uuid4())
    context.region.applications[name] = {
        "applicationId": application_id,
        "applicationName": name,
        "createTime": context.now,
        "linkedToGitHub": False,
        "computePlatform": platform,
    }
    replace_tags(context, context.arn("application", name), params.get("tags"))
    return {"applicationId": application_id}


def get(context: Context, params: Params) -> Params:
    """GetApplication."""
    return {"application": _answer(context, params["applicationName"])}


def batch_get(context: Context, params: Params) -> Params:
    """BatchGetApplications: at most 100 (API reference)."""
    if len(params["applicationNames"]) > PAGE:
        raise ServiceError("BatchLimitExceededException", f"At most {PAGE} applications at once")
    return {"applicationsInfo": [_answer(context, name) for name in params["applicationNames"]]}


def update(context: Context, params: Params) -> Params:
    """UpdateApplication: another name."""
    old, new = params.get("applicationName", ""), params.get("newApplicationName")
    application = context.application(old)
    if not new or new == old:
        return {}
    if new in context.region.applications:
        raise ServiceError("ApplicationAlreadyExistsException", f"Application already exists: {new}")
    region = context.region
    region.applications[new] = {**application, "applicationName": new}
    del region.applications[old]
    move_tags(context, "application", old, new)
    if old in region.revisions:
        region.revisions[new] = region.revisions.pop(old)
    for key in [key for key in region.groups if key.startswith(f"{old}/")]:
        renamed = f"{new}/{key.split('/', 1)[1]}"
        region.groups[renamed] = {**region.groups.pop(key), "applicationName": new}
        move_tags(context, "deploymentgroup", key, renamed)
    for deployment in region.deployments.values():
        if deployment.application == old:
            deployment.application = new
    return {}


def delete(context: Context, params: Params) -> Params:
    """DeleteApplication: with its groups; nothing happens where there is none."""
    name = params["applicationName"]
    context.region.applications.pop(name, None)
    context.region.tags.pop(context.arn("application", name), None)
    context.region.revisions.pop(name, None)
    for key in [key for key in context.region.groups if key.startswith(f"{name}/")]:
        del context.region.groups[key]
        context.region.tags.pop(context.arn("deploymentgroup", key), None)
    return {}


def list_all(context: Context, params: Params) -> Params:
    """ListApplications."""
    return page(sorted(context.region.applications), params.get("nextToken"), "applications")


def _answer(context: Context, name: str) -> Params:
    application = context.application(name)
    return {**application, "createTime": time(application["createTime"])}


OPERATIONS: dict[str, Operation] = {
    "CreateApplication": create,
    "GetApplication": get,
    "BatchGetApplications": batch_get,
    "UpdateApplication": update,
    "DeleteApplication": delete,
    "ListApplications": list_all,
}
