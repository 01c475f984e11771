"""Running steps: what one says reaches the next, and the end of one is the end of all."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from lockgate.rehearsal import rehearsal
from lockgate.rehearsal.journey import Step
from lockgate.rehearsal.rehearsal import FailedStepError, Took, rehearse

PROGRAM = """\
import os, sys, time
from pathlib import Path
verb, *more = sys.argv[1:]
if verb == "plan":
    print("reviewed: for apply --digest " + "a" * 64)
if verb == "apply":
    print("applied", *more)
if verb == "read":
    print("read", sys.stdin.read())
if verb == "sleep":
    Path(more[0] + ".new").write_text(str(os.getpid()))
    Path(more[0] + ".new").rename(more[0])
    time.sleep(60)
if verb == "fail":
    while not Path(more[0]).exists():
        time.sleep(0.01)
    sys.exit("it is broken")
if verb == "never":
    Path("begun").touch()
"""


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What steps need of a stage, with a program that is none of ours."""
    root = tmp_path / "repository"
    root.mkdir()
    (root / "program.py").write_text(PROGRAM)
    monkeypatch.setattr(rehearsal, "_MODULES", {"lockgate": "program"})
    monkeypatch.setattr(rehearsal.Identity, "of", lambda *_, **__: {"AWS_ACCESS_KEY_ID": "1"})
    return SimpleNamespace(
        root=root,
        folder=tmp_path,
        endpoint_url="http://127.0.0.1:1",
        project=SimpleNamespace(platform=SimpleNamespace(name="shop")),
        webhook=SimpleNamespace(url="http://127.0.0.1:2/hook"),
        head=lambda: "c0ffee",
        environment=lambda credentials: {**os.environ, **credentials},
    )


def step(*arguments: str, **more: Any) -> Step:
    return Step(f"do {arguments[0]}", "dev", "plan", arguments, **more)


def test_what_a_step_says_reaches_the_next_and_everything_is_told(stage: Any) -> None:
    lane = (
        step("plan", expect="--digest"),
        step("apply", "$digest", "$platform", expect="applied " + "a" * 64 + " shop"),
        step("read", stdin="hush", expect="read hush"),
    )
    told: list[Took] = []
    done = rehearse(stage, [(lane,)], told.append)
    assert [took.step.arguments[0] for took in done if isinstance(took.step, Step)] == [
        "plan",
        "apply",
        "read",
    ]
    assert told == done


def test_where_a_step_fails_the_others_end_and_none_begins(stage: Any) -> None:
    begun = stage.folder / "pid"
    lanes = ((step("sleep", str(begun)),), (step("fail", str(begun)),), (step("never"),))
    started = time.monotonic()
    with pytest.raises(FailedStepError, match="it is broken") as raised:
        rehearse(stage, [lanes], lambda _: None)
    assert time.monotonic() - started < 30
    assert "exit code 1" in raised.value.message
    assert not psutil.pid_exists(int(begun.read_text()))
    assert not (stage.root / "begun").exists()


def test_a_step_that_does_not_say_what_it_should_fails(stage: Any) -> None:
    with pytest.raises(FailedStepError, match="did not say 'changed'"):
        rehearse(stage, [((step("apply", expect="changed"),),)], lambda _: None)
