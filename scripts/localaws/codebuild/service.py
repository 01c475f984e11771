"""CodeBuild as a service of the server: requests in, answers out, state kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from localaws.clients import Clients, SessionOf
from localaws.clock import Clock
from localaws.codebuild.batches import Batches
from localaws.codebuild.engine import Engine
from localaws.codebuild.model import Region
from localaws.codebuild.operations import OPERATIONS, Context
from localaws.codebuild.validation import check_model
from localaws.ministack_patches.gateway import put_event
from localaws.service import Answer, Caller, QueryParams, Route, caller
from localaws.wire import ServiceError
from localaws.wire.calls import Call, Wire

log = logging.getLogger(__name__)

_ROUTE = Route("codebuild", ("CodeBuild_20161006",), (r"codebuild\.",))

BUILDS_AT_ONCE = 4
"""Builds that run at once, in all accounts together; more wait in QUEUED. They share one machine."""


@dataclass
class CodeBuild:
    """CodeBuild, whose builds are processes of this machine.

    Args:
        clock: tells the time; what a build waits for is not scaled, since its work is real.
        endpoint: URL of the server that this is a part of, and a client of.
        session_of: gives credentials of a service role, where IAM is enforced.
    """

    clock: Clock
    endpoint: str
    session_of: SessionOf | None = None
    name: str = "codebuild"
    service_id: str = "codebuild"
    route: Route = _ROUTE
    _wire: Wire = field(default_factory=lambda: Wire("codebuild", _before_check))
    _contexts: dict[Caller, tuple[Engine, Batches]] = field(default_factory=dict)
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(BUILDS_AT_ONCE))
    _pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(BUILDS_AT_ONCE, thread_name_prefix="codebuild")
    )

    async def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query_params: QueryParams
    ) -> Answer:
        """Answers one request."""
        call: Call | None = None
        try:
            call = self._wire.parse(method, path, headers, body, query_params)
            check_model(self._wire.model.operation_model(call.operation).input_shape, call.params)
            return self._wire.answer(call, OPERATIONS[call.operation](self._context(caller()), call.params))
        except ServiceError as error:
            failure = error
        except Exception:
            log.exception("%s", call.operation if call else path)
            failure = ServiceError("InternalFailure", "CodeBuild failed; the server's log says why.", 500)
        return self._wire.fail(call, failure, headers)

    def _context(self, who: Caller) -> Context:
        engine, batches = self._engine(who)
        return Context(engine, batches, self.clock.now())

    def _engine(self, who: Caller, region: Region | None = None) -> tuple[Engine, Batches]:
        if who not in self._contexts:
            engine = Engine(
                region=region or Region(),
                clients=Clients(self.endpoint, who.account, who.region, self.session_of),
                places=self._places,
                pool=self._pool,
                put_event=partial(put_event, who.account, who.region),
                now=self.clock.now,
                loop=asyncio.get_running_loop(),
            )
            self._contexts[who] = engine, Batches(engine)
        return self._contexts[who]

    def snapshot(self) -> dict[str, Any]:
        """The whole state, by account and region."""
        return {
            f"{who.account}/{who.region}": engine.region.as_json()
            for who, (engine, _) in self._contexts.items()
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Takes a state that `snapshot` gave."""
        for key, data in state.items():
            account, _, region = key.partition("/")
            self._engine(Caller(account, region), Region.from_json(data))

    async def start(self) -> None:
        """Ends what ran when the server ended: its processes are gone."""
        for engine, batches in self._contexts.values():
            engine.break_off_unfinished()
            batches.break_off_unfinished()

    async def stop(self) -> None:
        """Ends all builds, and their processes."""
        await asyncio.gather(*(batches.end() for _, batches in self._contexts.values()))
        await asyncio.gather(*(engine.end() for engine, _ in self._contexts.values()))
        self._pool.shutdown(wait=False, cancel_futures=True)


def _before_check(operation: str, params: dict[str, Any]) -> None:
    """Refuses what is not emulated.

    Raises:
        ServiceError: UnknownOperationException.
    """
    del params
    if operation not in OPERATIONS:
        message = f"{operation} is an operation of CodeBuild, but not emulated here."
        raise ServiceError("UnknownOperationException", message)
