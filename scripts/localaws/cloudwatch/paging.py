"""NextToken: where the next page begins."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from localaws.wire import ServiceError

Item = TypeVar("Item")


def offset(params: Mapping[str, Any]) -> int:
    """Where the requested page begins.

    Raises:
        ServiceError: InvalidNextToken; the token is none of ours.
    """
    given = params.get("NextToken")
    if not given:
        return 0
    try:
        return int(base64.urlsafe_b64decode(given))
    except ValueError:
        raise ServiceError("InvalidNextToken", f"The token {given} is not valid.") from None


def token(next_offset: int | None) -> dict[str, str]:
    """The answer's member that says where the next page begins; empty on the last one."""
    if next_offset is None:
        return {}
    return {"NextToken": base64.urlsafe_b64encode(str(next_offset).encode()).decode()}


def page(
    items: Sequence[Item], params: Mapping[str, Any], size: int
) -> tuple[Sequence[Item], dict[str, str]]:
    """The requested page, and the token of the next one."""
    start = offset(params)
    return items[start : start + size], token(start + size if start + size < len(items) else None)
