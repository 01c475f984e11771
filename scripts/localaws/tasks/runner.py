"""The seam between ECS and whatever runs containers, and how a server finds its side of it.

The server takes a runner by name (`--task-runner`, or `LOCALAWS_TASK_RUNNER`): "docker", "none", "auto"
(Docker where its engine answers), or `module:factory` for a runner of somebody else's: the server calls the
factory with the folder of its state. Tests bring one that way, since the server is a process of its own.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

DEFAULT = "auto"

NO_ENGINE = "CannotStartContainerError: no container engine"
"""How `stoppedReason` begins where nothing here can run any task."""


class NotStartedError(Exception):
    """A task cannot be started; the message is what `stoppedReason` says."""


@dataclass(frozen=True)
class Container:
    """One container of a task.

    Attributes:
        environment: variables, with the values of secrets.
        command: replaces the image's, unless it is empty.
        entry_point: replaces the image's, unless it is empty.
        essential: the task ends with it.
    """

    name: str
    image: str
    environment: tuple[tuple[str, str], ...] = ()
    command: tuple[str, ...] = ()
    entry_point: tuple[str, ...] = ()
    essential: bool = True


@dataclass(frozen=True)
class Launch:
    """A task that is to be started.

    Attributes:
        task_id: last part of its ARN.
        containers: they share one network, as in network mode awsvpc.
        ports: that the containers listen on, and that have to be reachable.
    """

    task_id: str
    containers: tuple[Container, ...]
    ports: tuple[int, ...]


Addresses = dict[int, tuple[str, int]]
"""Host and port at which each port of a task can be reached."""


class TaskRunner(Protocol):
    """Starts and ends tasks. Each method may block, and is called from several threads."""

    name: str

    def start(self, launch: Launch) -> Addresses:
        """Starts a task.

        Raises:
            NotStartedError: it does not start; with NO_ENGINE first where no task would.
        """

    def ended(self, task_id: str) -> str | None:
        """Why a task that was started does not run any more, or None while it runs."""

    def stop(self, task_id: str) -> None:
        """Ends a task, if it runs; safe to repeat."""

    def close(self) -> None:
        """Ends every task of this server, also those that an earlier run of it has left behind."""


class NoRunner:
    """Where there is no engine: refuses every task, and says so."""

    name = "none"

    def __init__(self, why: str) -> None:
        self._why = why

    def start(self, launch: Launch) -> Addresses:
        """Refuses the task."""
        images = ", ".join(container.image for container in launch.containers)
        raise NotStartedError(
            f"{NO_ENGINE}: {self._why}, so {images} cannot run. Start a Docker engine that `docker info` "
            "finds, and then the embedded AWS again."
        )

    def ended(self, task_id: str) -> str | None:
        """No task runs."""
        return f"{task_id} was never started"

    def stop(self, task_id: str) -> None:
        """Nothing to end."""

    def close(self) -> None:
        """Nothing to end."""


class RunnerError(ValueError):
    """The name of a runner leads nowhere."""


def find(name: str, home: Path, docker_host: str | None = None) -> TaskRunner:
    """The runner of a name.

    Args:
        home: folder of the server's state, which tells its tasks from those of other servers.
        docker_host: the user's DOCKER_HOST.

    Raises:
        RunnerError: there is none of that name.
    """
    from localaws.tasks.docker import DockerRunner, Engine

    engine = Engine(docker_host)
    if name == "none":
        return NoRunner("the task runner of this server is `none`")
    if name == "docker":
        return DockerRunner(home, engine)
    if name == "auto":
        problem = engine.problem()
        return NoRunner(f"Docker is missing ({problem})") if problem else DockerRunner(home, engine)
    return _own(name)(home)


def _own(name: str) -> Callable[[Path], TaskRunner]:
    module, _, factory = name.partition(":")
    try:
        found: Any = getattr(importlib.import_module(module), factory)
    except (ImportError, AttributeError, ValueError) as error:
        raise RunnerError(
            f"the task runner {name!r} cannot be found ({error}): it is auto, docker, none, or module:factory"
        ) from error
    made: Callable[[Path], TaskRunner] = found
    return made
