"""An HTTP proxy between a command and the embedded AWS that fails one operation when it is told to."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

OPERATION = "GetMetricData"


@dataclass
class FailingProxy:
    """Where it listens, whether the operation fails now, and how often it has.

    Attributes:
        url: for HTTP_PROXY.
        out: whether the operation fails.
        failed: how often it has.
    """

    url: str = ""
    out: bool = False
    failed: int = 0


@contextmanager
def failing_proxy() -> Iterator[FailingProxy]:
    """A proxy, until the block ends."""
    proxy = FailingProxy()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # An answer leaves in one piece, for the reason that localaws/whole_answers.py has.
        wbufsize = -1

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = f"{self.path} {self.headers.get('X-Amz-Target', '')}".encode() + body[:200]
            if proxy.out and OPERATION.encode() in asked:
                proxy.failed += 1
                self.answer(500, [], b"out of order")
            else:
                self.forward(body)

        def forward(self, body: bytes) -> None:
            target = urlsplit(self.path)
            there = http.client.HTTPConnection(target.hostname or "", target.port, timeout=60)
            path = target.path + (f"?{target.query}" if target.query else "")
            there.request(self.command, path, body, dict(self.headers.items()))
            response = there.getresponse()
            self.answer(response.status, response.getheaders(), response.read())
            there.close()

        def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response_only(status)
            length = str(len(body))
            for name, value in headers:
                if self.command == "HEAD" and name.lower() == "content-length":
                    length = value
                elif name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", length)
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
