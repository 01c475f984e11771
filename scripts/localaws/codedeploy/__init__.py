"""CodeDeploy: what MiniStack lacks, for the Lambda platform, as an own client of Lambda and CloudWatch."""

from __future__ import annotations

from localaws.clock import Clock
from localaws.codedeploy.service import CodeDeploy


def build(clock: Clock, endpoint: str) -> CodeDeploy:
    """The service, for the server to register."""
    return CodeDeploy(clock, endpoint)
