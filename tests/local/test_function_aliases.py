"""Alias weights on the ways into a function, and the metrics that follow: with real clients and functions."""

from __future__ import annotations

import json
import urllib.request
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.codedeploy_world import HANDLER, REGION, World, archive, until

pytestmark = [pytest.mark.local, pytest.mark.timeout(300)]

CALLS = 60
RAISING = "def handler(event, context):\n    raise RuntimeError('broken version')\n"
ARN = "def handler(event, context):\n    return context.invoked_function_arn\n"


@pytest.fixture
def world(endpoint: str) -> World:
    """`live` runs version 1, and version 2 for half of the invocations."""
    world = World(endpoint).prepared()
    shift(world, world.publish(), 0.5)
    return world


def shift(world: World, version: str, share: float) -> None:
    weights = {version: share} if share else {}
    routing: Any = {"AdditionalVersionWeights": weights}
    world.functions.update_alias(FunctionName=world.function, Name="live", RoutingConfig=routing)


def sums(world: World, metric: str = "Invocations", version: str | None = None, **more: str) -> float:
    """Sum of a metric of the alias over the last minutes, of all versions or one of them."""
    dimensions = {"FunctionName": world.function, "Resource": f"{world.function}:live", **more}
    dimensions |= {"ExecutedVersion": version} if version else {}
    now = datetime.now(UTC)
    answer = world.cloudwatch.get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=1),
        Period=600,
        Statistics=["Sum"],
    )
    return sum(point["Sum"] for point in answer["Datapoints"])


def by_invoke(world: World) -> None:
    seen: Counter[str] = Counter()
    for _ in range(CALLS):
        answer = world.functions.invoke(FunctionName=world.function, Qualifier="live")
        assert json.load(answer["Payload"])["version"] == answer["ExecutedVersion"]
        seen[answer["ExecutedVersion"]] += 1
    assert set(seen) == {"1", "2"}


def by_event(world: World) -> None:
    for _ in range(CALLS):
        answer = world.functions.invoke(
            FunctionName=f"{world.function}:live", InvocationType="Event", Payload=b"{}"
        )
        assert answer["StatusCode"] == 202


def alias_arn(world: World) -> str:
    arn: str = world.functions.get_alias(FunctionName=world.function, Name="live")["AliasArn"]
    return arn


def by_http(world: World) -> None:
    gateway = world.client("apigatewayv2")
    api = gateway.create_api(Name="api", ProtocolType="HTTP")
    integration = gateway.create_integration(
        ApiId=api["ApiId"],
        IntegrationType="AWS_PROXY",
        IntegrationUri=alias_arn(world),
        PayloadFormatVersion="2.0",
    )
    target = f"integrations/{integration['IntegrationId']}"
    gateway.create_route(ApiId=api["ApiId"], RouteKey="$default", Target=target)
    gateway.create_stage(ApiId=api["ApiId"], StageName="$default", AutoDeploy=True)
    # The embedded AWS knows the account of an API by the key that a request is signed with.
    signed = f"AWS4-HMAC-SHA256 Credential={world.account}/20260101/{REGION}/execute-api/aws4_request"
    host = f"{api['ApiId']}.execute-api.localhost"
    url = urllib.request.Request(f"{world.endpoint}/", headers={"Host": host, "Authorization": signed})
    seen = {json.load(urllib.request.urlopen(url))["version"] for _ in range(CALLS)}
    assert seen == {"1", "2"}


def by_topic(world: World) -> None:
    topics = world.client("sns")
    topic = topics.create_topic(Name="orders")["TopicArn"]
    topics.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=alias_arn(world))
    for number in range(CALLS):
        topics.publish(TopicArn=topic, Message=str(number))


def by_bus(world: World) -> None:
    events = world.client("events")
    events.put_rule(Name="orders", EventPattern=json.dumps({"source": ["shop"]}))
    events.put_targets(Rule="orders", Targets=[{"Id": "live", "Arn": alias_arn(world)}])
    entry = {"Source": "shop", "DetailType": "Order", "Detail": "{}"}
    for _ in range(CALLS // 10):
        events.put_events(Entries=[entry] * 10)


def by_queue(world: World) -> None:
    queues = world.client("sqs")
    url = queues.create_queue(QueueName="orders")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    world.functions.create_event_source_mapping(
        FunctionName=alias_arn(world), EventSourceArn=arn, BatchSize=1
    )
    for number in range(CALLS):
        queues.send_message(QueueUrl=url, MessageBody=str(number))


@pytest.mark.parametrize("call", [by_invoke, by_event, by_http, by_topic, by_bus, by_queue])
def test_every_way_in_follows_the_weights(world: World, call: Callable[[World], None]) -> None:
    call(world)
    until(lambda: sums(world) == CALLS, f"{CALLS} invocations are measured")
    shares = [sums(world, version=version) for version in ("1", "2")]
    assert sum(shares) == CALLS
    # Half of 60 draws: fewer than 8 or more than 52 happen once in 10^8 runs.
    assert min(shares) >= 8


def test_errors_are_counted_for_the_version_that_failed(world: World) -> None:
    world.functions.update_function_code(FunctionName=world.function, ZipFile=archive(RAISING))
    broken = world.functions.publish_version(FunctionName=world.function)["Version"]
    shift(world, broken, 0.5)
    for _ in range(CALLS):
        world.functions.invoke(FunctionName=world.function, Qualifier="live")
    assert sums(world, "Errors", "1") == 0
    assert sums(world, "Errors", broken) == sums(world, "Invocations", broken) > 0


def test_time_to_begin_is_no_duration(world: World) -> None:
    slow_start = f"import time\ntime.sleep(1.5)\n{HANDLER}"
    world.functions.update_function_code(FunctionName=world.function, ZipFile=archive(slow_start))
    version = world.functions.publish_version(FunctionName=world.function)["Version"]
    world.functions.update_alias(
        FunctionName=world.function, Name="live", FunctionVersion=version, RoutingConfig={}
    )
    world.functions.invoke(FunctionName=world.function, Qualifier="live")
    assert 0 < sums(world, "Duration", version) < 1000


def test_reserved_concurrency_throttles_every_version(world: World) -> None:
    world.functions.put_function_concurrency(FunctionName=world.function, ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        world.functions.invoke(FunctionName=world.function, Qualifier="live")
    assert sums(world, "Throttles") >= 1
    assert sums(world) == 0


def test_reading_through_an_alias_reads_its_main_version(world: World) -> None:
    for _ in range(20):
        config = world.functions.get_function_configuration(FunctionName=world.function, Qualifier="live")
        found = world.functions.get_function(FunctionName=world.function, Qualifier="live")
        assert (config["Version"], found["Configuration"]["Version"]) == ("1", "1")


def test_a_function_is_told_by_which_arn_it_was_called(world: World) -> None:
    world.functions.update_function_code(FunctionName=world.function, ZipFile=archive(ARN))
    version = world.functions.publish_version(FunctionName=world.function)["Version"]
    world.functions.update_alias(
        FunctionName=world.function, Name="live", FunctionVersion=version, RoutingConfig={}
    )
    answer = world.functions.invoke(FunctionName=world.function, Qualifier="live")
    assert json.load(answer["Payload"]) == alias_arn(world)


def test_weights_that_lambda_refuses_change_nothing(world: World) -> None:
    with pytest.raises(world.functions.exceptions.InvalidParameterValueException):
        shift(world, "1", 0.5)
    with pytest.raises(world.functions.exceptions.ResourceNotFoundException):
        world.functions.update_alias(FunctionName=world.function, Name="live", FunctionVersion="9")
    assert world.alias() == ("1", {"2": 0.5})
