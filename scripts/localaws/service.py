"""The seam between the server and an AWS service of our own.

A service is a few routing facts, one coroutine that answers requests, and a snapshot of its state.
`localaws.server` registers it with MiniStack's router, so it shares MiniStack's port, authorisation,
accounts and regions. Inside `handle`, `localaws.service.caller()` says which account and region ask.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

Answer = tuple[int, dict[str, str], bytes]
"""HTTP status, headers, body."""

QueryParams = Mapping[str, Any]
"""Query parameters by name; each value is a list of strings, as `urllib.parse.parse_qs` gives them."""


Handler = Callable[[str, str, Mapping[str, str], bytes, QueryParams], Awaitable[Answer]]
"""Answers a request: method, path, headers, body, query parameters."""


@dataclass(frozen=True)
class Route:
    """How MiniStack's router recognises requests for a service.

    Attributes:
        credential_scope: the service name in the SigV4 credential scope, such as "codedeploy".
        target_prefixes: what `X-Amz-Target` starts with, such as "CodeDeploy_20141006".
        host_patterns: regular expressions searched in the Host header, such as r"codedeploy\\.".
        smithy_ids: service ids in the path of Smithy RPC v2 CBOR requests
            (`/service/<id>/operation/<name>`), such as "GraniteServiceVersion20100801".
    """

    credential_scope: str
    target_prefixes: tuple[str, ...] = ()
    host_patterns: tuple[str, ...] = ()
    smithy_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Caller:
    """Who asks: 12-digit account id and region name."""

    account: str
    region: str


class Part(Protocol):
    """A part of the server with a state and work of its own.

    All methods are called on the server's event loop. `snapshot` and `restore` exchange plain JSON
    (dict, list, str, int, float, bool, None); `restore` is called before `start`, and only when there
    is something to restore. `start` may create tasks on the running loop; `stop` ends them.
    """

    @property
    def name(self) -> str:
        """Name of the state file, and in MiniStack's handler table, such as "codedeploy"."""

    def snapshot(self) -> dict[str, Any]:
        """The whole state as JSON data."""

    def restore(self, state: dict[str, Any]) -> None:
        """Takes a state that `snapshot` gave."""

    async def start(self) -> None:
        """Begins background work."""

    async def stop(self) -> None:
        """Ends background work; called once before the last snapshot."""


class Service(Part, Protocol):
    """An AWS service that runs in the server's process, in place of MiniStack's or where it has none."""

    @property
    def service_id(self) -> str:
        """botocore's name of the service model, such as "codedeploy" or "cloudwatch"."""

    @property
    def route(self) -> Route:
        """How requests find this service."""

    async def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query_params: QueryParams
    ) -> Answer:
        """Answers one request; header names are lower case."""


class MetricSink(Protocol):
    """Where metric data points go; implemented by the CloudWatch service."""

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
        """Records one data point. Called from any thread.

        Args:
            timestamp: seconds since the epoch.
            unit: CloudWatch unit, such as "Count", "Milliseconds", "None".
        """


class LogReader(Protocol):
    """Who looks for metrics in log events; implemented by the CloudWatch service."""

    def read_log(self, account: str, region: str, message: str) -> None:
        """Looks at the message of one log event that has just come in. Called from any thread."""


def caller() -> Caller:
    """Account and region of the request that is being handled."""
    from ministack.core.responses import get_account_id, get_region

    return Caller(account=get_account_id(), region=get_region())
