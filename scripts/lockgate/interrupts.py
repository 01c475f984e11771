"""Ctrl-C and SIGTERM while something runs elsewhere: once means stop it, twice means leave it alone."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Detached(BaseException):
    """The operator has left what goes on elsewhere: a release, or a build."""


class Interrupts:
    """While open, counts signals; the second one raises `Detached` wherever the program is."""

    def __init__(self) -> None:
        self.first: str | None = None
        self._woken = threading.Event()
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interrupts:
        for number in _SIGNALS:
            self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self.first is not None:
            raise Detached
        self.first = signal.Signals(number).name
        self._woken.set()

    def sleep(self, seconds: float) -> None:
        """Sleeps, but not through the first signal."""
        if self._woken.wait(seconds):
            self._woken.clear()
