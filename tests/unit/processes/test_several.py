"""Several things at a time."""

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

from lockgate.errors import LockgateError
from lockgate.processes.child import Running
from lockgate.processes.several import side_by_side


def test_each_as_soon_as_it_is_there_and_never_more_at_a_time() -> None:
    at_once, most, lock = 0, 0, threading.Lock()
    others = threading.Event()

    def run(stack: str, _: Running) -> str:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        if stack == "a":
            others.wait(20)
        with lock:
            at_once -= 1
        return f"{stack} said"

    found = []
    for stack, came in side_by_side(["a", "b", "c", "d"], run, 2):
        found.append((stack, came))
        if len(found) == 3:
            others.set()
    assert sorted(found) == [("a", "a said"), ("b", "b said"), ("c", "c said"), ("d", "d said")]
    assert found[-1] == ("a", "a said")
    assert most == 2


PARENT = """
import os, sys
from pathlib import Path
from lockgate.processes.child import lines_of
from lockgate.processes.several import side_by_side

def run(thing, running):
    command = [sys.argv[1]]
    here = Path.cwd()
    with lines_of(command, cwd=here, env=dict(os.environ), timeout=600, running=running) as (_, lines):
        for line in lines:
            pass

list(side_by_side(["a", "b", "c", "d", "e"], run, 2))
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
    begun = pids.read_text().split()
    assert len(begun) == 2
    assert not [pid for pid in map(int, begun) if psutil.pid_exists(pid)]


def test_nothing_begins_after_the_end() -> None:
    running = Running()
    running.end()
    with pytest.raises(LockgateError, match="interrupted before it began"), running.noted(_never):
        pytest.fail("it began")


def _never() -> subprocess.Popen[str]:
    raise AssertionError("it was started")
