"""Requests of one service as checked calls, and its answers as checked bytes.

A protocol is a module of three functions (`parse`, `serialize`, `serialize_error`); which ones a service
speaks is in its model. A further protocol is one more module and one more entry in `_PROTOCOLS`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from botocore.model import ServiceModel

from localaws.service import Answer
from localaws.wire import ServiceError, cbor, json, query
from localaws.wire.model import check_input, check_output, service_model

Params = dict[str, Any]

COMMON_ERRORS = frozenset(
    {
        "AccessDeniedException",
        "InternalFailure",
        "SerializationException",
        "ThrottlingException",
        "UnknownOperationException",
        "ValidationException",
    }
)
"""Errors that every service may answer with (API references, "Common Errors")."""


class WireProtocol(Protocol):
    """How operations, parameters, answers and errors look on the wire."""

    def parse(
        self,
        model: ServiceModel,
        headers: Mapping[str, str],
        body: bytes,
        path: str,
        query_params: Mapping[str, Any],
    ) -> tuple[str, Params]:
        """Operation and parameters of a request; raises ServiceError."""

    def serialize(
        self, model: ServiceModel, operation: str, output: Params, request_id: str
    ) -> tuple[dict[str, str], bytes]:
        """Headers and body of an answer."""

    def serialize_error(
        self, model: ServiceModel, code: str, message: str, status: int, request_id: str
    ) -> tuple[dict[str, str], bytes]:
        """Headers and body of an error."""


_PROTOCOLS: Mapping[str, WireProtocol] = {
    "smithy-rpc-v2-cbor": cast(WireProtocol, cbor),
    "json": cast(WireProtocol, json),
    "query": cast(WireProtocol, query),
}


@dataclass(frozen=True)
class Call:
    """A request that was understood.

    Attributes:
        operation: its name in the service model, such as "CreateDeployment".
        params: its parameters; timestamps are datetimes, blobs are bytes.
        protocol: what it came in, and its answer goes out in.
    """

    operation: str
    params: Params
    protocol: WireProtocol
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))


class UnmodelledError(AssertionError):
    """An error code that the service's model does not have: clients could not tell it apart."""


class Wire:
    """The wire of one service.

    Args:
        service_name: botocore's name of it, such as "codedeploy".
        before_check: looks at operation and parameters before the model's general checks, for services
            that have errors of their own for what is missing or misspelt; raises ServiceError.
    """

    def __init__(
        self, service_name: str, before_check: Callable[[str, Params], None] = lambda *_: None
    ) -> None:
        self.model = service_model(service_name)
        self._before_check = before_check
        names = self.model.metadata.get("protocols") or [self.model.metadata["protocol"]]
        self._protocols = {name: _PROTOCOLS[name] for name in names if name in _PROTOCOLS}

    def parse(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query_params: Mapping[str, Any],
    ) -> Call:
        """Understands a request; header names are lower case.

        Raises:
            ServiceError: the operation is unknown, or the parameters are not what the model has.
        """
        protocol = self._protocol(headers)
        if method != "POST" and protocol is not _PROTOCOLS["query"]:
            raise ServiceError("UnknownOperationException", f"{method} {path} is not an operation", 404)
        operation, params = protocol.parse(self.model, headers, body, path, query_params)
        self._before_check(operation, params)
        check_input(self.model.operation_model(operation).input_shape, params)
        return Call(operation, params, protocol)

    def answer(self, call: Call, output: Params) -> Answer:
        """A successful answer.

        Raises:
            AssertionError: the output is not what the model has: a defect of the service.
        """
        check_output(self.model.operation_model(call.operation).output_shape, output)
        return 200, *call.protocol.serialize(self.model, call.operation, output, call.request_id)

    def fail(
        self, call: Call | None, error: ServiceError, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """An answer that is an error.

        Args:
            call: the request, or None when it was not understood.
            headers: of the request, to find the protocol where there is no call.

        Raises:
            UnmodelledError: the service has no such error: a defect of the service.
        """
        shapes: list[Any] = self.model.error_shapes
        known = {shape.error_code for shape in shapes} | {shape.name for shape in shapes}
        if error.code not in known | COMMON_ERRORS:
            raise UnmodelledError(f"{self.model.service_name} has no error {error.code}: {error.message}")
        protocol = call.protocol if call else self._protocol(headers or {})
        request_id = call.request_id if call else str(uuid.uuid4())
        return error.status, *protocol.serialize_error(
            self.model, error.code, error.message, error.status, request_id
        )

    def _protocol(self, headers: Mapping[str, str]) -> WireProtocol:
        """The protocol of a request, or the first that the service speaks."""
        if headers.get("smithy-protocol") == "rpc-v2-cbor":
            wanted = "smithy-rpc-v2-cbor"
        elif "x-amz-target" in headers:
            wanted = "json"
        else:
            wanted = "query"
        return self._protocols.get(wanted) or next(iter(self._protocols.values()))
