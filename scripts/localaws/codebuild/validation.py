"""What CodeBuild refuses before it does anything."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from localaws.cloudwatch import constraints
from localaws.codebuild.buildspec import is_inline
from localaws.wire import ServiceError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-_]{1,149}")
_GIT_NEEDS = ("CODECOMMIT", "GITHUB", "GITHUB_ENTERPRISE", "GITLAB", "GITLAB_SELF_MANAGED", "BITBUCKET")


def check_model(shape: Any, params: dict[str, Any]) -> None:
    """Refuses values that the service model does not allow and botocore lets through.

    Raises:
        ServiceError: ValidationException.
    """
    try:
        constraints.check(shape, params)
    except ServiceError as error:
        raise ServiceError("ValidationException", error.message) from None


def check_project(project: Mapping[str, Any]) -> None:
    """Refuses a project that could not be built.

    Raises:
        ServiceError: InvalidInputException, with the first thing that is wrong.
    """
    if not _NAME.fullmatch(project["name"]):
        raise ServiceError("InvalidInputException", f"Invalid project name: {project['name']}")
    if not project["serviceRole"].startswith("arn:"):
        raise ServiceError("InvalidInputException", f"Invalid service role ARN: {project['serviceRole']}")
    check_settings(project)


def check_settings(settings: Mapping[str, Any]) -> None:
    """Refuses settings of a project, or of a build, that contradict each other.

    Raises:
        ServiceError: InvalidInputException, with the first thing that is wrong.
    """
    for problem in _problems(settings):
        raise ServiceError("InvalidInputException", problem)


def _problems(settings: Mapping[str, Any]) -> Iterator[str]:
    yield from _of_source(settings["source"])
    for source in settings.get("secondarySources", []):
        if not source.get("sourceIdentifier"):
            yield "Invalid secondary source: it must have a sourceIdentifier"
        yield from _of_source(source)
    for artifacts in (settings["artifacts"], *settings.get("secondaryArtifacts", [])):
        if artifacts["type"] == "S3" and not artifacts.get("location"):
            yield "Invalid artifacts: location must be specified for type S3"
    for artifacts in settings.get("secondaryArtifacts", []):
        if not artifacts.get("artifactIdentifier"):
            yield "Invalid secondary artifacts: they must have an artifactIdentifier"
    names = [item["name"] for item in settings["environment"].get("environmentVariables", [])]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        yield f"Duplicate environment variables: {', '.join(twice)}"


def _of_source(source: Mapping[str, Any]) -> Iterator[str]:
    kind, location = source["type"], source.get("location", "")
    if kind == "NO_SOURCE" and "sourceIdentifier" not in source:
        if not is_inline(source.get("buildspec", "")):
            yield "Invalid project source: a buildspec must be given inline for type NO_SOURCE"
        if location:
            yield "Invalid project source: location must not be specified for type NO_SOURCE"
    if kind == "S3" and "/" not in location.removeprefix("arn:aws:s3:::"):
        yield f"Invalid project source: location must be <bucket>/<key> for type S3, not {location!r}"
    if kind in _GIT_NEEDS and not location:
        yield f"Invalid project source: location must be specified for type {kind}"
