"""The AWS JSON protocols 1.0 and 1.1: one POST with the operation in `X-Amz-Target` (Smithy, "awsJson")."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import ServiceModel

from localaws.wire import ServiceError


def parse(
    model: ServiceModel, headers: Mapping[str, str], body: bytes, path: str, query_params: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Operation and parameters of a request.

    Raises:
        ServiceError: the operation or the body cannot be understood.
    """
    del path, query_params
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    if operation not in model.operation_names:
        raise ServiceError("UnknownOperationException", f"{operation or 'no operation'} is not an operation")
    try:
        raw = json.loads(body or b"{}")
    except ValueError as error:
        raise ServiceError("SerializationException", f"not JSON: {error}") from error
    if not isinstance(raw, dict):
        raise ServiceError("SerializationException", "the body is not a JSON object")
    shape = model.operation_model(operation).input_shape
    return operation, _load(shape, raw) if shape else {}


def serialize(
    model: ServiceModel, operation: str, output: dict[str, Any], request_id: str
) -> tuple[dict[str, str], bytes]:
    """Headers and body of an answer."""
    del operation
    return _headers(model, request_id), json.dumps(output, default=_dump).encode()


def serialize_error(
    model: ServiceModel, code: str, message: str, status: int, request_id: str
) -> tuple[dict[str, str], bytes]:
    """Headers and body of an error."""
    del status
    body = {"__type": code, "message": message}
    return {**_headers(model, request_id), "x-amzn-errortype": code}, json.dumps(body).encode()


def _headers(model: ServiceModel, request_id: str) -> dict[str, str]:
    version = model.metadata.get("jsonVersion", "1.0")
    return {"content-type": f"application/x-amz-json-{version}", "x-amzn-requestid": request_id}


def _load(shape: Any, value: Any) -> Any:
    if value is None:
        return None
    if shape.type_name == "structure" and isinstance(value, dict):
        members = shape.members
        return {k: _load(members[k], v) for k, v in value.items() if k in members and v is not None}
    if shape.type_name == "list" and isinstance(value, list):
        return [_load(shape.member, item) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {name: _load(shape.value, item) for name, item in value.items()}
    return _load_scalar(shape.type_name, value)


def _load_scalar(kind: str, value: Any) -> Any:
    """A timestamp or blob as Python has it; what is of the wrong type stays, for the model's checks."""
    try:
        if kind == "timestamp" and isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        if kind == "timestamp" and isinstance(value, str):
            found = datetime.fromisoformat(value)
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        if kind == "blob" and isinstance(value, str):
            return base64.b64decode(value, validate=True)
    except (ValueError, OverflowError, OSError) as error:
        raise ServiceError("SerializationException", f"{value!r} is no {kind}") from error
    return value


def _dump(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")
