"""CodeBuild in place of MiniStack's: builds that really run, as processes of this machine."""

from __future__ import annotations

from localaws.clients import SessionOf
from localaws.clock import Clock
from localaws.codebuild.service import CodeBuild


def build(clock: Clock, endpoint: str, session_of: SessionOf | None = None) -> CodeBuild:
    """The service, for the server to register."""
    return CodeBuild(clock, endpoint, session_of)
