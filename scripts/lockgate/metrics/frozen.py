"""Latency bounds and history of a version before a deployment, frozen when it starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from lockgate.judge import JudgePolicy, latency_bounds
from lockgate.judge.bounds import LEVELS
from lockgate.metrics.evidence import Source
from lockgate.metrics.reader import Reader, Readings, Series, Window, floor

ENOUGH = 1000
"""Requests from which p99.9 is worth something. Where half an hour has fewer, older ones are taken too."""

LEAST = 100
"""Requests below which no bins are made: latency is then judged by its mean."""

NEWEST_MINUTES = 30
OLDEST_MINUTES = 24 * 60

_SLOT_MINUTES = 5
"""Percentiles are read for slots of five minutes, and averaged: they place the bounds, and need not be exact,
since how many requests lie between them is counted afterwards."""


@dataclass(frozen=True)
class FrozenLatency:
    """Bounds in the metric's unit, and requests per bin from `since` up to the deployment."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    since: datetime


def freeze(
    reader: Reader, source: Source, version: str, until: datetime, minute: timedelta, policy: JudgePolicy
) -> FrozenLatency | None:
    """Bounds from a version's latency in the minutes before `until`; None when it had too few requests.

    Raises:
        MetricsOutageError: CloudWatch does not answer.
    """
    period = max(1, round(_SLOT_MINUTES * minute.total_seconds()))
    day = Window.whole(until - OLDEST_MINUTES * minute, until, period)
    levels = {level: source.latency(f"p{100 * level:g}", version) for level in _levels(policy)}
    count = source.latency("SampleCount", version)
    readings = reader.read((count, *levels.values()), day)
    start = _start(readings.of(count), until, period, minute)
    if start is None:
        return None
    at_level = {level: _mean(readings, count, one, start) for level, one in levels.items()}
    bounds = latency_bounds(_interpolated(at_level), policy)
    bins = source.side(version, bounds).bins
    window = Window(start, day.end, period)
    counted = reader.read(bins, window)
    counts = tuple(round(counted.total(one)) for one in bins)
    return FrozenLatency(bounds, counts, start) if sum(counts) >= LEAST else None


def _levels(policy: JudgePolicy) -> list[float]:
    return sorted({*LEVELS, *(level for level, _ in policy.latency_margins)})


def _start(
    counts: Mapping[datetime, float], until: datetime, period: int, minute: timedelta
) -> datetime | None:
    """Where a history that ends at `until` begins: half an hour earlier, or as much more as has enough."""
    found, total = None, 0.0
    newest = floor(until - NEWEST_MINUTES * minute, period)
    for at in sorted(counts, reverse=True):
        if at < newest and total >= ENOUGH:
            break
        found, total = at, total + counts[at]
    return found if total >= LEAST else None


def _mean(readings: Readings, count: Series, level: Series, start: datetime) -> float:
    """Mean over slots, weighted with their requests; a thousandth at least, as bounds lie above 0."""
    slots = {at: value for at, value in readings.of(level).items() if at >= start}
    weights = {at: readings.of(count).get(at, 0.0) for at in slots}
    total = sum(weights.values())
    return max(sum(slots[at] * weights[at] for at in slots) / total if total else 0.0, 0.001)


def _interpolated(at_level: Mapping[float, float]) -> Callable[[float], float]:
    """A quantile function through known levels: linear between two, level beyond the last."""
    levels = sorted(at_level)

    def quantile(level: float) -> float:
        above = next((one for one in levels if one >= level), levels[-1])
        below = next((one for one in reversed(levels) if one <= level), levels[0])
        if above <= below:
            return at_level[above]
        part = (level - below) / (above - below)
        return at_level[below] + part * (at_level[above] - at_level[below])

    return quantile
