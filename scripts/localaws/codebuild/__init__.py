"""CodeBuild in place of MiniStack's: builds that really run, as processes of this machine."""

from __future__ import annotations

from localaws.clock import Clock
from localaws.codebuild.service import CodeBuild


def build(clock: Clock, endpoint: str) -> CodeBuild:
    """The service, for the server to register."""
    return CodeBuild(clock, endpoint)
