"""Which data points an alarm is judged by when some are missing.

"Configuring how CloudWatch alarms treat missing data" (Amazon CloudWatch User Guide): CloudWatch reads
more periods than EvaluationPeriods, the evaluation range. The newest EvaluationPeriods data points that
are there count, however old they are within the range; only where there are fewer of them is anything
filled in. How long the range is, the guide shows in one example only (5 periods for 3), so the two
additional periods are inferred.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_ADDITIONAL_PERIODS = 2


@dataclass(frozen=True)
class Datapoint:
    """One period: its start in seconds since the epoch, and its value, None where data is missing."""

    at: float
    value: float | None


@dataclass(frozen=True)
class Evidence:
    """What an alarm is judged by.

    Attributes:
        present: data points that count, the oldest first.
        missing: those that have to be filled in, the oldest first.
        recent: all data points of the evaluation range, the oldest first.
    """

    present: tuple[tuple[float, float], ...]
    missing: tuple[float, ...]
    recent: tuple[Datapoint, ...]

    def age(self, at: float) -> int:
        """How many periods ago a data point of the range began; 1 for the newest."""
        return sum(point.at >= at for point in self.recent)


def evaluation_range(periods: int) -> int:
    """How many periods are read for an alarm with so many evaluation periods."""
    return periods + _ADDITIONAL_PERIODS


def evidence(datapoints: Sequence[Datapoint], periods: int) -> Evidence:
    """What counts of the data points in the evaluation range.

    Args:
        datapoints: one per period, the oldest first.
        periods: EvaluationPeriods.
    """
    present = [(point.at, point.value) for point in datapoints if point.value is not None][-periods:]
    wanting = periods - len(present)
    missing = [point.at for point in datapoints if point.value is None][-wanting:] if wanting else []
    return Evidence(tuple(present), tuple(missing), tuple(datapoints))
