"""What @NAME@ answers, and that it ends when it is told to."""

import importlib.util
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import ModuleType

SOURCE = Path(__file__).parents[1] / "src" / "app.py"


def app() -> ModuleType:
    spec = importlib.util.spec_from_file_location("app", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_answers() -> None:
    assert app().answer("/healthz") == (200, {"status": "ok"})
    assert app().answer("/")[1]["service"] == "@NAME@"
    assert app().answer("/nowhere")[0] == 404


def test_it_serves_until_it_is_told_to_end() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = f"import runpy; runpy.run_path({str(SOURCE)!r})['serve']({port})"
    server = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE)
    try:
        body = json.loads(get(f"http://127.0.0.1:{port}/healthz"))
        server.send_signal(signal.SIGTERM)
        _, logged = server.communicate(timeout=10)
    finally:
        server.kill()
    assert body == {"status": "ok"}
    assert server.returncode == 0
    assert json.loads(logged.splitlines()[0])["status"] == 200


def get(url: str) -> bytes:
    for _ in range(100):
        try:
            with urllib.request.urlopen(url, timeout=2) as response:
                data: bytes = response.read()
                return data
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(url)
