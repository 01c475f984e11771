"""CodeDeploy's operations: each is a function of a `Context` and the checked parameters."""

from __future__ import annotations

from localaws.codedeploy.operations import (
    applications,
    configs,
    deployments,
    groups,
    revisions,
    tags,
    targets,
)
from localaws.codedeploy.operations.context import Context, Operation

OPERATIONS: dict[str, Operation] = {
    **applications.OPERATIONS,
    **configs.OPERATIONS,
    **groups.OPERATIONS,
    **deployments.OPERATIONS,
    **targets.OPERATIONS,
    **revisions.OPERATIONS,
    **tags.OPERATIONS,
}

__all__ = ["OPERATIONS", "Context", "Operation"]
