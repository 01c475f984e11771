"""AWS time and real time: one AWS minute may last a few real seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Clock:
    """Scales what AWS counts in minutes to real time. Timestamps are never scaled.

    Everything that waits as AWS does (canary intervals, hook limits, alarm periods) takes the one
    clock it was given; nothing reads a global.

    Attributes:
        minute_seconds: how many real seconds one AWS minute lasts; more than 0.
        wall: returns seconds since the epoch.
    """

    minute_seconds: float = 60.0
    wall: Callable[[], float] = field(default=time.time, repr=False)

    def __post_init__(self) -> None:
        if not 0 < self.minute_seconds < float("inf"):
            raise ValueError(f"one AWS minute must last more than 0 seconds, not {self.minute_seconds!r}")

    def seconds(self, aws_seconds: float) -> float:
        """Real seconds that `aws_seconds` of AWS time last."""
        return aws_seconds * self.minute_seconds / 60.0

    def aws_seconds(self, real_seconds: float) -> float:
        """AWS seconds that pass in `real_seconds`."""
        return real_seconds * 60.0 / self.minute_seconds

    def now(self) -> float:
        """Seconds since the epoch, real wall-clock time."""
        return self.wall()

    async def sleep(self, aws_seconds: float) -> None:
        """Waits for `aws_seconds` of AWS time."""
        await asyncio.sleep(self.seconds(aws_seconds))

    async def sleep_minutes(self, minutes: float) -> None:
        """Waits for `minutes` of AWS time."""
        await self.sleep(minutes * 60.0)
