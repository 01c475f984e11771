"""The CloudWatch service: its protocols, its operations, its background work and its state."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import uuid
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from localaws.clock import Clock
from localaws.cloudwatch import constraints
from localaws.cloudwatch.alarms.actions import Actions, Emit
from localaws.cloudwatch.alarms.book import AlarmBook
from localaws.cloudwatch.alarms.evaluator import Evaluator
from localaws.cloudwatch.alarms.model import Alarm
from localaws.cloudwatch.dashboards import DashboardBook
from localaws.cloudwatch.embedded_format import measurements
from localaws.cloudwatch.operations.alarms import AlarmOperations
from localaws.cloudwatch.operations.dashboards import DashboardOperations
from localaws.cloudwatch.operations.metrics import MetricOperations, Params
from localaws.cloudwatch.operations.tags import TagOperations
from localaws.cloudwatch.store import MetricStore, metric_key
from localaws.service import Answer, Caller, QueryParams, Route, caller
from localaws.wire import ServiceError, cbor, json, query
from localaws.wire.model import check_input, check_output, service_model

log = logging.getLogger(__name__)

_METRICS_FORMAT = 3
_SMITHY_ID = "GraniteServiceVersion20100801"
Operation = Callable[[Caller, Params], Params]


class CloudWatch:
    """Metrics, alarms and dashboards of every account; also the sink of the server's own metrics."""

    name = "cloudwatch"
    service_id = "cloudwatch"
    route = Route(
        credential_scope="monitoring",
        target_prefixes=(_SMITHY_ID,),
        host_patterns=(r"monitoring\.",),
        smithy_ids=(_SMITHY_ID,),
    )

    def __init__(self, clock: Clock, endpoint: str, emit: Emit | None = None) -> None:
        self._clock = clock
        self._model = service_model("cloudwatch")
        self.store = MetricStore()
        self.book = AlarmBook()
        self.dashboards = DashboardBook()
        self._actions = Actions(endpoint, self._acted, emit)
        self._evaluator = Evaluator(self.store, self.book, clock, self._actions.begin)
        self._task: asyncio.Task[None] | None = None
        self._operations = _operations(
            self._model.operation_names,
            MetricOperations(self.store, clock),
            AlarmOperations(self.book, clock, self._evaluator.set_state),
            DashboardOperations(self.dashboards, clock),
            TagOperations(self.book, self.dashboards),
        )

    def put(
        self,
        account: str,
        region: str,
        namespace: str,
        name: str,
        dimensions: Mapping[str, str],
        value: float,
        unit: str,
        timestamp: float,
    ) -> None:
        """Records one data point. Called from any thread."""
        key = metric_key(account, region, namespace, name, dimensions)
        self.store.put(key, value, unit, timestamp, self._clock.now())

    def read_log(self, account: str, region: str, message: str) -> None:
        """Records the metrics that a log event embeds. Called from any thread."""
        now = self._clock.now()
        for found in measurements(message, now):
            key = metric_key(account, region, found.namespace, found.name, found.dimensions)
            for value in found.values:
                self.store.put(key, value, found.unit, found.timestamp, now)

    async def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query_params: QueryParams
    ) -> Answer:
        """Answers one request in the protocol that it came in."""
        del method
        protocol: Any = _protocol(headers)
        request_id = str(uuid.uuid4())
        try:
            operation, params = protocol.parse(self._model, headers, body, path, query_params)
            output = self._run(operation, params)
        except ServiceError as error:
            return self._refuse(protocol, error, request_id)
        except Exception:
            log.exception("%s", path)
            failure = ServiceError(
                "InternalServiceError", "CloudWatch failed; the server's log says why.", 500
            )
            return self._refuse(protocol, failure, request_id)
        answer_headers, content = protocol.serialize(self._model, operation, output, request_id)
        return 200, answer_headers, content

    def _run(self, operation: str, params: Params) -> Params:
        run = self._operations.get(operation)
        if run is None:
            message = f"The operation {operation} is not supported by the local CloudWatch."
            raise ServiceError("UnknownOperationException", message, 404)
        shape = self._model.operation_model(operation).input_shape
        try:
            check_input(shape, params)
        except ServiceError as error:
            raise ServiceError("ValidationError", error.message) from None
        constraints.check(shape, params)
        output = run(caller(), params)
        check_output(self._model.operation_model(operation).output_shape, output)
        return output

    def _refuse(self, protocol: Any, error: ServiceError, request_id: str) -> Answer:
        headers, content = protocol.serialize_error(
            self._model, error.code, error.message, error.status, request_id
        )
        return error.status, headers, content

    def _acted(self, alarm: Alarm, arn: str, error: str | None) -> None:
        done = f"Failed to execute action {arn}" if error else f"Successfully executed action {arn}"
        data = {
            "version": "1.0",
            "actionState": "Failed" if error else "Succeeded",
            "notificationResource": arn,
        }
        data |= {"error": error} if error else {}
        self.book.record(alarm, "Action", done, data, self._clock.now())

    def snapshot(self) -> dict[str, Any]:
        """Alarms and dashboards with their tags, the history of alarms, and recent metrics."""
        return {
            "metrics_format": _METRICS_FORMAT,
            "metrics": self.store.snapshot(self._clock.now()),
            "dashboards": self.dashboards.snapshot(),
            **self.book.snapshot(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Takes a state that `snapshot` gave; metrics of another format are left behind, alarms never."""
        if state.get("metrics_format") == _METRICS_FORMAT:
            self.store.restore(state["metrics"])
        else:
            log.warning("metrics saved by another version are not restored")
        self.book.restore(state)
        self.dashboards.restore(state.get("dashboards", []))

    async def start(self) -> None:
        """Begins to evaluate alarms."""
        self._task = asyncio.create_task(self._evaluator.run())

    async def stop(self) -> None:
        """Ends evaluation and gives up actions that still run."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._actions.finish()


def _protocol(headers: Mapping[str, str]) -> ModuleType:
    if headers.get("smithy-protocol") == "rpc-v2-cbor":
        return cbor
    return json if "x-amz-target" in headers else query


def _operations(names: list[str], *groups: object) -> dict[str, Operation]:
    """Operations by name: PutMetricData is `put_metric_data` of one of the groups."""
    found: dict[str, Operation] = {}
    for name in names:
        attribute = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        for group in groups:
            if hasattr(group, attribute):
                found[name] = getattr(group, attribute)
    return found
