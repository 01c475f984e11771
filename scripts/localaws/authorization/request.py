"""A request as it is authorised: who is asked for what, and with which parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from localaws.wire import cbor


@dataclass(frozen=True)
class Request:
    """One request to a service.

    Attributes:
        service: MiniStack's name of the service, such as "lambda".
        path: path of its URL.
        headers: by name in lower case.
        query: parameters of URL and form, each a list of texts or one text.
        coarse: the resource as MiniStack names it.
    """

    service: str
    path: str
    region: str
    account: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    query: Mapping[str, Any] = field(repr=False)
    coarse: str = "*"

    @cached_property
    def params(self) -> dict[str, Any]:
        """Parameters of the call, whichever protocol it came by."""
        decode = cbor.loads if "cbor" in self.headers.get("content-type", "") else json.loads
        try:
            found = decode(self.body or b"{}")
        except ValueError:
            found = {}
        flat = {key: value[0] if isinstance(value, list) else value for key, value in self.query.items()}
        return {**(found if isinstance(found, dict) else {}), **flat}

    def text(self, *names: str) -> str:
        """The first of these parameters that has a text; empty where none has."""
        return next(
            (value for name in names if isinstance(value := self.params.get(name), str) and value), ""
        )

    def arn(self, service: str, resource: str) -> str:
        """ARN of something of this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"
