"""What a dashboard shows: each of its graphs evaluated by GetMetricData, as the console does."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.local.release_world import ReleaseWorld

SPAN = timedelta(minutes=15)

NOT_MEASURED = frozenset(
    {"ActiveConnectionCount", "CPUUtilization", "ConcurrentExecutions", "MemoryUtilization"}
    | {"RejectedConnectionCount"}
)
"""Metrics of AWS that the embedded one does not have."""


def body(world: ReleaseWorld, name: str) -> dict[str, Any]:
    """The body of a dashboard."""
    found: dict[str, Any] = json.loads(
        world.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"]
    )
    return found


def shown(world: ReleaseWorld, dashboard: dict[str, Any]) -> dict[str, dict[str, list[float]]]:
    """By title of a graph and label of a line: its values in the last minutes, the oldest first."""
    return {
        widget["properties"]["title"]: _lines(world, widget["properties"])
        for widget in dashboard["widgets"]
        if widget["type"] == "metric"
    }


def _lines(world: ReleaseWorld, properties: dict[str, Any]) -> dict[str, list[float]]:
    queries = [
        _query(number, metric, properties)
        for number, metric in enumerate(properties["metrics"])
        if not NOT_MEASURED.intersection(metric[:-1])
    ]
    if not queries:
        return {}
    now = datetime.now(UTC)
    answer = world.client("cloudwatch").get_metric_data(
        MetricDataQueries=queries,
        StartTime=now - SPAN,
        EndTime=now + timedelta(minutes=1),
        ScanBy="TimestampAscending",
    )
    return {one["Label"]: one["Values"] for one in answer["MetricDataResults"]}


def _query(number: int, metric: list[Any], properties: dict[str, Any]) -> dict[str, Any]:
    *words, options = metric
    period = options.get("period", properties["period"])
    query = {
        "Id": options.get("id", f"unnamed_{number}"),
        "Label": options.get("label", "hidden"),
        "ReturnData": options.get("visible", True),
    }
    if "expression" in options:
        return query | {"Expression": options["expression"], "Period": period}
    namespace, name, *dimensions = words
    named = [
        {"Name": key, "Value": value} for key, value in zip(dimensions[::2], dimensions[1::2], strict=True)
    ]
    wanted = {"Namespace": namespace, "MetricName": name, "Dimensions": named}
    return query | {"MetricStat": {"Metric": wanted, "Period": period, "Stat": options["stat"]}}


def named_that_do_not_exist(world: ReleaseWorld, dashboard: dict[str, Any]) -> list[str]:
    """Alarms and log groups that a dashboard names and nobody has made."""
    properties = [widget["properties"] for widget in dashboard["widgets"]]
    alarms = {arn for one in properties for arn in one.get("alarms", ())}
    groups = {name for one in properties for name in re.findall(r"SOURCE '([^']+)'", one.get("query", ""))}
    assert alarms
    assert groups
    known = world.client("cloudwatch").describe_alarms()["MetricAlarms"]
    made = world.client("logs").describe_log_groups()["logGroups"]
    return sorted(
        alarms - {alarm["AlarmArn"] for alarm in known} | groups - {group["logGroupName"] for group in made}
    )
