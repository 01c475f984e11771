"""Deployment configurations: immutable once they are made."""

from __future__ import annotations

import uuid

from localaws.codedeploy.configs import PREDEFINED, PREFIX, check
from localaws.codedeploy.operations.context import Context, Operation, Params, page, time
from localaws.wire import ServiceError


def create(context: Context, params: Params) -> Params:
    """CreateDeploymentConfig."""
    name = params["deploymentConfigName"]
    platform = params.get("computePlatform", "Server")
    check(name, platform, params.get("trafficRoutingConfig"))
    if name in context.region.configs:
        raise ServiceError(
            "DeploymentConfigAlreadyExistsException", f"Deployment configuration already exists: {name}"
        )
    config_id = str(uuid.uuid4())
    context.region.configs[name] = {
        "deploymentConfigId": config_id,
        "deploymentConfigName": name,
        "createTime": context.now,
        "computePlatform": platform,
        "trafficRoutingConfig": params["trafficRoutingConfig"],
    }
    return {"deploymentConfigId": config_id}


def get(context: Context, params: Params) -> Params:
    """GetDeploymentConfig."""
    config = context.config(params["deploymentConfigName"])
    made = {"createTime": time(config["createTime"])} if "createTime" in config else {}
    return {"deploymentConfigInfo": {**config, **made}}


def delete(context: Context, params: Params) -> Params:
    """DeleteDeploymentConfig."""
    name = params["deploymentConfigName"]
    if name.startswith(PREFIX):
        raise ServiceError("InvalidOperationException", "A predefined configuration cannot be deleted.")
    running = [d for d in context.region.deployments.values() if d.config == name and not d.is_over]
    if running or any(group["deploymentConfigName"] == name for group in context.region.groups.values()):
        raise ServiceError("DeploymentConfigInUseException", f"Deployment configuration is in use: {name}")
    context.region.configs.pop(name, None)
    return {}


def list_all(context: Context, params: Params) -> Params:
    """ListDeploymentConfigs."""
    names = sorted([*PREDEFINED, *context.region.configs])
    return page(names, params.get("nextToken"), "deploymentConfigsList")


OPERATIONS: dict[str, Operation] = {
    "CreateDeploymentConfig": create,
    "GetDeploymentConfig": get,
    "DeleteDeploymentConfig": delete,
    "ListDeploymentConfigs": list_all,
}
