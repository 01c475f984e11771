"""CodeDeploy: what MiniStack lacks, for Lambda and ECS, as a client of the other services."""

from __future__ import annotations

from localaws.clients import SessionOf
from localaws.clock import Clock
from localaws.codedeploy.service import CodeDeploy


def build(clock: Clock, endpoint: str, session_of: SessionOf | None = None) -> CodeDeploy:
    """The service, for the server to register."""
    return CodeDeploy(clock, endpoint, session_of)
