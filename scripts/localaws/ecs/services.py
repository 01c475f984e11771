"""Services whose deployment controller is CODE_DEPLOY; others are MiniStack's.

Source: API reference, CreateService, UpdateService, DescribeServices, DeleteService; developer guide,
"CodeDeploy blue/green deployments for Amazon ECS".
"""

from __future__ import annotations

from typing import Any

from localaws.ecs import answers
from localaws.ecs.context import Context, Merged, Operation, Params
from localaws.ecs.launches import problem
from localaws.ecs.model import EcsService, TaskSet, last_part, new_set_id
from localaws.wire import ServiceError

CONTROLLER = "CODE_DEPLOY"

_USE_CODEDEPLOY = (
    f"on services with a {CONTROLLER} deployment controller. Use AWS CodeDeploy to trigger a new "
)
_USE_CODEDEPLOY += "deployment."

_DEFAULTS: Params = {
    "availabilityZoneRebalancing": "DISABLED",
    "deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100},
    "enableECSManagedTags": False,
    "enableExecuteCommand": False,
    "healthCheckGracePeriodSeconds": 0,
    "placementConstraints": [],
    "placementStrategy": [],
    "propagateTags": "NONE",
    "schedulingStrategy": "REPLICA",
    "serviceRegistries": [],
}

_OF_A_SET = ("platformVersion", "networkConfiguration", "capacityProviderStrategy", "serviceRegistries")

_UPDATED = (
    "availabilityZoneRebalancing",
    "deploymentConfiguration",
    "enableECSManagedTags",
    "enableExecuteCommand",
    "healthCheckGracePeriodSeconds",
    "placementConstraints",
    "placementStrategy",
    "propagateTags",
)
"""What UpdateService changes on such a service (API reference, UpdateService)."""

_REFUSED = {
    "networkConfiguration": "Unable to update network parameters",
    "loadBalancers": "Unable to update load balancers",
    "platformVersion": "Unable to update platform version",
    "serviceRegistries": "Unable to update service registries",
    "capacityProviderStrategy": "Unable to update capacity provider strategy",
}
"""What it does not change, with the beginnings of the errors; all words but the first are inferred."""


async def create(context: Context, params: Params) -> Params | None:
    """CreateService: with a first task set, which is the primary one."""
    if (params.get("deploymentController") or {}).get("type") != CONTROLLER:
        return None
    cluster = last_part(params.get("cluster", "default"))
    existing = context.region.find(cluster, params["serviceName"])
    if existing and existing.status != "INACTIVE":
        raise ServiceError("InvalidParameterException", "Creation of service was not idempotent.")
    clusters = await context.ask("DescribeClusters", {"clusters": [cluster]})
    if not any(one["status"] == "ACTIVE" for one in clusters["clusters"]):
        raise ServiceError("ClusterNotFoundException", "Cluster not found.")
    definition = await context.definition(params.get("taskDefinition", ""))
    _check_balancers(params.get("loadBalancers") or [], definition)
    service = _new(context, cluster, params, definition["taskDefinitionArn"])
    context.region.services[service.key] = service
    context.wake()
    return {"service": answers.service(context.arns, service, with_tags=True)}


def _check_balancers(balancers: list[Params], definition: Params) -> None:
    """One target group, and a container that listens (developer guide, "CodeDeploy blue/green deployments";
    the words of the first are inferred)."""
    if len(balancers) != 1 or not balancers[0].get("targetGroupArn"):
        raise ServiceError(
            "InvalidParameterException",
            f"A service with a {CONTROLLER} deployment controller must have exactly one target group.",
        )
    if why := problem(definition, balancers):
        raise ServiceError("InvalidParameterException", why)


def _new(context: Context, cluster: str, params: Params, definition: str) -> EcsService:
    service = EcsService(
        name=params["serviceName"],
        cluster=cluster,
        settings={
            **_DEFAULTS,
            **{name: params[name] for name in _DEFAULTS if name in params},
            "deploymentController": params["deploymentController"],
            "loadBalancers": params["loadBalancers"],
            "roleArn": params.get("role")
            or f"arn:aws:iam::{context.arns.account}:role/aws-service-role/ecs.amazonaws.com/"
            "AWSServiceRoleForECS",
            "createdBy": f"arn:aws:iam::{context.arns.account}:root",
        },
        desired=params.get("desiredCount", 1),
        created=context.now,
        tags=params.get("tags") or [],
    )
    settings = set_settings(params, definition)
    service.task_sets = [new_set(settings, "PRIMARY", context.now)]
    return service


