"""Which phase follows which."""

import pytest

from localaws.codebuild.buildspec import OnFailure
from localaws.codebuild.transitions import OF_COMMANDS, ORDER, following


def walk(failing: str, on_failure: OnFailure | None = None) -> list[str]:
    """The phases of a build in which one phase fails."""
    found = [ORDER[0]]
    while found[-1] != "COMPLETED":
        phase = found[-1]
        failed = phase == failing
        found.append(following(phase, failed=failed, on_failure=on_failure if failed else None))
    return found


def test_without_a_failure_all_of_them() -> None:
    assert walk("none") == list(ORDER)


@pytest.mark.parametrize("phase", ["PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD"])
def test_an_early_failure_ends_the_build(phase: str) -> None:
    assert walk(phase) == [*ORDER[: ORDER.index(phase) + 1], "FINALIZING", "COMPLETED"]


@pytest.mark.parametrize("phase", ["BUILD", "POST_BUILD", "UPLOAD_ARTIFACTS"])
def test_after_a_late_failure_the_rest_runs(phase: str) -> None:
    assert walk(phase) == list(ORDER)


@pytest.mark.parametrize("phase", OF_COMMANDS)
def test_on_failure_decides(phase: str) -> None:
    ended = [*ORDER[: ORDER.index(phase) + 1], "FINALIZING", "COMPLETED"]
    assert walk(phase, OnFailure("CONTINUE")) == list(ORDER)
    assert walk(phase, OnFailure("ABORT")) == ended
    assert walk(phase, OnFailure("RETRY", 3)) == ended
