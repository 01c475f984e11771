"""Keeping samples: new ones, packed minutes, coarse ones, and saving them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.cloudwatch.minutes import Minute
from localaws.cloudwatch.samples import Samples
from localaws.cloudwatch.series import FULL_SECONDS, RETENTION_SECONDS, Window
from localaws.cloudwatch.statistics import parse
from localaws.cloudwatch.store import MetricStore, metric_key

KEY = metric_key("1", "r", "N", "M", {"b": "2", "a": "1"})
NOON = 1_700_006_400.0
DATA = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 400), st.integers(1, 3)), max_size=60)
STATS = ("SampleCount", "Sum", "Minimum", "Maximum", "p50", "p99", "TC(10:300)", "PR(:50)", "TS(0:)")


def filled(data: list[tuple[int, int, int]], now: float) -> MetricStore:
    """Seconds after noon, values and counts; then somebody else's datum at a later time."""
    store = MetricStore()
    for second, value, count in data:
        store.put(KEY, float(value), "Count", NOON + second, NOON + second, count)
    store.put(metric_key("1", "r", "N", "Other", {}), 1.0, "Count", now, now)
    return store


def figures(store: MetricStore, period: float) -> dict[int, list[float | None]]:
    found = store.read(KEY, Window(NOON, NOON + 360, period))
    return {number: [parse(stat)(samples) for stat in STATS] for number, samples in found.items()}


def test_periods_have_the_samples_of_their_seconds() -> None:
    store = MetricStore()
    for second in range(100, 110):
        store.put(KEY, 1.0, "Count", second + 0.9, 200.0)
    same = metric_key("1", "r", "N", "M", {"a": "1", "b": "2"})
    found = store.read(same, Window(100, 110, 5))
    assert {number: samples.total for number, samples in found.items()} == {0: 5, 1: 5}
    assert store.read(KEY, Window(100, 110, 5), "Milliseconds") == {}
    assert store.read(metric_key("2", "r", "N", "M", dict(KEY.dimensions)), Window(100, 110, 5)) == {}


@given(DATA, st.sampled_from([1.0, 5.0, 60.0, 120.0, 2.5]))
def test_packing_changes_no_figure(data: list[tuple[int, int, int]], period: float) -> None:
    assert figures(filled(data, NOON + 301), period) == figures(filled(data, NOON + 2000), period)


@given(DATA)
def test_saved_samples_come_back(data: list[tuple[int, int, int]]) -> None:
    store, restored = filled(data, NOON + 301), MetricStore()
    restored.restore(json.loads(json.dumps(store.snapshot(NOON + 301))))
    assert figures(restored, 5) == figures(store, 5)
    assert restored.keys("1", "r") == store.keys("1", "r")
    assert restored.units(KEY) == store.units(KEY)


def test_late_samples_join_their_minute() -> None:
    store = filled([(10, 1, 1)], NOON + 2000)
    store.put(KEY, 5.0, "Count", NOON + 11, NOON + 2001)
    store.put(KEY, 7.0, "Count", NOON + 10, NOON + 2050)
    assert {n: s.total for n, s in store.read(KEY, Window(NOON, NOON + 60, 1)).items()} == {10: 8.0, 11: 5.0}


def test_after_three_hours_minutes_are_left() -> None:
    later = NOON + FULL_SECONDS + 600
    store = filled([(second, value, 1) for second in range(60) for value in range(1, 400)], later)
    (whole,) = store.read(KEY, Window(NOON, NOON + 60, 60)).values()
    assert (whole.sample_count, whole.minimum, whole.maximum) == (60 * 399, 1.0, 399.0)
    assert whole.total == pytest.approx(60 * sum(range(1, 400)))
    assert len(whole.values) < 400
    assert parse("p90")(whole) == pytest.approx(360, rel=0.01)
    assert parse("TC(:200)")(whole) == pytest.approx(60 * 200, rel=0.02)
    assert store.read(KEY, Window(NOON, NOON + 60, 5)) == {}


def test_old_samples_are_forgotten() -> None:
    store = filled([(0, 1, 1)], NOON + RETENTION_SECONDS + 1000)
    assert [key.name for key in store.keys("1", "r")] == ["Other"]


def test_metrics_that_are_silent_are_not_listed_as_active() -> None:
    store = filled([(0, 1, 1)], NOON + 5000)
    assert [key.name for key in store.keys("1", "r", since=NOON + 100)] == ["Other"]


@given(st.lists(st.floats(0.001, 1e6), min_size=100, max_size=300))
def test_bins_are_one_percent_wide(values: list[float]) -> None:
    samples = Samples()
    for value in values:
        samples.add(value)
    coarse = Minute.of({0: samples}).coarse().whole()
    assert coarse.total == pytest.approx(samples.total)
    assert sum(coarse.counts or [1.0] * len(coarse.values)) == len(values)
    for percent in (0, 10, 50, 90, 100):
        rank = (len(values) - 1) * percent // 100
        assert coarse.distribution().at_rank(rank) == pytest.approx(sorted(values)[rank], rel=0.011)
