"""When traffic is shifted, and what the alias looks like then: pure decisions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from localaws.codedeploy.configs import Shift


@dataclass(frozen=True)
class Step:
    """What is to be done about traffic now.

    Attributes:
        shift: the shift that is due, or None.
        wait: real seconds until the next one is due.
    """

    shift: Shift | None = None
    wait: float = 0.0


def next_step(
    shifts: Sequence[Shift],
    shifted: int,
    since: float | None,
    now: float,
    seconds: Callable[[float], float],
) -> Step | None:
    """What comes next, or None when all traffic is shifted.

    Args:
        shifts: the whole schedule.
        shifted: how many of them were made.
        since: when the first one was made, in seconds since the epoch.
        now: seconds since the epoch.
        seconds: real seconds of so many seconds of AWS time.
    """
    if shifted >= len(shifts):
        return None
    following = shifts[shifted]
    if since is None:
        return Step(following)
    due = since + seconds(60.0 * following.minutes)
    return Step(following) if now >= due else Step(wait=due - now)


@dataclass(frozen=True)
class Routing:
    """Where an alias sends requests.

    Attributes:
        version: the version of the alias itself.
        extra: shares from 0 to 1 of further versions.
    """

    version: str
    extra: dict[str, float]

    @classmethod
    def of(cls, alias: dict[str, Any]) -> Routing:
        """What GetAlias says."""
        extra = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        return cls(alias["FunctionVersion"], dict(extra))


def routing(current: str, target: str, percent: float) -> Routing:
    """The alias when the target version gets `percent` of the traffic.

    While traffic is shifted the alias's own version stays the current one (recorded, docs/fidelity.md).
    """
    if percent >= 100:
        return Routing(target, {})
    return Routing(current, {target: percent / 100})


def is_foreign(found: Routing, current: str, target: str) -> bool:
    """Whether somebody else has changed the alias: it has a version that the deployment does not know."""
    return found.version not in (current, target) or bool(found.extra.keys() - {current, target})
