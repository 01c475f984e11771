"""Build projects, and the values that AWS gives to what they leave out."""

from __future__ import annotations

from typing import Any

from localaws.codebuild.defaults import (
    with_artifact_defaults,
    with_environment_defaults,
    with_log_defaults,
    with_source_defaults,
)
from localaws.codebuild.operations.context import Context, Operation, Params, page, with_times
from localaws.codebuild.validation import check_project
from localaws.wire import ServiceError

_CLEARED_BY_EMPTY = ("vpcConfig", "buildBatchConfig")
"""Members that UpdateProject removes when they are sent empty."""

_FRESH_FIRST = {"NAME": "name", "CREATED_TIME": "created", "LAST_MODIFIED_TIME": "lastModified"}


def create(context: Context, params: Params) -> Params:
    """CreateProject."""
    name = params["name"]
    check_project(params)
    arn = context.arn("project", name)
    if name in context.region.projects:
        raise ServiceError("ResourceAlreadyExistsException", f"Project already exists: {arn}")
    clients = context.engine.clients
    project = {
        "arn": arn,
        "timeoutInMinutes": 60,
        "queuedTimeoutInMinutes": 480,
        "encryptionKey": f"arn:aws:kms:{clients.region}:{clients.account}:alias/aws/s3",
        "cache": {"type": "NO_CACHE"},
        "tags": [],
        "badge": {"badgeEnabled": False},
        "projectVisibility": "PRIVATE",
        "created": context.now,
        "lastModified": context.now,
    } | _given(params)
    context.region.projects[name] = project
    return {"project": with_times(project)}


def update(context: Context, params: Params) -> Params:
    """UpdateProject: what is not sent stays, but for the tags, of which the request has the whole new set
    (Terraform's AWS provider, internal/service/codebuild/project.go, counts on that)."""
    project = context.project(params["name"])
    given = {"tags": [], **_given(params)}
    check_project({**project, **given})
    project.update(given)
    for member in _CLEARED_BY_EMPTY:
        if params.get(member) == {}:
            project.pop(member, None)
    if project.get("concurrentBuildLimit", 1) < 1:
        del project["concurrentBuildLimit"]
    project["lastModified"] = context.now
    return {"project": with_times(project)}


def delete(context: Context, params: Params) -> Params:
    """DeleteProject: its builds stay; nothing happens where there is none."""
    name = params["name"].rpartition("/")[2]
    context.region.projects.pop(name, None)
    return {}


def batch_get(context: Context, params: Params) -> Params:
    """BatchGetProjects."""
    names = [name.rpartition("/")[2] for name in params["names"]]
    projects = context.region.projects
    found = [with_times(projects[name]) for name in names if name in projects]
    answer: Params = {"projects": found}
    missing = [name for name in names if name not in projects]
    return {**answer, "projectsNotFound": missing} if missing else answer


def list_all(context: Context, params: Params) -> Params:
    """ListProjects."""
    key = _FRESH_FIRST[params.get("sortBy", "NAME")]
    ordered = sorted(context.region.projects.values(), key=lambda project: project[key])
    if params.get("sortOrder") == "DESCENDING":
        ordered.reverse()
    return page([project["name"] for project in ordered], params, "projects")


def _given(params: Params) -> dict[str, Any]:
    """What a request says, in the form of the answer."""
    given = {name: value for name, value in params.items() if name not in _CLEARED_BY_EMPTY or value}
    if "badgeEnabled" in given:
        given["badge"] = {"badgeEnabled": given.pop("badgeEnabled")}
    if "source" in given:
        given["source"] = with_source_defaults(given["source"])
    if "environment" in given:
        given["environment"] = with_environment_defaults(given["environment"])
    if "artifacts" in given:
        given["artifacts"] = with_artifact_defaults(given["artifacts"], params["name"])
    if "secondaryArtifacts" in given:
        given["secondaryArtifacts"] = [
            with_artifact_defaults(item, params["name"]) for item in given["secondaryArtifacts"]
        ]
    if "logsConfig" in given:
        given["logsConfig"] = with_log_defaults(given["logsConfig"])
    return given


OPERATIONS: dict[str, Operation] = {
    "CreateProject": create,
    "UpdateProject": update,
    "DeleteProject": delete,
    "BatchGetProjects": batch_get,
    "ListProjects": list_all,
}
