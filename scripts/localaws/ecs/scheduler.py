"""Keeps as many tasks of each task set running as it shall have.

Source: Amazon ECS developer guide, "Amazon ECS services" and "Amazon ECS service throttle logic". A task set
is in a steady state when it has all its tasks, none is starting, and the load balancers that use its target
groups find every task healthy (API reference, TaskSet, stabilityStatus).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from localaws.clock import Clock
from localaws.ecs.clients import TaskClients
from localaws.ecs.launches import launch
from localaws.ecs.model import EcsService, Region, Task, TaskSet
from localaws.tasks.runner import NotStartedError, TaskRunner

log = logging.getLogger(__name__)

T = TypeVar("T")

TargetHealth = Callable[[str, tuple[str, int]], str]
"""State of a target, as in the API reference's TargetHealth."""

LOOK_SECONDS = 5
"""How often is looked, in seconds of AWS time (inferred)."""

MIN_LOOK = 0.1
"""The same in real seconds at least."""

_ASK_SECONDS = 1.0
"""Real seconds after which the runner is asked again whether a task runs."""

_FIRST_RETRY = 10
_LAST_RETRY = 900
"""Seconds of AWS time between attempts of a task set whose tasks do not stay: doubled each time, at most a
quarter of an hour (developer guide, "Amazon ECS service throttle logic"; the first one is inferred)."""


