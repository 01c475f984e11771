"""Statistics against a naive computation on every single sample."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.cloudwatch.samples import Samples, Series
from localaws.cloudwatch.statistics import parse
from localaws.cloudwatch.store import RETENTION_SECONDS, MetricStore, metric_key
from localaws.wire import ServiceError

VALUES = st.lists(st.integers(-1000, 1000).map(lambda n: n / 4), min_size=1, max_size=60)
BOUND = st.integers(-1000, 1000).map(lambda n: n / 4)


def collect(values: list[float]) -> Samples:
    samples = Samples()
    for value in values:
        samples.add(value)
    return samples


@given(VALUES)
def test_basic_statistics_are_those_of_the_samples(values: list[float]) -> None:
    samples = collect(values)
    assert parse("SampleCount")(samples) == len(values)
    assert parse("Sum")(samples) == sum(values)
    assert parse("Average")(samples) == pytest.approx(sum(values) / len(values))
    assert parse("Minimum")(samples) == min(values)
    assert parse("Maximum")(samples) == max(values)


@given(VALUES, st.integers(0, 1000))
def test_percentiles_interpolate_between_ranks(values: list[float], permille: int) -> None:
    ordered = sorted(values)
    rank = (len(ordered) - 1) * permille / 1000
    below, above = ordered[math.floor(rank)], ordered[math.ceil(rank)]
    expected = below + (above - below) * (rank - math.floor(rank))
    assert parse(f"p{permille / 10}")(collect(values)) == pytest.approx(expected)


@given(VALUES, BOUND, BOUND)
def test_ranges_exclude_the_lower_bound_and_include_the_upper(
    values: list[float], one: float, other: float
) -> None:
    low, high = sorted((one, other))
    if low == high:
        high += 1
    inside = [value for value in values if low < value <= high]
    samples = collect(values)
    assert parse(f"TC({low}:{high})")(samples) == len(inside)
    assert parse(f"PR({low}:{high})")(samples) == pytest.approx(100 * len(inside) / len(values))
    assert parse(f"TS({low}:{high})")(samples) == pytest.approx(sum(inside))
    assert parse(f"TM({low}:{high})")(samples) == (
        pytest.approx(sum(inside) / len(inside)) if inside else None
    )


@given(VALUES, BOUND)
def test_open_ranges_split_the_samples(values: list[float], bound: float) -> None:
    samples = collect(values)
    below, above = parse(f"TC(:{bound})")(samples), parse(f"TC({bound}:)")(samples)
    assert below == sum(value <= bound for value in values)
    assert above == sum(value > bound for value in values)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), min_size=1, max_size=20))
def test_counts_weigh_as_much_as_single_samples(weighted: list[tuple[int, int]]) -> None:
    together = Samples()
    for value, count in weighted:
        together.add(value, count)
    apart = collect([float(value) for value, count in weighted for _ in range(count)])
    for stat in ("SampleCount", "Sum", "Average", "p50", "p99", "tm90", "PR(10:40)", "TC(:25)", "WM(5%:95%)"):
        assert parse(stat)(together) == pytest.approx(parse(stat)(apart))


@given(VALUES, VALUES)
def test_merging_periods_is_the_same_as_one_period(first: list[float], second: list[float]) -> None:
    merged = collect(first)
    merged.merge(collect(second))
    whole = collect(first + second)
    for stat in ("SampleCount", "Sum", "Minimum", "Maximum", "p90", "PR(0:100)"):
        assert parse(stat)(merged) == pytest.approx(parse(stat)(whole))


def test_a_trimmed_mean_leaves_out_the_top_samples() -> None:
    samples = collect([float(value) for value in range(1, 101)])
    assert parse("tm90")(samples) == pytest.approx(sum(range(1, 91)) / 90)
    assert parse("TC(90%:100%)")(samples) == pytest.approx(10)
    assert parse("IQM")(samples) == pytest.approx(sum(range(26, 76)) / 50)


def test_a_statistic_set_has_no_percentiles() -> None:
    samples = Samples()
    samples.add_set(2, 3.0, 1.0, 2.0)
    assert parse("Sum")(samples) == 3.0
    assert parse("Average")(samples) == 1.5
    assert parse("p50")(samples) is None
    assert parse("TC(0:)")(samples) is None


def test_a_statistic_set_of_equal_values_has_percentiles() -> None:
    samples = Samples()
    samples.add_set(4, 8.0, 2.0, 2.0)
    assert parse("p50")(samples) == 2.0


@pytest.mark.parametrize("text", ["p101", "Median", "PR(:)", "PR(5:1)", "PR(5%:9%)", "TC(1:90%)", "", "p"])
def test_unknown_statistics_are_named(text: str) -> None:
    with pytest.raises(ServiceError, match=r"Stat|lower bound"):
        parse(text)


@given(st.dictionaries(st.integers(0, 2000), VALUES, max_size=8))
def test_saved_samples_come_back(data: dict[int, list[float]]) -> None:
    series = Series()
    for second, values in data.items():
        for value in values:
            series.at("Count", second).add(value, 2)
    found = Series.unpack(series.pack())
    assert found.units == series.units
    assert found.newest == series.newest


def test_a_save_has_what_came_after_the_one_before() -> None:
    series = Series()
    series.at("Count", 100).add(1)
    series.pack()
    series.at("Count", 100).add(2)
    assert Series.unpack(series.pack()).units["Count"][100].total == 3


def test_periods_have_the_samples_of_their_seconds() -> None:
    store, key = MetricStore(), metric_key("1", "r", "N", "M", {"b": "2", "a": "1"})
    for second in range(100, 110):
        store.put(key, 1.0, "Count", second + 0.9, 200.0)
    found = store.periods(metric_key("1", "r", "N", "M", {"a": "1", "b": "2"}), 100, 110, 5)
    assert {number: samples.total for number, samples in found.items()} == {0: 5, 1: 5}
    assert store.periods(key, 100, 110, 5, "Milliseconds") == {}
    assert store.periods(metric_key("2", "r", "N", "M", dict(key.dimensions)), 100, 110, 5) == {}


def test_old_samples_are_forgotten() -> None:
    store, key = MetricStore(), metric_key("1", "r", "N", "M", {})
    store.put(key, 1.0, "Count", 1000.0, 1000.0)
    store.put(
        metric_key("1", "r", "N", "Other", {}),
        1.0,
        "Count",
        1000.0 + RETENTION_SECONDS + 100,
        1000.0 + RETENTION_SECONDS + 100,
    )
    assert [key.name for key in store.keys("1", "r")] == ["Other"]
