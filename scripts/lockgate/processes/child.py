"""Running a child process so that nothing of it stays behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

from lockgate.errors import LockgateError

GRACE_SECONDS = 30
"""Time that Terraform gets to write its state and let go of its lock before it is killed."""


class TimedOutError(Exception):
    """The process took too long, and was ended."""


class Running:
    """Processes that several threads wait for, and one ends: signals come to the main thread only."""

    def __init__(self) -> None:
        self._processes: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._ended = False

    @contextlib.contextmanager
    def noted(self, start: Callable[[], subprocess.Popen[str]]) -> Iterator[subprocess.Popen[str]]:
        """Starts a process, and knows of it until the block is left.

        Raises:
            LockgateError: `close` or `end` was called before.
        """
        with self._lock:
            if self._ended:
                raise LockgateError("interrupted before it began", hint="Run it again.")
            process = start()
            self._processes.add(process)
        try:
            yield process
        finally:
            with self._lock:
                self._processes.discard(process)

    def close(self) -> None:
        """Lets none begin any more."""
        with self._lock:
            self._ended = True

    def end(self) -> None:
        """Ends those that run, with their children; none begins any more."""
        self.close()
        with self._lock:
            running = list(self._processes)
        for process in running:
            end_group(process, process.wait)


@contextlib.contextmanager
def lines_of(
    command: Sequence[str],
    *,
    cwd: Path,
    env: dict[str, str],
    timeout: float,
    stdin: int = subprocess.DEVNULL,
    stderr: IO[str] | int = subprocess.STDOUT,
    running: Running | None = None,
) -> Iterator[tuple[subprocess.Popen[str], Iterator[str]]]:
    """Starts a process in a group of its own, and yields it with its lines.

    However the block is left, the whole group has ended afterwards: Terraform starts provider processes of
    600 MB each, which outlive a parent that is simply killed. SIGTERM leaves it as Ctrl-C does, with
    KeyboardInterrupt; the second one of either cuts the grace short.

    Args:
        command: the program and its arguments.
        cwd: where it runs.
        env: its whole environment.
        timeout: seconds after which it is ended.
        stdin: where its standard input comes from; by default it has none.
        stderr: where its standard error goes; by default among the lines.
        running: where it is noted, for another thread to end it.

    Raises:
        LockgateError: that other thread has ended everything already.
        TimedOutError: it ran longer than `timeout` seconds.
    """
    late = threading.Event()
    start = lambda: subprocess.Popen(  # noqa: E731
        command,
        cwd=cwd,
        env=env,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    with sigterm_as_interrupt(), (running or Running()).noted(start) as process:

        def end_it() -> None:
            late.set()
            end_group(process, process.wait)

        watchdog = threading.Timer(timeout, end_it)
        watchdog.daemon = True
        watchdog.start()
        try:
            assert process.stdout is not None
            yield process, iter(process.stdout)
            process.wait()
        finally:
            watchdog.cancel()
            end_group(process, _drained(process))
            if process.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()
            if process.stdout is not None:
                process.stdout.close()
    if late.is_set():
        raise TimedOutError


@contextlib.contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Without this, SIGTERM would end Python at once, and leave Terraform without a reader.

    Whoever handles SIGTERM already keeps doing so; only the main thread may set handlers.
    """
    mine = threading.current_thread() is threading.main_thread()
    if not mine or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _drained(process: subprocess.Popen[str]) -> Callable[[float], object]:
    """Waiting that reads on, so that a full pipe does not keep the process from ending in good order."""

    def wait(seconds: float) -> object:
        if process.stdin is not None and process.stdin.closed:
            process.stdin = None  # else communicate would flush it
        return process.communicate(timeout=seconds)

    return wait


def end_group(process: subprocess.Popen[str], wait: Callable[[float], object]) -> None:
    """Ends a process and its children: asked first, then made to.

    Args:
        process: the leader of its group.
        wait: waits for its end for at most so many seconds, else raises subprocess.TimeoutExpired.
    """
    try:
        if process.poll() is None:
            _signal(process, signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                wait(GRACE_SECONDS)
    finally:
        _signal(process, signal.SIGKILL)
        process.wait()


def _signal(process: subprocess.Popen[str], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
