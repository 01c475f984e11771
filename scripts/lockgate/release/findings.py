"""What a check found before a release, as operators read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum

from botocore.exceptions import ClientError


class Level(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        subject: the service, or `platform`.
        check: what was looked at.
        level: how it came out.
        detail: what is true.
        hint: what to do about it; empty when all is well.
    """

    subject: str
    check: str
    level: Level
    detail: str
    hint: str = ""

    def as_dict(self) -> dict[str, str]:
        return {name: str(value) for name, value in asdict(self).items()}


def looked(subject: str, check: str, what: str, look: Callable[[], object], hint: str) -> Finding:
    """Whether AWS answers a question.

    Args:
        subject: the service, or `platform`.
        check: what is looked at.
        what: its name.
        look: asks AWS.
        hint: what to do when it refuses.
    """
    try:
        look()
    except ClientError as error:
        return Finding(subject, check, Level.PROBLEM, f"{what}: {error}", hint)
    return Finding(subject, check, Level.OK, what)
