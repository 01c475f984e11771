"""Task sets (API reference, CreateTaskSet and the operations beside it), as far as CodeDeploy uses them."""

from __future__ import annotations

from localaws.ecs import answers
from localaws.ecs.context import Context, Operation, Params, task_set
from localaws.ecs.launches import problem
from localaws.ecs.model import EcsService
from localaws.ecs.services import new_set, set_settings
from localaws.wire import ServiceError

_MOST = 5
"""Task sets of a service (recorded, docs/fidelity.md)."""


async def create(context: Context, params: Params) -> Params | None:
    """CreateTaskSet: what is not given is the primary task set's (inferred).

    One with the external id of another is not made again: the other is the answer (inferred, by what
    `clientToken` is for).
    """
    service = _active(context, params)
    if service is None:
        return None
    external = params.get("externalId")
    same = next((one for one in service.task_sets if external and one.external_id == external), None)
    if same is None:
        if len(service.task_sets) >= _MOST:
            raise ServiceError(
                "InvalidParameterException",
                f"{_MOST} deployments exist on the service. Unable to create new TaskSet since this exceeds "
                "the maximum limit.",
            )
        definition = await context.definition(params["taskDefinition"])
        settings = set_settings(_inherited(service, params), definition["taskDefinitionArn"])
        if why := problem(definition, settings["loadBalancers"]):
            raise ServiceError("InvalidParameterException", why)
        scale = (params.get("scale") or {}).get("value", 100.0)
        tags = params.get("tags") or []
        same = new_set(settings, "ACTIVE", context.now, external_id=external, scale=scale, tags=tags)
        service.task_sets.append(same)
        context.wake()
    return {"taskSet": answers.task_set(context.arns, service, same)}


def _inherited(service: EcsService, params: Params) -> Params:
    primary = service.primary.settings
    capacity = ("launchType", "capacityProviderStrategy")
    names = ["platformVersion", "networkConfiguration", "loadBalancers", "serviceRegistries"]
    if not any(params.get(name) for name in capacity):
        names += capacity
    return {**{name: primary[name] for name in names if name in primary}, **params}


async def describe(context: Context, params: Params) -> Params | None:
    """DescribeTaskSets."""
    service = context.service(params)
    if service is None:
        return None
    with_tags = "TAGS" in (params.get("include") or [])
    wanted = params.get("taskSets") or []
    found = [service.task_set(one) for one in wanted] if wanted else list(service.task_sets)
    shown = [answers.task_set(context.arns, service, one, with_tags) for one in found if one]
    missing = [one for one in wanted if service.task_set(one) is None]
    failures = [{"arn": one, "reason": "MISSING"} for one in missing]
    return {"taskSets": shown, "failures": failures}


async def update(context: Context, params: Params) -> Params | None:
    """UpdateTaskSet: another scale."""
    service = _active(context, params)
    if service is None:
        return None
    found = task_set(service, params["taskSet"])
    found.scale, found.updated = params["scale"].get("value", 100.0), context.now
    context.wake()
    return {"taskSet": answers.task_set(context.arns, service, found)}


async def make_primary(context: Context, params: Params) -> Params | None:
    """UpdateServicePrimaryTaskSet: what it is set to becomes the service's; the former one is ACTIVE."""
    service = _active(context, params)
    if service is None:
        return None
    found = task_set(service, params["primaryTaskSet"])
    if found.status == "DRAINING":
        raise ServiceError("InvalidParameterException", "A task set that is draining cannot be primary.")
    if found.status != "PRIMARY":
        service.primary.status = "ACTIVE"
        found.status, found.updated = "PRIMARY", context.now
    return {"taskSet": answers.task_set(context.arns, service, found)}


async def delete(context: Context, params: Params) -> Params | None:
    """DeleteTaskSet: it drains, and is gone once its tasks have stopped."""
    service = _active(context, params)
    if service is None:
        return None
    found = task_set(service, params["taskSet"])
    if found.status == "PRIMARY":
        raise ServiceError("InvalidParameterException", "The primary task set cannot be deleted.")
    if found.scale > 0 and not params.get("force") and found.status != "DRAINING":
        raise ServiceError(
            "InvalidParameterException",
            "The task set cannot be deleted while it is scaled above 0. Use the force option.",
        )
    found.status, found.scale, found.updated = "DRAINING", 0.0, context.now
    context.wake()
    return {"taskSet": answers.task_set(context.arns, service, found)}


def _active(context: Context, params: Params) -> EcsService | None:
    service = context.service(params)
    if service is not None and service.status != "ACTIVE":
        raise ServiceError("ServiceNotActiveException", "Service was not ACTIVE.")
    return service


OPERATIONS: dict[str, Operation] = {
    "CreateTaskSet": create,
    "DescribeTaskSets": describe,
    "UpdateTaskSet": update,
    "UpdateServicePrimaryTaskSet": make_primary,
    "DeleteTaskSet": delete,
}
