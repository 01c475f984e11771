"""Who has approved a run, asked over HTTP; what GitHub does not say holds nothing up."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from lockgate.github.approvals import approvals
from lockgate.release.permission import Approval
from tests.workflows.runner.github import REPOSITORY, TOKEN, State, github, review

RUN = f"https://github.com/{REPOSITORY}/actions/runs/1001"


@pytest.fixture
def variables(state: State) -> Iterator[dict[str, str]]:
    with github(state) as url:
        yield {
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ID": "1001",
            "GITHUB_API_URL": url,
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_TOKEN": TOKEN,
        }


def test_those_who_have_approved_this_environment(state: State, variables: dict[str, str]) -> None:
    state.reviews["1001"] = [
        review("dev", by="linus"),
        review("dev", "prod", comment="Ship it!"),
        review("prod", by="mallory", state="rejected"),
        review("prod", by="eve", state="pending"),
        review("prod-destroy", by="barbara"),
        review("prod", by="ada", comment="x" * 5000),
        # Of a second attempt.
        review("prod", comment="Ship it!"),
    ]
    state.reviews["1002"] = [review("prod", by="another run")]
    found = approvals("prod", variables)
    assert found is not None
    assert (found.run_url, found.unknown) == (RUN, None)
    assert found.given == (Approval(by="grace", comment="Ship it!"), Approval(by="ada", comment="x" * 1000))


def test_nobody_had_to(state: State, variables: dict[str, str]) -> None:
    found = approvals("dev", variables)
    assert found is not None
    assert (found.given, found.unknown) == ((), None)


def test_on_a_laptop_there_is_nothing_to_ask(state: State, variables: dict[str, str]) -> None:
    assert approvals("prod", {}) is None
    assert approvals("prod", {**variables, "GITHUB_RUN_ID": ""}) is None
    assert state.asked == []


@pytest.mark.parametrize(
    ("status", "said"),
    [(403, "answers 403"), (404, "answers 404"), (500, "answers 500"), (502, "answers 502")],
)
def test_a_refusal_is_written_down_as_not_known(
    state: State, variables: dict[str, str], status: int, said: str
) -> None:
    state.failing = [(status, {})] * 3
    found = approvals("prod", variables)
    assert found is not None
    assert found.given == ()
    assert said in (found.unknown or "")


def test_an_answer_that_is_none_is_not_known(state: State, variables: dict[str, str]) -> None:
    state.reviews["1001"] = [{"state": "approved", "environments": [{"name": "prod"}]}]
    found = approvals("prod", variables)
    assert found is not None
    assert "cannot be read" in (found.unknown or "")


def test_where_nobody_answers_the_release_soon_goes_on(variables: dict[str, str]) -> None:
    began = time.monotonic()
    found = approvals("prod", {**variables, "GITHUB_API_URL": "http://127.0.0.1:9"})
    assert found is not None
    assert "does not answer" in (found.unknown or "")
    assert time.monotonic() - began < 20


def test_without_a_token_it_is_said(state: State, variables: dict[str, str]) -> None:
    found = approvals("prod", {**variables, "GITHUB_TOKEN": ""})
    assert found is not None
    assert (found.unknown, found.run_url) == ("the step has no GITHUB_TOKEN", RUN)
    assert state.asked == []
