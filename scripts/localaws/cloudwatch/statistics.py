"""CloudWatch statistics over the samples of one period.

Rules from "CloudWatch statistics definitions" (Amazon CloudWatch User Guide): ranges in values exclude
the lower bound and include the upper one; a bound may be left out; bounds are values, or percentiles
where they end in `%`. A bare `tmNN`, `tcNN`, `tsNN`, `wmNN` is the range below percentile NN.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from localaws.cloudwatch.samples import Samples
from localaws.wire import ServiceError

Statistic = Callable[[Samples], float | None]

_BASIC: dict[str, Statistic] = {
    "SampleCount": lambda s: s.sample_count,
    "Sum": lambda s: s.total,
    "Average": lambda s: s.total / s.sample_count,
    "Minimum": lambda s: s.minimum,
    "Maximum": lambda s: s.maximum,
}
_NUMBER = r"\d+(?:\.\d{1,10})?"
_PERCENTILE = re.compile(rf"(?P<kind>p|tm|tc|ts|wm)(?P<percent>{_NUMBER})", re.IGNORECASE)
_BOUND = r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?%?"
_RANGE = re.compile(
    rf"(?P<kind>PR|TC|TS|TM|WM)\(\s*(?P<low>{_BOUND})?\s*:\s*(?P<high>{_BOUND})?\s*\)", re.IGNORECASE
)


@dataclass(frozen=True)
class _Range:
    """Part of the samples: values above `low` up to `high`; or percentiles where `percent` is set."""

    low: float
    high: float
    percent: bool


def parse(text: str) -> Statistic:
    """The function that computes a statistic; it gives None where the samples do not allow it.

    Raises:
        ServiceError: no such statistic.
    """
    if text in _BASIC:
        return _measured(_BASIC[text])
    if text.upper() == "IQM":
        return _ranged("TM", _Range(25.0, 75.0, True))
    if (match := _PERCENTILE.fullmatch(text)) and float(match["percent"]) <= 100:
        percent = float(match["percent"])
        if match["kind"].lower() == "p":
            return _listed(lambda s: percentile(_sorted(s), percent))
        return _ranged(match["kind"].upper(), _Range(0.0, percent, True))
    match = _RANGE.fullmatch(text)
    if match and (match["low"] or match["high"]):
        return _ranged(match["kind"].upper(), _range(text, match))
    raise ServiceError("InvalidParameterValue", f"The value {text} for parameter Stat is not supported.")


def _range(text: str, match: re.Match[str]) -> _Range:
    low, high = match["low"] or "", match["high"] or ""
    percent = low.endswith("%") or high.endswith("%")
    mixed = percent and not all(not bound or bound.endswith("%") for bound in (low, high))
    if mixed or (percent and match["kind"].upper() == "PR"):
        raise ServiceError("InvalidParameterValue", f"The value {text} for parameter Stat is not supported.")
    lowest, highest = (0.0, 100.0) if percent else (-math.inf, math.inf)
    start = float(low.rstrip("%")) if low else lowest
    end = float(high.rstrip("%")) if high else highest
    if start >= end:
        raise ServiceError("InvalidParameterValue", f"The lower bound of {text} is not below the upper one.")
    return _Range(start, end, percent)


def _measured(function: Statistic) -> Statistic:
    return lambda samples: function(samples) if samples.sample_count > 0 else None


def _listed(function: Statistic) -> Statistic:
    """Only where every value is known: statistic sets have no percentiles."""
    return _measured(lambda samples: None if samples.unlisted else function(samples))


def _sorted(samples: Samples) -> list[tuple[float, float]]:
    return sorted(zip(samples.values, samples.counts, strict=True))


def percentile(values: list[tuple[float, float]], percent: float) -> float:
    """The value below which `percent` of the samples lie, interpolated between the nearest ranks.

    Args:
        values: values in order, each with its count.
    """
    total = sum(count for _, count in values)
    rank = (total - 1) * percent / 100.0
    below, above = _at_rank(values, math.floor(rank)), _at_rank(values, math.ceil(rank))
    return below + (above - below) * (rank - math.floor(rank))


def _at_rank(values: list[tuple[float, float]], rank: float) -> float:
    passed = 0.0
    for value, count in values:
        passed += count
        if rank < passed:
            return value
    return values[-1][0]


def _part(values: list[tuple[float, float]], cut: _Range) -> list[tuple[float, float]]:
    """The samples in the range; at percentiles a value's count is split where the bound falls."""
    if not cut.percent:
        return [(value, count) for value, count in values if cut.low < value <= cut.high]
    total = sum(count for _, count in values)
    start, end, passed = total * cut.low / 100.0, total * cut.high / 100.0, 0.0
    part = []
    for value, count in values:
        inside = min(passed + count, end) - max(passed, start)
        passed += count
        if inside > 0:
            part.append((value, inside))
    return part


def _ranged(kind: str, cut: _Range) -> Statistic:
    def compute(samples: Samples) -> float | None:
        values = _sorted(samples)
        part = _part(values, cut)
        count = sum(n for _, n in part)
        total = sum(value * n for value, n in part)
        if kind == "PR":
            return 100.0 * count / samples.sample_count
        if kind == "TC":
            return count
        if kind == "TS":
            return total
        if kind == "WM":
            return _winsorized(values, part)
        return total / count if count else None

    return _listed(compute)


def _winsorized(values: list[tuple[float, float]], part: list[tuple[float, float]]) -> float | None:
    """The mean with values outside the range replaced by the nearest one inside."""
    if not part:
        return None
    low, high = part[0][0], part[-1][0]
    total = sum(min(max(value, low), high) * count for value, count in values)
    return total / sum(count for _, count in values)
