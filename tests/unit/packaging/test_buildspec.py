"""The repository's own buildspec: make does the work, and a failed test is reported and publishes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from localaws.codebuild.buildspec import Buildspec, parse

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def spec() -> Buildspec:
    return parse((ROOT / "buildspec.yml").read_text())


def test_its_phases_do_their_work_by_make(spec: Buildspec) -> None:
    work = [command for name in ("install", "pre_build", "build") for command in spec.phases[name].commands]
    assert [command for command in work if not command.startswith("make ")] == []
    assert spec.ignored == ()


def test_a_failed_test_is_reported_and_publishes_nothing(spec: Buildspec) -> None:
    """Reports are made after a failed build phase and not after a failed pre_build (user guide, "Build phase
    transitions"); the commands of a phase end with the first that fails."""
    (report,) = spec.reports["unit"].files
    commands = spec.phases["build"].commands
    (tests,) = [at for at, command in enumerate(commands) if f"--junitxml={report}" in command]
    publishing = [
        (name, at)
        for name, phase in spec.phases.items()
        for at, command in enumerate(phase.commands)
        if "--publish" in command
    ]
    assert publishing == [("build", tests + 1)]
    assert all(phase.on_failure is None for phase in spec.phases.values())
