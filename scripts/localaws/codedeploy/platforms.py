"""What differs between compute platforms: the events, the checks before them, and moving traffic."""

from __future__ import annotations

from typing import Protocol

from localaws.codedeploy.model import Deployment


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

    async def move(self, deployment: Deployment, percent: float) -> None:
        """Gives the new side `percent` of the traffic.

        Raises:
            Ended: it cannot be done.
        """
