"""What state an alarm has, given its data points.

Rules from "Alarm evaluation" and "Configuring how CloudWatch alarms treat missing data" (Amazon
CloudWatch User Guide), over exactly the last EvaluationPeriods periods. AWS also reads some periods
before these to make up for missing ones, how many it does not say; an old data point is never a
reason here.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"

_COMPARISONS: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
COMPARISONS = frozenset(_COMPARISONS)
TREATMENTS = frozenset(("breaching", "notBreaching", "ignore", "missing"))


@dataclass(frozen=True)
class Criteria:
    """When an alarm goes off.

    Attributes:
        comparison: a ComparisonOperator.
        periods: EvaluationPeriods.
        to_alarm: DatapointsToAlarm; None where it was not given, then all periods are needed.
        missing: TreatMissingData.
    """

    comparison: str
    threshold: float
    periods: int
    to_alarm: int | None
    missing: str

    @property
    def needed(self) -> int:
        """How many breaching data points make an alarm."""
        return self.to_alarm or self.periods

    def breaches(self, value: float) -> bool:
        """Whether a value is beyond the threshold."""
        return _COMPARISONS[self.comparison][0](value, self.threshold)


@dataclass(frozen=True)
class Datapoint:
    """One period: its start in seconds since the epoch, and its value, None where data is missing."""

    at: float
    value: float | None


@dataclass(frozen=True)
class Verdict:
    """A state and why: StateValue, StateReason, and the part of StateReasonData on data points."""

    state: str
    reason: str
    data: Mapping[str, Any]


def judge(criteria: Criteria, datapoints: Sequence[Datapoint], current: str) -> Verdict | None:
    """The verdict on the last periods; None where the alarm keeps its state.

    Args:
        datapoints: one per period, the oldest first.
        current: the alarm's state now.
    """
    state = _state(criteria, datapoints)
    if state is None or state == current:
        return None
    return Verdict(state, _reason(criteria, datapoints, state), _data(criteria, datapoints))


def _state(criteria: Criteria, datapoints: Sequence[Datapoint]) -> str | None:
    tests = [None if point.value is None else criteria.breaches(point.value) for point in datapoints]
    missing, breaching = tests.count(None), tests.count(True)
    if criteria.missing == "breaching":
        breaching += missing
    if breaching >= criteria.needed:
        return ALARM
    if tests.count(False) or criteria.missing in ("breaching", "notBreaching"):
        return OK
    if criteria.missing == "ignore":
        return None
    if not breaching:
        return INSUFFICIENT_DATA
    # Breaching and missing ones only: an alarm, once the oldest breach is as old as data points are needed.
    return ALARM if len(tests) - tests.index(True) >= criteria.needed else None


def _reason(criteria: Criteria, datapoints: Sequence[Datapoint], state: str) -> str:
    missing = sum(point.value is None for point in datapoints)
    if state == INSUFFICIENT_DATA:
        return f"Insufficient Data: {_count(missing)} {_were(missing)} unknown."
    shown = [
        (point.at, point.value)
        for point in reversed(datapoints)
        if point.value is not None and criteria.breaches(point.value) == (state == ALARM)
    ]
    treated = ""
    if criteria.missing in ("breaching", "notBreaching") and missing:
        kind = "Breaching" if criteria.missing == "breaching" else "NonBreaching"
        noun = "datapoint" if missing == 1 else "datapoints"
        treated = f" and {missing} missing {noun} {_were(missing)} treated as [{kind}]"
    if not shown:
        length = f"{len(datapoints)} period{'s' * (len(datapoints) != 1)}"
        return f"Threshold Crossed: no datapoints were received for {length}{treated}."
    return f"Threshold Crossed: {_crossed(criteria, shown, state)}{treated}{_minimum(criteria, state)}."


def _crossed(criteria: Criteria, shown: list[tuple[float, float]], state: str) -> str:
    listed = ", ".join(f"{value} ({_short(at)})" for at, value in shown)
    number = _count(len(shown))
    if criteria.to_alarm:
        number = f"{len(shown)} out of the last {criteria.periods} datapoints"
    negation = "" if state == ALARM else "not "
    relation = _COMPARISONS[criteria.comparison][1]
    return (
        f"{number} [{listed}] {_were(len(shown))} {negation}{relation} the threshold ({criteria.threshold})"
    )


def _minimum(criteria: Criteria, state: str) -> str:
    if not criteria.to_alarm:
        return ""
    if state == ALARM:
        return f" (minimum {_count(criteria.needed)} for OK -> ALARM transition)"
    return f" (minimum {_count(criteria.periods - criteria.needed + 1)} for ALARM -> OK transition)"


def _count(number: int) -> str:
    return f"{number} datapoint{'s' * (number != 1)}"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _short(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d/%m/%y %H:%M:%S")


def iso(at: float) -> str:
    """A time as CloudWatch writes it in StateReasonData and notifications."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


def _data(criteria: Criteria, datapoints: Sequence[Datapoint]) -> dict[str, Any]:
    present = [(point.at, point.value) for point in datapoints if point.value is not None]
    data: dict[str, Any] = {"startDate": iso(present[0][0])} if present else {}
    evaluated = [
        {"timestamp": iso(point.at)} | ({} if point.value is None else {"value": point.value})
        for point in reversed(datapoints)
    ]
    return data | {
        "recentDatapoints": [value for _, value in present],
        "threshold": criteria.threshold,
        "evaluatedDatapoints": evaluated,
    }


def reason_data(verdict: Verdict, now: float, extra: Mapping[str, Any]) -> str:
    """StateReasonData as JSON."""
    return json.dumps({"version": "1.0", "queryDate": iso(now), **extra, **verdict.data})
