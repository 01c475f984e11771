"""Statistics against a naive computation on every single sample."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.cloudwatch.samples import Samples
from localaws.cloudwatch.statistics import parse
from localaws.wire import ServiceError

VALUES = st.lists(st.integers(0, 2000).map(lambda n: n / 4), min_size=1, max_size=60)
BOUND = st.integers(0, 2000).map(lambda n: n / 4)


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


@pytest.mark.parametrize(
    "text",
    [
        "p101",
        "P50",
        "TM90",
        "tc(1:2)",
        "Median",
        "PR(:)",
        "PR(5:1)",
        "PR(5%:9%)",
        "TC(1:90%)",
        "TM(:101%)",
        "",
        "p",
    ],
)
def test_unknown_statistics_are_named(text: str) -> None:
    with pytest.raises(ServiceError, match=r"Stat|lower bound"):
        parse(text)


def test_negative_values_have_basic_statistics_only() -> None:
    samples = collect([-1.0, 2.0])
    assert parse("Sum")(samples) == 1.0
    assert parse("Minimum")(samples) == -1.0
    assert parse("p50")(samples) is None
    assert parse("PR(:1)")(samples) is None


@given(VALUES, st.floats(0, 99), st.floats(0.5, 100))
def test_percentage_ranges_take_their_share_of_the_samples(
    values: list[float], low: float, width: float
) -> None:
    low, high = round(low, 3), round(min(low + width, 100.0), 3)
    samples = collect(values)
    count, total = parse(f"TC({low}%:{high}%)")(samples), parse(f"TS({low}%:{high}%)")(samples)
    assert count == pytest.approx(len(values) * (high - low) / 100)
    assert parse(f"TM({low}%:{high}%)")(samples) == pytest.approx((total or 0) / (count or 1), abs=1e-6)


@given(VALUES)
def test_one_number_is_the_range_below_a_percentile(values: list[float]) -> None:
    samples = collect(values)
    for kind in ("tm", "tc", "ts", "wm"):
        assert parse(f"{kind}95")(samples) == parse(f"{kind.upper()}(:95%)")(samples)
