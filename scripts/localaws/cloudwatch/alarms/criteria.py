"""When an alarm goes off, and the states that it can be in."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"

_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
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
        return _COMPARISONS[self.comparison](value, self.threshold)
