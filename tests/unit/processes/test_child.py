"""However a run ends, nothing of it stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from lockgate.processes.child import TimedOutError, lines_of

PROVIDER = """
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""
"""As Terraform's providers do, it leaves Ctrl-C to its parent."""

PARENT = f"""
import os, signal, subprocess, sys, time
provider = subprocess.Popen([sys.executable, "-c", {PROVIDER!r}], stdout=subprocess.PIPE, text=True)
provider.stdout.readline()
def interrupted(*_):
    if "stubborn" in sys.argv:
        return
    os.write(1, b"x" * 200_000)
    open(sys.argv[1], "w").write("state is saved")
    provider.kill()
    sys.exit(1)
signal.signal(signal.SIGINT, interrupted)
print(provider.pid, flush=True)
while True:
    time.sleep(0.05)
"""
"""It writes past `print`, which may be at work when the signal comes, and cannot be called within itself."""

DRIVER = f"""
import os, sys
from pathlib import Path
from lockgate.processes.child import lines_of
command = [sys.executable, "-c", {PARENT!r}, sys.argv[1]]
with lines_of(command, cwd=Path.cwd(), env=dict(os.environ), timeout=600) as (child, lines):
    for line in lines:
        print(child.pid, line.strip(), flush=True)
"""

DEADLINE = 60.0
"""Seconds after which what should have happened is taken not to happen."""


def eventually(happened: Callable[[], bool]) -> bool:
    end = time.monotonic() + DEADLINE
    while not happened() and time.monotonic() < end:
        time.sleep(0.02)
    return happened()


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def command(tmp_path: Path, *more: str) -> list[str]:
    return [sys.executable, "-c", PARENT, str(tmp_path / "state"), *more]


def test_what_ends_by_itself_gives_its_lines_and_its_code(tmp_path: Path) -> None:
    script = "import sys; print('one'); print('two', file=sys.stderr); sys.exit(7)"
    with lines_of([sys.executable, "-uc", script], cwd=tmp_path, env={}, timeout=DEADLINE) as (child, lines):
        assert sorted(line.strip() for line in lines) == ["one", "two"]
    assert child.returncode == 7


@pytest.mark.parametrize("error", [KeyboardInterrupt, BrokenPipeError])
def test_when_the_reader_leaves_it_may_save_its_state_and_nothing_stays(
    tmp_path: Path, error: type[BaseException]
) -> None:
    env = dict(os.environ)
    with (
        pytest.raises(error),
        lines_of(command(tmp_path), cwd=tmp_path, env=env, timeout=600) as (
            child,
            lines,
        ),
    ):
        provider = int(next(lines))
        raise error
    assert (tmp_path / "state").read_text() == "state is saved"
    assert gone(child.pid)
    assert eventually(lambda: gone(provider))


def test_what_does_not_end_when_asked_is_killed_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lockgate.processes.child.GRACE_SECONDS", 0.2)
    stubborn = command(tmp_path, "stubborn")
    with (
        pytest.raises(KeyboardInterrupt),
        lines_of(stubborn, cwd=tmp_path, env=dict(os.environ), timeout=600) as (child, lines),
    ):
        provider = int(next(lines))
        raise KeyboardInterrupt
    assert gone(child.pid)
    assert eventually(lambda: gone(provider))


def test_what_takes_too_long_is_ended(tmp_path: Path) -> None:
    with (
        pytest.raises(TimedOutError),
        lines_of(command(tmp_path), cwd=tmp_path, env=dict(os.environ), timeout=2) as (child, lines),
    ):
        for _ in lines:
            pass
    assert gone(child.pid)


def test_sigterm_ends_it_as_ctrl_c_does(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(tmp_path / "state")],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as driver:
        assert driver.stdout is not None
        pids = [int(pid) for pid in driver.stdout.readline().split()]
        driver.send_signal(signal.SIGTERM)
        driver.communicate(timeout=DEADLINE)
    assert (tmp_path / "state").read_text() == "state is saved"
    assert all(eventually(lambda pid=pid: gone(pid)) for pid in pids)


def test_sigterm_is_afterwards_as_it_was(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with lines_of([sys.executable, "-c", ""], cwd=tmp_path, env={}, timeout=DEADLINE) as (_, lines):
        list(lines)
    assert signal.getsignal(signal.SIGTERM) is before
