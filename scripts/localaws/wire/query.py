"""The AWS query protocol: form fields in, XML out (Smithy, "awsQuery")."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

from botocore.model import ServiceModel

from localaws.wire import ServiceError

Fields = dict[str, Any]
"""Form fields as a tree: `A.member.1.B=x` is {"A": {"member": {"1": {"B": "x"}}}}."""


def parse(
    model: ServiceModel, headers: Mapping[str, str], body: bytes, path: str, query_params: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Operation and parameters of a request, from its body and its query string.

    Raises:
        ServiceError: the operation or a value cannot be understood.
    """
    del headers, path
    try:
        form = parse_qs(body.decode(), keep_blank_values=True)
    except ValueError as error:
        raise ServiceError("MalformedQueryString", f"the body is no form: {error}") from error
    flat = {name: values[-1] for name, values in {**query_params, **form}.items()}
    operation = flat.pop("Action", "")
    if operation not in model.operation_names:
        raise ServiceError("InvalidAction", f"Could not find operation {operation} for version 2010-08-01")
    shape = model.operation_model(operation).input_shape
    return operation, _structure(shape, _tree(flat)) if shape else {}


def _tree(flat: Mapping[str, str]) -> Fields:
    tree: Fields = {}
    for name in sorted(flat):
        node, (*parents, last) = tree, name.split(".")
        for parent in parents:
            child = node.get(parent)
            if not isinstance(child, dict):
                child = node[parent] = {}
            node = child
        node[last] = flat[name]
    return tree


def _name(shape: Any, default: str) -> str:
    return str(shape.serialization.get("name", default))


def _structure(shape: Any, fields: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        value = fields.get(_name(member, name))
        if value is not None:
            found[name] = _load(member, value, name)
    return found


def _load(shape: Any, value: Any, name: str) -> Any:
    if shape.type_name == "structure":
        return _structure(shape, value if isinstance(value, dict) else {})
    if shape.type_name == "list":
        return [_load(shape.member, item, name) for item in _numbered(shape, value)]
    if shape.type_name == "map":
        entries = value.get("entry", {}) if isinstance(value, dict) else {}
        return {entry["key"]: _load(shape.value, entry["value"], name) for entry in _in_order(entries)}
    try:
        return _SCALARS.get(shape.type_name, str)(value)
    except (TypeError, ValueError):
        message = f"{name}: {value!r} is no {shape.type_name}"
        raise ServiceError("MalformedInput", message) from None


def _numbered(shape: Any, value: Any) -> list[Any]:
    """Items of a list; an empty one is sent as an empty field."""
    if not isinstance(value, dict):
        return []
    flattened = shape.serialization.get("flattened")
    items = value if flattened else value.get(_name(shape.member, "member"), {})
    return _in_order(items) if isinstance(items, dict) else []


def _in_order(numbered: Fields) -> list[Any]:
    return [numbered[key] for key in sorted(numbered, key=lambda k: int(k) if k.isdigit() else 0)]


def _timestamp(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except ValueError:
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=UTC)


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


_SCALARS: Mapping[str, Callable[[str], Any]] = {
    "boolean": _boolean,
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "blob": base64.b64decode,
    "timestamp": _timestamp,
}


def serialize(
    model: ServiceModel, operation: str, output: dict[str, Any], request_id: str
) -> tuple[dict[str, str], bytes]:
    """Headers and body of an answer."""
    operation_model = model.operation_model(operation)
    root = ElementTree.Element(f"{operation}Response", xmlns=model.metadata.get("xmlNamespace", ""))
    shape = operation_model.output_shape
    if shape is not None:
        wrapper = shape.serialization.get("resultWrapper", f"{operation}Result")
        _dump(ElementTree.SubElement(root, wrapper), shape, output)
    metadata = ElementTree.SubElement(root, "ResponseMetadata")
    ElementTree.SubElement(metadata, "RequestId").text = request_id
    return _headers(request_id), ElementTree.tostring(root, "utf-8", xml_declaration=True)


def serialize_error(
    model: ServiceModel, code: str, message: str, status: int, request_id: str
) -> tuple[dict[str, str], bytes]:
    """Headers and body of an error."""
    root = ElementTree.Element("ErrorResponse", xmlns=model.metadata.get("xmlNamespace", ""))
    error = ElementTree.SubElement(root, "Error")
    ElementTree.SubElement(error, "Type").text = "Sender" if status < 500 else "Receiver"
    ElementTree.SubElement(error, "Code").text = code
    ElementTree.SubElement(error, "Message").text = message
    ElementTree.SubElement(root, "RequestId").text = request_id
    return _headers(request_id), ElementTree.tostring(root, "utf-8", xml_declaration=True)


def _headers(request_id: str) -> dict[str, str]:
    return {"content-type": "text/xml", "x-amzn-requestid": request_id}


def _dump(element: ElementTree.Element, shape: Any, value: Any) -> None:
    if shape.type_name == "structure":
        for name, member in value.items():
            if member is not None:
                _dump_member(element, _name(shape.members[name], name), shape.members[name], member)
    elif shape.type_name == "list":
        for item in value:
            _dump(ElementTree.SubElement(element, _name(shape.member, "member")), shape.member, item)
    elif shape.type_name == "map":
        for key, item in value.items():
            entry = ElementTree.SubElement(element, "entry")
            ElementTree.SubElement(entry, "key").text = key
            _dump(ElementTree.SubElement(entry, "value"), shape.value, item)
    else:
        element.text = _text(shape, value)


def _dump_member(parent: ElementTree.Element, name: str, shape: Any, value: Any) -> None:
    if shape.type_name == "list" and shape.serialization.get("flattened"):
        for item in value:
            _dump(ElementTree.SubElement(parent, name), shape.member, item)
        return
    _dump(ElementTree.SubElement(parent, name), shape, value)


def _text(shape: Any, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return repr(float(value)) if shape.type_name in ("float", "double") else str(value)
