"""Health of targets: what a check's results say, by the rules of the user guide's "Health checks for
Application Load Balancer target groups".

A new target is `initial`; one success makes it healthy, `UnhealthyThresholdCount` failures unhealthy. From
then on it changes after as many checks in a row as the thresholds say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

UNUSED = "unused"


@dataclass(frozen=True)
class Health:
    """Health of one target.

    Attributes:
        state: as in the API reference's TargetHealth.
        streak: results in a row that are not what the state says.
    """

    state: str = "initial"
    reason: str | None = "Elb.RegistrationInProgress"
    description: str | None = "Target registration is in progress"
    streak: int = 0


NOT_IN_USE = Health(
    UNUSED, "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"
)
HEALTHY = Health("healthy", None, None)


@dataclass(frozen=True)
class Result:
    """What one check found.

    Attributes:
        reason: code of the API reference, where it failed.
    """

    good: bool
    reason: str | None = None
    description: str | None = None


def after(health: Health, result: Result, group: Mapping[str, Any]) -> Health:
    """Health after one more check.

    Args:
        group: the target group, with its thresholds.
    """
    if result.good and (health.state == "initial" or health.state == "healthy"):
        return HEALTHY
    if not result.good and health.state == "unhealthy":
        return Health("unhealthy", result.reason, result.description)
    limit = group["HealthyThresholdCount"] if result.good else group["UnhealthyThresholdCount"]
    if health.streak + 1 < limit:
        return replace(health, streak=health.streak + 1)
    return HEALTHY if result.good else Health("unhealthy", result.reason, result.description)


def matches(matcher: str, status: int) -> bool:
    """Whether a status is one of the matcher's, such as "200", "200,202" or "200-299"."""
    for part in matcher.split(","):
        low, _, high = part.strip().partition("-")
        if int(low) <= status <= int(high or low):
            return True
    return False


def judged(matcher: str, status: int) -> Result:
    """The result of a check that was answered."""
    if matches(matcher, status):
        return Result(True)
    return Result(False, "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{status}]")
