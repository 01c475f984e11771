"""CodeDeploy as a service of the server: requests in, answers out, state kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localaws.clients import SessionOf
from localaws.clock import Clock
from localaws.codedeploy.clients import DeployClients
from localaws.codedeploy.configs import PREDEFINED
from localaws.codedeploy.engine import Engine
from localaws.codedeploy.model import Region
from localaws.codedeploy.operations import OPERATIONS, Context
from localaws.codedeploy.validation import check_names
from localaws.ministack_patches.gateway import put_event
from localaws.service import Answer, Caller, QueryParams, Route, caller
from localaws.wire import ServiceError
from localaws.wire.calls import Call, Wire

log = logging.getLogger(__name__)

_ROUTE = Route("codedeploy", ("CodeDeploy_20141006",), (r"codedeploy\.",))

_THREADS = 8
"""Calls to other services at once; more wait."""


@dataclass
class CodeDeploy:
    """CodeDeploy for the platforms Lambda and ECS.

    Args:
        clock: scales what CodeDeploy counts in minutes.
        endpoint: URL of the server that this is a part of, and a client of.
        session_of: gives credentials of a service role, where IAM is enforced.
    """

    clock: Clock
    endpoint: str
    session_of: SessionOf | None = None
    name: str = "codedeploy"
    service_id: str = "codedeploy"
    route: Route = _ROUTE
    _wire: Wire = field(default_factory=lambda: Wire("codedeploy", _before_check))
    _engines: dict[Caller, Engine] = field(default_factory=dict)
    _pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_THREADS, thread_name_prefix="codedeploy")
    )

    async def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query_params: QueryParams
    ) -> Answer:
        """Answers one request."""
        call: Call | None = None
        try:
            call = self._wire.parse(method, path, headers, body, query_params)
            return self._wire.answer(call, await self._call(call, caller()))
        except ServiceError as error:
            failure = error
        except Exception:
            log.exception("%s", call.operation if call else path)
            failure = ServiceError("InternalFailure", "CodeDeploy failed; the server's log says why.", 500)
        return self._fail(call, failure, headers)

    def _fail(self, call: Call | None, error: ServiceError, headers: Mapping[str, str]) -> Answer:
        try:
            return self._wire.fail(call, error, headers)
        except AssertionError:
            log.exception("%s", call.operation if call else "request")
            failure = ServiceError("InternalFailure", error.message, 500)
            return self._wire.fail(call, failure, headers)

    async def _call(self, call: Call, who: Caller) -> dict[str, Any]:
        engine = self._engine(who)
        context = Context(who.account, who.region, engine.region, engine, self.clock.now())
        if call.operation == "CreateDeployment":
            context = context.with_content(await self._content(context, call.params))
        return OPERATIONS[call.operation](context, call.params)

    async def _content(self, context: Context, params: dict[str, Any]) -> str | None:
        """Text of a revision in S3, read in a thread: it comes from the server that is asking.

        Raises:
            ServiceError: it cannot be read.
        """
        location = (context.revision(params) or {}).get("s3Location")
        if not location:
            return None
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, context.engine.clients.object, location)
        except (BotoCoreError, ClientError, KeyError, UnicodeDecodeError) as error:
            where = f"s3://{location.get('bucket')}/{location.get('key')}"
            raise ServiceError("RevisionDoesNotExistException", f"{where} cannot be read: {error}") from error

    def group_of(self, account: str, region: str, deployment_id: str) -> str:
        """Deployment group of a deployment, as `application/group`; empty where there is none."""
        engine = self._engines.get(Caller(account, region))
        found = engine.region.deployments.get(deployment_id) if engine else None
        return f"{found.application}/{found.group}" if found else ""

    def _engine(self, who: Caller, region: Region | None = None) -> Engine:
        if who not in self._engines:
            records = region or Region()
            self._engines[who] = Engine(
                region=records,
                clients=DeployClients(self.endpoint, who.account, who.region, self.session_of),
                clock=self.clock,
                config=lambda name: PREDEFINED.get(name) or records.configs[name],
                put_event=partial(put_event, who.account, who.region),
                pool=self._pool,
            )
        return self._engines[who]

    def snapshot(self) -> dict[str, Any]:
        """The whole state, by account and region."""
        return {
            f"{who.account}/{who.region}": engine.region.as_json() for who, engine in self._engines.items()
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Takes a state that `snapshot` gave."""
        for key, data in state.items():
            account, _, region = key.partition("/")
            self._engine(Caller(account, region), Region.from_json(data))

    async def start(self) -> None:
        """Goes on with the deployments that were running."""
        for engine in self._engines.values():
            for deployment in list(engine.region.deployments.values()):
                if not deployment.is_over:
                    engine.resume(deployment)

    async def stop(self) -> None:
        """Ends the background work; what runs is gone on with after the next start."""
        for engine in self._engines.values():
            await engine.stop()
        # What is still asked is answered now; later nobody would answer, and the process would wait for it.
        await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)


def _before_check(operation: str, params: dict[str, Any]) -> None:
    """Refuses what is not emulated, and then names that are missing or misspelt.

    Raises:
        ServiceError: one of CodeDeploy's own errors.
    """
    if operation not in OPERATIONS:
        message = f"{operation} is an operation of CodeDeploy, but not emulated here."
        raise ServiceError("UnknownOperationException", message)
    check_names(operation, params)
