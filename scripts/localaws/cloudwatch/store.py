"""All metrics: who they belong to, what they are called, and their samples."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from localaws.cloudwatch.samples import Samples
from localaws.cloudwatch.series import RETENTION_SECONDS, Series, Window

_SETTLE_EVERY_SECONDS = 15

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
    """All samples of all accounts and regions. Every method may be called from any thread.

    Values are kept as they came for three hours, so that percentiles, trimmed means and percentile
    ranks are exact for any period; after that minutes are kept in bins, for 15 days.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._series: dict[MetricKey, Series] = {}
        self._settled = 0.0

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
        if now - self._settled >= _SETTLE_EVERY_SECONDS:
            self._settle(now)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = Series()
        return series.at(unit, math.floor(timestamp))

    def _settle(self, now: float) -> None:
        self._settled = now
        for key, series in list(self._series.items()):
            if series.newest < now - RETENTION_SECONDS:
                del self._series[key]
            else:
                series.settle(now)

    def read(self, key: MetricKey, window: Window, unit: str | None = None) -> dict[int, Samples]:
        """Samples by number of their period in the window; none where there is no such metric.

        Args:
            unit: only samples of this unit; all of them where it is None.
        """
        with self._lock:
            series = self._series.get(key)
            return series.read(window, unit) if series else {}

    def keys(self, account: str, region: str, since: float = 0.0) -> list[MetricKey]:
        """Metrics of an account and region that have samples since a time, in order."""
        with self._lock:
            return sorted(
                key
                for key, series in self._series.items()
                if key.account == account and key.region == region and series.newest >= since
            )

    def units(self, key: MetricKey) -> list[str]:
        """Units that samples of a metric came with."""
        with self._lock:
            series = self._series.get(key)
            return list(series.units) if series else []

    def snapshot(self, now: float) -> list[Any]:
        """The samples as JSON data: the last hour in full, what is older coarsely."""
        with self._lock:
            self._settle(now)
            return [
                [key.account, key.region, key.namespace, key.name, dict(key.dimensions), series.save(now)]
                for key, series in self._series.items()
            ]

    def restore(self, data: Iterable[Any]) -> None:
        """Takes what `snapshot` gave."""
        with self._lock:
            for account, region, namespace, name, dimensions, saved in data:
                key = metric_key(account, region, namespace, name, dimensions)
                self._series[key] = Series.restore(saved)
