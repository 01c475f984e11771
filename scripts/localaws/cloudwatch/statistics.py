"""CloudWatch statistics over the samples of one period.

Rules from "CloudWatch statistics definitions" (Amazon CloudWatch User Guide): ranges in values exclude
the lower bound and include the upper one; a bound may be left out; bounds are values, or percentiles
where they end in `%`. One number without parentheses, in lower case, is the range below a percentile.
All but the five basic statistics need the single values, and none of these may be negative. How a
percentile between two samples is interpolated is not documented; here it is linear.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from localaws.cloudwatch.samples import Distribution, Samples
from localaws.wire import ServiceError

Statistic = Callable[[Samples], float | None]
_Measure = Callable[[Distribution], float | None]

_BASIC: dict[str, Statistic] = {
    "SampleCount": lambda s: s.sample_count,
    "Sum": lambda s: s.total,
    "Average": lambda s: s.total / s.sample_count,
    "Minimum": lambda s: s.minimum,
    "Maximum": lambda s: s.maximum,
}
_NUMBER = r"\d+(?:\.\d{1,10})?"
_PERCENTILE = re.compile(rf"(?P<kind>p|tm|tc|ts|wm)(?P<percent>{_NUMBER})")
_BOUND = r"\d+(?:\.\d+)?(?:[eE][-+]?\d+)?%?"
_RANGE = re.compile(rf"(?P<kind>PR|TC|TS|TM|WM)\(\s*(?P<low>{_BOUND})?\s*:\s*(?P<high>{_BOUND})?\s*\)")


@dataclass(frozen=True)
class _Range:
    """Part of the samples: values above `low` up to `high`; or percentiles where `percent` is set."""

    low: float
    high: float
    percent: bool

    def of(self, values: Distribution) -> list[tuple[float, float]]:
        """The values in the range, each with its count."""
        if not self.percent:
            return list(values.between(self.low, self.high))
        return list(values.ranked(values.total * self.low / 100.0, values.total * self.high / 100.0))

    def count(self, values: Distribution) -> float:
        """How many samples are in the range."""
        if self.percent:
            return values.total * (self.high - self.low) / 100.0
        return values.up_to(self.high) - values.up_to(self.low)


def parse(text: str) -> Statistic:
    """The function that computes a statistic; it gives None where the samples do not allow it.

    Raises:
        ServiceError: InvalidParameterValue; no such statistic.
    """
    if text in _BASIC:
        return _measured(_BASIC[text])
    if text == "IQM":
        return _listed(_ranged("TM", _Range(25.0, 75.0, True)))
    if (match := _PERCENTILE.fullmatch(text)) and float(match["percent"]) <= 100:
        percent = float(match["percent"])
        if match["kind"] == "p":
            return _listed(lambda values: percentile(values, percent))
        return _listed(_ranged(match["kind"].upper(), _Range(0.0, percent, True)))
    match = _RANGE.fullmatch(text)
    if match and (match["low"] or match["high"]):
        return _listed(_ranged(match["kind"], _range(text, match)))
    raise ServiceError("InvalidParameterValue", f"The value {text} for parameter Stat is not supported.")


def _range(text: str, match: re.Match[str]) -> _Range:
    low, high = match["low"] or "", match["high"] or ""
    percent = low.endswith("%") or high.endswith("%")
    mixed = percent and not all(not bound or bound.endswith("%") for bound in (low, high))
    if mixed or (percent and match["kind"] == "PR"):
        raise ServiceError("InvalidParameterValue", f"The value {text} for parameter Stat is not supported.")
    start = float(low.rstrip("%")) if low else 0.0 if percent else -math.inf
    end = float(high.rstrip("%")) if high else 100.0 if percent else math.inf
    if start >= end or (percent and end > 100.0):
        message = f"The lower bound of {text} is not below the upper one, or that is above 100%."
        raise ServiceError("InvalidParameterValue", message)
    return _Range(start, end, percent)


def _measured(function: Statistic) -> Statistic:
    return lambda samples: function(samples) if samples.sample_count > 0 else None


def _listed(measure: _Measure) -> Statistic:
    """Only where every value is known and none is negative."""
    return _measured(lambda s: None if s.unlisted or s.minimum < 0 else measure(s.distribution()))


def percentile(values: Distribution, percent: float) -> float:
    """The value below which `percent` of the samples lie, interpolated between the nearest ranks."""
    rank = max(values.total - 1.0, 0.0) * percent / 100.0
    below, above = values.at_rank(math.floor(rank)), values.at_rank(math.ceil(rank))
    return below + (above - below) * (rank - math.floor(rank))


def _ranged(kind: str, cut: _Range) -> _Measure:
    return {
        "PR": lambda values: 100.0 * cut.count(values) / values.total,
        "TC": cut.count,
        "TS": lambda values: sum(value * count for value, count in cut.of(values)),
        "TM": lambda values: _mean(cut.of(values)),
        "WM": lambda values: _winsorized(values, cut.of(values)),
    }[kind]


def _mean(part: list[tuple[float, float]]) -> float | None:
    count = sum(n for _, n in part)
    return sum(value * n for value, n in part) / count if count else None


def _winsorized(values: Distribution, part: list[tuple[float, float]]) -> float | None:
    """The mean with values outside the range replaced by the nearest one inside."""
    if not part:
        return None
    low, high = part[0][0], part[-1][0]
    everything = values.ranked(0.0, values.total)
    return sum(min(max(value, low), high) * count for value, count in everything) / values.total
