"""The part of every load balancer that runs: it checks targets, chooses among them, and counts requests.

Targets of ECS tasks have the addresses of their tasks, which exist on the embedded AWS only; `Locate` says
where a task really listens. How often is checked passes on the scaled clock, how long an answer may take
does not: the work of a target is real.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import logging
import random
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from localaws.balancing.health import NOT_IN_USE, Health, Result, after, judged
from localaws.balancing.metrics import NAMESPACE, Passage, Point, host_counts
from localaws.clock import Clock
from localaws.service import MetricSink

log = logging.getLogger(__name__)

Locate = Callable[[str, str, str, int], tuple[str, int]]
"""Host and port at which a target of an account and region really listens, by its address and port."""

_LOOK_SECONDS = 0.05
"""Real seconds between two looks for checks that are due."""

_MIN_INTERVAL = 0.5
"""Real seconds between two checks of a target at least: a fast clock shall not make a busy loop."""

_MIN_TIMEOUT = 1.0
"""Real seconds that an answer to a health check may take at least, however fast the clock is."""

_CHECKS_AT_ONCE = 8


@dataclass(frozen=True)
class TargetGroup:
    """A target group as the load balancer sees it.

    Attributes:
        record: its settings, with the members of the API reference's TargetGroup.
        targets: registered ones, each with Id and Port.
        balancers: ARNs of the load balancers that forward to it, with whatever weight.
    """

    account: str
    region: str
    arn: str
    record: dict[str, Any]
    targets: tuple[tuple[str, int], ...]
    balancers: tuple[str, ...]


Key = tuple[str, str, int]
"""ARN of a target group, and address and port of a target."""


@dataclass
class Balancer:
    """All load balancers of the server.

    Args:
        clock: scales the intervals of health checks, and CloudWatch's minute.
        sink: takes the metrics.
        locate: says where a target really listens.
        groups: gives every target group, with its targets of now.
    """

    clock: Clock
    sink: MetricSink
    locate: Locate
    groups: Callable[[], Iterable[TargetGroup]]
    _health: dict[Key, Health] = field(default_factory=dict)
    _due: dict[Key, float] = field(default_factory=dict)
    _seen: dict[str, TargetGroup] = field(default_factory=dict)
    _counted: float = 0.0
    _task: asyncio.Task[None] | None = None
    _checks: set[asyncio.Task[None]] = field(default_factory=set)
    _pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_CHECKS_AT_ONCE, thread_name_prefix="health")
    )

    async def start(self) -> None:
        """Begins to check targets."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Ends the checks."""
        tasks = [task for task in (self._task, *self._checks) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def health(self, group: TargetGroup, target: tuple[str, int]) -> Health:
        """Health of a target; one of a group that no load balancer forwards to is not checked."""
        if not group.balancers:
            return NOT_IN_USE
        return self._health.get((group.arn, *target), Health())

    def state(self, arn: str, target: tuple[str, int]) -> str:
        """State of a target by the ARN of its group; `initial` where it is not seen as registered yet."""
        group = self._seen.get(arn)
        registered = group is not None and target in group.targets
        return self.health(group, target).state if group and registered else "initial"

    def choose(self, group: TargetGroup) -> tuple[str, int] | None:
        """Where a request goes really: to a healthy target, or to any where none is healthy.

        So fails a load balancer open (user guide, "Health checks for Application Load Balancer target
        groups"). None where no target is registered.
        """
        healthy = [one for one in group.targets if self.health(group, one).state == "healthy"]
        chosen = healthy or list(group.targets)
        if not chosen:
            return None
        target = random.choice(chosen)
        return self.locate(group.account, group.region, *target)

    def passed(self, account: str, region: str, passage: Passage, status: int) -> None:
        """Counts a request that was answered with a status."""
        self._put(account, region, passage.points(status))

    def _put(self, account: str, region: str, points: Iterable[Point]) -> None:
        now = self.clock.now()
        for name, dimensions, value, unit in points:
            self.sink.put(account, region, NAMESPACE, name, dimensions, value, unit, now)

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(RuntimeError):  # a store that changes while it is read: at the next look
                self._look(list(self.groups()))
            await asyncio.sleep(_LOOK_SECONDS)

    def _look(self, groups: Sequence[TargetGroup]) -> None:
        """Begins the checks that are due, forgets targets that are gone, and counts once a minute."""
        now = self.clock.now()
        self._seen = {group.arn: group for group in groups}
        used = [group for group in groups if group.balancers and group.record["TargetType"] != "lambda"]
        present = {(group.arn, *target) for group in used for target in group.targets}
        for key in [key for key in {*self._due, *self._health} if key not in present]:
            self._due.pop(key, None)
            self._health.pop(key, None)
        for group in used:
            for target in group.targets:
                if now >= self._due.get((group.arn, *target), 0.0):
                    self._begin(group, target, now)
        if now - self._counted >= self.clock.seconds(60):
            self._counted = now
            for group in used:
                self._count(group)

    def _begin(self, group: TargetGroup, target: tuple[str, int], now: float) -> None:
        interval = self.clock.seconds(group.record["HealthCheckIntervalSeconds"])
        self._due[(group.arn, *target)] = now + max(interval, _MIN_INTERVAL)
        task = asyncio.get_running_loop().create_task(self._check(group, target))
        self._checks.add(task)
        task.add_done_callback(self._checks.discard)

    async def _check(self, group: TargetGroup, target: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        result = await loop.run_in_executor(self._pool, self._result, group, target)
        key = (group.arn, *target)
        if key in self._due:
            self._health[key] = after(self._health.get(key, Health()), result, group.record)

    def _result(self, group: TargetGroup, target: tuple[str, int]) -> Result:
        address, port = target
        asked = group.record["HealthCheckPort"]
        port = int(asked) if str(asked).isdigit() else port
        timeout = max(_MIN_TIMEOUT, self.clock.seconds(group.record["HealthCheckTimeoutSeconds"]))
        host, real = self.locate(group.account, group.region, address, port)
        try:
            status = _status(host, real, group.record["HealthCheckPath"], timeout)
        except TimeoutError:
            return Result(False, "Target.Timeout", "Request timed out")
        except (OSError, http.client.HTTPException):
            return Result(False, "Target.FailedHealthChecks", "Health checks failed")
        return judged(group.record["Matcher"]["HttpCode"], status)

    def _count(self, group: TargetGroup) -> None:
        if not group.targets:
            return
        states = [self.health(group, target).state for target in group.targets]
        healthy, unhealthy = states.count("healthy"), states.count("unhealthy")
        for balancer in group.balancers:
            points = host_counts(group.arn, balancer, healthy, unhealthy)
            self._put(group.account, group.region, points)


def _status(host: str, port: int, path: str, timeout: float) -> int:
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        headers = {"User-Agent": "ELB-HealthChecker/2.0", "Connection": "close"}
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()
