"""Searches and dashboards: what is found, and what would show nothing is refused."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.cloudwatch.dashboards import problems
from localaws.service import Caller

from .cloudwatch_world import ACCOUNT, NOON, REGION, World, error_rate_alarm

BY_VERSION = (
    'SEARCH(\'{AWS/Lambda,ExecutedVersion,FunctionName,Resource} MetricName="Invocations" '
    'FunctionName="hello" Resource="hello:live"\', \'Sum\')'
)
LABEL = "version ${PROP('Dim.ExecutedVersion')}"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("localaws.cloudwatch.service.caller", lambda: Caller(ACCOUNT, REGION))
    return World()


def put(client: Any, value: float, **dimensions: str) -> None:
    """One invocation count, with these dimensions."""
    named = [{"Name": name, "Value": text} for name, text in dimensions.items()]
    datum = {"MetricName": "Invocations", "Timestamp": NOON, "Value": value, "Dimensions": named}
    client.put_metric_data(Namespace="AWS/Lambda", MetricData=[datum])


def results(client: Any, *queries: dict[str, Any]) -> list[dict[str, Any]]:
    """What GetMetricData answers about the minute."""
    answer = client.get_metric_data(
        MetricDataQueries=list(queries), StartTime=NOON, EndTime=NOON + timedelta(minutes=1)
    )
    found: list[dict[str, Any]] = answer["MetricDataResults"]
    return found


def test_a_search_finds_each_version_and_names_it(world: World) -> None:
    client = world.client()
    put(client, 90, FunctionName="hello", Resource="hello:live", ExecutedVersion="1")
    put(client, 10, FunctionName="hello", Resource="hello:live", ExecutedVersion="2")
    put(client, 100, FunctionName="hello", Resource="hello:live")
    put(client, 7, FunctionName="hello-2", Resource="hello-2:live", ExecutedVersion="1")
    found = results(client, {"Id": "traffic", "Expression": BY_VERSION, "Period": 60, "Label": LABEL})
    assert {one["Label"]: one["Values"] for one in found} == {"version 1": [90.0], "version 2": [10.0]}


def test_a_search_is_part_of_an_expression(world: World) -> None:
    client = world.client()
    put(client, 90, FunctionName="hello", Resource="hello:live", ExecutedVersion="1")
    put(client, 10, FunctionName="hello", Resource="hello:live", ExecutedVersion="2")
    shares = f"100 * {BY_VERSION} / SUM({BY_VERSION})"
    found = results(client, {"Id": "shares", "Expression": shares, "Period": 60, "Label": LABEL})
    assert {one["Label"]: one["Values"] for one in found} == {"version 1": [90.0], "version 2": [10.0]}


def test_an_alarm_takes_no_search(world: World) -> None:
    alarm = error_rate_alarm()
    queries = [{"Id": "all", "Expression": f"SUM({BY_VERSION})", "ReturnData": True, "Period": 60}]
    with pytest.raises(ClientError, match="SEARCH is not supported on Metric Alarms"):
        world.client().put_metric_alarm(**{**alarm, "Metrics": queries})


def graph(*metrics: Any, **properties: Any) -> dict[str, Any]:
    """A widget that shows metrics."""
    return {"type": "metric", "properties": {"region": REGION, "metrics": list(metrics), **properties}}


CALLS = ["AWS/Lambda", "Invocations", "FunctionName", "hello"]


@pytest.mark.parametrize(
    "widget",
    [
        graph([*CALLS, {"id": "calls", "stat": "Sum", "period": 60}], [{"expression": "FILL(calls, 0)"}]),
        graph([{"expression": BY_VERSION, "label": LABEL, "color": "#1f77b4", "yAxis": "right"}]),
        {"type": "log", "properties": {"region": REGION, "query": "SOURCE '/a' | SOURCE '/b' | limit 5"}},
        {"type": "alarm", "properties": {"alarms": [f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:a"]}},
        {"type": "text", "x": 12, "width": 12, "properties": {"markdown": "# Hello"}},
    ],
)
def test_what_can_be_shown_is_taken(widget: dict[str, Any]) -> None:
    assert problems(json.dumps({"widgets": [widget]})) == []


@pytest.mark.parametrize(
    ("widget", "path", "named"),
    [
        ({"type": "metric", "properties": {"metrics": [CALLS]}}, "region", "region"),
        (graph("AWS/Lambda"), "metrics", "array of arrays"),
        (graph(*[CALLS] * 501), "metrics", "more than 500"),
        (graph(CALLS[:3]), "metrics/0", "each dimension with its value"),
        (graph([*CALLS, {"id": "Calls"}]), "metrics/0/id", "lower-case"),
        (graph([*CALLS, {"id": "a"}], [*CALLS, {"id": "a"}]), "metrics", "the id a once"),
        (graph([{"expression": "errors / 2"}]), "metrics/0/expression", "no metric with the id errors"),
        (graph([{"expression": "SUM("}]), "metrics/0/expression", "not expected"),
        (graph([*CALLS, {"expression": "1 + 1"}]), "metrics/0", "alone"),
        (graph([*CALLS, {"stat": "Median"}]), "metrics/0/stat", "Median"),
        (graph([*CALLS, {"period": 45}]), "metrics/0/period", "multiple of 60"),
        (graph([*CALLS, {"color": "red"}]), "metrics/0/color", "colour"),
        (graph([*CALLS, {"yAxis": "top"}]), "metrics/0/yAxis", "left or right"),
        (graph(CALLS, view="line"), "view", "timeSeries"),
        ({"type": "log", "properties": {"region": REGION, "query": "limit 5"}}, "query", "SOURCE"),
        ({"type": "alarm", "properties": {"alarms": ["error-rate"]}}, "alarms", "ARNs"),
        ({"type": "text", "properties": {}}, "markdown", "string"),
    ],
)
def test_what_would_show_nothing_is_refused(widget: dict[str, Any], path: str, named: str) -> None:
    ((found, message),) = problems(json.dumps({"widgets": [widget]}))
    assert found == f"/widgets/0/properties/{path}"
    assert named in message


def test_a_widget_ends_within_the_columns() -> None:
    widget = {"type": "text", "x": 18, "width": 12, "properties": {"markdown": ""}}
    assert problems(json.dumps({"widgets": [widget]})) == [
        ("/widgets/0/width", "Should end within 24 columns")
    ]
