"""Running a child process so that nothing of it stays behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

GRACE_SECONDS = 30
"""Time that Terraform gets to write its state and let go of its lock before it is killed."""


class TimedOutError(Exception):
    """The process took too long, and was ended."""


@contextlib.contextmanager
def lines_of(
    command: Sequence[str], *, cwd: Path, env: dict[str, str], timeout: float
) -> Iterator[tuple[subprocess.Popen[str], Iterator[str]]]:
    """Starts a process in a group of its own, and yields it with its lines, standard error among them.

    However the block is left, the whole group has ended afterwards: Terraform starts provider processes of
    600 MB each, which outlive a parent that is simply killed.

    Raises:
        TimedOutError: it ran longer than `timeout` seconds.
    """
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    late = threading.Event()

    def end_it() -> None:
        late.set()
        end_group(process)

    watchdog = threading.Timer(timeout, end_it)
    watchdog.daemon = True
    watchdog.start()
    try:
        assert process.stdout is not None
        yield process, iter(process.stdout)
        process.wait()
    finally:
        watchdog.cancel()
        end_group(process)
    if late.is_set():
        raise TimedOutError


def end_group(process: subprocess.Popen[str]) -> None:
    """Ends a process and its children: asked first, then made to."""
    if process.poll() is None:
        _signal(process, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: subprocess.Popen[str], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
