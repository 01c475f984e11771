"""What a canary can see."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable

import pytest

from lockgate.judge import Judge, JudgePolicy
from lockgate.judge.planner import DELAY, Traffic, interval_for, plan, sight, weight_for
from tests.unit.judge.worlds import look

POLICY = JudgePolicy()
BUSY = Traffic(600, 0.01)


def _found(seed: int, ratio: float, limit: int = 150) -> int:
    rng = random.Random(seed)
    judge, looks = Judge(), []
    for minute in range(1, limit + 1):
        e_c = sum(rng.random() < 0.01 * ratio for _ in range(60))
        e_b = sum(rng.random() < 0.01 for _ in range(540))
        looks.append(look(e_c, 60, e_b, 540))
        if judge(looks).action == "rollback":
            return minute
    return limit


@pytest.mark.parametrize(("ratio", "runs"), [(3.0, 60), (5.0, 100)])
def test_the_plan_is_what_happens(ratio: float, runs: int) -> None:
    seen = sight(BUSY, 0.1, 200, ratio, POLICY)
    found = sorted(_found(seed, ratio) for seed in range(runs))
    assert statistics.median(found) == pytest.approx(seen.expected, rel=0.35, abs=1)
    assert found[int(0.9 * runs)] == pytest.approx(seen.likely, rel=0.4, abs=1.5)


def test_larger_regressions_are_seen_sooner() -> None:
    minutes = [seen.expected for seen in plan(BUSY, 0.1, 30).sights]
    assert minutes == sorted(minutes, reverse=True)


def test_visible_within_the_interval() -> None:
    seen = {one.ratio: one for one in plan(BUSY, 0.1, 30).sights}
    assert seen[5.0].visible and not seen[2.0].visible
    assert all(one.visible == (one.likely <= 30 - DELAY) for one in seen.values())


def test_settings_that_would_see_it_do() -> None:
    for found in plan(Traffic(900, 0.02), 0.1, 30).settings:
        assert found.weight is not None and found.interval is not None
        assert sight(Traffic(900, 0.02), found.weight, 30, found.ratio, POLICY).visible
        assert sight(Traffic(900, 0.02), 0.1, found.interval, found.ratio, POLICY).visible
        assert not sight(Traffic(900, 0.02), 0.1, found.interval - 1, found.ratio, POLICY).visible


def test_too_little_traffic_is_said() -> None:
    little = plan(Traffic(20, 0.001), 0.1, 10)
    assert not little.enough
    assert "Not enough traffic to judge: 20 requests a minute" in str(little)
    assert plan(BUSY, 0.1, 10).enough
    assert "×5 in about 4 min" in str(plan(BUSY, 0.1, 15))


def test_no_traffic_at_all() -> None:
    nothing = plan(Traffic(0, 0), 0.1, 10)
    assert not nothing.enough
    assert nothing.settings[0].weight is None and nothing.settings[0].interval is None
    assert "no weight up to 50 %" in str(nothing)
    assert interval_for(Traffic(0, 0), 0.1, 5.0, POLICY) is None


def test_quiet_times_have_to_be_enough() -> None:
    traffic = Traffic.of_rows([(1000, 10)] * 1200 + [(50, 1)] * 240)
    assert traffic.quiet == 50
    assert traffic.requests_per_minute == pytest.approx((1000 * 1200 + 50 * 240) / 1440)
    even = Traffic(traffic.requests_per_minute, traffic.error_rate)
    assert sight(traffic, 0.1, 60, 5.0, POLICY).likely > 3 * sight(even, 0.1, 60, 5.0, POLICY).likely


def test_a_clean_baseline_has_a_rate_below_what_a_day_shows() -> None:
    seen = sight(Traffic(600, 0.0), 0.1, 60, 5.0, POLICY)
    assert math.isfinite(seen.expected) and seen.expected > 1000


def test_dispersion_and_noise_cost_time() -> None:
    plain = sight(BUSY, 0.1, 60, 5.0, POLICY).expected
    tempered = sight(BUSY, 0.1, 60, 5.0, JudgePolicy(dispersion=2.0)).expected
    assert tempered == pytest.approx(2 * plain)
    huge, noisy = Traffic(60_000, 0.01), JudgePolicy(noise_prior_many=0.8)
    assert sight(huge, 0.1, 60, 2.0, noisy).expected > sight(huge, 0.1, 60, 2.0, POLICY).expected


def test_weights_up_to_one_half() -> None:
    assert weight_for(Traffic(1, 0.0001), 5, 2.0, POLICY) is None
    assert weight_for(Traffic(6000, 0.01), 30, 5.0, POLICY) == 0.05


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Traffic(-1, 0), "requests_per_minute is -1"),
        (lambda: Traffic(1, 1.1), "at most 1"),
        (lambda: Traffic(math.nan, 0), "finite"),
        (lambda: Traffic(1, 0, quiet=math.inf), "quiet"),
        (lambda: Traffic.of_rows([]), "no rows"),
        (lambda: plan(BUSY, 0, 10), "weight is 0"),
        (lambda: plan(BUSY, 0.1, 0), "interval is 0"),
        (lambda: plan(BUSY, 0.1, 10, ratios=(1.0,)), "ratio is 1.0"),
    ],
)
def test_wrong_arguments_are_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_the_plan_is_what_happens_where_the_guard_against_noise_binds() -> None:
    traffic = Traffic(60_000, 0.01)
    seen = sight(traffic, 0.1, 200, 2.0, POLICY)

    def found(seed: int) -> int:
        rng = random.Random(seed)
        judge, looks = Judge(), []
        for minute in range(1, 60):
            e_c, e_b = (round(rng.gauss(mean, math.sqrt(mean))) for mean in (6000 * 0.02, 54_000 * 0.01))
            looks.append(look(e_c, 6000, e_b, 54_000))
            if judge(looks).action == "rollback":
                return minute
        return 60

    minutes = sorted(found(seed) for seed in range(60))
    assert seen.expected / 2 <= statistics.median(minutes) <= seen.expected
    assert seen.likely / 2 <= minutes[53] <= seen.likely
