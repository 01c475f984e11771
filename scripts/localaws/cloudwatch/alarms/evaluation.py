"""What state an alarm has, given its data points ("Alarm evaluation", Amazon CloudWatch User Guide)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localaws.cloudwatch.alarms import reasons
from localaws.cloudwatch.alarms.criteria import ALARM, INSUFFICIENT_DATA, OK, Criteria
from localaws.cloudwatch.alarms.missing import Datapoint, Evidence, evidence


@dataclass(frozen=True)
class Verdict:
    """A state and why: StateValue, StateReason, and the part of StateReasonData on data points."""

    state: str
    reason: str
    data: Mapping[str, Any]


def judge(criteria: Criteria, datapoints: Sequence[Datapoint], current: str) -> Verdict | None:
    """The verdict on the evaluation range; None where the alarm keeps its state.

    Args:
        datapoints: one per period of the range, the oldest first.
        current: the alarm's state now.
    """
    found = evidence(datapoints, criteria.periods)
    state = _state(criteria, found)
    if state is None or state == current:
        return None
    return Verdict(state, reasons.reason(criteria, found, state), reasons.data(criteria, found))


def _state(criteria: Criteria, found: Evidence) -> str | None:
    breaches = [at for at, value in found.present if criteria.breaches(value)]
    filled = len(found.missing) if criteria.missing == "breaching" else 0
    if len(breaches) + filled >= criteria.needed:
        return ALARM
    if len(breaches) < len(found.present) or criteria.missing in ("breaching", "notBreaching"):
        return OK
    if criteria.missing == "ignore":
        return None
    if not breaches:
        return INSUFFICIENT_DATA
    # Breaching and missing ones only: an alarm, once the oldest breach is as old as data points are needed
    # ("Avoiding premature transitions to alarm state").
    return ALARM if found.age(breaches[0]) >= criteria.needed else None


def reason_data(verdict: Verdict, now: float, extra: Mapping[str, Any]) -> str:
    """StateReasonData as JSON."""
    return json.dumps({"version": "1.0", "queryDate": reasons.iso(now), **extra, **verdict.data})
