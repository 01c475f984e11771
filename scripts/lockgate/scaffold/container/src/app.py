"""@NAME@: a small HTTP service."""

import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType

PORT = 8080


def answer(path: str) -> tuple[int, dict[str, str]]:
    """Status and body of GET `path`."""
    if path == "/healthz":
        return 200, {"status": "ok"}
    if path == "/":
        return 200, {"service": "@NAME@", "environment": os.environ.get("LOCKGATE_ENVIRONMENT", "none")}
    return 404, {"error": "not found"}


class Handler(BaseHTTPRequestHandler):
    """Answers GET, and logs each request as a line of JSON."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        started = time.monotonic()
        status, body = answer(self.path.partition("?")[0])
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        log(path=self.path, status=status, milliseconds=round(1000 * (time.monotonic() - started), 1))

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: do_GET logs."""


def log(**fields: object) -> None:
    """One line of JSON."""
    print(json.dumps(fields), file=sys.stderr)


def serve(port: int = PORT) -> None:
    """Serves until SIGTERM, which ECS sends 30 seconds before it kills."""
    server = ThreadingHTTPServer(("", port), Handler)

    def stop(_number: int, _frame: FrameType | None) -> None:
        # shutdown() waits for serve_forever(), which this handler interrupts.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    server.serve_forever(poll_interval=0.1)
    server.server_close()


if __name__ == "__main__":
    serve()