def set_settings(params: Params, definition: str) -> Params:
    """What a task set keeps of CreateService or CreateTaskSet."""
    strategy, launch_type = params.get("capacityProviderStrategy"), params.get("launchType")
    if strategy and launch_type:
        raise ServiceError(
            "InvalidParameterException",
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and "
            "try again.",
        )
    settings = {name: params[name] for name in _OF_A_SET if params.get(name)}
    if not strategy:
        settings["launchType"] = launch_type or "EC2"
    if settings.get("launchType") == "FARGATE" or strategy:
        settings |= {"platformVersion": params.get("platformVersion") or "LATEST", "platformFamily": "Linux"}
    return {**settings, "taskDefinition": definition, "loadBalancers": params.get("loadBalancers") or []}


def new_set(settings: Params, status: str, now: float, **more: Any) -> TaskSet:
    """A task set without tasks."""
    return TaskSet(
        set_id=new_set_id(),
        settings=settings,
        status=status,
        created=now,
        updated=now,
        stability_at=now,
        **more,
    )


async def update(context: Context, params: Params) -> Params | None:
    """UpdateService: how many tasks, and how they are looked after; the rest is CodeDeploy's."""
    service = context.service(params)
    if service is None:
        return None
    if service.status != "ACTIVE":
        raise ServiceError("ServiceNotActiveException", "Service was not ACTIVE.")
    await _check_update(context, service, params)
    service.settings.update({name: params[name] for name in _UPDATED if name in params})
    if "desiredCount" in params:
        service.desired = params["desiredCount"]
    context.wake()
    return {"service": answers.service(context.arns, service, with_tags=True)}


async def _check_update(context: Context, service: EcsService, params: Params) -> None:
    """Refuses what only a deployment changes (words recorded for the task definition and for a new
    deployment, docs/fidelity.md)."""
    invalid, primary = "InvalidParameterException", service.primary.settings
    if params.get("taskDefinition"):
        definition = await context.definition(params["taskDefinition"])
        if definition["taskDefinitionArn"] != primary["taskDefinition"]:
            raise ServiceError(invalid, f"Unable to update task definition {_USE_CODEDEPLOY}")
    if params.get("forceNewDeployment"):
        raise ServiceError(invalid, f"Cannot force a new deployment {_USE_CODEDEPLOY}")
    for name, words in _REFUSED.items():
        if params.get(name) and params[name] != primary.get(name):
            raise ServiceError(invalid, f"{words} {_USE_CODEDEPLOY}")


async def describe(context: Context, params: Params) -> Merged | None:
    """DescribeServices: ours, and MiniStack's."""
    cluster = params.get("cluster", "default")
    found = [(one, context.region.find(cluster, one)) for one in params["services"]]
    own = [service for _, service in found if service]
    if not own:
        return None
    with_tags = "TAGS" in (params.get("include") or [])
    others = [reference for reference, service in found if service is None]
    other = await context.ask("DescribeServices", {**params, "services": others}) if others else {}
    shown = [answers.service(context.arns, service, with_tags) for service in own]
    return Merged({"services": shown, "failures": []}, other)


async def list_all(context: Context, params: Params) -> Merged:
    """ListServices: ours, and MiniStack's."""
    cluster = last_part(params.get("cluster", "default"))
    other = await context.ask("ListServices", params)
    own = [
        context.arns.of("service", service.cluster, service.name)
        for service in context.region.services.values()
        if service.cluster == cluster and service.status != "INACTIVE" and _listed(service, params)
    ]
    return Merged({"serviceArns": own}, other)


def _listed(service: EcsService, params: Params) -> bool:
    launch_type, strategy = params.get("launchType"), params.get("schedulingStrategy")
    return (not launch_type or service.primary.settings.get("launchType") == launch_type) and (
        not strategy or service.settings["schedulingStrategy"] == strategy
    )


async def delete(context: Context, params: Params) -> Params | None:
    """DeleteService: its tasks are stopped first."""
    service = context.service(params)
    if service is None:
        return None
    if service.desired > 0 and not params.get("force"):
        raise ServiceError(
            "InvalidParameterException", "The service cannot be stopped while it is scaled above 0."
        )
    service.status = "DRAINING" if service.status == "ACTIVE" else service.status
    service.desired = 0
    context.wake()
    return {"service": answers.service(context.arns, service)}


OPERATIONS: dict[str, Operation] = {
    "CreateService": create,
    "UpdateService": update,
    "DescribeServices": describe,
    "ListServices": list_all,
    "DeleteService": delete,
}