@dataclass
class Scheduler:
    """The scheduler of one account and region.

    Args:
        region: its services.
        clients: calls to the other services.
        clock: scales what ECS counts in seconds.
        runner: runs the tasks.
        health: state of a target, by the ARN of its group, and its address and port.
        pool: threads for calls.
    """

    region: Region
    clients: TaskClients
    clock: Clock
    runner: TaskRunner
    health: TargetHealth
    pool: Executor
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _asked: dict[str, float] = field(default_factory=dict)

    def wake(self) -> None:
        """Lets it look at once."""
        self._wake.set()

    def stop_task(self, service: EcsService, task: Task, reason: str) -> None:
        """Stops a task; another one is started in its place."""
        self._mark_stopped(service, task, reason, "UserInitiated")
        self._in_background(self._release(service, task))

    async def start(self) -> None:
        """Ends what an earlier run of the server has left, and begins to look."""
        for service, task in list(self.region.tasks()):
            if task.is_live:
                await self._stop(service, task, "The embedded AWS was ended", "ServiceSchedulerInitiated")
        self._in_background(self._run())

    async def stop(self) -> None:
        """Ends the looking; tasks are ended by the runner."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        seconds = max(MIN_LOOK, self.clock.seconds(LOOK_SECONDS))
        while True:
            for service in list(self.region.services.values()):
                try:
                    await self._look(service)
                except (ClientError, BotoCoreError, OSError):
                    log.exception("service %s", service.key)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), seconds)
            self._wake.clear()

    async def _look(self, service: EcsService) -> None:
        for task_set in list(service.task_sets):
            await self._notice_ended(service, task_set)
            await self._scale(service, task_set)
            await self._settle(service, task_set)
        service.task_sets = [
            one for one in service.task_sets if one.status != "DRAINING" or service.live(one)
        ]
        if service.status == "DRAINING" and not any(task.is_live for task in service.tasks):
            service.status = "INACTIVE"
            service.task_sets = []
        service.forget_stopped()

    async def _notice_ended(self, service: EcsService, task_set: TaskSet) -> None:
        now = self.clock.now()
        for task in service.live(task_set):
            if task.status != "RUNNING" or now - self._asked.get(task.task_id, 0.0) < _ASK_SECONDS:
                continue
            self._asked[task.task_id] = now
            why = await self._blocking(self.runner.ended, task.task_id)
            if why and task.is_live:
                self._failed(task_set)
                await self._stop(service, task, why, "EssentialContainerExited")

    async def _scale(self, service: EcsService, task_set: TaskSet) -> None:
        wanted = task_set.wanted(service.desired) if service.status == "ACTIVE" else 0
        wanted = 0 if task_set.status == "DRAINING" else wanted
        live = service.live(task_set)
        for task in live[wanted:]:
            reason = f"Scaling activity initiated by (deployment {task_set.set_id})"
            await self._stop(service, task, reason, "ServiceSchedulerInitiated")
        if self.clock.now() >= task_set.retry_at:
            for _ in range(wanted - len(live)):
                task = self._new_task(service, task_set)
                self._in_background(self._start(service, task_set, task))

    def _new_task(self, service: EcsService, task_set: TaskSet) -> Task:
        task = Task(
            task_id=uuid.uuid4().hex,
            set_id=task_set.set_id,
            definition=task_set.settings["taskDefinition"],
            address=self.region.new_address(),
            created=self.clock.now(),
        )
        service.tasks.append(task)
        return task

    async def _start(self, service: EcsService, task_set: TaskSet, task: Task) -> None:
        try:
            ports = await self._blocking(self._started, task, task_set)
        except (NotStartedError, ClientError, BotoCoreError, OSError) as error:
            self._failed(task_set)
            known = isinstance(error, NotStartedError)
            reason = str(error) if known else f"ResourceInitializationError: {error}"
            await self._stop(service, task, reason, "TaskFailedToStart")
            return
        if not task.is_live:  # it was stopped meanwhile
            await self._blocking(self.runner.stop, task.task_id)
            return
        task.ports, task.started, task.status = ports, self.clock.now(), "RUNNING"
        try:
            await self._blocking(self.clients.register, task_set.load_balancers, task.address)
        except (ClientError, BotoCoreError) as error:
            self._failed(task_set)
            await self._stop(service, task, f"Unable to register targets: {error}", "TaskFailedToStart")
        self.wake()

    def _started(self, task: Task, task_set: TaskSet) -> dict[str, list[Any]]:
        definition = self.clients.definition(task.definition)
        made = launch(task.task_id, definition, task_set.load_balancers, self.clients.secret)
        return {str(port): list(address) for port, address in self.runner.start(made).items()}

    async def _stop(self, service: EcsService, task: Task, reason: str, code: str) -> None:
        """Takes a task out of its target groups and ends it."""
        self._mark_stopped(service, task, reason, code)
        await self._release(service, task)

    def _mark_stopped(self, service: EcsService, task: Task, reason: str, code: str) -> None:
        task.status, task.stopped = "STOPPED", self.clock.now()
        task.stopped_reason, task.stop_code = reason, code
        log.info("service %s: task %s: %s", service.key, task.task_id, reason)
        self._asked.pop(task.task_id, None)

    async def _release(self, service: EcsService, task: Task) -> None:
        task_set = service.task_set(task.set_id)
        balancers = (task_set.load_balancers if task_set else []) or service.settings["loadBalancers"]
        await self._blocking(self.clients.deregister, balancers, task.address)
        await self._blocking(self.runner.stop, task.task_id)

    def _failed(self, task_set: TaskSet) -> None:
        """Notes that a task did not stay: the next one comes later."""
        task_set.failures += 1
        delay = min(_LAST_RETRY, _FIRST_RETRY * 2 ** min(task_set.failures - 1, 10))
        task_set.retry_at = self.clock.now() + self.clock.seconds(delay)

    async def _settle(self, service: EcsService, task_set: TaskSet) -> None:
        await self._replace_unhealthy(service, task_set)
        live = service.live(task_set)
        running = [task for task in live if task.status == "RUNNING"]
        well = all(self._states(task_set, task) <= {"healthy", "unused"} for task in running)
        wanted = task_set.wanted(service.desired)
        steady = well and len(running) == len(live) == wanted
        if steady:
            task_set.failures = 0
        state = "STEADY_STATE" if steady else "STABILIZING"
        if task_set.stability != state:
            task_set.stability, task_set.stability_at = state, self.clock.now()

    def _states(self, task_set: TaskSet, task: Task) -> set[str]:
        """Health of a task in its target groups."""
        balancers = task_set.load_balancers
        return {self.health(one["targetGroupArn"], (task.address, one["containerPort"])) for one in balancers}

    async def _replace_unhealthy(self, service: EcsService, task_set: TaskSet) -> None:
        """Stops tasks that fail their health checks when their period of grace is over (API reference,
        CreateService, healthCheckGracePeriodSeconds)."""
        grace = self.clock.seconds(service.settings["healthCheckGracePeriodSeconds"])
        for task in service.live(task_set):
            since = self.clock.now() - (task.started or self.clock.now())
            if task.status == "RUNNING" and since > grace and "unhealthy" in self._states(task_set, task):
                groups = ", ".join(one["targetGroupArn"] for one in task_set.load_balancers)
                self._failed(task_set)
                reason = f"Task failed ELB health checks in (target-group {groups})"
                await self._stop(service, task, reason, "ServiceSchedulerInitiated")

    def _in_background(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _blocking(self, call: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.pool, call, *args)
