"""Constraints of the service model that botocore leaves to the service: enumerations and greatest lengths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from localaws.wire import ServiceError


def check(shape: Any, params: dict[str, Any]) -> None:
    """Refuses values that the model does not allow.

    Raises:
        ServiceError: ValidationError, with every value that is wrong.
    """
    found = list(_problems(shape, params, "")) if shape is not None else []
    if found:
        noun = "error" if len(found) == 1 else "errors"
        raise ServiceError("ValidationError", f"{len(found)} validation {noun} detected: {'; '.join(found)}")


def _problems(shape: Any, value: Any, at: str) -> Iterator[str]:
    if shape.type_name == "structure":
        for name, member in value.items():
            yield from _problems(shape.members[name], member, f"{at}.{name}" if at else name)
        return
    most = shape.metadata.get("max")
    if most is not None and shape.type_name in ("list", "string") and len(value) > most:
        yield f"Value at '{at}' failed to satisfy constraint: Member must have length at most {most}"
    if most is not None and shape.type_name in ("integer", "long") and value > most:
        yield f"Value '{value}' at '{at}' failed to satisfy constraint: Member must be at most {most}"
    if shape.type_name == "list":
        for number, item in enumerate(value, 1):
            yield from _problems(shape.member, item, f"{at}.{number}")
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        listed = ", ".join(allowed)
        yield f"Value '{value}' at '{at}' failed to satisfy constraint: Member must be one of [{listed}]"
