"""CloudWatch's operations on metrics, as clients see them."""

from datetime import UTC, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.service import Caller

from .cloudwatch_world import ACCOUNT, FUNCTION, NOON, REGION, World, error_rate_queries, stat, traffic


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("localaws.cloudwatch.service.caller", lambda: Caller(ACCOUNT, REGION))
    return World()


@pytest.fixture(params=["smithy-rpc-v2-cbor", "json", "query"])
def client(request: pytest.FixtureRequest, world: World) -> Any:
    return world.client(request.param)


def test_metric_data_is_read_at_full_resolution(world: World, client: Any) -> None:
    datum = {"MetricName": "Invocations", "Dimensions": FUNCTION, "Unit": "Count"}
    client.put_metric_data(
        Namespace="AWS/Lambda",
        MetricData=[
            {**datum, "Timestamp": NOON, "Values": [1.0, 2.0], "Counts": [3.0, 1.0]},
            {**datum, "Timestamp": NOON + timedelta(seconds=1), "Value": 7.0},
        ],
    )
    answer = client.get_metric_data(
        MetricDataQueries=[{"Id": "calls", "MetricStat": stat("Invocations", 1)}],
        StartTime=NOON,
        EndTime=NOON + timedelta(seconds=10),
        ScanBy="TimestampAscending",
    )
    (result,) = answer["MetricDataResults"]
    assert result["Values"] == [5.0, 7.0]
    assert [at.astimezone(UTC) for at in result["Timestamps"]] == [NOON, NOON + timedelta(seconds=1)]
    assert result["StatusCode"] == "Complete"
    assert result["Label"] == "Invocations"


def test_the_start_is_aligned_down_to_the_period(world: World, client: Any) -> None:
    traffic(world, 20, 3)
    answer = client.get_metric_data(
        MetricDataQueries=error_rate_queries(),
        StartTime=NOON + timedelta(seconds=30),
        EndTime=NOON + timedelta(seconds=31),
    )
    (result,) = answer["MetricDataResults"]
    assert result["Values"] == [15.0]
    assert result["Timestamps"][0].astimezone(UTC) == NOON


def test_metric_data_is_paged(world: World) -> None:
    client = world.client()
    for _ in range(7):
        traffic(world, 10, 1)
        world.now += 1
    queries = [{**query, "ReturnData": True} for query in error_rate_queries(1)]
    pages = client.get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries, StartTime=NOON, EndTime=NOON + timedelta(minutes=1), MaxDatapoints=4
    )
    found: dict[str, list[float]] = {}
    for page in pages:
        assert sum(len(result["Values"]) for result in page["MetricDataResults"]) <= 4
        for result in page["MetricDataResults"]:
            found.setdefault(result["Id"], []).extend(result["Values"])
    assert found == {"rate": [10.0] * 7, "invocations": [10.0] * 7, "errors": [1.0] * 7}


def test_metric_statistics_have_the_unit_of_the_metric(world: World, client: Any) -> None:
    traffic(world, 4, 1)
    asked: dict[str, Any] = {
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Dimensions": FUNCTION,
        "StartTime": NOON,
        "EndTime": NOON + timedelta(minutes=1),
        "Period": 60,
    }
    (point,) = client.get_metric_statistics(**asked, Statistics=["Sum", "SampleCount"])["Datapoints"]
    assert (point["Sum"], point["SampleCount"], point["Unit"]) == (1.0, 4.0, "Count")
    (point,) = client.get_metric_statistics(**asked, ExtendedStatistics=["TC(0:)"])["Datapoints"]
    assert (point["ExtendedStatistics"], point["Unit"]) == ({"TC(0:)": 1.0}, "Count")
    with pytest.raises(ClientError, match="cannot both be in a request"):
        client.get_metric_statistics(**asked, Statistics=["Sum"], ExtendedStatistics=["TC(0:)"])


def test_metrics_are_listed_by_what_they_have(world: World, client: Any) -> None:
    traffic(world, 1, 0)
    found = client.list_metrics(Namespace="AWS/Lambda", Dimensions=[{"Name": "FunctionName"}])["Metrics"]
    assert [metric["MetricName"] for metric in found] == ["Errors", "Invocations"]
    assert found[0]["Dimensions"] == FUNCTION
    assert client.list_metrics(Dimensions=[{"Name": "FunctionName", "Value": "other"}])["Metrics"] == []


def test_errors_have_their_codes(client: Any) -> None:
    with pytest.raises(client.exceptions.ResourceNotFound, match="Alarm nowhere does not exist"):
        client.delete_alarms(AlarmNames=["nowhere"])
    with pytest.raises(ClientError, match=r"UnknownOperation.*ListMetricStreams"):
        client.list_metric_streams()
    with pytest.raises(ClientError, match=r"ValidationError.*no query with the id m"):
        client.get_metric_data(
            MetricDataQueries=[{"Id": "e", "Expression": "RATE(m)"}],
            StartTime=NOON,
            EndTime=NOON + timedelta(minutes=1),
        )
