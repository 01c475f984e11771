"""CodeBuild's operations: each is a function of a `Context` and the checked parameters."""

from __future__ import annotations

from localaws.codebuild.operations import batches, builds, projects, reports
from localaws.codebuild.operations.context import Context, Operation

OPERATIONS: dict[str, Operation] = {
    **projects.OPERATIONS,
    **builds.OPERATIONS,
    **batches.OPERATIONS,
    **reports.OPERATIONS,
}

__all__ = ["OPERATIONS", "Context", "Operation"]
