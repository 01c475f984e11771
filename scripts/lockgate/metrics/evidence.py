"""From CloudWatch to rows for the judge: what each side did in each period.

A side has a datapoint for a period when its requests have one, and its errors where the platform reports them
even when they are none. A missing datapoint is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal

from lockgate.judge import Look, Side
from lockgate.metrics.measured import Measured
from lockgate.metrics.reader import Readings, Series, Window

VERSION = "{version}"
"""What stands for the number of a version in the dimensions of a metric of one's own."""


@dataclass(frozen=True)
class OwnMetric:
    """A metric that a service's code reports, such as a business error in the embedded metric format.

    Args:
        namespace, name: which metric.
        dimensions: by name; `{version}` in a value stands for the version's number.
        kind: errors: its sum counts as failed requests. latency: its samples are the latency, in place of
            the platform's own.
    """

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    kind: Literal["errors", "latency"]

    def series(self, stat: str, version: str) -> Series:
        """A statistic of it for one version."""
        filled = tuple((name, value.replace(VERSION, version)) for name, value in self.dimensions)
        return Series(self.namespace, self.name, filled, stat)


@dataclass(frozen=True)
class Source:
    """Where a service's evidence comes from.

    Args:
        measured: what the platform measures of the versions.
        own: metrics of the service's own.
        throttles: whether throttled requests count as failed ones.
    """

    measured: Measured
    own: tuple[OwnMetric, ...] = ()
    throttles: bool = False

    def latency(self, stat: str, version: str) -> Series:
        """A statistic of a version's latency, in the metric's own unit."""
        for metric in self.own:
            if metric.kind == "latency":
                return metric.series(stat, version)
        return self.measured.latency(stat, version)

    def side(self, version: str, bounds: Sequence[float] | None) -> SideSeries:
        """Everything that is read of one version.

        Args:
            version: its number.
            bounds: upper bounds of the latency bins, or None to read the mean only.
        """
        errors = self.measured.errors(version)
        always = self.measured.reports_zero_errors
        own = tuple(metric.series("Sum", version) for metric in self.own if metric.kind == "errors")
        return SideSeries(
            requests=self.measured.requests(version),
            errors=errors if always else (),
            failures=own if always else (*errors, *own),
            throttles=self.measured.throttles(version) if self.throttles else None,
            bins=tuple(self.latency(stat, version) for stat in _bins(bounds)) if bounds else (),
            mean=None if bounds else self.latency("Average", version),
        )


@dataclass(frozen=True)
class SideSeries:
    """Series of one version.

    Attributes:
        errors: counts of failed requests; no datapoint means that it is not known.
        failures: further ones, of which no datapoint means none.
        bins: requests by latency, from the fastest bin.
        mean: mean latency, where there are no bins.
    """

    requests: Series
    errors: tuple[Series, ...]
    failures: tuple[Series, ...]
    throttles: Series | None
    bins: tuple[Series, ...]
    mean: Series | None

    def __iter__(self) -> Iterator[Series]:
        yield from (self.requests, *self.errors, *self.failures, *self.bins)
        yield from (one for one in (self.throttles, self.mean) if one)

    def at(self, when: datetime, readings: Readings) -> Side | None:
        """What the version did in the period that begins then; None where that is not known."""
        requests = readings.of(self.requests).get(when)
        unknown = any(when not in readings.of(one) for one in self.errors)
        if requests is None or unknown or self._unsure(readings, when):
            return None
        throttled = readings.of(self.throttles).get(when, 0.0) if self.throttles else 0.0
        counted = (*self.errors, *self.failures)
        failed = throttled + sum(readings.of(one).get(when, 0.0) for one in counted)
        served = round(requests + throttled)
        return Side(
            served,
            min(round(failed), served),
            self._latency(when, readings),
            readings.of(self.mean).get(when) if self.mean else None,
        )

    def _unsure(self, readings: Readings, when: datetime) -> bool:
        """Whether a datapoint that would be zero if it were missing may only not have been given."""
        counted = (*self.failures, *((self.throttles,) if self.throttles else ()))
        return any(one in readings.incomplete and when not in readings.of(one) for one in counted)

    def _latency(self, when: datetime, readings: Readings) -> tuple[int, ...] | None:
        """Requests by bin. A bin without a datapoint had none, where any other has one and all were given;
        `TC` interpolates, so that a count may be a fraction."""
        counts = [readings.of(one).get(when) for one in self.bins]
        missing = any(one in readings.incomplete and when not in readings.of(one) for one in self.bins)
        if missing or all(count is None for count in counts):
            return None
        return tuple(round(count or 0.0) for count in counts)


@dataclass(frozen=True)
class Row:
    """A look with the start of its period."""

    at: datetime
    look: Look


def rows(canary: SideSeries, baseline: SideSeries, readings: Readings, window: Window) -> list[Row]:
    """Rows of every period of the window, oldest first."""
    return [Row(at, Look(canary.at(at, readings), baseline.at(at, readings))) for at in window]


def _bins(bounds: Sequence[float]) -> Iterator[str]:
    """`TC` excludes its lower bound and includes the upper one (User Guide, "CloudWatch statistics
    definitions")."""
    figures = [f"{bound:.6f}".rstrip("0").rstrip(".") for bound in bounds]
    yield f"TC(:{figures[0]})"
    for low, high in pairwise(figures):
        yield f"TC({low}:{high})"
    yield f"TC({figures[-1]}:)"
