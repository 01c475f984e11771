"""Tasks as containers of a Docker engine, by its command line.

A task's first container has the ports, each published on a free one of 127.0.0.1, and the other containers
join its network. What a server has started carries a label with its home folder, so that a server that was
killed finds its containers at the next start, and another server does not.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localaws.lifecycle import PidRecord
from localaws.settings import HOST, Settings
from localaws.tasks.images import EcrImage, ImageError
from localaws.tasks.runner import Addresses, Container, Launch, NotStartedError

_LABEL = "lockgate.localaws.home"
_START_SECONDS = 300.0
"""An image may have to be pulled."""

_SECONDS = 30.0


class DockerError(RuntimeError):
    """A command of Docker failed; has what it said."""


@dataclass(frozen=True)
class Engine:
    """A Docker engine, by the command `docker`.

    Attributes:
        host: what DOCKER_HOST shall say, or None for Docker's own default. The server's own DOCKER_HOST
            hides the engine from MiniStack.
    """

    host: str | None = None

    def problem(self) -> str | None:
        """Why it cannot be used, or None when it answers."""
        try:
            self.run("info", "--format", "{{.ServerVersion}}")
        except DockerError as error:
            return str(error).strip().splitlines()[-1]
        return None

    def run(self, *words: str, seconds: float = _SECONDS, add: Mapping[str, str] | None = None) -> str:
        """Runs a command; what it printed.

        Args:
            seconds: real seconds that it may take.
            add: environment variables besides.

        Raises:
            DockerError: it failed.
        """
        program = shutil.which("docker")
        if program is None:
            raise DockerError("there is no command `docker`")
        environment = {key: value for key, value in os.environ.items() if key != "DOCKER_HOST"}
        host = {"DOCKER_HOST": self.host} if self.host else {}
        try:
            ran = subprocess.run(
                [program, *words],
                env={**environment, **(add or {}), **host},
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DockerError(f"docker {words[0]}: {error}") from error
        if ran.returncode:
            raise DockerError(ran.stderr.strip() or f"docker {words[0]} ended with {ran.returncode}")
        return ran.stdout


class DockerRunner:
    """Runs tasks in Docker.

    Args:
        home: folder of the server's state.
        engine: the engine.
    """

    name = "docker"

    def __init__(self, home: Path, engine: Engine) -> None:
        self._home = str(home)
        self._engine = engine
        self._settings = Settings(home=home)
        self._loading = threading.Lock()

    def start(self, launch: Launch) -> Addresses:
        """Starts the containers, the one with the ports first."""
        first, *others = launch.containers
        leader = f"{launch.task_id}-0"
        published = [word for port in launch.ports for word in ("--publish", f"127.0.0.1::{port}")]
        try:
            self._start(launch.task_id, first, leader, published)
            for number, container in enumerate(others, 1):
                name, joined = f"{launch.task_id}-{number}", ["--network", f"container:{leader}"]
                self._start(launch.task_id, container, name, joined)
            return {port: self._published(leader, port) for port in launch.ports}
        except ImageError as error:
            self.stop(launch.task_id)
            raise NotStartedError(f"CannotPullContainerError: {error}") from error
        except DockerError as error:
            self.stop(launch.task_id)
            raise NotStartedError(f"CannotStartContainerError: {error}") from error

    def _loaded(self, image: str) -> str:
        """What the engine calls an image; one of the embedded registry is handed to it first."""
        ours = EcrImage.parse(image)
        if ours is None:
            return image
        with self._loading:
            if not self._engine.run("images", "--quiet", ours.tag).strip():
                record = PidRecord.read(self._settings.pid_file)
                if record is None:
                    raise ImageError(f"{self._settings.pid_file} does not say where this server listens")
                with ours.archive(f"http://{HOST}:{record.port}") as archive:
                    self._engine.run("load", "--quiet", "--input", str(archive), seconds=_START_SECONDS)
        return ours.tag

    def _start(self, task_id: str, container: Container, name: str, network: list[str]) -> None:
        words = ["run", "--detach", "--name", name, *network]
        words += ["--label", f"{_LABEL}={self._home}", "--label", f"task={task_id}"]
        words += ["--label", f"essential={container.essential}"]
        # Values go through the command's environment, where other users of the machine do not see them.
        words += [word for key, _ in container.environment for word in ("--env", key)]
        command = [*container.entry_point[1:], *container.command]
        if container.entry_point:
            words += ["--entrypoint", container.entry_point[0]]
        variables = dict(container.environment)
        image = self._loaded(container.image)
        self._engine.run(*words, image, *command, seconds=_START_SECONDS, add=variables)

    def ended(self, task_id: str) -> str | None:
        """Says which essential container has exited; an engine that does not answer says nothing."""
        shown = '{{.Label "essential"}}|{{.State}}|{{.Status}}'
        try:
            listed = self._engine.run("ps", "--all", "--filter", f"label=task={task_id}", "--format", shown)
        except DockerError:
            return None
        if not listed.strip():
            return "Essential container in task exited: it is gone"
        for line in listed.splitlines():
            essential, state, status = line.split("|", 2)
            if essential == "True" and state in ("exited", "dead"):
                return f"Essential container in task exited: {status}"
        return None

    def stop(self, task_id: str) -> None:
        """Removes the containers of a task."""
        self._remove(f"label=task={task_id}")

    def close(self) -> None:
        """Removes every container of this server."""
        self._remove(f"label={_LABEL}={self._home}")

    def _published(self, name: str, port: int) -> tuple[str, int]:
        said = self._engine.run("port", name, f"{port}/tcp").strip()
        if not said:
            raise DockerError(f"port {port} of {name} is not published: did the container exit?")
        host, _, real = said.splitlines()[0].rpartition(":")
        return host, int(real)

    def _remove(self, which: str) -> None:
        with contextlib.suppress(DockerError):
            found = self._engine.run("ps", "--all", "--quiet", "--filter", which).split()
            if found:
                self._engine.run("rm", "--force", "--volumes", *found)
