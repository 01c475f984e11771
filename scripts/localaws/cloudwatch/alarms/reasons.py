"""StateReason and StateReasonData in CloudWatch's words, as public records of alarms have them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from localaws.cloudwatch.alarms.criteria import ALARM, INSUFFICIENT_DATA, Criteria
from localaws.cloudwatch.alarms.missing import Evidence

_RELATIONS: Mapping[str, str] = {
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "GreaterThanThreshold": "greater than",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
_TREATED = {"breaching": "Breaching", "notBreaching": "NonBreaching"}


def reason(criteria: Criteria, found: Evidence, state: str) -> str:
    """StateReason of a state."""
    missing = len(found.missing)
    if state == INSUFFICIENT_DATA:
        return f"Insufficient Data: {_count(missing)} {_were(missing)} unknown."
    shown = [
        (at, value) for at, value in reversed(found.present) if criteria.breaches(value) == (state == ALARM)
    ]
    if shown:
        crossed = _crossed(criteria, shown, state)
        return f"Threshold Crossed: {crossed}{_treated(criteria, missing)}{_minimum(criteria, state)}."
    present, periods = len(found.present), criteria.periods
    received = f"{_count(present) if present else 'no datapoints'} {_were(present)} received"
    length = f"{periods} period{'s' * (periods != 1)}"
    return f"Threshold Crossed: {received} for {length}{_treated(criteria, missing)}."


def _treated(criteria: Criteria, missing: int) -> str:
    kind = _TREATED.get(criteria.missing)
    if not kind or not missing:
        return ""
    noun = "datapoint" if missing == 1 else "datapoints"
    return f" and {missing} missing {noun} {_were(missing)} treated as [{kind}]"


def _crossed(criteria: Criteria, shown: list[tuple[float, float]], state: str) -> str:
    listed = ", ".join(f"{value} ({_short(at)})" for at, value in shown)
    number = _count(len(shown))
    if criteria.to_alarm:
        number = f"{len(shown)} out of the last {criteria.periods} datapoints"
    relation = ("" if state == ALARM else "not ") + _RELATIONS[criteria.comparison]
    return f"{number} [{listed}] {_were(len(shown))} {relation} the threshold ({criteria.threshold})"


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


def long_date(at: float) -> str:
    """A time as CloudWatch writes it in the reasons of composite alarms."""
    return datetime.fromtimestamp(at, UTC).strftime("%A %d %B, %Y %H:%M:%S UTC")


def data(criteria: Criteria, found: Evidence) -> dict[str, Any]:
    """The part of StateReasonData on data points."""
    start = {"startDate": iso(found.present[0][0])} if found.present else {}
    evaluated = [(at, {"timestamp": iso(at), "value": value}) for at, value in found.present]
    evaluated += [(at, {"timestamp": iso(at)}) for at in found.missing]
    return {
        **start,
        "recentDatapoints": [value for _, value in found.present],
        "threshold": criteria.threshold,
        "evaluatedDatapoints": [one for _, one in sorted(evaluated, key=lambda pair: -pair[0])],
    }
