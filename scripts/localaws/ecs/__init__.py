"""ECS services that CodeDeploy deploys, with task sets and tasks; everything else of ECS is MiniStack's."""

from __future__ import annotations

from localaws.clock import Clock
from localaws.ecs.scheduler import TargetHealth
from localaws.ecs.service import Ecs
from localaws.tasks.runner import TaskRunner


def build(clock: Clock, endpoint: str, runner: TaskRunner, health: TargetHealth) -> Ecs:
    """The service, for the server to put before MiniStack's."""
    return Ecs(clock, endpoint, runner, health)
