"""What an alarm sends when its state changes."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from localaws.cloudwatch.alarms.actions import Actions
from localaws.cloudwatch.alarms.model import Alarm, State, alarm_arn, unchecked

from .cloudwatch_world import ACCOUNT, NOON, REGION, error_rate_alarm

TOPIC = "arn:aws:sns:eu-west-1:111111111111:releases"
FUNCTION_ARN = "arn:aws:lambda:eu-west-1:111111111111:function:on-alarm:live"
OTHER = "arn:aws:automate:eu-west-1:ec2:stop"


class Publisher:
    """A client of SNS and Lambda that remembers what it sent."""

    def __init__(self) -> None:
        self.published: list[dict[str, Any]] = []
        self.invoked: list[dict[str, Any]] = []

    def invoke(self, **call: Any) -> None:
        self.invoked.append(call)

    def publish(self, **message: Any) -> None:
        self.published.append(message)


def an_alarm(**changes: Any) -> Alarm:
    now = NOON.timestamp()
    state = State("ALARM", "Threshold Crossed", "", now)
    return Alarm(ACCOUNT, REGION, "error-rate", error_rate_alarm(**changes), now, state, now)


def act(
    alarm: Alarm, monkeypatch: pytest.MonkeyPatch
) -> tuple[Publisher, list[str], list[Mapping[str, Any]]]:
    """Runs the actions; gives what was published, the errors that were reported, and the events."""
    publisher, errors, events = Publisher(), list[str](), list[Mapping[str, Any]]()
    monkeypatch.setattr(Actions, "_client", lambda *_: publisher)

    async def run() -> None:
        actions = Actions("http://127.0.0.1:1", lambda *about: errors.append(about[2] or "none"))
        actions.emit = lambda *about: events.append(about[2])
        actions.begin(alarm, unchecked(0.0))
        await asyncio.gather(*actions._running)

    asyncio.run(run())
    return publisher, errors, events


def test_an_alarm_publishes_its_change_to_the_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    publisher, errors, _ = act(an_alarm(), monkeypatch)
    (published,) = publisher.published
    assert published["TopicArn"] == TOPIC
    assert published["Subject"] == 'ALARM: "error-rate" in eu-west-1'
    message = json.loads(published["Message"])
    assert (message["OldStateValue"], message["NewStateValue"]) == ("INSUFFICIENT_DATA", "ALARM")
    assert message["Trigger"]["Metrics"][0]["Id"] == "rate"
    assert message["AlarmArn"] == alarm_arn(ACCOUNT, REGION, "error-rate")
    assert errors == ["none"]


def test_an_alarm_with_disabled_actions_publishes_an_event_only(monkeypatch: pytest.MonkeyPatch) -> None:
    publisher, errors, events = act(an_alarm(ActionsEnabled=False), monkeypatch)
    assert publisher.published == []
    assert errors == []
    (event,) = events
    detail = json.loads(event["Detail"])
    assert event["Source"] == "aws.cloudwatch"
    assert detail["state"]["value"] == "ALARM"
    assert detail["configuration"]["metrics"][1]["metricStat"]["metric"]["dimensions"] == {
        "FunctionName": "hello"
    }


def test_an_action_that_is_no_topic_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    publisher, errors, _ = act(an_alarm(AlarmActions=[OTHER, TOPIC]), monkeypatch)
    assert len(publisher.published) == 1
    assert errors == ["actions of automate are not run by the local CloudWatch, SNS and Lambda are", "none"]


def test_a_function_is_invoked_by_its_alias(monkeypatch: pytest.MonkeyPatch) -> None:
    publisher, errors, _ = act(an_alarm(AlarmActions=[FUNCTION_ARN]), monkeypatch)
    (invoked,) = publisher.invoked
    assert (invoked["FunctionName"], invoked["InvocationType"]) == (FUNCTION_ARN, "Event")
    payload = json.loads(invoked["Payload"])
    assert payload["source"] == "aws.cloudwatch"
    assert payload["alarmData"]["alarmName"] == "error-rate"
    assert payload["alarmData"]["state"]["value"] == "ALARM"
    assert payload["alarmData"]["previousState"]["value"] == "INSUFFICIENT_DATA"
    assert errors == ["none"]


@pytest.mark.parametrize(
    ("region", "partition"), [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_an_arn_has_the_partition_of_its_region(region: str, partition: str) -> None:
    assert alarm_arn("1", region, "a").split(":")[1] == partition
