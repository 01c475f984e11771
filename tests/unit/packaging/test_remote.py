"""Following a build in CodeBuild: its log whole and once, whatever pages CloudWatch Logs gives."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from lockgate.errors import LockgateError, RefusedError
from lockgate.packaging.remote import RemoteBuild, failure


class NotFoundError(Exception):
    """There is no such stream, or project."""


ERRORS = SimpleNamespace(ResourceNotFoundException=NotFoundError)


class Logs:
    """A stream that grows; tokens are positions in it.

    Args:
        grows: lines that have come, for each look; None while there is no stream.
        page: lines that one answer gives at most.
    """

    exceptions = ERRORS

    def __init__(self, grows: list[int | None], page: int = 100) -> None:
        self.grows = grows
        self.page = page
        self.look = 0

    def get_log_events(self, **place: Any) -> Any:
        assert place.pop("startFromHead") is True
        token: str = place.pop("nextToken", "0")
        assert place == {"logGroupName": "group", "logStreamName": "stream"}
        there = self.grows[min(self.look, len(self.grows) - 1)]
        if there is None:
            raise NotFoundError
        at = int(token)
        end = min(at + self.page, there)
        return {
            "events": [{"message": f"line {number}\n"} for number in range(at, end)],
            "nextForwardToken": str(end),
        }


class CodeBuild:
    """A build that is over after some looks."""

    exceptions = ERRORS

    def __init__(self, looks: int = 0) -> None:
        self.looks = looks
        self.asked: dict[str, Any] = {}

    def start_build(self, **asked: Any) -> Any:
        self.asked = asked
        return {"build": {"id": "project:1"}}

    def batch_get_builds(self, ids: list[str]) -> Any:
        assert ids == ["project:1"]
        over = self.looks <= 0
        self.looks -= 1
        phase = {
            "phaseType": "BUILD",
            **({"phaseStatus": "SUCCEEDED", "durationInSeconds": 3} if over else {}),
        }
        where = {"groupName": "group", "streamName": "stream"}
        return {"builds": [{"buildComplete": over, "phases": [phase], "logs": where}]}


def followed(codebuild: CodeBuild, logs: Logs) -> list[str]:
    said: list[str] = []

    def sleep(_: float) -> None:
        logs.look += 1

    clients: Any = codebuild, logs
    RemoteBuild(*clients, "project:1").follow(said.append, sleep)
    return said


@pytest.mark.parametrize("page", [1, 3, 100])
def test_every_line_is_said_once_and_in_order(page: int) -> None:
    said = followed(CodeBuild(looks=3), Logs([None, 0, 2, 7, 9], page))
    assert [line for line in said if line.startswith("line")] == [f"line {number}" for number in range(9)]


def test_lines_that_come_after_the_end_are_waited_for() -> None:
    assert followed(CodeBuild(), Logs([1, 1, 4, 5])) == [
        "BUILD: SUCCEEDED (3 s)",
        *(f"line {number}" for number in range(5)),
    ]


def test_a_build_without_a_log_ends_too() -> None:
    assert followed(CodeBuild(), Logs([None])) == ["BUILD: SUCCEEDED (3 s)"]


def test_it_starts_with_these_sources_and_a_token_of_its_own() -> None:
    codebuild: Any = CodeBuild()
    tokens = set()
    for _ in range(2):
        RemoteBuild.start(codebuild, codebuild, "project", "bucket/key.zip", {"A": "1"})
        tokens.add(codebuild.asked.pop("idempotencyToken"))
    assert codebuild.asked == {
        "projectName": "project",
        "sourceTypeOverride": "S3",
        "sourceLocationOverride": "bucket/key.zip",
        "environmentVariablesOverride": [{"name": "A", "value": "1", "type": "PLAINTEXT"}],
    }
    assert len(tokens) == 2


def test_a_project_that_is_not_there_says_what_to_do() -> None:
    def nowhere(**_: Any) -> Any:
        raise NotFoundError

    codebuild: Any = SimpleNamespace(start_build=nowhere, exceptions=ERRORS)
    with pytest.raises(RefusedError, match="no CodeBuild project p"):
        RemoteBuild.start(codebuild, codebuild, "p", "bucket/key.zip", {})


def test_a_build_that_somebody_deleted_says_so() -> None:
    codebuild: Any = SimpleNamespace(batch_get_builds=lambda **_: {"builds": []})
    with pytest.raises(LockgateError, match="does not know build project:1 any more"):
        RemoteBuild(codebuild, codebuild, "project:1").look()


def test_a_failure_names_the_first_phase_that_failed() -> None:
    phases = [
        {"phaseType": "INSTALL", "phaseStatus": "SUCCEEDED"},
        {
            "phaseType": "BUILD",
            "phaseStatus": "TIMED_OUT",
            "contexts": [{"message": "Build has timed out. "}],
        },
        {"phaseType": "FINALIZING", "phaseStatus": "FAILED", "contexts": [{"message": "later"}]},
        {"phaseType": "COMPLETED"},
    ]
    build: Any = {
        "id": "p:1",
        "buildStatus": "TIMED_OUT",
        "phases": phases,
        "logs": {"deepLink": "https://log"},
    }
    error = failure(build)
    assert str(error) == "build p:1 timed out in BUILD: Build has timed out."
    assert error.hint == "Its log: https://log"
