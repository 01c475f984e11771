"""Starting and stopping what answers at an embedded environment's endpoint."""

from __future__ import annotations

import subprocess
import sys
from urllib.parse import urlsplit

from lockgate.commands.opened import Opened
from lockgate.errors import RefusedError


def run_emulator(opened: Opened, verb: str, *arguments: str) -> str:
    """Runs `python -m <emulator> VERB --port PORT`, and returns what it says.

    Raises:
        RefusedError: the environment has no emulator, or the emulator refuses; with its own words.
    """
    environment = opened.environment
    if environment.emulator is None or environment.endpoint_url is None:
        raise RefusedError(
            f"environment {opened.name!r} has no emulator in platform.yaml",
            hint="Take an environment that has one, such as local.",
        )
    port = urlsplit(str(environment.endpoint_url)).port or 80
    command = [sys.executable, "-m", environment.emulator, verb, "--port", str(port), *arguments]
    done = subprocess.run(command, cwd=opened.project.root, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr or done.stdout).strip() or "it said nothing"
        raise RefusedError(
            f"{environment.emulator} {verb}: {words}",
            hint=f"Look into .lockgate/{environment.emulator}/, or change endpoint_url in platform.yaml.",
        )
    return done.stdout.strip()


def start(opened: Opened) -> str:
    """Starts the emulator with the environment's clock, unless it runs already."""
    return run_emulator(opened, "up", "--minute", f"{opened.environment.minute_seconds:g}")
