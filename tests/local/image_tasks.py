"""A task runner for machines without Docker that runs what was pushed.

It pulls a task's image from the registry of the embedded AWS by digest, and answers as `src/answer.json`
in it says: `{"status": 200, "body": "..."}` on every path but `/healthz`, which has a status of its own,
`health`.
An image of another registry answers 200.
"""

from __future__ import annotations

import io
import json
import re
import tarfile
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from localaws.tasks.runner import Addresses, Launch, NotStartedError

RUNNER = "tests.local.image_tasks:ImageTasks"

_OF_THE_REGISTRY = re.compile(r"(?P<host>\d{12}\.dkr\.ecr\.[^/]+)/(?P<name>[^@]+)@(?P<digest>sha256:\w+)")


class ImageTasks:
    """Runs the first container of each task, as an HTTP server in the process of the embedded AWS."""

    name = "images"

    def __init__(self, home: Path) -> None:
        self._record = home / "localaws.pid.json"
        self._servers: dict[str, ThreadingHTTPServer] = {}

    def start(self, launch: Launch) -> Addresses:
        """Pulls the image, and begins to serve on a free port."""
        try:
            answer = self._answer(launch.containers[0].image)
        except (OSError, KeyError, ValueError) as error:
            raise NotStartedError(f"CannotPullContainerError: {error}") from error
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(answer))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self._servers[launch.task_id] = server
        return dict.fromkeys(launch.ports, ("127.0.0.1", server.server_address[1]))

    def _answer(self, image: str) -> dict[str, Any]:
        found = _OF_THE_REGISTRY.fullmatch(image)
        if found is None:
            return {}
        port = json.loads(self._record.read_text())["port"]

        def pulled(kind: str, digest: str) -> bytes:
            url = f"http://127.0.0.1:{port}/v2/{found['name']}/{kind}/{digest}"
            with urllib.request.urlopen(urllib.request.Request(url, headers={"Host": found["host"]})) as got:
                data: bytes = got.read()
                return data

        (layer,) = json.loads(pulled("manifests", found["digest"]))["layers"]
        with tarfile.open(fileobj=io.BytesIO(pulled("blobs", layer["digest"]))) as tar:
            file = tar.extractfile("src/answer.json")
            assert file is not None
            answer: dict[str, Any] = json.loads(file.read())
            return answer

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


def _handler(answer: dict[str, Any]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            healthy = answer.get("health", 200)
            status = healthy if self.path == "/healthz" else answer.get("status", 200)
            body = str(answer.get("body", "")).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
