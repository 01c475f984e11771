"""CloudWatch's operations on alarms, as clients see them, and what evaluation makes of traffic."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.service import Caller

from .cloudwatch_world import (
    ACCOUNT,
    FUNCTION,
    REGION,
    World,
    error_rate_alarm,
    error_rate_queries,
    state,
    traffic,
)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("localaws.cloudwatch.service.caller", lambda: Caller(ACCOUNT, REGION))
    return World()


@pytest.fixture(params=["smithy-rpc-v2-cbor", "json", "query"])
def client(request: pytest.FixtureRequest, world: World) -> Any:
    return world.client(request.param)


def test_an_alarm_is_described_as_it_was_put(world: World, client: Any) -> None:
    put = error_rate_alarm()
    client.put_metric_alarm(**put, Tags=[{"Key": "project", "Value": "x"}])
    (alarm,) = client.describe_alarms(AlarmNames=["error-rate"])["MetricAlarms"]
    assert {name: alarm[name] for name in put} == put
    assert alarm["StateValue"] == "INSUFFICIENT_DATA"
    tags = client.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
    assert tags == [{"Key": "project", "Value": "x"}]


def test_an_alarm_on_one_metric_is_described_as_it_was_put(client: Any) -> None:
    put = {
        "AlarmName": "latency",
        "Namespace": "AWS/Lambda",
        "MetricName": "Duration",
        "Dimensions": FUNCTION,
        "ExtendedStatistic": "p99",
        "Period": 60,
        "Unit": "Milliseconds",
        "EvaluationPeriods": 3,
        "Threshold": 800.5,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "missing",
        "EvaluateLowSampleCountPercentile": "ignore",
    }
    client.put_metric_alarm(**put)
    (alarm,) = client.describe_alarms()["MetricAlarms"]
    assert {name: alarm[name] for name in put} == put
    assert "Metrics" not in alarm or alarm["Metrics"] == []


def test_the_error_rate_alarm_goes_off_and_recovers(world: World) -> None:
    client = world.client()
    client.put_metric_alarm(**error_rate_alarm(EvaluationPeriods=1))
    world.evaluate()
    assert state(client)[0] == "OK"
    traffic(world, 9, 9)
    world.evaluate(after=7)
    assert state(client)[0] == "OK"
    traffic(world, 20, 2)
    world.evaluate(after=6)
    value, reason = state(client)
    assert value == "ALARM"
    assert reason.startswith(
        "Threshold Crossed: 1 out of the last 1 datapoints [10.0 (01/03/26 12:00:06)] was"
    )
    world.evaluate(after=6)
    assert state(client)[0] == "ALARM", "the newest data point still counts"
    world.evaluate(after=12)
    assert state(client)[0] == "OK"
    assert world.begun == [
        ("error-rate", "INSUFFICIENT_DATA", "OK"),
        ("error-rate", "OK", "ALARM"),
        ("error-rate", "ALARM", "OK"),
    ]
    history = client.describe_alarm_history(AlarmName="error-rate", HistoryItemType="StateUpdate")
    assert [item["HistorySummary"] for item in history["AlarmHistoryItems"]] == [
        "Alarm updated from ALARM to OK",
        "Alarm updated from OK to ALARM",
        "Alarm updated from INSUFFICIENT_DATA to OK",
    ]


def test_a_period_that_still_runs_is_not_judged(world: World) -> None:
    client = world.client()
    client.put_metric_alarm(**error_rate_alarm(EvaluationPeriods=1))
    traffic(world, 20, 20)
    world.evaluate(after=5.9)
    assert state(client)[0] == "OK"


def test_a_state_set_by_hand_holds_for_a_whole_period(world: World) -> None:
    client = world.client()
    client.put_metric_alarm(**error_rate_alarm())
    world.evaluate(after=2)
    client.set_alarm_state(AlarmName="error-rate", StateValue="ALARM", StateReason="drill")
    world.evaluate(after=6)
    assert state(client) == ("ALARM", "drill")
    world.evaluate(after=6)
    assert state(client)[0] == "OK"


def test_an_update_keeps_state_and_tags(world: World) -> None:
    client = world.client()
    client.put_metric_alarm(**error_rate_alarm(), Tags=[{"Key": "a", "Value": "1"}])
    world.evaluate()
    client.put_metric_alarm(**error_rate_alarm(Threshold=7.0))
    (alarm,) = client.describe_alarms(AlarmNamePrefix="error")["MetricAlarms"]
    assert (alarm["StateValue"], alarm["Threshold"]) == ("OK", 7.0)
    client.tag_resource(ResourceARN=alarm["AlarmArn"], Tags=[{"Key": "b", "Value": "2"}])
    client.untag_resource(ResourceARN=alarm["AlarmArn"], TagKeys=["a"])
    assert client.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"] == [
        {"Key": "b", "Value": "2"}
    ]


def test_a_composite_alarm_follows_its_rule(world: World, client: Any) -> None:
    client.put_metric_alarm(**error_rate_alarm())
    client.put_composite_alarm(AlarmName="any", AlarmRule='ALARM("error-rate") OR FALSE')
    world.evaluate()
    assert state(client, "any")[0] == "OK"
    client.set_alarm_state(AlarmName="error-rate", StateValue="ALARM", StateReason="drill")
    world.evaluate()
    assert state(client, "any")[0] == "ALARM"
    assert [alarm["AlarmName"] for alarm in client.describe_alarms()["MetricAlarms"]] == ["error-rate"]


def test_everything_survives_a_restart(world: World) -> None:
    client = world.client()
    client.put_metric_alarm(**error_rate_alarm(), Tags=[{"Key": "a", "Value": "1"}])
    traffic(world, 20, 20)
    world.evaluate(after=7)
    before = client.describe_alarms()["MetricAlarms"]
    world.restart()
    assert client.describe_alarms()["MetricAlarms"] == before
    assert client.list_tags_for_resource(ResourceARN=before[0]["AlarmArn"])["Tags"]
    assert len(client.list_metrics()["Metrics"]) == 2
    world.evaluate()
    assert state(client)[0] == "ALARM"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"Metrics": error_rate_queries()[:2]}, "no query with the id errors"),
        ({"Metrics": error_rate_queries()[1:]}, "ReturnData"),
        ({"Metrics": error_rate_queries(45)}, "multiple of 60"),
        ({"DatapointsToAlarm": 3}, "DatapointsToAlarm"),
        ({"TreatMissingData": "Missing"}, "TreatMissingData"),
        ({"ThresholdMetricId": "rate"}, "ThresholdMetricId"),
        ({"Metrics": [{"Id": "a", "Expression": "b + 1"}, {"Id": "b", "Expression": "a + 1"}]}, "circle"),
    ],
)
def test_an_alarm_that_cannot_work_is_refused(world: World, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ClientError, match=f"ValidationError.*{named}"):
        world.client().put_metric_alarm(**error_rate_alarm(**changes))
