"""Many time series in as few GetMetricData calls as possible.

Limits: 500 queries a call, and 100,800 datapoints a page (API reference, GetMetricData). A result whose
`StatusCode` is not `Complete` once all pages were read has datapoints missing: they are unknown, not zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lockgate.errors import LockgateError

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient

QUERIES_A_CALL: Final = 500


class MetricsOutageError(LockgateError):
    """CloudWatch does not answer, or refuses to."""


@dataclass(frozen=True)
class Series:
    """One statistic of one metric.

    Args:
        namespace, metric, dimensions: which metric; dimensions as (name, value).
        stat: a CloudWatch statistic, such as `Sum`, `p99` or `TC(10:20)`.
    """

    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    stat: str

    @classmethod
    def of(cls, namespace: str, metric: str, dimensions: Mapping[str, str], stat: str) -> Series:
        """From dimensions by name."""
        return cls(namespace, metric, tuple(dimensions.items()), stat)

    def __str__(self) -> str:
        return f"{self.namespace}/{self.metric} {self.stat} {dict(self.dimensions)}"

    def query(self, name: str, period: int) -> Any:
        """A MetricDataQuery."""
        dimensions = [{"Name": key, "Value": value} for key, value in self.dimensions]
        metric = {"Namespace": self.namespace, "MetricName": self.metric, "Dimensions": dimensions}
        return {"Id": name, "MetricStat": {"Metric": metric, "Period": period, "Stat": self.stat}}


@dataclass(frozen=True)
class Window:
    """Whole periods from `start` up to but without `end`.

    Args:
        start, end: multiples of the period since the epoch, which is how CloudWatch cuts periods.
        period: seconds.
    """

    start: datetime
    end: datetime
    period: int

    @classmethod
    def whole(cls, start: datetime, end: datetime, period: int) -> Window:
        """The periods that have begun at or before `start`, up to the last one that is over at `end`."""
        return cls(floor(start, period), floor(end, period), period)

    def __iter__(self) -> Iterator[datetime]:
        """Starts of the periods, in order."""
        at = self.start
        while at < self.end:
            yield at
            at += timedelta(seconds=self.period)


def floor(at: datetime, period: int) -> datetime:
    """Start of the period that a time lies in."""
    return datetime.fromtimestamp(at.timestamp() // period * period, UTC)


@dataclass(frozen=True)
class Readings:
    """What CloudWatch gave.

    Attributes:
        values: by series and start of the period; a period without a datapoint is left out.
        incomplete: what CloudWatch said about series of which it did not give everything.
    """

    values: Mapping[Series, Mapping[datetime, float]]
    incomplete: Mapping[Series, str] = field(default_factory=dict)

    def of(self, series: Series) -> Mapping[datetime, float]:
        """One series; empty when it has no datapoint."""
        return self.values.get(series, {})

    def total(self, series: Series) -> float:
        """Sum over all periods."""
        return sum(self.of(series).values())

    def outage_of(self, series: Iterable[Series]) -> str | None:
        """A sentence about what is missing of some series, or None."""
        wanted = list(series)
        partly = {one: self.incomplete[one] for one in wanted if one in self.incomplete}
        if not partly:
            return None
        one, said = next(iter(partly.items()))
        return (
            f"CloudWatch gave {len(partly)} of {len(wanted)} series in part; {one.metric} {one.stat}: {said}"
        )


@dataclass(frozen=True)
class Reader:
    """Reads series.

    Args:
        cloudwatch: a client; its adaptive retries are the only ones.
    """

    cloudwatch: CloudWatchClient

    def read(self, series: Iterable[Series], window: Window) -> Readings:
        """Reads series over a window.

        Raises:
            MetricsOutageError: CloudWatch does not answer, or refuses to.
        """
        values: dict[Series, dict[datetime, float]] = {one: {} for one in series}
        said: dict[Series, str] = {}
        if window.start < window.end:
            for some in _batches(list(values)):
                self._call(some, window, values, said)
        incomplete = {one: status for one, status in said.items() if status != "Complete"}
        return Readings(values, incomplete)

    def _call(
        self,
        some: list[Series],
        window: Window,
        values: dict[Series, dict[datetime, float]],
        said: dict[Series, str],
    ) -> None:
        by_id = {f"q{number}": one for number, one in enumerate(some)}
        pages = self.cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[one.query(name, window.period) for name, one in by_id.items()],
            StartTime=window.start,
            EndTime=window.end,
            ScanBy="TimestampAscending",
        )
        try:
            for page in pages:
                for result in page["MetricDataResults"]:
                    one = by_id[result["Id"]]
                    times = (floor(at, window.period) for at in result["Timestamps"])
                    values[one].update(zip(times, result["Values"], strict=True))
                    said[one] = result.get("StatusCode", "Complete")
        except (BotoCoreError, ClientError) as error:
            raise MetricsOutageError(
                f"CloudWatch does not give metrics: {error}",
                hint="Check cloudwatch:GetMetricData for this role, and AWS's health page.",
            ) from error


def _batches(series: list[Series]) -> Iterator[list[Series]]:
    for start in range(0, len(series), QUERIES_A_CALL):
        yield series[start : start + QUERIES_A_CALL]
