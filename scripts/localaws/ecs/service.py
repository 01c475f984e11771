"""Our part of ECS: it sees every request first, and passes on what concerns nothing of ours."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from localaws.clock import Clock
from localaws.ecs import services, task_sets, tasks
from localaws.ecs.answers import Arns
from localaws.ecs.clients import TaskClients
from localaws.ecs.context import Context, Merged, Operation, Params, PassedOnError
from localaws.ecs.model import EcsService, Region
from localaws.ecs.scheduler import Scheduler, TargetHealth
from localaws.service import Answer, Caller, Handler, QueryParams, caller
from localaws.tasks.runner import TaskRunner
from localaws.wire import ServiceError
from localaws.wire.calls import Call, Wire

log = logging.getLogger(__name__)

OPERATIONS: dict[str, Operation] = {
    **services.OPERATIONS,
    **task_sets.OPERATIONS,
    **tasks.OPERATIONS,
}

_TARGET = "AmazonEC2ContainerServiceV20141113"

_THREADS = 16
"""Calls to other services and to the task runner at once; more wait."""


@dataclass
class Ecs:
    """Services with the deployment controller CODE_DEPLOY.

    Args:
        clock: scales what ECS counts in seconds.
        endpoint: URL of the server that this is a part of, and a client of.
        runner: runs the tasks.
        health: state of a target, as the load balancer sees it.
    """

    clock: Clock
    endpoint: str
    runner: TaskRunner
    health: TargetHealth
    name: str = "ecs"
    _wire: Wire = field(default_factory=lambda: Wire("ecs"))
    _schedulers: dict[Caller, Scheduler] = field(default_factory=dict)
    _running: bool = False
    _pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_THREADS, thread_name_prefix="ecs")
    )

    def before(self, inner: Handler) -> Handler:
        """A handler that is asked before MiniStack's."""

        async def handle(
            method: str, path: str, headers: Mapping[str, str], body: bytes, query_params: QueryParams
        ) -> Answer:
            operation = headers.get("x-amz-target", "").rpartition(".")[2]
            answer = None
            if operation in OPERATIONS:
                answer = await self._answer(inner, operation, path, headers, body)
            return answer or await inner(method, path, headers, body, query_params)

        return handle

    async def _answer(
        self, inner: Handler, operation: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer | None:
        call: Call | None = None
        try:
            call = self._wire.parse("POST", path, headers, body, {})
            context = await self._context(inner, headers)
            output = await OPERATIONS[operation](context, call.params)
            return None if output is None else self._rendered(call, output)
        except PassedOnError as error:
            return error.answer
        except ServiceError as error:
            return self._wire.fail(call, _modelled(error), headers)
        except Exception:
            log.exception("%s", operation)
            failure = ServiceError("ServerException", "ECS failed; the server's log says why.", 500)
            return self._wire.fail(call, failure, headers)

    def _rendered(self, call: Call, output: Params | Merged) -> Answer:
        if not isinstance(output, Merged):
            return self._wire.answer(call, output)
        status, headers, body = self._wire.answer(call, output.own)
        own = json.loads(body)
        merged = {**output.other, **{key: value + output.other.get(key, []) for key, value in own.items()}}
        return status, headers, json.dumps(merged).encode()

    async def _context(self, inner: Handler, headers: Mapping[str, str]) -> Context:
        who = caller()
        scheduler = await self._scheduler(who)

        async def pass_on(operation: str, params: Params) -> Answer:
            target = {**headers, "x-amz-target": f"{_TARGET}.{operation}"}
            return await inner("POST", "/", target, json.dumps(params).encode(), {})

        return Context(
            arns=Arns(who.account, who.region),
            region=scheduler.region,
            now=self.clock.now(),
            pass_on=pass_on,
            wake=scheduler.wake,
            stop_task=scheduler.stop_task,
        )

    async def _scheduler(self, who: Caller) -> Scheduler:
        """The scheduler of an account and region; it runs once the server does."""
        if who not in self._schedulers:
            self._add(who, Region())
            if self._running:
                await self._schedulers[who].start()
        return self._schedulers[who]

    def _add(self, who: Caller, region: Region) -> None:
        clients = TaskClients(self.endpoint, who.account, who.region)
        self._schedulers[who] = Scheduler(region, clients, self.clock, self.runner, self.health, self._pool)

    def locate(self, account: str, region: str, address: str, port: int) -> tuple[str, int]:
        """Where a port of a task really listens; what is no task's address is taken as it is."""
        scheduler = self._schedulers.get(Caller(account, region))
        for _, task in scheduler.region.tasks() if scheduler else ():
            if task.address == address and task.is_live and str(port) in task.ports:
                host, real = task.ports[str(port)]
                return host, real
        return address, port

    def snapshot(self) -> dict[str, Any]:
        """The whole state, by account and region."""
        return {
            f"{who.account}/{who.region}": [one.as_json() for one in scheduler.region.services.values()]
            for who, scheduler in self._schedulers.items()
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Takes a state that `snapshot` gave."""
        for key, kept in state.items():
            account, _, region = key.partition("/")
            found = [EcsService.from_json(one) for one in kept]
            self._add(Caller(account, region), Region({service.key: service for service in found}))

    async def start(self) -> None:
        """Ends tasks that an earlier run of the server has left, and starts them anew."""
        await asyncio.get_running_loop().run_in_executor(self._pool, self.runner.close)
        self._running = True
        for scheduler in list(self._schedulers.values()):
            await scheduler.start()

    async def stop(self) -> None:
        """Ends all tasks; they are started again at the next start."""
        for scheduler in self._schedulers.values():
            await scheduler.stop()
        await asyncio.get_running_loop().run_in_executor(self._pool, self.runner.close)
        # What is still asked is answered now; later nobody would answer, and the process would wait for it.
        await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)


def _modelled(error: ServiceError) -> ServiceError:
    """ECS has no ValidationException: what does not fit the model is an InvalidParameterException."""
    if error.code == "ValidationException":
        return ServiceError("InvalidParameterException", error.message)
    return error
