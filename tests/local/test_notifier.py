"""From a topic, a bus and a release to a webhook: nothing is lost while the webhook is out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from tests.local.release_world import ACCOUNT, REGION, ReleaseWorld
from tests.local.webhook import Webhook, webhook

pytestmark = [pytest.mark.local, pytest.mark.terraform, pytest.mark.timeout(300)]

PATIENCE = 60.0


@dataclass
class World:
    """An environment with the notifier alone, released.

    Args:
        release: its repository and embedded AWS.
        hook: where it writes to.
    """

    release: ReleaseWorld
    hook: Webhook

    def client(self, name: str) -> Any:
        return self.release.client(name)

    def publish(self, text: str, severity: str = "warning") -> str:
        """Publishes on a topic; the id that the message is delivered with."""
        topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:lockgate-local-{severity}"
        found = self.client("sns").publish(TopicArn=topic, Message=text, Subject=text)
        return str(found["MessageId"])

    def waiting(self, queue: str) -> int:
        """Messages in a queue, being received or not."""
        queues = self.client("sqs")
        url = queues.get_queue_url(QueueName=f"lockgate-local-{queue}")["QueueUrl"]
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = queues.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    def logged(self, words: str) -> list[dict[str, Any]]:
        """Lines of the notifier's log with these words."""
        events = self.client("logs").filter_log_events(logGroupName="/aws/lambda/lockgate-local-notifier")[
            "events"
        ]
        lines = (line for event in events for line in event["message"].splitlines())
        return [json.loads(line) for line in lines if words in line and line.startswith("{")]


def until(done: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, f"not so after {PATIENCE:.0f} s: {what}"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    root = tmp_path_factory.mktemp("notifier")
    release = ReleaseWorld.make(root, {}, services=("notifier",))
    path = root / "platform.yaml"
    platform = yaml.safe_load(path.read_text())
    platform["environments"]["local"]["notifications"] = {
        "webhook": "json",
        "email": {"critical": ["ops@example.com"]},
    }
    path.write_text(yaml.safe_dump(platform, sort_keys=False))
    with webhook() as hook:
        try:
            release.run("deploy")
            world = World(release, hook)
            _forget_the_first_release(world)
            unheard = world.publish("nobody has said where to")
            until(lambda: world.logged(unheard), "it is dropped")
            assert [line["message"] for line in world.logged(unheard)] == [
                "dropped: there is no address in the secret"
            ]
            release.client("secretsmanager").put_secret_value(
                SecretId="lockgate-local/notifier", SecretString=json.dumps({"url": hook.url})
            )
            yield world
        finally:
            release.lockgate("local", "down").ended()


def _forget_the_first_release(world: World) -> None:
    """Nobody could deliver what was said before there was a notifier: it waits in the queue, for minutes."""
    assert world.waiting("notifier") > 0
    queues = world.client("sqs")
    queues.purge_queue(QueueUrl=queues.get_queue_url(QueueName="lockgate-local-notifier")["QueueUrl"])


@pytest.fixture(autouse=True)
def well(world: World) -> Iterator[None]:
    yield
    world.hook.mood = "well"


def test_a_message_of_each_topic_is_delivered_with_its_severity(world: World) -> None:
    ids = {
        world.publish(f"about {severity}", severity): severity for severity in ("info", "warning", "critical")
    }
    until(lambda: ids.keys() <= set(world.hook.ids()), "all three are delivered")
    found = {body["id"]: body["severity"] for body in world.hook.taken if body["id"] in ids}
    assert found == ids


def test_a_release_event_comes_over_the_bus_once(world: World) -> None:
    detail = {
        "schema": 1,
        "id": "r-1/shop/rolled_back",
        "kind": "rolled_back",
        "severity": "warning",
        "text": 'shop: "rolled" <back>',
        "environment": "local",
        "at": "2026-01-01T00:00:00Z",
        "by": "somebody",
    }
    entry = {
        "EventBusName": "lockgate-local",
        "Source": "lockgate",
        "DetailType": "Lockgate Release Event",
        "Detail": json.dumps(detail),
    }
    for _ in range(3):
        assert world.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0
    marker = world.publish("after them")
    until(lambda: marker in world.hook.ids() and world.waiting("notifier") == 0, "the queue is empty")
    (found,) = [body for body in world.hook.taken if body["id"] == "release/r-1/shop/rolled_back"]
    assert (found["severity"], found["title"]) == ("warning", detail["text"])


@pytest.mark.parametrize("mood", ["failing", "busy", "hanging"])
def test_nothing_is_lost_while_the_webhook_is_out(world: World, mood: Any) -> None:
    world.hook.mood, before = mood, world.hook.tries
    ids = {world.publish(f"{mood} {number}") for number in range(4)}
    until(lambda: world.hook.tries >= before + 4, "each was tried")
    assert not ids & set(world.hook.ids())
    world.hook.mood = "well"
    until(lambda: ids <= set(world.hook.ids()), "all are delivered")
    until(lambda: world.waiting("notifier") == 0, "the queue is empty")
    assert world.waiting("notifier-dead-letters") == 0


def test_what_never_succeeds_ends_in_the_dead_letter_queue(world: World) -> None:
    world.hook.mood = "refusing"
    refused = world.publish("refused")
    until(lambda: world.waiting("notifier-dead-letters") == 1, "it was put aside at once")
    (line,) = [line for line in world.logged("put aside") if line["key"] == refused]
    assert line["why"].startswith("127.0.0.1 answers 404")
    world.hook.mood, before = "failing", world.hook.tries
    world.publish("tried too often")
    until(lambda: world.waiting("notifier-dead-letters") == 2, "it was put aside in the end")
    assert world.hook.tries == before + 4
    assert world.waiting("notifier") == 0


def test_a_release_tells_what_it_does(world: World) -> None:
    app = world.release.root / "lambdas/notifier/src/app.py"
    app.write_text(app.read_text() + "# changed\n")
    world.release.run("deploy")
    release_id = world.release.last()["release_id"]
    kinds = [f"release/{release_id}/{kind}" for kind in ("notifier/started", "notifier/promoted", "ended")]
    until(lambda: set(kinds) <= set(world.hook.ids()), "each step is delivered")
    assert [world.hook.ids().count(kind) for kind in kinds] == [1, 1, 1]
    until(lambda: any(key.endswith("/SUCCESS") for key in world.hook.ids()), "CodeDeploy's end is delivered")
    until(lambda: world.waiting("notifier") == 0, "the queue is empty")
    deployments = [key.rpartition("/")[2] for key in world.hook.ids() if key.startswith("deployment/")]
    assert sorted(deployments) == ["START", "SUCCESS"], "the trigger and the event are one message"
    assert sorted(world.release.last()["told"]) == sorted(kind.removeprefix("release/") for kind in kinds)


def test_none_of_that_was_an_error_of_the_function(world: World) -> None:
    now = datetime.now(UTC)
    answer = world.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": "lockgate-local-notifier"}],
        StartTime=now - timedelta(minutes=30),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum", "SampleCount"],
    )
    points = answer["Datapoints"]
    assert sum(point["SampleCount"] for point in points) > 10
    assert sum(point["Sum"] for point in points) == 0


def test_email_waits_for_whom_the_platform_names(world: World) -> None:
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:lockgate-local-critical"
    found = world.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert sorted(one["Protocol"] for one in found) == ["email", "sqs"]
    assert "ops@example.com" in {one["Endpoint"] for one in found}
