"""Builds."""

from __future__ import annotations

import uuid

from localaws.codebuild.model import Build
from localaws.codebuild.operations import answers
from localaws.codebuild.operations.context import Context, Operation, Params, page
from localaws.codebuild.overrides import settings_of
from localaws.codebuild.validation import check_settings
from localaws.wire import ServiceError

ROOT = "root"
"""Who starts a build here: requests carry the account's own key (that AWS writes it so is inferred)."""


def start(context: Context, params: Params) -> Params:
    """StartBuild."""
    project = context.project(params["projectName"])
    known = context.known_token(params)
    if known in context.region.builds:
        return {"build": answers.build(context, context.region.builds[known])}
    settings = settings_of(project, params)
    check_settings(settings)
    _check_limit(context, project)
    name = project["name"]
    build = Build(
        build_id=f"{name}:{uuid.uuid4()}",
        project=name,
        number=context.region.next_number(name),
        started=context.now,
        initiator=ROOT,
        request=params,
        settings=settings,
        retry_limit=settings.get("autoRetryLimit", 0),
    )
    return _begun(context, params, build)


def retry(context: Context, params: Params) -> Params:
    """RetryBuild: the same request again, of a build that is over."""
    build = _build(context, params.get("id", ""))
    known = context.known_token(params)
    if known in context.region.builds:
        return {"build": answers.build(context, context.region.builds[known])}
    if not build.is_over:
        raise ServiceError("InvalidInputException", f"Build {build.build_id} is still in progress")
    return _begun(context, params, context.engine.repeat(build, ROOT, by_itself=False))


def stop(context: Context, params: Params) -> Params:
    """StopBuild: its processes are ended; one that is over stays as it is."""
    build = _build(context, params["id"])
    context.engine.stop(build)
    return {"build": answers.build(context, build)}


def batch_get(context: Context, params: Params) -> Params:
    """BatchGetBuilds: by ids or ARNs."""
    builds, wanted = context.region.builds, [_id(name) for name in params["ids"]]
    answer: Params = {"builds": [answers.build(context, builds[name]) for name in wanted if name in builds]}
    missing = [name for name in params["ids"] if _id(name) not in builds]
    return {**answer, "buildsNotFound": missing} if missing else answer


def list_all(context: Context, params: Params) -> Params:
    """ListBuilds: the newest first, unless told otherwise."""
    return page(_ordered(list(context.region.builds.values()), params), params, "ids")


def list_for_project(context: Context, params: Params) -> Params:
    """ListBuildsForProject."""
    name = context.project(params["projectName"])["name"]
    own = [build for build in context.region.builds.values() if build.project == name]
    return page(_ordered(own, params), params, "ids")


def batch_delete(context: Context, params: Params) -> Params:
    """BatchDeleteBuilds: those that run are not deleted."""
    builds = context.region.builds
    wanted = [_id(name) for name in params["ids"]]
    running = [name for name in wanted if name in builds and not builds[name].is_over]
    deleted = [name for name in wanted if name in builds and name not in running]
    for name in deleted:
        del builds[name]
    answer: Params = {"buildsDeleted": [context.arn("build", name) for name in deleted]} if deleted else {}
    if running:
        answer["buildsNotDeleted"] = [{"id": name, "statusCode": "BUILD_IN_PROGRESS"} for name in running]
    return answer


def _begun(context: Context, params: Params, build: Build) -> Params:
    context.engine.start(build)
    context.remember_token(params, build.build_id)
    return {"build": answers.build(context, build)}


def _check_limit(context: Context, project: Params) -> None:
    """A project's own limit of builds at once (API reference, CreateProject, `concurrentBuildLimit`)."""
    limit = project.get("concurrentBuildLimit")
    running = [b for b in context.region.builds.values() if b.project == project["name"] and not b.is_over]
    if limit is not None and len(running) >= limit:
        raise ServiceError(
            "AccountLimitExceededException",
            f"Cannot have more than {limit} builds in progress for the project {project['name']}",
        )


def _ordered(builds: list[Build], params: Params) -> list[str]:
    """Ids by the time when they started. Records are kept in that order."""
    ids = [build.build_id for build in builds]
    return ids if params.get("sortOrder") == "ASCENDING" else ids[::-1]


def _id(name: str) -> str:
    return name.partition(":build/")[2] if name.startswith("arn:") else name


def _build(context: Context, name: str) -> Build:
    found = context.region.builds.get(_id(name))
    if found is None:
        raise ServiceError("ResourceNotFoundException", f"Build {name} does not exist")
    return found


OPERATIONS: dict[str, Operation] = {
    "StartBuild": start,
    "RetryBuild": retry,
    "StopBuild": stop,
    "BatchGetBuilds": batch_get,
    "ListBuilds": list_all,
    "ListBuildsForProject": list_for_project,
    "BatchDeleteBuilds": batch_delete,
}
