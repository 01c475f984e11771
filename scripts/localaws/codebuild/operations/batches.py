"""Batches of builds."""

from __future__ import annotations

import uuid

from localaws.codebuild.model import Batch
from localaws.codebuild.operations import answers
from localaws.codebuild.operations.builds import ROOT
from localaws.codebuild.operations.context import Context, Operation, Params, page
from localaws.codebuild.overrides import settings_of
from localaws.codebuild.validation import check_settings
from localaws.wire import ServiceError


def start(context: Context, params: Params) -> Params:
    """StartBuildBatch."""
    project = context.project(params["projectName"])
    known = context.known_token(params)
    if known in context.region.batches:
        return {"buildBatch": answers.batch(context, context.region.batches[known])}
    settings = settings_of(project, params)
    check_settings(settings)
    if not settings.get("buildBatchConfig"):
        raise ServiceError(
            "InvalidInputException", f"Batch builds are not enabled for project {project['name']}"
        )
    name = project["name"]
    batch = Batch(
        batch_id=f"{name}:{uuid.uuid4()}",
        project=name,
        number=context.region.next_number(f"{name}/batch"),
        started=context.now,
        initiator=ROOT,
        request=params,
        settings=settings,
    )
    context.batches.start(batch)
    context.remember_token(params, batch.batch_id)
    return {"buildBatch": answers.batch(context, batch)}


def stop(context: Context, params: Params) -> Params:
    """StopBuildBatch: with its builds."""
    batch = context.region.batches.get(_id(params["id"]))
    if batch is None:
        raise ServiceError("ResourceNotFoundException", f"Build batch {params['id']} does not exist")
    context.batches.stop(batch)
    return {"buildBatch": answers.batch(context, batch)}


def batch_get(context: Context, params: Params) -> Params:
    """BatchGetBuildBatches: by ids or ARNs."""
    batches = context.region.batches
    found = [answers.batch(context, batches[_id(name)]) for name in params["ids"] if _id(name) in batches]
    missing = [name for name in params["ids"] if _id(name) not in batches]
    answer: Params = {"buildBatches": found}
    return {**answer, "buildBatchesNotFound": missing} if missing else answer


def list_all(context: Context, params: Params) -> Params:
    """ListBuildBatches: the newest first, unless told otherwise."""
    return _list(context, list(context.region.batches), params)


def list_for_project(context: Context, params: Params) -> Params:
    """ListBuildBatchesForProject."""
    name = context.project(params.get("projectName", ""))["name"]
    own = [each.batch_id for each in context.region.batches.values() if each.project == name]
    return _list(context, own, params)


def _list(context: Context, ids: list[str], params: Params) -> Params:
    status = params.get("filter", {}).get("status")
    ids = [name for name in ids if status in (None, context.region.batches[name].status)]
    return page(ids if params.get("sortOrder") == "ASCENDING" else ids[::-1], params, "ids")


def _id(name: str) -> str:
    return name.partition(":build-batch/")[2] if name.startswith("arn:") else name


OPERATIONS: dict[str, Operation] = {
    "StartBuildBatch": start,
    "StopBuildBatch": stop,
    "BatchGetBuildBatches": batch_get,
    "ListBuildBatches": list_all,
    "ListBuildBatchesForProject": list_for_project,
}
