"""Requests and errors of each version behind an alias.

Lambda's metrics carry `Resource=<function>:<alias>` and `ExecutedVersion`, so both sides of a canary are
measured at the same time (Lambda developer guide, "Types of metrics for Lambda functions").
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lockgate.release.model import Tally

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient

_METRICS = ("Invocations", "Errors")


@dataclass(frozen=True)
class AliasTraffic:
    """Where the traffic of an alias is measured.

    Args:
        cloudwatch: a client.
        function: name of the function.
        alias: name of the alias.
        period: seconds of a datapoint: 60 on AWS, shorter where a minute is shorter.
    """

    cloudwatch: CloudWatchClient
    function: str
    alias: str
    period: int

    def tallies(self, versions: Iterable[str], start: datetime, end: datetime) -> dict[str, Tally]:
        """Requests and errors by version between two times; a version without datapoints has none."""
        wanted = list(dict.fromkeys(versions))
        if not wanted:
            return {}
        queries: list[Any] = [
            self._query(position, version, metric)
            for position, version in enumerate(wanted)
            for metric in _METRICS
        ]
        sums = dict.fromkeys((query["Id"] for query in queries), 0.0)
        pages = self.cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=start, EndTime=end
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                sums[result["Id"]] += sum(result["Values"])
        return {
            version: Tally(
                requests=round(sums[_id(position, "Invocations")]),
                errors=round(sums[_id(position, "Errors")]),
            )
            for position, version in enumerate(wanted)
        }

    def _query(self, position: int, version: str, metric: str) -> Any:
        dimensions = {
            "FunctionName": self.function,
            "Resource": f"{self.function}:{self.alias}",
            "ExecutedVersion": version,
        }
        return {
            "Id": _id(position, metric),
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/Lambda",
                    "MetricName": metric,
                    "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
                },
                "Period": self.period,
                "Stat": "Sum",
            },
        }


def _id(position: int, metric: str) -> str:
    return f"v{position}_{metric.lower()}"
