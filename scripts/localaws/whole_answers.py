"""Answers whose head and body leave in one piece.

Hypercorn sends the head of an answer before its body. The AWS SDK for Go closes the body of its request as
soon as it has the head of the answer. Where that comes before Go's transport has looked whether there is more
to send, which a busy machine and a server without a network between make likely, the transport gives up the
connection (Go, net/http/transfer.go, `writeBody`), and with it what it has not read yet. The SDK then asks
again, and Terraform hears that what it has just made exists already. An answer that has come whole is read to
its end.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import h11
from hypercorn import protocol
from hypercorn.events import Event, RawData
from hypercorn.protocol.h11 import H11Protocol


def send_whole_answers() -> None:
    """Has Hypercorn send each answer so, from the next connection on."""
    protocol.H11Protocol = WholeAnswers


class WholeAnswers(H11Protocol):  # type: ignore[misc]
    """Keeps the head of an answer back until the first piece of its body, or its end, comes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pass_on: Callable[[Event], Awaitable[None]] = vars(self)["send"]
        self._holds = False
        self._head = b""
        self.send = self._send_with_head

    async def _send_h11_event(self, event: Any) -> None:
        self._holds = isinstance(event, h11.Response)
        await super()._send_h11_event(event)

    async def _send_with_head(self, event: Event) -> None:
        if isinstance(event, RawData):
            self._head += event.data
            if self._holds:
                return
            event, self._head = RawData(data=self._head), b""
        await self._pass_on(event)
