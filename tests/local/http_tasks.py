"""A task runner for machines without Docker: a task is an HTTP server in the process of the embedded AWS.

What it answers, its container's environment says: `BODY` on every path, `STATUS` on every path but
`/health`, `HEALTH` there. An image whose name begins with `missing` does not start.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from localaws.tasks.runner import Addresses, Container, Launch, NotStartedError

RUNNER = "tests.local.http_tasks:HttpTasks"


@dataclass(frozen=True)
class Answers:
    """What a task answers: `health` on its health check's path, `status` elsewhere, `body` everywhere."""

    health_path: str
    health: int = 200
    status: int = 200
    body: str = ""


class HttpTasks:
    """Runs the first container of each task."""

    name = "http"

    def __init__(self, home: Path) -> None:
        self.home = home
        self._servers: dict[str, ThreadingHTTPServer] = {}

    def start(self, launch: Launch) -> Addresses:
        """Begins to serve, on a free port."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.answers(launch.containers[0])))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self._servers[launch.task_id] = server
        return dict.fromkeys(launch.ports, ("127.0.0.1", server.server_address[1]))

    def answers(self, container: Container) -> Answers:
        """What a container will answer.

        Raises:
            NotStartedError: there is no such image.
        """
        if container.image.startswith("missing"):
            raise NotStartedError(f"CannotPullContainerError: {container.image}: not found")
        said = dict(container.environment)
        health, status = (int(said.get(name, "200")) for name in ("HEALTH", "STATUS"))
        return Answers("/health", health, status, said.get("BODY", ""))

    def ended(self, task_id: str) -> str | None:
        """A server serves until it is stopped."""
        return None if task_id in self._servers else "Essential container in task exited"

    def stop(self, task_id: str) -> None:
        """Closes the server."""
        server = self._servers.pop(task_id, None)
        if server:
            server.shutdown()
            server.server_close()

    def close(self) -> None:
        """Closes all of them."""
        for task_id in list(self._servers):
            self.stop(task_id)


def _handler(answers: Answers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = answers.body.encode()
            self.send_response(answers.health if self.path == answers.health_path else answers.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
