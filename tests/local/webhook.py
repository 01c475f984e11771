"""A webhook on this machine that can be out: it refuses, fails or hangs, and takes messages again."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Mood = Literal["well", "failing", "busy", "hanging", "refusing"]
_STATUSES = {"well": 200, "failing": 503, "busy": 429, "refusing": 404}


class Webhook(ThreadingHTTPServer):
    """Attributes:
    mood: how it answers.
    taken: bodies that it has answered 200 to.
    tries: requests so far.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.mood: Mood = "well"
        self.taken: list[dict[str, Any]] = []
        self.tries = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"

    def ids(self) -> list[str]:
        """Ids of what it has taken, in that order."""
        return [body["id"] for body in self.taken]


class _Handler(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.tries += 1
        mood = self.server.mood
        if mood == "hanging":
            time.sleep(10)
            return
        if mood == "well":
            self.server.taken.append(body)
        self.send_response(_STATUSES[mood])
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def webhook() -> Iterator[Webhook]:
    """One that answers, while the block lasts."""
    server = Webhook()
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
