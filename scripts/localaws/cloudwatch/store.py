"""Metric samples, kept at one second's resolution for three hours.

Values are kept as they came, with how often each came, so that percentiles, trimmed means and
percentile ranks are exact for any period.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from localaws.cloudwatch.samples import Samples, Series

RETENTION_SECONDS = 3 * 3600
_PRUNE_EVERY_SECONDS = 60

Dimensions = tuple[tuple[str, str], ...]


@dataclass(frozen=True, order=True)
class MetricKey:
    """Identity of a metric; dimensions are sorted by name."""

    account: str
    region: str
    namespace: str
    name: str
    dimensions: Dimensions = ()


def metric_key(
    account: str, region: str, namespace: str, name: str, dimensions: Mapping[str, str]
) -> MetricKey:
    """The key of a metric whatever order its dimensions came in."""
    return MetricKey(account, region, namespace, name, tuple(sorted(dimensions.items())))


class MetricStore:
    """All samples of all accounts and regions. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._series: dict[MetricKey, Series] = {}
        self._pruned = 0.0

    def put(
        self, key: MetricKey, value: float, unit: str, timestamp: float, now: float, count: float = 1.0
    ) -> None:
        """Records a value that came `count` times at `timestamp`, in seconds since the epoch."""
        with self._lock:
            self._at(key, unit, timestamp, now).add(value, count)

    def put_set(
        self,
        key: MetricKey,
        statistics: tuple[float, float, float, float],
        unit: str,
        timestamp: float,
        now: float,
    ) -> None:
        """Records a statistic set: sample count, sum, minimum, maximum."""
        with self._lock:
            self._at(key, unit, timestamp, now).add_set(*statistics)

    def _at(self, key: MetricKey, unit: str, timestamp: float, now: float) -> Samples:
        if now - self._pruned >= _PRUNE_EVERY_SECONDS:
            self._prune(now)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = Series()
        return series.at(unit, math.floor(timestamp))

    def _prune(self, now: float) -> None:
        self._pruned = now
        oldest = math.floor(now) - RETENTION_SECONDS
        for key, series in list(self._series.items()):
            if series.newest < oldest:
                del self._series[key]
                continue
            series.drop(oldest)

    def periods(
        self, key: MetricKey, start: float, end: float, period: float, unit: str | None = None
    ) -> dict[int, Samples]:
        """Samples of [start, end) by the number of the period they fall in, counted from `start`.

        Args:
            period: real seconds; may be a fraction, samples then fall by their second.
            unit: only samples of this unit; all of them where it is None.
        """
        found: dict[int, Samples] = {}
        with self._lock:
            series = self._series.get(key)
            for name, seconds in series.units.items() if series else ():
                if unit in (None, name):
                    _collect(found, seconds, start, end, period)
        return found

    def keys(self, account: str, region: str) -> list[MetricKey]:
        """Metrics of an account and region, in order."""
        with self._lock:
            return sorted(k for k in self._series if k.account == account and k.region == region)

    def units(self, key: MetricKey) -> list[str]:
        """Units that samples of a metric came with."""
        with self._lock:
            series = self._series.get(key)
            return list(series.units) if series else []

    def newest(self, key: MetricKey) -> int:
        """Second of the newest sample; 0 where there is none."""
        with self._lock:
            series = self._series.get(key)
            return series.newest if series else 0

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._series.clear()

    def snapshot(self, now: float) -> list[Any]:
        """The samples that are not too old, as JSON data."""
        with self._lock:
            self._prune(now)
            return [_dump(key, series) for key, series in self._series.items()]

    def restore(self, data: Iterable[Any]) -> None:
        """Takes what `snapshot` gave."""
        with self._lock:
            for entry in data:
                key, series = _load(entry)
                self._series[key] = series


def _collect(
    found: dict[int, Samples], seconds: Mapping[int, Samples], start: float, end: float, period: float
) -> None:
    first, last = math.ceil(start), math.ceil(end)
    wanted = range(first, last) if last - first < len(seconds) else sorted(seconds)
    for second in wanted:
        one = seconds.get(second)
        if one is not None and first <= second < last:
            number = math.floor(round((second - start) / period, 6))
            found.setdefault(number, Samples()).merge(one)


def _dump(key: MetricKey, series: Series) -> list[Any]:
    blocks = [list(block) for block in series.pack()]
    return [key.account, key.region, key.namespace, key.name, dict(key.dimensions), blocks]


def _load(entry: list[Any]) -> tuple[MetricKey, Series]:
    account, region, namespace, name, dimensions, blocks = entry
    return metric_key(account, region, namespace, name, dimensions), Series.unpack(blocks)
