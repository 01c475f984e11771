"""GetMetricData over datapoints that a test gives, in pages, with status codes of its choice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

Answer = Callable[[str, dict[str, str], str, datetime], float | None]
"""Value of a metric with dimensions and a statistic in the period that begins then; None: no datapoint."""


@dataclass
class FakeCloudWatch:
    """Answers from a function.

    Args:
        answer: gives the datapoints.
        status: the last status code, by metric name and statistic.
        page: datapoints of a series in a page.
        down: whether every call fails.
    """

    answer: Answer
    status: Callable[[str, str], str] = lambda *_: "Complete"
    page: int = 500
    down: bool = False
    calls: list[dict[str, Any]] = field(default_factory=list)

    def get_paginator(self, operation: str) -> FakeCloudWatch:
        assert operation == "get_metric_data"
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        self.calls.append(request)
        if self.down:
            error: Any = {"Error": {"Code": "InternalServiceFault", "Message": "down"}}
            raise ClientError(error, "GetMetricData")
        results = [self._series(query, request) for query in request["MetricDataQueries"]]
        longest = max(len(values) for _, _, values in results)
        for start in range(0, max(longest, 1), self.page):
            last = start + self.page >= longest
            yield {
                "MetricDataResults": [
                    {
                        "Id": query["Id"],
                        "Timestamps": times[start : start + self.page],
                        "Values": values[start : start + self.page],
                        "StatusCode": self._status(query) if last else "PartialData",
                    }
                    for query, times, values in results
                ]
            }

    def _status(self, query: Any) -> str:
        stat = query["MetricStat"]
        return self.status(stat["Metric"]["MetricName"], stat["Stat"])

    def _series(self, query: Any, request: Any) -> tuple[Any, list[datetime], list[float]]:
        stat = query["MetricStat"]
        metric = stat["Metric"]
        dimensions = {d["Name"]: d["Value"] for d in metric["Dimensions"]}
        times, values = [], []
        at = request["StartTime"]
        while at < request["EndTime"]:
            value = self.answer(metric["MetricName"], dimensions, stat["Stat"], at)
            if value is not None:
                times.append(at)
                values.append(value)
            at += timedelta(seconds=stat["Period"])
        return query, times, values
