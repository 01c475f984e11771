"""Metrics that functions print: with real functions, log events and clients."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.local.codedeploy_world import World, archive

pytestmark = [pytest.mark.local, pytest.mark.timeout(300)]

CALLS = 40

# Powertools as users have it: the version is a default dimension, the business error a metric.
ORDERS = """\
import os

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

metrics = Metrics(namespace="Shop")
metrics.set_default_dimensions(version=os.environ["AWS_LAMBDA_FUNCTION_VERSION"])


@metrics.log_metrics
def handler(event, context):
    metrics.add_metric(name="Orders", unit=MetricUnit.Count, value=1)
    metrics.add_metric(name="Refused", unit=MetricUnit.Count, value=REFUSED)
    return context.function_version
"""

# A runtime of one's own, which prints the document that it is called with.
BOOTSTRAP = """\
#!/usr/bin/env python3
import json, os, urllib.request

base = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
while True:
    with urllib.request.urlopen(f"{base}/next") as got:
        request, event = got.headers["Lambda-Runtime-Aws-Request-Id"], json.load(got)
    print(json.dumps(event), flush=True)
    urllib.request.urlopen(f"{base}/{request}/response", b"null").close()
"""


@pytest.fixture
def world(endpoint: str) -> World:
    world = World(endpoint)
    world.role()
    return world


def document(**values: float) -> dict[str, Any]:
    """A document with a metric for each value."""
    metrics = [{"Name": name, "Unit": "Count"} for name in values]
    directive = {"Namespace": "Shop", "Dimensions": [[]], "Metrics": metrics}
    metadata = {"Timestamp": round(time.time() * 1000), "CloudWatchMetrics": [directive]}
    return {"_aws": metadata, **values}


def sums(world: World, name: str, **dimensions: str) -> float:
    """Sum of a metric over the last minutes, as GetMetricData has it."""
    metric = {
        "Namespace": "Shop",
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
    }
    now = datetime.now(UTC)
    answer = world.cloudwatch.get_metric_data(
        MetricDataQueries=[{"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=1),
    )
    return sum(answer["MetricDataResults"][0]["Values"])


def messages(world: World, group: str) -> list[str]:
    return [
        event["message"] for event in world.client("logs").filter_log_events(logGroupName=group)["events"]
    ]


def publish(world: World, refused: int) -> str:
    """A version of `orders` that refuses so many with each invocation; its number."""
    code = archive(ORDERS.replace("REFUSED", str(refused)))
    world.functions.update_function_code(FunctionName="orders", ZipFile=code)
    version: str = world.functions.publish_version(FunctionName="orders")["Version"]
    return version


@pytest.mark.parametrize("log_format", ["Text", "JSON"])
def test_business_errors_are_read_by_version(world: World, log_format: str) -> None:
    world.publish_function("orders", ORDERS)
    logging = {"LogFormat": log_format}
    world.functions.update_function_configuration(FunctionName="orders", LoggingConfig=logging)
    good, bad = publish(world, 0), publish(world, 1)
    routing = {"AdditionalVersionWeights": {bad: 0.5}}
    world.functions.create_alias(
        FunctionName="orders", Name="live", FunctionVersion=good, RoutingConfig=routing
    )
    seen: Counter[str] = Counter()
    for _ in range(CALLS):
        answer = world.functions.invoke(FunctionName="orders", Qualifier="live")
        seen[json.load(answer["Payload"])] += 1
    # Neither version is missing but once in 10^11 runs.
    assert set(seen) == {good, bad}
    assert {version: sums(world, "Orders", version=version) for version in seen} == seen
    assert {version: sums(world, "Refused", version=version) for version in seen} == {good: 0, bad: seen[bad]}
    assert sum('"Refused"' in message for message in messages(world, "/aws/lambda/orders")) == CALLS


def test_a_runtime_of_ones_own(world: World) -> None:
    world.functions.create_function(
        FunctionName="own",
        Runtime="provided.al2023",
        Role=world.role_arn,
        Handler="any",
        Code={"ZipFile": archive(BOOTSTRAP, "bootstrap")},
    )
    for _ in range(3):
        world.functions.invoke(FunctionName="own", Payload=json.dumps(document(Sold=2)))
    assert sums(world, "Sold") == 6


def test_log_events_of_anybody(world: World) -> None:
    logs = world.client("logs")
    logs.create_log_group(logGroupName="shop")
    logs.create_log_stream(logGroupName="shop", logStreamName="one")
    lines = [json.dumps(document(Sold=3)), json.dumps(document(Sold=3))[:-1], "sold 3"]
    now = round(time.time() * 1000)
    logs.put_log_events(
        logGroupName="shop",
        logStreamName="one",
        logEvents=[{"timestamp": now, "message": line} for line in lines],
    )
    assert messages(world, "shop") == lines
    assert sums(world, "Sold") == 3
    assert sums(World(world.endpoint), "Sold") == 0
