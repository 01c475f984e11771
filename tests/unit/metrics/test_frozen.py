"""Latency bounds that are frozen before a deployment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from lockgate.judge import Judge, JudgePolicy
from lockgate.metrics.evidence import Source
from lockgate.metrics.frozen import FrozenLatency, freeze
from lockgate.metrics.lambda_alias import Alias
from lockgate.metrics.reader import Reader

from .fake_cloudwatch import MINUTE, START, FakeCloudWatch


def uniform(per_slot: float, since: datetime = START - 2000 * MINUTE) -> Any:
    """Latencies that are even between 0 and 100 ms, `per_slot` of them in five minutes."""

    def answer(metric: str, dimensions: dict[str, str], stat: str, at: datetime) -> float | None:
        assert (metric, dimensions["ExecutedVersion"]) == ("Duration", "7")
        if at < since:
            return None
        if stat == "SampleCount":
            return per_slot
        if stat.startswith("p"):
            return float(stat[1:])
        low, high = stat[3:-1].split(":")
        return per_slot * max(0.0, min(float(high or 100), 100) - float(low or 0)) / 100

    return answer


def frozen(answer: Any, policy: JudgePolicy | None = None) -> FrozenLatency | None:
    cloudwatch: Any = FakeCloudWatch(answer)
    return freeze(Reader(cloudwatch), Source(Alias("f", "live")), "7", START, MINUTE, policy or JudgePolicy())


def test_bounds_are_quantiles_of_the_last_half_hour() -> None:
    found = frozen(uniform(2000.0))
    assert found is not None
    assert found.since == START - 30 * MINUTE
    assert {10.0, 50.0, 90.0, 99.0} <= set(found.bounds)
    assert sum(found.counts) == pytest.approx(6 * 2000, abs=len(found.counts))
    assert len(found.counts) == len(found.bounds) + 1
    Judge(latency_bounds=found.bounds, latency_history=found.counts)


def test_where_half_an_hour_has_too_little_older_requests_are_taken_too() -> None:
    found = frozen(uniform(10.0))
    assert found is not None
    assert found.since == START - 500 * MINUTE
    assert sum(found.counts) == pytest.approx(1000, abs=20)


def test_almost_no_traffic_gives_no_bounds() -> None:
    assert frozen(uniform(10.0, since=START - 20 * MINUTE)) is None
    assert frozen(lambda *_: None) is None


def test_a_day_with_a_few_hundred_requests_is_enough() -> None:
    found = frozen(uniform(100.0, since=START - 20 * MINUTE))
    assert found is not None
    assert found.since == START - 20 * MINUTE
