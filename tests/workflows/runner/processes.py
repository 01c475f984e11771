"""The process of a `run:` step, and how GitHub ends it.

After "Workflow cancellation reference" and, where that is less exact, `ProcessInvoker` of actions/runner.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

INTERRUPTED = 7.5
"""Seconds that a cancelled step has after SIGINT."""

TERMINATED = 2.5
"""Seconds that it has after SIGTERM, before it is killed."""

UNHEARD = 5.0
"""Seconds after which a step whose shell has ended is over, though something still holds its output."""

_LOOK = 0.05


@dataclass
class StepProcess:
    """A shell, and what it has started; all of it says what it says to one pipe."""

    shell: subprocess.Popen[str]
    _said: list[str] = field(default_factory=list)
    _reader: threading.Thread = field(init=False)
    _unheard_since: float | None = None

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @classmethod
    def begin(cls, command: Sequence[str], folder: Path, env: Mapping[str, str]) -> StepProcess:
        """Starts it."""
        return cls(
            subprocess.Popen(
                command,
                cwd=folder,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        )

    def _read(self) -> None:
        assert self.shell.stdout is not None
        self._said.extend(self.shell.stdout)

    @property
    def said(self) -> str:
        """All that it has said so far."""
        return "".join(self._said)

    def is_over(self) -> bool:
        """Whether the shell has ended, and its output has too or is awaited no longer."""
        if self.shell.poll() is None:
            return False
        self._unheard_since = self._unheard_since or time.monotonic()
        return not self._reader.is_alive() or time.monotonic() - self._unheard_since > UNHEARD

    def over_within(self, seconds: float, cancelled: threading.Event | None = None) -> bool:
        """Whether it is over by then; false at once where the run is cancelled in the meantime."""
        end = time.monotonic() + seconds
        while not self.is_over():
            if time.monotonic() > end or (cancelled is not None and cancelled.is_set()):
                return False
            if self._reader.is_alive():
                self._reader.join(_LOOK)
            else:
                time.sleep(_LOOK / 10)
        return True

    def cancel(self, *, tree: bool) -> list[psutil.Process]:
        """Ends it as GitHub ends a step of a cancelled run: each signal goes to the shell alone.

        Args:
            tree: whether the last resort kills all that the shell has started, as the reference says, or only
                the shell, as actions/runner does on Linux.

        Returns:
            What the shell has started, some of which may still be there.
        """
        started: list[psutil.Process] = []
        with suppress(psutil.NoSuchProcess):
            started = psutil.Process(self.shell.pid).children(recursive=True)
        for number, seconds in ((signal.SIGINT, INTERRUPTED), (signal.SIGTERM, TERMINATED)):
            self.shell.send_signal(number)
            if self.over_within(seconds):
                return started
        self.shell.kill()
        if tree:
            kill(started)
        self.over_within(2 * UNHEARD)
        return started

    def kill_all(self) -> None:
        """Ends it, and all that it has started and not let go."""
        os.killpg(self.shell.pid, signal.SIGKILL)
        self._reader.join()
        self.shell.wait()


def kill(processes: Sequence[psutil.Process]) -> None:
    """Kills processes and what they have started, as far as they are left."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            for one in (*process.children(recursive=True), process):
                one.kill()
    psutil.wait_procs(processes, UNHEARD)
