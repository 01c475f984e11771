"""Tasks of our services, the tags of both, and what a cluster counts."""

from __future__ import annotations

from typing import Any

from localaws.ecs import answers
from localaws.ecs.context import Context, Merged, Operation, Params, PassedOnError
from localaws.ecs.model import EcsService, Task, last_part
from localaws.wire import ServiceError


async def list_all(context: Context, params: Params) -> Merged:
    """ListTasks: ours, and MiniStack's."""
    other = await context.ask("ListTasks", params)
    status = params.get("desiredStatus", "RUNNING")
    own = [
        context.arns.of("task", service.cluster, task.task_id)
        for service, task in _of_cluster(context, params)
        if task.is_live == (status == "RUNNING") and _chosen(service, task, params)
    ]
    return Merged({"taskArns": own}, other)


def _chosen(service: EcsService, task: Task, params: Params) -> bool:
    name, started_by, family = params.get("serviceName"), params.get("startedBy"), params.get("family")
    return (
        (not name or last_part(name) == service.name)
        and (not started_by or started_by == task.set_id)
        and (not family or f":task-definition/{family}:" in task.definition)
    )


async def describe(context: Context, params: Params) -> Merged | None:
    """DescribeTasks: ours, and MiniStack's."""
    known = {task.task_id: (service, task) for service, task in _of_cluster(context, params)}
    own = [known[last_part(one)] for one in params["tasks"] if last_part(one) in known]
    if not own:
        return None
    others = [one for one in params["tasks"] if last_part(one) not in known]
    other = await context.ask("DescribeTasks", {**params, "tasks": others}) if others else {}
    shown = []
    for service, task in own:
        definition = await _definition(context, task.definition)
        shown.append(answers.task(context.arns, service, task, definition))
    return Merged({"tasks": shown, "failures": []}, other)


async def _definition(context: Context, arn: str) -> Params:
    """A task definition; an empty one where it was deleted."""
    try:
        found = await context.ask("DescribeTaskDefinition", {"taskDefinition": arn})
    except PassedOnError:
        return {}
    definition: Params = found["taskDefinition"]
    return definition


async def stop(context: Context, params: Params) -> Params | None:
    """StopTask: the scheduler starts another one."""
    for service, task in _of_cluster(context, params):
        if task.task_id == last_part(params["task"]):
            if task.is_live:
                context.stop_task(service, task, params.get("reason") or "Task stopped by user")
            return {"task": answers.task(context.arns, service, task)}
    return None


def _of_cluster(context: Context, params: Params) -> list[tuple[EcsService, Task]]:
    cluster = last_part(params.get("cluster", "default"))
    return [(service, task) for service, task in context.region.tasks() if service.cluster == cluster]


async def describe_clusters(context: Context, params: Params) -> Merged:
    """DescribeClusters: MiniStack's, with our services and tasks counted."""
    other = await context.ask("DescribeClusters", params)
    for cluster in other["clusters"]:
        own = [one for one in context.region.services.values() if one.cluster == cluster["clusterName"]]
        cluster["activeServicesCount"] += sum(one.status == "ACTIVE" for one in own)
        cluster["runningTasksCount"] += sum(one.count(None, "RUNNING") for one in own)
        cluster["pendingTasksCount"] += sum(one.count(None, "PENDING") for one in own)
    return Merged({}, other)


async def delete_cluster(context: Context, params: Params) -> None:
    """DeleteCluster: not while it has services.

    Raises:
        ServiceError: it has some.
    """
    cluster = last_part(params["cluster"])
    own = [one for one in context.region.services.values() if one.cluster == cluster]
    if any(one.status != "INACTIVE" for one in own):
        raise ServiceError(
            "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."
        )


async def tag(context: Context, params: Params) -> Params | None:
    """TagResource."""
    service = _tagged(context, params)
    if service is None:
        return None
    given = {one["key"]: one.get("value", "") for one in [*service.tags, *params["tags"]]}
    service.tags = [{"key": key, "value": value} for key, value in given.items()]
    return {}


async def untag(context: Context, params: Params) -> Params | None:
    """UntagResource."""
    service = _tagged(context, params)
    if service is None:
        return None
    service.tags = [one for one in service.tags if one["key"] not in params["tagKeys"]]
    return {}


async def list_tags(context: Context, params: Params) -> Params | None:
    """ListTagsForResource."""
    service = _tagged(context, params)
    return None if service is None else {"tags": service.tags}


def _tagged(context: Context, params: Params) -> EcsService | None:
    """The service that an ARN names, if it is ours."""
    _, is_service, tail = params["resourceArn"].partition(":service/")
    parts: list[Any] = tail.split("/")
    return context.region.services.get("/".join(parts)) if is_service and len(parts) == 2 else None


OPERATIONS: dict[str, Operation] = {
    "ListTasks": list_all,
    "DescribeTasks": describe,
    "StopTask": stop,
    "DescribeClusters": describe_clusters,
    "DeleteCluster": delete_cluster,
    "TagResource": tag,
    "UntagResource": untag,
    "ListTagsForResource": list_tags,
}
