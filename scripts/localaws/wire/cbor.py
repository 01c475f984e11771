"""Smithy RPC v2 CBOR: operation in the path, a CBOR map (RFC 8949) in the body."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import ServiceModel

from localaws.wire import ServiceError

_EPOCH_TAG = 1
_BREAK = object()
_WIDTHS = {24: ">B", 25: ">H", 26: ">I", 27: ">Q"}
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE = {20: False, 21: True, 22: None, 23: None, 31: _BREAK}


def parse(
    model: ServiceModel, headers: Mapping[str, str], body: bytes, path: str, query_params: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Operation and parameters of a request.

    Raises:
        ServiceError: the operation or the body cannot be understood.
    """
    del headers, query_params
    operation = path.rpartition("/operation/")[2]
    if operation not in model.operation_names:
        raise ServiceError("UnknownOperationException", f"{operation or 'no operation'} is not an operation")
    raw = loads(body) if body else {}
    if not isinstance(raw, dict):
        raise ServiceError("SerializationException", "the body is not a CBOR map")
    shape = model.operation_model(operation).input_shape
    return operation, _load(shape, raw) if shape else {}


def serialize(
    model: ServiceModel, operation: str, output: dict[str, Any], request_id: str
) -> tuple[dict[str, str], bytes]:
    """Headers and body of an answer."""
    shape = model.operation_model(operation).output_shape
    return _headers(request_id), dumps(_dump(shape, output) if shape else {})


def serialize_error(
    model: ServiceModel, code: str, message: str, status: int, request_id: str
) -> tuple[dict[str, str], bytes]:
    """Headers and body of an error; the older query protocol's code goes into a header of its own."""
    fault = "Sender" if status < 500 else "Receiver"
    errors: list[Any] = model.error_shapes
    shapes = {shape.error_code: shape.name for shape in errors}
    body = {"__type": shapes.get(code, code), "message": message, "Message": message}
    return {**_headers(request_id), "x-amzn-query-error": f"{code};{fault}"}, dumps(body)


def _headers(request_id: str) -> dict[str, str]:
    return {
        "content-type": "application/cbor",
        "smithy-protocol": "rpc-v2-cbor",
        "x-amzn-requestid": request_id,
    }


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
    if shape.type_name == "timestamp" and isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    return value


def _dump(shape: Any, value: Any) -> Any:
    """Numbers of the type the model has: clients in typed languages refuse 1 where 1.0 is due."""
    if shape.type_name == "structure":
        return {k: _dump(shape.members[k], v) for k, v in value.items() if v is not None}
    if shape.type_name == "list":
        return [_dump(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {name: _dump(shape.value, item) for name, item in value.items()}
    return float(value) if shape.type_name in ("float", "double") else value


def dumps(value: Any) -> bytes:
    """CBOR of plain data; datetimes become tagged seconds since the epoch."""
    out = bytearray()
    _write(out, value)
    return bytes(out)


def _write(out: bytearray, value: Any) -> None:
    if value is None or isinstance(value, bool):
        out.append({None: 0xF6, True: 0xF5, False: 0xF4}[value])
    elif isinstance(value, int):
        _head(out, 0 if value >= 0 else 1, value if value >= 0 else -1 - value)
    elif isinstance(value, float):
        out += b"\xfb" + struct.pack(">d", value)
    elif isinstance(value, str | bytes):
        data = value.encode() if isinstance(value, str) else value
        _head(out, 3 if isinstance(value, str) else 2, len(data))
        out += data
    elif isinstance(value, datetime):
        _head(out, 6, _EPOCH_TAG)
        _write(out, value.timestamp())
    else:
        _write_container(out, value)


def _write_container(out: bytearray, value: Any) -> None:
    if isinstance(value, Mapping):
        _head(out, 5, len(value))
        for name, item in value.items():
            _write(out, name)
            _write(out, item)
    elif isinstance(value, list | tuple):
        _head(out, 4, len(value))
        for item in value:
            _write(out, item)
    else:
        raise TypeError(f"{type(value).__name__} cannot be sent as CBOR")


def _head(out: bytearray, major: int, argument: int) -> None:
    if argument < 24:
        out.append(major << 5 | argument)
        return
    info = next(i for i, form in _WIDTHS.items() if argument < 256 ** struct.calcsize(form))
    out.append(major << 5 | info)
    out += struct.pack(_WIDTHS[info], argument)


def loads(data: bytes) -> Any:
    """Plain data of one CBOR item; tagged times become seconds since the epoch.

    Raises:
        ServiceError: not CBOR, or a kind of it that no AWS client sends.
    """
    try:
        value, _ = _read(data, 0)
    except (IndexError, struct.error, ValueError, KeyError) as error:
        raise ServiceError("SerializationException", f"not CBOR: {error}") from error
    return value


def _read(data: bytes, at: int) -> tuple[Any, int]:
    major, info = data[at] >> 5, data[at] & 31
    at += 1
    if major == 7:
        return _read_simple(data, at, info)
    argument: float = info
    if info in _WIDTHS:
        form = _WIDTHS[info]
        argument = struct.unpack_from(form, data, at)[0]
        at += struct.calcsize(form)
    elif info == 31:
        argument = math.inf
    if major < 2:
        return (argument if major == 0 else -1 - argument), at
    if major < 4:
        return _read_text(data, at, major, argument)
    if major == 6:
        return _read(data, at)
    return _read_container(data, at, major, argument)


def _read_simple(data: bytes, at: int, info: int) -> tuple[Any, int]:
    if info in _FLOATS:
        form = _FLOATS[info]
        return struct.unpack_from(form, data, at)[0], at + struct.calcsize(form)
    return _SIMPLE[info], at


def _read_text(data: bytes, at: int, major: int, length: float) -> tuple[Any, int]:
    if length == math.inf:
        parts, at = _read_container(data, at, 4, length)
        return (b"" if major == 2 else "").join(parts), at
    end = at + int(length)
    if end > len(data):
        raise ValueError("a string ends behind the end of the body")
    return (data[at:end] if major == 2 else data[at:end].decode()), end


def _read_container(data: bytes, at: int, major: int, length: float) -> tuple[Any, int]:
    items: list[Any] = []
    wanted = length * (2 if major == 5 else 1)
    while len(items) < wanted:
        item, at = _read(data, at)
        if item is _BREAK:
            break
        items.append(item)
    return (dict(zip(items[::2], items[1::2], strict=True)) if major == 5 else items), at
