"""Starting and stopping what answers at an embedded environment's endpoint."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

from lockgate.commands.opened import OpenedAccount
from lockgate.config import ContainerService, Service
from lockgate.errors import RefusedError


def run_emulator(opened: OpenedAccount, verb: str, *arguments: str) -> str:
    """Runs `python -m <emulator> VERB --port PORT`, and returns what it says.

    Raises:
        RefusedError: the environment has no emulator, or the emulator refuses; with its own words.
    """
    account = opened.account
    if account.emulator is None or account.endpoint_url is None:
        raise RefusedError(
            f"{opened.name} has no emulator in platform.yaml",
            hint="Take an environment that has one, such as local.",
        )
    port = urlsplit(account.endpoint_url).port or 80
    command = [sys.executable, "-m", account.emulator, verb, "--port", str(port), *arguments]
    done = subprocess.run(command, cwd=opened.project.root, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr or done.stdout).strip() or "it said nothing"
        raise RefusedError(
            f"{account.emulator} {verb}: {words}",
            hint=f"Look into .lockgate/{account.emulator}/, or change endpoint_url in platform.yaml.",
        )
    return done.stdout.strip()


def start(opened: OpenedAccount) -> str:
    """Starts the emulator with the declared clock, unless it runs already."""
    return run_emulator(opened, "up", "--minute", f"{opened.account.minute_seconds:g}")


def check_can_run(opened: OpenedAccount, services: Mapping[str, Service]) -> None:
    """Makes sure that what runs here can run every service: CodeDeploy would wait an hour for tasks.

    Raises:
        RefusedError: one is a container, and there is no container engine.
    """
    containers = [name for name, service in services.items() if isinstance(service, ContainerService)]
    if containers and json.loads(run_emulator(opened, "status", "--json")).get("task_runner") == "none":
        raise RefusedError(
            f"{', '.join(containers)}: there is no container engine here to run it in",
            hint="Start a Docker engine that `docker info` finds, then make local-down, and deploy again; or "
            "leave containers out with SERVICE=.",
        )
