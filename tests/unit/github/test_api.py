"""Asking GitHub: pages, retries, errors, and which repository is meant."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import urllib3

from lockgate.errors import LockgateError, RefusedError, UsageError
from lockgate.github.api import GitHub, NotFoundError
from tests.workflows.runner.github import REPOSITORY, TOKEN, State


def test_all_pages_are_read(asked: GitHub, state: State) -> None:
    for number in range(250):
        state.comment(7, f"comment {number}")
    bodies = [one["body"] for one in asked.pages("issues/7/comments")]
    assert bodies == [f"comment {number}" for number in range(250)]
    assert len(state.asked) == 3


def test_what_fails_for_a_moment_is_asked_again(asked: GitHub, state: State) -> None:
    state.failing = [(502, {}), (503, {})]
    assert list(asked.pages("issues")) == []
    assert len(state.asked) == 3


def test_a_post_is_sent_again_only_where_it_has_done_nothing(asked: GitHub, state: State) -> None:
    state.failing = [(403, {"retry-after": "0"})]
    asked.post("issues", {"title": "one", "body": "", "labels": []})
    assert [issue["title"] for issue in state.issues] == ["one"]
    state.failing = [(502, {})]
    with pytest.raises(LockgateError, match="502 to POST"):
        asked.post("issues", {"title": "two", "body": "", "labels": []})
    assert len(state.issues) == 1


def test_errors_say_what_was_asked_and_what_to_do(asked: GitHub) -> None:
    with pytest.raises(NotFoundError, match=r"404 to GET .*/environments/prod: Not Found"):
        asked.get("environments/prod")
    stranger = GitHub(REPOSITORY, "another", asked.api_url)
    with pytest.raises(RefusedError, match=r"401 to GET .*: Bad credentials") as caught:
        stranger.get("environments/prod")
    assert "docs/github.md" in caught.value.hint


def test_nobody_there_is_an_error_without_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib3.util.Retry, "sleep", lambda *_: None)
    nobody = GitHub(REPOSITORY, TOKEN, "http://127.0.0.1:9")
    with pytest.raises(LockgateError, match="does not answer to GET") as caught:
        nobody.get("")
    assert TOKEN not in caught.value.message + repr(nobody)


@pytest.mark.parametrize(
    "remote",
    [
        "https://github.com/acme/lockgate.git",
        "https://github.com/acme/lockgate",
        "git@github.com:acme/lockgate.git",
        "ssh://git@github.com/acme/lockgate.git",
    ],
)
def test_the_repository_is_that_of_origin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remote: str
) -> None:
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    with pytest.raises(UsageError, match="which repository on GitHub"):
        GitHub.here(tmp_path)
    subprocess.run(["git", "-C", tmp_path, "remote", "add", "origin", remote], check=True)
    assert GitHub.here(tmp_path).repository == REPOSITORY
    monkeypatch.delenv("GITHUB_TOKEN")
    monkeypatch.delenv("GH_TOKEN", raising=False)
    with pytest.raises(UsageError, match="no token"):
        GitHub.here(tmp_path)
