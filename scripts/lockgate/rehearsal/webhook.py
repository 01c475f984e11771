"""A webhook on this machine, which keeps what it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_LOOK = 0.1
"""Seconds between two looks at what has come."""


class Webhook(ThreadingHTTPServer):
    """Attributes:
    taken: bodies that it has answered 200 to.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.taken: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}/hook"

    def ids(self) -> list[str]:
        """Ids of what it has taken, in that order."""
        return [body["id"] for body in self.taken]

    def was_told(self, message_id: str, seconds: float) -> bool:
        """Whether a message comes, waiting for it so long."""
        end = time.monotonic() + seconds
        while message_id not in self.ids():
            if time.monotonic() > end:
                return False
            time.sleep(_LOOK)
        return True

    def answer(self, body: dict[str, Any]) -> int:
        """The status that a message is answered with; it is kept where that is 200."""
        self.taken.append(body)
        return HTTPStatus.OK


class _Handler(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        status = self.server.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving(server: Webhook) -> Iterator[None]:
    """Lets it answer, while the block lasts."""
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
