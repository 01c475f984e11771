"""Rows for the judge from CloudWatch: what counts, what is unknown, and what is zero."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from lockgate.judge import Look, Side
from lockgate.metrics.evidence import OwnMetric, Source, rows
from lockgate.metrics.lambda_alias import Alias
from lockgate.metrics.load_balancer import LoadBalancer
from lockgate.metrics.measured import minutes, tallies
from lockgate.metrics.reader import MetricsOutageError, Reader, Series, Window

from .fake_cloudwatch import MINUTE, START, FakeCloudWatch

ALIAS = Alias("shop", "live")
WINDOW = Window(START, START + 3 * MINUTE, 60)
BUSINESS = OwnMetric("Shop", "PaymentFailed", (("version", "v{version}"),), "errors")


def versions(**by_metric: dict[str, Any]) -> Any:
    """Datapoints by metric and version, the same in every minute."""

    def answer(metric: str, dimensions: dict[str, str], stat: str, at: datetime) -> float | None:
        version = dimensions.get("ExecutedVersion") or dimensions.get("version", "")
        value = by_metric.get(metric, {}).get(version)
        return value(stat, at) if callable(value) else value

    return answer


def read(cloudwatch: Any, source: Source, bounds: tuple[float, ...] | None = None) -> list[Look]:
    canary, baseline = source.side("2", bounds), source.side("1", bounds)
    readings = Reader(cloudwatch).read([*canary, *baseline], WINDOW)
    return [row.look for row in rows(canary, baseline, readings, WINDOW)]


def test_both_sides_are_read_by_executed_version_of_the_alias() -> None:
    cloudwatch = FakeCloudWatch(
        versions(
            Invocations={"2": 10.0, "1": 90.0},
            Errors={"2": 1.0, "1": 0.0},
            Duration={"2": 12.0, "1": 11.0},
        )
    )
    expected = Look(Side(10, 1, latency_mean=12.0), Side(90, 0, latency_mean=11.0))
    assert read(cloudwatch, Source(ALIAS)) == [expected] * 3
    stat = cloudwatch.calls[0]["MetricDataQueries"][0]["MetricStat"]
    assert stat["Metric"]["Namespace"] == "AWS/Lambda"
    assert {d["Name"]: d["Value"] for d in stat["Metric"]["Dimensions"]} == {
        "FunctionName": "shop",
        "Resource": "shop:live",
        "ExecutedVersion": "2",
    }


def test_a_gap_is_unknown_and_a_zero_is_not() -> None:
    def errors(stat: str, at: datetime) -> float | None:
        return None if at == START + MINUTE else 0.0

    cloudwatch = FakeCloudWatch(
        versions(Invocations={"2": 10.0, "1": 90.0}, Errors={"2": errors, "1": 0.0}, Duration={"2": 1.0})
    )
    canaries = [look.canary for look in read(cloudwatch, Source(ALIAS))]
    assert canaries == [Side(10, 0, latency_mean=1.0), None, Side(10, 0, latency_mean=1.0)]


def test_latency_is_counted_in_bins_whose_fractions_are_rounded() -> None:
    counts = {"TC(:10)": 3.4, "TC(10:20.5)": 5.6, "TC(20.5:)": None}

    def duration(stat: str, at: datetime) -> float | None:
        return counts[stat]

    cloudwatch = FakeCloudWatch(
        versions(
            Invocations={"2": 9.0, "1": 9.0},
            Errors={"2": 0.0, "1": 0.0},
            Duration={"2": duration, "1": lambda *_: None},
        )
    )
    look = read(cloudwatch, Source(ALIAS), (10.0, 20.5))[0]
    assert look == Look(Side(9, 0, (3, 6, 0)), Side(9, 0, None))


def test_business_errors_and_throttles_count_where_they_are_declared() -> None:
    answer = versions(
        Invocations={"2": 10.0, "1": 90.0},
        Errors={"2": 1.0, "1": 0.0},
        Throttles={"2": 5.0, "1": 0.0},
        PaymentFailed={"v2": 2.0},
        Duration={"2": 1.0, "1": 1.0},
    )
    plain = read(FakeCloudWatch(answer), Source(ALIAS))[0]
    counted = read(FakeCloudWatch(answer), Source(ALIAS, (BUSINESS,), throttles=True))[0]
    assert (plain.canary, plain.baseline) == (Side(10, 1, None, 1.0), Side(90, 0, None, 1.0))
    assert (counted.canary, counted.baseline) == (Side(15, 8, None, 1.0), Side(90, 0, None, 1.0))


def test_more_business_errors_than_requests_are_all_of_them() -> None:
    answer = versions(
        Invocations={"2": 10.0, "1": 90.0}, Errors={"2": 1.0, "1": 0.0}, PaymentFailed={"v2": 30.0}
    )
    assert read(FakeCloudWatch(answer), Source(ALIAS, (BUSINESS,)))[0].canary == Side(10, 10)


def test_a_count_that_was_given_in_part_is_not_taken_for_zero() -> None:
    def failed(stat: str, at: datetime) -> float | None:
        return 2.0 if at == START else None

    answer = versions(
        Invocations={"2": 10.0, "1": 90.0}, Errors={"2": 1.0, "1": 0.0}, PaymentFailed={"v2": failed}
    )
    whole = FakeCloudWatch(answer)
    partly = FakeCloudWatch(answer, lambda metric, _: "PartialData" if "Payment" in metric else "Complete")
    source = Source(ALIAS, (BUSINESS,))
    assert [look.canary for look in read(whole, source)] == [Side(10, 3), Side(10, 1), Side(10, 1)]
    assert [look.canary for look in read(partly, source)] == [Side(10, 3), None, None]


def test_a_latency_of_its_own_replaces_duration() -> None:
    own = OwnMetric("Shop", "CheckoutTime", (("version", "{version}"),), "latency")
    answer = versions(
        Invocations={"2": 10.0, "1": 90.0},
        Errors={"2": 0.0, "1": 0.0},
        Duration={"2": 1.0, "1": 1.0},
        CheckoutTime={"2": 700.0, "1": 650.0},
    )
    look = read(FakeCloudWatch(answer), Source(ALIAS, (own,)))[0]
    assert look == Look(Side(10, 0, None, 700.0), Side(90, 0, None, 650.0))


def test_a_thousand_series_need_two_further_calls_and_every_page_is_read() -> None:
    series = [Series.of("N", f"m{number}", {"d": "v"}, "Sum") for number in range(1001)]
    cloudwatch = FakeCloudWatch(lambda *_: 1.0, page=2)
    readings = Reader(cloudwatch).read([*series, *series], WINDOW)  # type: ignore[arg-type]
    assert [len(call["MetricDataQueries"]) for call in cloudwatch.calls] == [500, 500, 1]
    assert all(len(readings.of(one)) == 3 for one in series)
    assert not readings.incomplete


def test_what_stays_partial_is_said() -> None:
    cloudwatch = FakeCloudWatch(versions(Invocations={"2": 10.0, "1": 90.0}), lambda *_: "InternalError")
    side = Source(ALIAS).side("2", None)
    readings = Reader(cloudwatch).read(side, WINDOW)  # type: ignore[arg-type]
    assert readings.outage_of(side) == (
        "CloudWatch gave 3 of 3 series in part; Invocations Sum: InternalError"
    )
    assert readings.outage_of([]) is None


def test_an_outage_is_an_error_of_its_own() -> None:
    cloudwatch: Any = FakeCloudWatch(versions(), down=True)
    with pytest.raises(MetricsOutageError, match="InternalServiceFault") as raised:
        Reader(cloudwatch).read([ALIAS.requests()], WINDOW)
    assert "cloudwatch:GetMetricData" in raised.value.hint


def test_a_window_has_no_period_that_is_not_over() -> None:
    start, end = START + timedelta(seconds=70), START + timedelta(seconds=239)
    assert list(Window.whole(start, end, 60)) == [START + MINUTE, START + 2 * MINUTE]
    assert list(Window.whole(end, end, 60)) == []


def test_tallies_and_minutes_of_an_alias() -> None:
    cloudwatch: Any = FakeCloudWatch(
        versions(Invocations={"1": 90.0, "": 100.0}, Errors={"1": 2.0, "": 3.0}), page=1
    )
    reader = Reader(cloudwatch)
    assert tallies(reader, ALIAS, ["2", "1"], WINDOW) == {"2": (0, 0), "1": (270, 6)}
    assert minutes(reader, ALIAS, WINDOW) == [(at, 100, 3) for at in WINDOW]


def test_a_load_balancer_counts_by_target_group_and_reports_no_zeros() -> None:
    balancer = LoadBalancer("app/web/1", {"2": "targetgroup/green/1", "1": "targetgroup/blue/1"})
    values = {
        ("RequestCount", "targetgroup/green/1"): 10.0,
        ("RequestCount", "targetgroup/blue/1"): 90.0,
        ("HTTPCode_Target_5XX_Count", "targetgroup/green/1"): 2.0,
        ("TargetConnectionErrorCount", "targetgroup/green/1"): 1.0,
        ("TargetResponseTime", "targetgroup/green/1"): 0.02,
    }

    def answer(metric: str, dimensions: dict[str, str], stat: str, at: datetime) -> float | None:
        assert dimensions["LoadBalancer"] == "app/web/1"
        return values.get((metric, dimensions["TargetGroup"]))

    cloudwatch = FakeCloudWatch(answer)
    expected = Look(Side(10, 3, latency_mean=0.02), Side(90, 0))
    assert read(cloudwatch, Source(balancer, throttles=True)) == [expected] * 3
    stat = cloudwatch.calls[0]["MetricDataQueries"][0]["MetricStat"]
    assert stat["Metric"]["Namespace"] == "AWS/ApplicationELB"
    assert tallies(Reader(cloudwatch), balancer, ["2", "1"], WINDOW) == {"2": (30, 9), "1": (270, 0)}


def test_an_error_count_that_cloudwatch_did_not_give_is_not_zero() -> None:
    def status(metric: str, stat: str) -> str:
        return "PartialData" if metric == "HTTPCode_Target_5XX_Count" else "Complete"

    balancer = LoadBalancer("app/web/1", {"2": "g", "1": "b"})
    requests = lambda metric, *_: 10.0 if metric == "RequestCount" else None  # noqa: E731
    assert read(FakeCloudWatch(requests, status=status), Source(balancer)) == [Look(None, None)] * 3
