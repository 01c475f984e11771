"""What a finding means here."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

from lockgate.checks.findings import Finding
from lockgate.config import loading
from lockgate.config.waivers import FILE, SHORTEST_REASON, Waiver, Waivers


class Severity(StrEnum):
    """How much a finding matters. checkov's own checks have none offline."""

    HIGH = "high"
    LOW = "low"


def waivers_of(root: Path) -> Waivers:
    """A repository's; none where it has no such file.

    Raises:
        UsageError: with what is wrong, and its line.
    """
    path = root / FILE
    return loading.parse(loading.read(path), Waivers) if path.is_file() else Waivers()


def severity(finding: Finding, waivers: Waivers) -> Severity:
    """How much a finding matters: every check that is not lowered does, also a new one."""
    return Severity.LOW if any(low.check == finding.check_id for low in waivers.low) else Severity.HIGH


def waiver_of(finding: Finding, waivers: list[Waiver]) -> Waiver | None:
    """The first waiver that covers a finding."""
    found = (one for one in waivers if one.covers(finding.check_id, finding.path, finding.resource))
    return next(found, None)


def is_reason(comment: str) -> bool:
    """Whether a comment that skips a check says why; checkov's own words for none do not."""
    return len(comment.strip()) >= SHORTEST_REASON and not re.match(r"no comment provided", comment, re.I)
