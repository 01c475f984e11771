"""Putting events on the bus, and the topic where there is none."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from lockgate.contract import PlatformContract
from lockgate.notify import announce, notifier_for
from lockgate.notify.events import ReleaseEvent
from lockgate.notify.notifier import PAUSE_SECONDS, EventBridge, Nobody
from lockgate.notify.telling import ended_id, refused
from lockgate.release.model import Release, Status
from tests.unit.release.world import Clock, a_release

OLDER = {
    "schema": 1,
    "environment": "dev",
    "account_id": "222222222222",
    "region": "eu-west-1",
    "partition": "aws",
    "ledger_table": "ledger",
    "artifact_bucket": "bucket",
    "release_topic_arn": "arn:aws:sns:eu-west-1:222222222222:lockgate-dev-releases",
}
TOPICS = {name: f"arn:aws:sns:eu-west-1:222222222222:lockgate-dev-{name}" for name in ("info", "warning")}


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Bus:
    """EventBridge's client, each answer checked against the service model."""

    def __init__(self) -> None:
        self.client = boto3.Session("a", "b", region_name="eu-west-1").client("events")
        self.stub = Stubber(self.client)
        self.stub.activate()
        self.clock = Seconds()
        self.notifier = EventBridge(self.client, "lockgate-dev", self.clock)

    def takes(self, *answers: dict[str, Any]) -> None:
        failed = sum("ErrorCode" in answer for answer in answers)
        self.stub.add_response(
            "put_events", {"FailedEntryCount": failed, "Entries": list(answers)}, {"Entries": ANY}
        )


@pytest.fixture
def bus() -> Bus:
    return Bus()


def events(count: int = 1) -> list[ReleaseEvent]:
    return [refused("dev", "alice", f"reason {number}", Clock()()) for number in range(count)]


def test_an_entry_says_source_type_and_detail(bus: Bus) -> None:
    (event,) = events()
    seen: list[Any] = []
    bus.client.meta.events.register(
        "provide-client-params.events.PutEvents", lambda params, **_: seen.append(params)
    )
    bus.takes({"EventId": "1"})
    assert bus.notifier.tell([event]) == [event.id]
    (entry,) = seen[0]["Entries"]
    assert (entry["EventBusName"], entry["Source"]) == ("lockgate-dev", "lockgate")
    assert json.loads(entry["Detail"])["id"] == event.id
    assert entry["Time"] == event.at


def test_what_was_told_is_not_put_again(bus: Bus) -> None:
    bus.takes({"EventId": "1"})
    for _ in range(3):
        assert bus.notifier.tell(events()) == [events()[0].id]
    bus.stub.assert_no_pending_responses()


def test_more_than_ten_go_in_several_calls(bus: Bus) -> None:
    bus.takes(*[{"EventId": str(number)} for number in range(10)])
    bus.takes({"EventId": "10"})
    assert len(bus.notifier.tell(events(11))) == 11
    bus.stub.assert_no_pending_responses()


def test_a_refused_entry_is_tried_again_later_and_alone(bus: Bus, caplog: pytest.LogCaptureFixture) -> None:
    first, second = events(2)
    bus.takes({"EventId": "1"}, {"ErrorCode": "InternalFailure", "ErrorMessage": "try again"})
    assert bus.notifier.tell([first, second]) == [first.id]
    assert "did not take release events: try again; the release goes on" in caplog.text
    bus.takes({"EventId": "2"})
    bus.clock.now = PAUSE_SECONDS
    assert bus.notifier.tell([first, second]) == [first.id, second.id]


def test_a_bus_that_is_out_is_left_alone_for_a_while(bus: Bus, caplog: pytest.LogCaptureFixture) -> None:
    bus.stub.add_client_error("put_events", "InternalException", "out", http_status_code=500)
    for second in (0.0, 1.0, PAUSE_SECONDS - 1):
        bus.clock.now = second
        assert not bus.notifier.tell(events())
    assert len(caplog.records) == 1
    bus.takes({"EventId": "1"})
    bus.clock.now = PAUSE_SECONDS
    assert bus.notifier.tell(events())


class Topics:
    """SNS's client, as far as it is used."""

    def __init__(self) -> None:
        self.published: list[dict[str, str]] = []

    def publish(self, **message: str) -> None:
        self.published.append(message)


def published(contract: dict[str, Any], release: Release) -> list[dict[str, str]]:
    topics = Topics()
    announce(SimpleNamespace(sns=topics), PlatformContract.model_validate(contract), release)  # type: ignore[arg-type]
    return topics.published


def over(status: Status = Status.ROLLED_BACK) -> Release:
    return a_release(Clock()()).but(status=status, reason="because")


def test_an_environment_from_before_has_its_topic_alone() -> None:
    contract = PlatformContract.model_validate(OLDER)
    assert isinstance(notifier_for(SimpleNamespace(events=None), contract), Nobody)  # type: ignore[arg-type]
    (message,) = published(OLDER, over())
    assert message["TopicArn"] == OLDER["release_topic_arn"]
    assert "because" in message["Message"]


def test_with_a_bus_the_topic_is_told_only_what_the_bus_was_not() -> None:
    contract = {**OLDER, "release_topic_arn": None, "topics": TOPICS, "event_bus": "lockgate-dev"}
    made = notifier_for(SimpleNamespace(events=None), PlatformContract.model_validate(contract))  # type: ignore[arg-type]
    assert isinstance(made, EventBridge)
    release = over()
    assert [message["TopicArn"] for message in published(contract, release)] == [TOPICS["warning"]]
    assert published(contract, release.but(told=(ended_id(release),))) == []


def test_without_a_topic_of_that_severity_nothing_is_published() -> None:
    assert published({**OLDER, "release_topic_arn": None, "topics": TOPICS}, over(Status.FAILED)) == []
