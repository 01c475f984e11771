"""The plan that was reviewed: the one that the run of the merged pull request has made."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

from lockgate.errors import LockgateError
from lockgate.github.api import GitHub
from lockgate.plans.model import Plan, parse_plan

ARTIFACT = "plan-{stack}"
"""Name under which `_plan.yml` hands a plan on."""


@dataclass(frozen=True)
class Reviewed:
    """What reviewers saw of a stack.

    Attributes:
        pull_request: its number.
        plan: None where the pull request planned nothing for the stack, or GitHub keeps it no more.
    """

    pull_request: int
    plan: Plan | None


def reviewed(github: GitHub, stack: str, commit: str) -> Reviewed | None:
    """The plan of a stack in the pull request that a commit of main came from; None where it came from none.

    Raises:
        LockgateError: GitHub does not answer, or the artifact holds no plan.
    """
    merged = [one for one in github.pages(f"commits/{commit}/pulls") if one.get("merged_at")]
    if not merged:
        return None
    pull_request = merged[0]
    head = pull_request["head"]["sha"]
    found = [
        one
        for one in github.pages("actions/artifacts", "artifacts", name=ARTIFACT.format(stack=stack))
        if not one["expired"] and (one.get("workflow_run") or {}).get("head_sha") == head
    ]
    newest = max(found, key=lambda one: str(one["created_at"]), default=None)
    plan = None if newest is None else _plan(github, newest, stack)
    return Reviewed(int(pull_request["number"]), plan)


def _plan(github: GitHub, artifact: Any, stack: str) -> Plan:
    path, name = f"actions/artifacts/{artifact['id']}/zip", f"{stack}/plan.json"
    try:
        with zipfile.ZipFile(io.BytesIO(github.content(path))) as archive:
            data = json.loads(archive.read(name))
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise LockgateError(
            f"artifact {artifact['id']} of {github.repository} holds no {name}: {error}",
            hint="Read the plan itself before you approve it.",
        ) from error
    return parse_plan(data if isinstance(data, dict) else {}, f"{path}: {name}")
