"""`.checkov-waivers.yaml`: what findings of checkov mean here, and which are let through for a time."""

from __future__ import annotations

from datetime import date
from fnmatch import fnmatchcase
from typing import Annotated, Self

from pydantic import Field, model_validator

from lockgate.config.base import Declaration

FILE = ".checkov-waivers.yaml"

SHORTEST_REASON = 20
"""Characters of a reason: fewer say that there is one, and not which."""

Reason = Annotated[str, Field(min_length=SHORTEST_REASON)]
CheckId = Annotated[str, Field(pattern=r"^CKV[A-Z0-9]*_[A-Z0-9_]+$")]


class Lowered(Declaration):
    """A check whose findings are shown, and do not fail."""

    check: CheckId
    reason: Reason


class Waiver(Declaration):
    """A finding that is let through for a time.

    Attributes:
        check: its id.
        resource: which, as a shell pattern, such as `module.artifact_store.*`.
        file: where, as a shell pattern, such as `terraform/modules/*`; one of the two has to be given.
        reason: why that is right for now.
        owner: who mends it.
        expires: the last day on which it counts.
    """

    check: CheckId
    resource: str | None = None
    file: str | None = None
    reason: Reason
    owner: Annotated[str, Field(min_length=2)]
    expires: date

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not (self.resource or self.file):
            raise ValueError("a waiver names a resource or a file: one for everything would hide what comes")
        return self

    def covers(self, check: str, path: str, resource: str) -> bool:
        """Whether it is about what that check found there."""
        return (
            check == self.check
            and (self.resource is None or fnmatchcase(resource, self.resource))
            and (self.file is None or fnmatchcase(path, self.file))
        )

    def __str__(self) -> str:
        return f"{self.check} of {self.resource or self.file} ({self.owner})"


class Waivers(Declaration):
    """The whole file.

    Attributes:
        low: checks that do not fail; every other one does, also one that a later checkov brings.
        waivers: findings that are let through for a time.
    """

    low: tuple[Lowered, ...] = ()
    waivers: tuple[Waiver, ...] = ()
