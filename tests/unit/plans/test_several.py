"""Several plans at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from lockgate.plans.several import MOST, at_a_time, children, side_by_side

GIGABYTE = 1e9


@pytest.mark.parametrize(
    ("processors", "memory", "wanted"),
    [(1, 24, 1), (2, 24, 2), (2, 2, 1), (2, 0.1, 1), (64, 64, MOST), (8, 4.6, 3)],
)
def test_as_many_as_the_machine_takes(processors: int, memory: float, wanted: int) -> None:
    assert at_a_time(processors, memory * GIGABYTE) == wanted


def test_what_came_of_each_in_their_order_and_never_more_at_a_time() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def run(stack: str) -> tuple[int, str]:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.05 if stack == "a" else 0.01)
        with lock:
            running -= 1
        return (1 if stack == "c" else 0), f"{stack} said"

    found = list(side_by_side(["a", "b", "c", "d"], run, 2))
    assert found == [("a", 0, "a said"), ("b", 0, "b said"), ("c", 1, "c said"), ("d", 0, "d said")]
    assert most == 2


def test_a_child_is_this_command_in_another_process(tmp_path: Path) -> None:
    with children(tmp_path) as started:
        code, said = started.run(["plan", "--env", "nowhere"])
    assert code == 2
    assert "platform.yaml" in said
    assert started.run(["plan"]) == (1, "interrupted before it began")


def test_a_child_with_a_profile_gets_no_other_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows = tmp_path / "shows"
    shows.write_text("#!/bin/sh\nenv | grep ^AWS_ | sort\n")
    shows.chmod(0o755)
    monkeypatch.setattr("lockgate.plans.several.sys.executable", str(shows))
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of that key")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/config")
    with children(tmp_path) as started:
        _, as_here = started.run(["plan"])
        _, with_profile = started.run(["plan"], "acme-prod")
    assert as_here.splitlines() == [
        "AWS_ACCESS_KEY_ID=key",
        "AWS_CONFIG_FILE=/config",
        "AWS_SESSION_TOKEN=of that key",
    ]
    assert with_profile.splitlines() == ["AWS_CONFIG_FILE=/config", "AWS_PROFILE=acme-prod"]


PARENT = """
import sys
from pathlib import Path
from lockgate.plans import several
from lockgate.plans.several import children, side_by_side
several.sys.executable = sys.argv[1]
with children(Path(".")) as started:
    list(side_by_side(["a", "b"], lambda stack: started.run([stack]), 2))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_stays_behind_when_it_is_interrupted(tmp_path: Path, number: signal.Signals) -> None:
    sleeper = tmp_path / "sleeper"
    sleeper.write_text("#!/bin/sh\necho $$ >> pids\nexec sleep 60\n")
    sleeper.chmod(0o755)
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, sleeper], cwd=tmp_path, stderr=subprocess.DEVNULL, env={**os.environ}
    )
    pids = tmp_path / "pids"
    end = time.monotonic() + 20
    while not pids.exists() or len(pids.read_text().split()) < 2:
        assert time.monotonic() < end
        time.sleep(0.02)
    parent.send_signal(number)
    assert parent.wait(20) != 0
    assert not [pid for pid in map(int, pids.read_text().split()) if psutil.pid_exists(pid)]
