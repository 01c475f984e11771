"""Planning several stacks at a time."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen
from threading import Lock

from lockgate.aws import CREDENTIALS
from lockgate.plans.process import end_group, sigterm_as_interrupt

MOST = 4
"""Plans at a time on any machine: more wait for the same AWS."""

_MEMORY_EACH = 1.5e9
"""Bytes that one plan takes: Terraform, and a provider process of 750 MB with what it reads."""


def at_a_time(processors: int, memory: float) -> int:
    """How many plans run side by side without slowing each other down.

    Args:
        processors: that this process may use; a provider keeps one busy.
        memory: bytes that are free.
    """
    return max(1, min(MOST, processors, int(memory // _MEMORY_EACH)))


class Children:
    """Processes of this command's own kind, each for one stack, so that none shares anything with another.

    Args:
        root: the repository, where they run.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._running: set[Popen[str]] = set()
        self._lock = Lock()
        self._ended = False

    def run(self, arguments: Sequence[str], profile: str | None = None) -> tuple[int, str]:
        """Runs `lockgate ...` to its end; exit code, and all that it said.

        Args:
            arguments: the verb and what follows.
            profile: of AWS, instead of the credentials that this process has.
        """
        with self._lock:
            if self._ended:
                return 1, "interrupted before it began"
            child = Popen(
                [sys.executable, "-m", "lockgate", *arguments],
                cwd=self._root,
                env=_environment(profile),
                stdout=PIPE,
                stderr=STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            self._running.add(child)
        try:
            said, _ = child.communicate()
            return child.returncode, said
        finally:
            with self._lock:
                self._running.discard(child)

    def end(self) -> None:
        """Ends those that run, which end what they have started; none begins any more."""
        with self._lock:
            self._ended = True
            running = list(self._running)
        for child in running:
            end_group(child, child.wait)


def _environment(profile: str | None) -> dict[str, str]:
    if profile is None:
        return dict(os.environ)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(CREDENTIALS)}
    return {**inherited, "AWS_PROFILE": profile}


@contextmanager
def children(root: Path) -> Iterator[Children]:
    """Children that have all ended when the block is left, however it is."""
    made = Children(root)
    with sigterm_as_interrupt():
        try:
            yield made
        finally:
            made.end()


def side_by_side(
    stacks: Sequence[str], run: Callable[[str], tuple[int, str]], most: int
) -> Iterator[tuple[str, int, str]]:
    """Runs something for each stack, so many at a time; what came of each, in the order of the stacks."""
    pool = ThreadPoolExecutor(most)
    try:
        futures: dict[str, Future[tuple[int, str]]] = {stack: pool.submit(run, stack) for stack in stacks}
        for stack, future in futures.items():
            yield (stack, *future.result())
    finally:
        # Not waiting: whoever interrupts this ends the children next, and then the threads end.
        pool.shutdown(wait=False, cancel_futures=True)


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
