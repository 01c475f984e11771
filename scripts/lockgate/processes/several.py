"""Doing something with several things at a time, each in a thread that starts processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TypeVar

from lockgate.processes.child import Running, sigterm_as_interrupt

Thing = TypeVar("Thing")
Came = TypeVar("Came")

_PULSE_SECONDS = 0.5


def side_by_side(
    things: Sequence[Thing], run: Callable[[Thing, Running], Came], most: int
) -> Generator[tuple[Thing, Came], None, None]:
    """Does something with each, so many at a time; what came of each, as soon as it is there.

    However it is left, all processes that were started have ended afterwards.

    Args:
        things: with each of which something is done in a thread, begun in their order.
        run: does it, and notes its processes in what it gets. What it raises ends everything, and is raised.
        most: threads.
    """
    running = Running()
    pool = ThreadPoolExecutor(most)

    raised: list[BaseException] = []

    def run_one(thing: Thing) -> Came:
        try:
            return run(thing, running)
        except BaseException as error:
            # Before its thread takes the next one, which then may not begin: the first is what went wrong.
            raised.append(error)
            running.close()
            raise

    with sigterm_as_interrupt():
        try:
            begun = {pool.submit(run_one, thing): thing for thing in things}
            while begun:
                # A signal that comes between Python's last look for one and a wait does not end that wait,
                # which is why none of them is long.
                for future in wait(begun, _PULSE_SECONDS, FIRST_COMPLETED).done:
                    if raised:
                        raise raised[0]
                    yield begun.pop(future), future.result()
        finally:
            # Not waiting: where this is interrupted, threads end with their processes.
            pool.shutdown(wait=False, cancel_futures=True)
            running.end()


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
