"""A CloudWatch without a server: botocore's own requests in each protocol, answered in process."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.awsrequest import AWSResponse

from localaws import cloudwatch
from localaws.clock import Clock
from localaws.cloudwatch.alarms.model import Alarm, State
from localaws.cloudwatch.service import CloudWatch

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACCOUNT, REGION = "111111111111", "eu-west-1"
FUNCTION = [{"Name": "FunctionName", "Value": "hello"}]
ERROR_RATE = "IF(invocations >= 10, 100 * errors / invocations, 0)"


class World:
    """A CloudWatch whose minute lasts 6 seconds, and whose time stands still."""

    def __init__(self) -> None:
        self.now = NOON.timestamp()
        self.service = self.build()
        self.begun: list[tuple[str, str, str]] = []
        self.begin()

    def build(self) -> CloudWatch:
        return cloudwatch.build(Clock(6.0, wall=lambda: self.now), "http://127.0.0.1:1")

    def begin(self) -> None:
        self.service._evaluator._begin = self._began

    def _began(self, alarm: Alarm, before: State) -> None:
        self.begun.append((alarm.name, before.value, alarm.state.value))

    def evaluate(self, after: float = 0.0) -> None:
        """Looks at every alarm after some real seconds."""
        self.now += after
        for alarm in sorted(self.service.book, key=lambda alarm: alarm.composite):
            self.service._evaluator.evaluate(alarm)

    def restart(self) -> None:
        """A new service with the state of the old one, as it was on disk."""
        state = json.loads(json.dumps(self.service.snapshot()))
        self.service = self.build()
        self.service.restore(state)
        self.begin()

    def client(self, protocol: str = "smithy-rpc-v2-cbor") -> Any:
        session = botocore.session.Session()
        loader = session.get_component("data_loader")
        load: Callable[..., Any] = loader.load_service_model

        def only(*args: Any, **kwargs: Any) -> Any:
            model = load(*args, **kwargs)
            if "metadata" not in model:
                return model
            return {**model, "metadata": {**model["metadata"], "protocol": protocol, "protocols": [protocol]}}

        loader.load_service_model = only
        client = session.create_client(
            "cloudwatch",
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="x",
            endpoint_url="http://cloudwatch.invalid",
        )
        client.meta.events.register("before-send.cloudwatch", self._send)
        return client

    def _send(self, request: Any, **_: Any) -> AWSResponse:
        headers = {
            name.lower(): value.decode() if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        body = request.body or b""
        answer = self.service.handle(
            request.method,
            urlsplit(request.url).path,
            headers,
            body if isinstance(body, bytes) else body.encode(),
            {},
        )
        status, answered, content = asyncio.run(answer)
        raw = BytesIO(content)
        raw.stream = lambda **_: iter([content])  # type: ignore[attr-defined]
        return AWSResponse(request.url, status, answered, raw)


def stat(name: str, period: int = 60, function: str = "Sum") -> dict[str, Any]:
    metric = {"Namespace": "AWS/Lambda", "MetricName": name, "Dimensions": FUNCTION}
    return {"Metric": metric, "Period": period, "Stat": function}


def error_rate_queries(period: int = 60) -> list[dict[str, Any]]:
    return [
        {"Id": "rate", "Expression": ERROR_RATE, "Label": "Error rate", "ReturnData": True},
        {"Id": "invocations", "MetricStat": stat("Invocations", period), "ReturnData": False},
        {"Id": "errors", "MetricStat": stat("Errors", period), "ReturnData": False},
    ]


def error_rate_alarm(**changes: Any) -> dict[str, Any]:
    return {
        "AlarmName": "error-rate",
        "AlarmDescription": "Too many errors",
        "ActionsEnabled": True,
        "OKActions": [],
        "AlarmActions": ["arn:aws:sns:eu-west-1:111111111111:releases"],
        "InsufficientDataActions": [],
        "Metrics": error_rate_queries(),
        "EvaluationPeriods": 2,
        "DatapointsToAlarm": 1,
        "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        **changes,
    }


def traffic(world: World, calls: int, failed: int) -> None:
    dimensions = {"FunctionName": "hello"}
    for number in range(calls):
        for name, value in (("Invocations", 1.0), ("Errors", float(number < failed))):
            world.service.put(ACCOUNT, REGION, "AWS/Lambda", name, dimensions, value, "Count", world.now)


def state(client: Any, name: str = "error-rate") -> tuple[str, str]:
    answer = client.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    (alarm,) = answer["MetricAlarms"] + answer["CompositeAlarms"]
    return alarm["StateValue"], alarm["StateReason"]
