"""How long a newcomer waits, and what a release and the embedded AWS cost.

Run it with `.venv/bin/python -m tests.bench.local_release`.

Clones this repository's last commit into a new folder, follows the README there, and prints a table for
`docs/figures.md`.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import yaml

ROOT = Path(__file__).parents[2]
_IDLE_SECONDS = 20.0
_COUNTED = """
import sys, threading, time
from lockgate.aws import Aws
from lockgate.cli import cli
made, samples = [], []
connect = Aws.connect.__func__
Aws.connect = classmethod(lambda cls, *a: made.append(connect(cls, *a)) or made[-1])
def sample():
    while True:
        samples.append((time.monotonic(), sum(made[-1].calls.values()) if made else 0))
        time.sleep(0.1)
threading.Thread(target=sample, daemon=True).start()
cli.main(["deploy", "--env", "local", "--no-traffic"], standalone_mode=False)
middle = samples[len(samples) * 3 // 10 : len(samples) * 6 // 10]
(t0, c0), (t1, c1) = middle[0], middle[-1]
print("CALLS", (c1 - c0) / (t1 - t0))
"""


def main() -> None:
    """Measures everything once and prints Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        minute = _isolate(clone)
        try:
            rows = _measure(clone, minute)
        finally:
            _make(clone, "local-down")
    print("| what | figure |\n|---|---|")
    for what, figure in rows:
        print(f"| {what} | {figure} |")


def _isolate(clone: Path) -> float:
    """Gives the clone a port of its own; real seconds of its AWS minute."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = clone / "platform.yaml"
    text = path.read_text()
    assert ":4566" in text
    path.write_text(text.replace(":4566", f":{port}"))
    seconds: float = yaml.safe_load(text)["environments"]["local"]["minute_seconds"]
    return seconds


def _measure(clone: Path, minute: float) -> list[tuple[str, str]]:
    steps: list[tuple[str, Callable[[], object]]] = [
        ("`make setup`, packages from a near index", lambda: _make(clone, "setup")),
        ("`make setup` again", lambda: _make(clone, "setup")),
        ("`make local-up`", lambda: _make(clone, "local-up")),
        ("`make apply ENV=local`: Terraform makes everything", lambda: _make(clone, "apply")),
        ("first release of all services, with the build of their zips", lambda: _make(clone, "deploy")),
    ]
    taken = [(what, _timed(step)) for what, step in steps]
    total = sum(seconds for what, seconds in taken if "again" not in what)
    rows = [("**fresh clone to first succeeded release**", f"**{total:.0f} s**")]
    rows += [(what, f"{seconds:.1f} s") for what, seconds in taken]
    rows.append(
        ("`make deploy ENV=local` with nothing to do", f"{_timed(lambda: _make(clone, 'deploy')):.1f} s")
    )
    _change(clone, "one")
    second = _timed(lambda: _make(clone, "deploy"))
    rows.append((f"second release: 5 + 2 minutes of {minute:g} s, and what comes around", f"{second:.1f} s"))
    _change(clone, "two")
    rows.append(("calls to AWS for each CodeDeploy minute of a canary", f"{_calls(clone) * minute:.0f}"))
    time.sleep(_IDLE_SECONDS)
    server, functions = _memory(clone)
    rows.append(("memory of the embedded AWS, idle", f"{server:.0f} MB"))
    rows.append(("... and of its warm function processes", f"{functions:.0f} MB"))
    return rows


def _timed(step: Callable[[], object]) -> float:
    began = time.monotonic()
    step()
    return time.monotonic() - began


def _make(clone: Path, target: str) -> str:
    return _run(clone, "make", target, "ENV=local")


def _run(clone: Path, *command: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MAKE"))}
    done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def _change(clone: Path, word: str) -> None:
    with (clone / "lambdas/hello-api/src/app.py").open("a") as file:
        file.write(f"# {word}\n")


def _calls(clone: Path) -> float:
    """Calls a second in the middle of a canary."""
    output = _run(clone, str(clone / ".venv/bin/python"), "-c", _COUNTED)
    return float(output.rpartition("CALLS")[2])


def _memory(clone: Path) -> tuple[float, float]:
    """Resident memory in MB: of the server, and of the processes that it has started."""
    record = json.loads((clone / ".lockgate/localaws/localaws.pid.json").read_text())
    server = psutil.Process(record["pid"])
    children = sum(child.memory_info().rss for child in server.children(recursive=True))
    return server.memory_info().rss / 1e6, children / 1e6


if __name__ == "__main__":
    main()
