"""That an answer of the embedded AWS leaves in one piece."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from localaws.whole_answers import send_whole_answers


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answers what the path says, with a pause after the head."""
    if scope["type"] != "http":
        return
    body = scope["path"].removeprefix("/").encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await asyncio.sleep(0.05)
    await send({"type": "http.response.body", "body": body})


async def pieces(method: str, path: str) -> list[bytes]:
    """What comes back, as it comes."""
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    listener = socket.create_server(("127.0.0.1", 0))
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    ending = asyncio.Event()
    serving = asyncio.create_task(serve(application, config, shutdown_trigger=ending.wait))
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.getsockname()[1])
    writer.write(f"{method} /{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    found = []
    while piece := await reader.read(65536):
        found.append(piece)
    writer.close()
    ending.set()
    await serving
    return found


@pytest.mark.parametrize(("method", "body"), [("GET", "hello"), ("POST", ""), ("HEAD", "hello")])
def test_head_and_body_leave_together(monkeypatch: pytest.MonkeyPatch, method: str, body: str) -> None:
    from hypercorn import protocol

    monkeypatch.setattr(protocol, "H11Protocol", protocol.H11Protocol)
    send_whole_answers()
    (piece,) = asyncio.run(pieces(method, body))
    head, _, rest = piece.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert rest.decode() == ("" if method == "HEAD" else body)
