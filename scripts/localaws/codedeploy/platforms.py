"""What differs between compute platforms: the events, the checks before them, moving traffic, and the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from localaws.codedeploy.model import Deployment

Blocking = Callable[..., Awaitable[Any]]
"""Runs a blocking call with its arguments in a thread."""

Pause = Callable[[Deployment, float], Awaitable[None]]
"""Waits a little, at most so many real seconds; raises Ended when the deployment has to stop."""


class Platform(Protocol):
    """A compute platform. Every method may be repeated after a restart of the server."""

    @property
    def events(self) -> tuple[str, ...]:
        """Lifecycle events that GetDeploymentTarget lists, in their order."""

    async def read(self, deployment: Deployment) -> None:
        """Fills in what the AppSpec says.

        Raises:
            Ended: it cannot be used.
        """

    async def check(self, deployment: Deployment) -> None:
        """Looks at everything that must be so before the first event.

        Raises:
            Ended: something is not so.
        """

    async def before(self, deployment: Deployment, event: str, pause: Pause) -> None:
        """Waits for what an event has to wait for.

        Raises:
            Ended: it has waited too long.
        """

    async def at(self, deployment: Deployment, event: str, pause: Pause) -> None:
        """Does the work of an event, unless it is AllowTraffic's or a hook's.

        Raises:
            Ended: it cannot be done.
        """

    async def move(self, deployment: Deployment, percent: float) -> None:
        """Gives the new side `percent` of the traffic.

        Raises:
            Ended: it cannot be done.
        """

    async def finish(self, deployment: Deployment, pause: Pause) -> None:
        """Does what is left after the last event.

        Raises:
            Ended: it cannot be done.
        """

    async def observe(self, deployment: Deployment) -> None:
        """Notes what GetDeploymentTarget shows of the platform."""
