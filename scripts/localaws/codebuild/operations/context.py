"""What an operation works with, and what several of them need."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from localaws.codebuild.batches import Batches
from localaws.codebuild.engine import Engine
from localaws.codebuild.model import Region
from localaws.wire import ServiceError

Params = dict[str, Any]

PAGE = 100
"""Entries of a list in one answer (API reference, ListBuilds)."""

_TIMES = frozenset({"created", "lastModified", "expired"})

TOKEN_SECONDS = 300
"""How long an idempotency token is known (API reference, StartBuild)."""


@dataclass(frozen=True)
class Context:
    """The account and region that ask.

    Args:
        engine: runs its builds.
        batches: runs its batches.
        now: seconds since the epoch.
    """

    engine: Engine
    batches: Batches
    now: float

    @property
    def region(self) -> Region:
        """Records of the account in the region."""
        return self.engine.region

    def arn(self, kind: str, name: str) -> str:
        """ARN of a project, build, report group, ..."""
        return self.engine.arn(kind, name)

    def project(self, name: str) -> dict[str, Any]:
        """A project, by its name or its ARN.

        Raises:
            ServiceError: there is none.
        """
        name = name.rpartition("/")[2] if name.startswith("arn:") else name
        if name not in self.region.projects:
            raise ServiceError(
                "ResourceNotFoundException", f"Project cannot be found: {self.arn('project', name)}"
            )
        return self.region.projects[name]

    def known_token(self, params: Params) -> str | None:
        """Id that an idempotency token gave less than five minutes ago.

        Raises:
            ServiceError: the token came with other parameters.
        """
        token = params.get("idempotencyToken")
        found = self.region.tokens.get(token) if token else None
        if found is None or self.now - found["at"] > TOKEN_SECONDS:
            return None
        if found["params"] != params:
            raise ServiceError(
                "InvalidInputException",
                f"Parameter mismatch: idempotency token {token} was used with other parameters",
            )
        known: str = found["id"]
        return known

    def remember_token(self, params: Params, made: str) -> None:
        """Keeps what a token gave, and forgets tokens that are too old."""
        tokens = self.region.tokens
        for token in [t for t, found in tokens.items() if self.now - found["at"] > TOKEN_SECONDS]:
            del tokens[token]
        if params.get("idempotencyToken"):
            tokens[params["idempotencyToken"]] = {"at": self.now, "params": params, "id": made}


Operation = Callable[[Context, Params], Params]


def time(seconds: float | None) -> datetime | None:
    """A time as the wire has it."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def with_times(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record with its times as the wire has them."""
    return {name: time(value) if name in _TIMES else value for name, value in record.items()}


def without_none(data: Mapping[str, Any]) -> dict[str, Any]:
    """Members that have a value: AWS leaves out the others."""
    return {name: value for name, value in data.items() if value is not None}


def page(names: Sequence[str], params: Params, key: str) -> Params:
    """One page of a list, with the token of the next one.

    Args:
        names: the whole list, in its order.
        params: of the request: `nextToken`, and `maxResults` where the operation has it.
        key: member of the answer that has the names.

    Raises:
        ServiceError: the token is none that a page has given.
    """
    size, token = min(params.get("maxResults", PAGE), PAGE), params.get("nextToken")
    try:
        start = names.index(base64.urlsafe_b64decode(token).decode()) + 1 if token else 0
    except ValueError:
        raise ServiceError("InvalidInputException", f"Invalid next token: {token}") from None
    answer: Params = {key: list(names[start : start + size])}
    if start + size < len(names):
        answer["nextToken"] = base64.urlsafe_b64encode(names[start + size - 1].encode()).decode()
    return answer
