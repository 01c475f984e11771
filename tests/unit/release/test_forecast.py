"""What is said, refused or chosen before a release, from the last day's traffic."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from lockgate.config import LambdaService
from lockgate.contract import LambdaContract, Traffic
from lockgate.errors import RefusedError
from lockgate.metrics.reader import Reader
from lockgate.release.forecast import Forecast, Forecaster
from tests.unit.metrics.fake_cloudwatch import MINUTE, START, FakeCloudWatch

CONTRACT = LambdaContract.model_construct(
    service="shop",
    function_name="shop",
    alias="live",
    canary_configs={5: "five", 15: "fifteen", 60: "sixty"},
    traffic=Traffic(strategy="canary", percentage=10, interval_minutes=5),
)


def forecast(
    per_minute: float, error_rate: float, down: bool = False, **declared: dict[str, Any] | str
) -> Forecast:
    def answer(metric: str, dimensions: dict[str, str], stat: str, at: datetime) -> float | None:
        assert dimensions == {"FunctionName": "shop", "Resource": "shop:live"}
        return {"Invocations": per_minute, "Errors": per_minute * error_rate}[metric] or None

    cloudwatch: Any = FakeCloudWatch(answer, down=down)
    service = LambdaService.model_validate({"kind": "lambda", **declared})
    return Forecaster(Reader(cloudwatch), MINUTE)(service, CONTRACT, START)


def test_a_release_says_what_its_canary_can_see() -> None:
    found = forecast(6000, 0.01)
    assert (found.interval_minutes, found.traffic and round(found.traffic.requests_per_minute)) == (5, 6000)
    assert found.note.startswith("10 % for 5 minutes sees errors ×")


@pytest.mark.parametrize("per_minute", [0, 3])
def test_too_little_traffic_is_a_warning_or_a_refusal(per_minute: float) -> None:
    assert "Not enough traffic to judge" in forecast(per_minute, 0).note
    with pytest.raises(RefusedError, match="shop: Not enough traffic to judge"):
        forecast(per_minute, 0, judge={"on_little_traffic": "refuse"})


def test_a_judge_that_is_off_refuses_nothing() -> None:
    declared = {"on_little_traffic": "refuse", "mode": "off"}
    assert forecast(0, 0, judge=declared) == Forecast(5, None, None, "")


@pytest.mark.parametrize(("per_minute", "interval"), [(60_000, 5), (600, 15), (60, 60), (0, 60)])
def test_auto_takes_the_shortest_interval_that_sees_five_times_the_errors(
    per_minute: float, interval: int
) -> None:
    release = {"interval_minutes": "auto", "auto_longest_minutes": 120}
    assert forecast(per_minute, 0.01, release=release).interval_minutes == interval


def test_auto_stays_within_its_bounds_and_what_is_provisioned() -> None:
    release = {"interval_minutes": "auto", "auto_shortest_minutes": 10, "auto_longest_minutes": 30}
    assert forecast(60_000, 0.01, release=release).interval_minutes == 15
    assert forecast(60, 0.01, release=release).interval_minutes == 15


def test_an_outage_of_metrics_stops_no_release() -> None:
    found = forecast(600, 0.01, down=True, release={"interval_minutes": "auto"})
    assert (found.interval_minutes, found.plan) == (60, None)
    assert found.note.startswith("what it can see is not known: CloudWatch does not give metrics")
