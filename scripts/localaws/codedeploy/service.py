"""CodeDeploy as a service of the server: requests in, answers out, state kept."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localaws.clock import Clock
from localaws.codedeploy.clients import Clients
from localaws.codedeploy.configs import PREDEFINED
from localaws.codedeploy.engine import Engine
from localaws.codedeploy.model import Region
from localaws.codedeploy.operations import OPERATIONS, Context
from localaws.service import Answer, Caller, QueryParams, Route, caller
from localaws.wire import ServiceError
from localaws.wire import json as protocol
from localaws.wire.model import check_input, check_output, service_model

log = logging.getLogger(__name__)

_ROUTE = Route("codedeploy", ("CodeDeploy_20141006",), (r"codedeploy\.",))


@dataclass
class CodeDeploy:
    """CodeDeploy for the Lambda platform.

    Args:
        clock: scales what CodeDeploy counts in minutes.
        endpoint: URL of the server that this is a part of, and a client of.
    """

    clock: Clock
    endpoint: str
    name: str = "codedeploy"
    service_id: str = "codedeploy"
    route: Route = _ROUTE
    _engines: dict[Caller, Engine] = field(default_factory=dict)

    async def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query_params: QueryParams
    ) -> Answer:
        """Answers one request."""
        del method
        model = service_model(self.service_id)
        request_id = str(uuid.uuid4())
        try:
            operation, params = protocol.parse(model, headers, body, path, query_params)
            check_input(model.operation_model(operation).input_shape, params)
            if operation not in OPERATIONS:
                raise ServiceError("UnknownOperationException", f"{operation} is not emulated here")
            output = await self._call(operation, params, caller())
            check_output(model.operation_model(operation).output_shape, output)
        except ServiceError as error:
            answer = protocol.serialize_error(model, error.code, error.message, error.status, request_id)
            return error.status, *answer
        return 200, *protocol.serialize(model, operation, output, request_id)

    async def _call(self, operation: str, params: dict[str, Any], who: Caller) -> dict[str, Any]:
        engine = self._engine(who)
        location = params.get("revision", {}).get("s3Location")
        content = await asyncio.to_thread(_object, engine.clients, location) if location else None
        context = Context(who.account, who.region, engine.region, engine, self.clock.now(), content)
        return OPERATIONS[operation](context, params)

    def _engine(self, who: Caller, region: Region | None = None) -> Engine:
        if who not in self._engines:
            region = region or Region()
            clients = Clients(self.endpoint, who.account, who.region)
            self._engines[who] = Engine(region, clients, self.clock, _finder(region))
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
            for deployment in engine.region.deployments.values():
                if not deployment.is_over:
                    engine.run(deployment)

    async def stop(self) -> None:
        """Ends the background work; what runs is gone on with after the next start."""
        for engine in self._engines.values():
            await engine.stop()


def _object(clients: Clients, location: dict[str, str]) -> str:
    """Text of a revision in S3, read in a thread: it comes from the server that is asking.

    Raises:
        ServiceError: it cannot be read.
    """
    try:
        return clients.object(location)
    except (BotoCoreError, ClientError, KeyError) as error:
        where = f"s3://{location.get('bucket')}/{location.get('key')}"
        raise ServiceError("RevisionDoesNotExistException", f"{where} cannot be read: {error}") from error


def _finder(region: Region) -> Any:
    return lambda name: PREDEFINED.get(name) or region.configs[name]
