"""Workflows as GitHub reads them ("Workflow syntax for GitHub Actions"); what is not known is an error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

_WORKFLOW = {"name", "run-name", "on", "permissions", "env", "defaults", "concurrency", "jobs"}
_JOB = {
    *("name", "permissions", "needs", "if", "runs-on", "environment", "concurrency", "outputs", "env"),
    *("steps", "timeout-minutes", "strategy", "continue-on-error", "uses", "with"),
}
_STEP = {
    *("id", "if", "name", "uses", "run", "working-directory", "shell", "with", "env"),
    *("continue-on-error", "timeout-minutes"),
}
_CONCURRENCY = {"group", "queue", "cancel-in-progress"}


class WorkflowError(AssertionError):
    """A workflow that GitHub would refuse, or that this runner does not understand."""


def read(path: Path) -> dict[str, Any]:
    """A workflow, checked.

    Raises:
        WorkflowError: it has something that workflows do not have.
    """
    data = yaml.safe_load(path.read_text())
    # YAML 1.1 reads the key `on` as true.
    data["on"] = data.pop(True, data.get("on"))
    _known(path.name, data, _WORKFLOW)
    for name, job in data["jobs"].items():
        where = f"{path.name}: {name}"
        _known(where, job, _JOB)
        _known(where, job.get("concurrency") or {}, _CONCURRENCY)
        for need in needs(job):
            if need not in data["jobs"]:
                raise WorkflowError(f"{where}: it needs {need}, which is not there")
        for step in job.get("steps", []):
            _known(f"{where}: {step.get('name')}", step, _STEP)
    found: dict[str, Any] = data
    return found


def read_action(folder: Path) -> dict[str, Any]:
    """A composite action."""
    found: dict[str, Any] = yaml.safe_load((folder / "action.yml").read_text())
    if found["runs"]["using"] != "composite":
        raise WorkflowError(f"{folder}: only composite actions can be run here")
    return found


def needs(job: Mapping[str, Any]) -> list[str]:
    """Names of the jobs that come first."""
    found = job.get("needs", [])
    return [found] if isinstance(found, str) else list(found)


def in_order(jobs: Mapping[str, Any]) -> list[str]:
    """Jobs, each after what it needs."""
    found: list[str] = []
    left = dict(jobs)
    while left:
        ready = [name for name, job in left.items() if set(needs(job)) <= set(found)]
        if not ready:
            raise WorkflowError(f"jobs that need each other: {', '.join(left)}")
        found += ready
        for name in ready:
            del left[name]
    return found


def matrix(strategy: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Combinations of an evaluated matrix; without one, a single empty one."""
    if "matrix" not in strategy:
        return [{}]
    axes = dict(strategy["matrix"])
    include = axes.pop("include", [])
    found: list[dict[str, Any]] = [{}] if axes else []
    for key, values in axes.items():
        found = [{**one, key: value} for one in found for value in values]
    return [*found, *include]


def _known(where: str, given: Iterable[Any], known: set[str]) -> None:
    wrong = {str(key) for key in given} - known
    if wrong and not isinstance(given, str):
        raise WorkflowError(f"{where}: {', '.join(sorted(wrong))} is no key here")
