"""What was reviewed in the pull request that a commit came from."""

from __future__ import annotations

import io
import json
import zipfile
from types import SimpleNamespace
from typing import Any

import pytest

from lockgate.commands.plan import against_reviewed
from lockgate.errors import LockgateError
from lockgate.github.api import GitHub
from lockgate.github.reviewed import reviewed
from lockgate.plans.model import Action, Attribute, Change, Plan
from lockgate.plans.planning import Made
from tests.workflows.runner.github import State

MERGED, HEAD = "a" * 40, "b" * 40


def plan(value: str) -> Plan:
    change = Change("aws_sns_topic.this", "aws_sns_topic", Action.UPDATE, (Attribute("name", "one", value),))
    return Plan("1.11.4", (change,))


def made(value: str) -> Made:
    binding: Any = SimpleNamespace(commit=MERGED)
    return Made(plan(value), binding)


def artifact(state: State, value: str, *, head: str = HEAD, expired: bool = False, at: str = "1") -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("prod/plan.json", json.dumps(plan(value).as_dict()))
    state.artifacts.append(
        {
            "id": len(state.artifacts) + 1,
            "name": "plan-prod",
            "expired": expired,
            "created_at": at,
            "workflow_run": {"head_sha": head},
            "content": content.getvalue(),
        }
    )


@pytest.fixture
def merged(state: State) -> State:
    state.pulls[MERGED] = [
        {"number": 6, "merged_at": None, "head": {"sha": "c" * 40}},
        {"number": 7, "merged_at": "2026-01-01T00:00:00Z", "head": {"sha": HEAD}},
    ]
    return state


def test_it_is_the_newest_that_was_made_of_the_branch(asked: GitHub, merged: State) -> None:
    artifact(merged, "older", at="1")
    artifact(merged, "reviewed", at="2")
    artifact(merged, "of another branch", head="d" * 40, at="3")
    artifact(merged, "gone", expired=True, at="4")
    found = reviewed(asked, "prod", MERGED)
    assert found is not None
    assert (found.pull_request, found.plan) == (7, plan("reviewed"))
    assert reviewed(asked, "prod", "e" * 40) is None, "it came from no pull request"


def test_an_artifact_that_holds_no_plan_is_an_error(asked: GitHub, merged: State) -> None:
    artifact(merged, "reviewed")
    merged.artifacts[0]["content"] = b"no zip"
    with pytest.raises(LockgateError, match=r"artifact 1 of .* holds no prod/plan.json"):
        reviewed(asked, "prod", MERGED)


def test_whoever_approves_is_told_how_it_differs(asked: GitHub, merged: State) -> None:
    said = against_reviewed(asked, "prod", made("two"))
    assert said.splitlines()[0] == "**Not what was reviewed** in #7, which has no plan of prod:"
    artifact(merged, "two")
    assert against_reviewed(asked, "prod", made("two")) == "This plan of prod does what was reviewed in #7."
    assert against_reviewed(asked, "prod", made("three")).splitlines() == [
        "**Not what was reviewed** in #7:",
        "",
        "- aws_sns_topic.this: name: reviewed as one → two, now one → three",
    ]
    merged.pulls.clear()
    assert "nobody has reviewed this plan of prod" in against_reviewed(asked, "prod", made("two"))
