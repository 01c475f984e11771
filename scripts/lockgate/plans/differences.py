"""Which values differ between two states of a resource."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from lockgate.plans.model import UNKNOWN, Attribute
from lockgate.plans.secrets import MASK, MASK_CHANGED

_BARE = (MASK, MASK_CHANGED, UNKNOWN)

# json.dumps makes one anew for each value, of which a plan has tens of thousands.
_AS_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def differences(before: Any, after: Any, unknown: Any = False) -> tuple[Attribute, ...]:
    """What differs, value by value.

    Args:
        before: the redacted old values.
        after: the redacted new values, without those that are not known yet.
        unknown: the shape of the new values with True for each that is not known yet.
    """
    return tuple(sorted(_walk("", before, after, unknown)))


def written(value: Any) -> str:
    """A value as JSON; what stands for one as it is."""
    return value if value in _BARE else _AS_JSON(value)


def _walk(path: str, before: Any, after: Any, unknown: Any) -> Iterator[Attribute]:
    if unknown is True:
        yield Attribute(path, written(before), UNKNOWN)
        return
    old, new = _opened(before, after)
    if isinstance(old, dict) and isinstance(new, dict):
        marks = unknown if isinstance(unknown, dict) else {}
        for key in sorted({*old, *new, *marks}):
            below = f"{path}.{key}" if path else str(key)
            yield from _walk(below, old.get(key), new.get(key), marks.get(key, False))
    elif isinstance(old, list) and isinstance(new, list):
        flags: list[Any] = unknown if isinstance(unknown, list) else []
        for position, (one, other, mark) in enumerate(zip_longest(old, new, flags)):
            yield from _walk(f"{path}[{position}]", one, other, mark or False)
    elif before != after or (isinstance(after, str) and MASK_CHANGED in after):
        yield Attribute(path, written(before), written(after))


def _opened(before: Any, after: Any) -> tuple[Any, Any]:
    """Both sides as something to go into: texts that are JSON are read, and what is not there is empty where
    the other side is a map or a list."""
    old, new = _parsed(before), _parsed(after)
    kinds = {type(side) for side in (old, new) if side is not None}
    if kinds not in ({dict}, {list}):
        return before, after
    empty = kinds.pop()
    return (empty() if old is None else old), (empty() if new is None else new)


def _parsed(value: Any) -> Any:
    """A document such as a policy, read; anything else as it is."""
    if not isinstance(value, str) or not value.startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
