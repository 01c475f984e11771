"""Shapes, scores, bounds, margins and the sign test of means."""

from __future__ import annotations

import math
import random
from itertools import pairwise
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.judge import Judge, JudgePolicy, Look, Side, bin_counts, latency_bounds, quantiles_of
from lockgate.judge.bounds import BEYOND, LEVELS
from lockgate.judge.noninferiority import margins
from lockgate.judge.policy import LATENCY_SHAPES
from lockgate.judge.shapes import (
    History,
    MoreOften,
    Shape,
    Slower,
    Some,
    ascending_scores,
    scores,
    shares_when,
)
from tests.unit.judge.worlds import BOUNDS, MEDIAN, SIGMA, WARMER, history, latencies, minutes, quantile

HISTORY = History(BOUNDS, history())
COARSE = (20.0, 30.0, 40.0, 50.0, 65.0, 80.0, 110.0, 150.0, 250.0)


def test_history_recovers_the_distribution() -> None:
    beyond = HISTORY.survival()
    for latency in (15.0, 45.0, 70.0, 200.0, 300.0):
        truth = 1 - NormalDist(math.log(MEDIAN), SIGMA).cdf(math.log(latency))
        assert beyond(latency) == pytest.approx(truth, rel=0.25, abs=6e-4)
    assert HISTORY.bounds[HISTORY.nearest(0.5)] == pytest.approx(MEDIAN, rel=0.05)
    assert HISTORY.nearest(0.0) == 0


@pytest.mark.parametrize("shape", LATENCY_SHAPES, ids=str)
def test_scores_ascend_from_zero(shape: Shape) -> None:
    found = scores(shape, HISTORY)
    assert found[0] == 0.0
    assert all(low <= high for low, high in pairwise(found))
    assert found[-1] > 0.0


def test_scores_of_one_bound() -> None:
    one = History((50.0,), (500, 500))
    assert scores(Slower(0.0, 1.5), one)[1] > 0.0
    assert scores(MoreOften(0.99, 3.0), one) == pytest.approx((0.0, math.log(3.0)))


@given(
    canary=st.lists(st.floats(0.001, 1), min_size=5, max_size=5),
    baseline=st.lists(st.floats(0.001, 1), min_size=5, max_size=5),
)
def test_isotonic_scores_win_at_least_as_much_as_any_step(canary: list[float], baseline: list[float]) -> None:
    canary, baseline = ([x / sum(w) for x in w] for w in (canary, baseline))
    found = ascending_scores(canary, baseline)

    def growth(values: tuple[float, ...]) -> float:
        mean = sum(b * math.exp(v) for b, v in zip(baseline, values, strict=True))
        return sum(c * v for c, v in zip(canary, values, strict=True)) - math.log(mean)

    for place in range(1, 5):
        for odds in (1.5, 4.0):
            step = tuple(math.log(odds) if j >= place else 0.0 for j in range(5))
            capped = max(found) > 3.9
            assert capped or growth(found) >= growth(step) - 1e-9


def test_bounds_holdquantiles_and_margins() -> None:
    policy = JudgePolicy()
    bounds = latency_bounds(quantile, policy)
    assert all(low < high for low, high in pairwise(bounds))
    for level in (0.1, 0.5, 0.9, 0.99, 0.999):
        assert any(math.isclose(bound, quantile(level), rel_tol=0.002) for bound in bounds)
    found = History(bounds, bin_counts(bounds, latencies(random.Random(3), 20_000)))
    for margin, (level, factor) in zip(margins(found, policy), policy.latency_margins, strict=True):
        beyond = bounds[margin.canary_bin - 1] * (1 + policy.tau)
        assert beyond == pytest.approx(factor * bounds[margin.baseline_bin - 1], rel=0.01)
        assert bounds[margin.baseline_bin - 1] == pytest.approx(quantile(level), rel=0.1)


def test_margins_on_foreign_bounds_prove_something_stronger() -> None:
    policy = JudgePolicy()
    found = History(COARSE, bin_counts(COARSE, latencies(random.Random(3), 20_000)))
    for margin, (_, factor) in zip(margins(found, policy), policy.latency_margins, strict=True):
        assert margin.canary_bin >= margin.baseline_bin
        beyond = COARSE[margin.canary_bin - 1] * (1 + policy.tau)
        assert beyond <= factor * COARSE[margin.baseline_bin - 1] * (1 + 1e-6)


@pytest.mark.parametrize("value", (0.0, -1.0, math.nan, math.inf))
def test_bounds_need_latencies_above_zero(value: float) -> None:
    with pytest.raises(ValueError, match="finite and above 0"):
        latency_bounds(lambda _: value)


def testquantiles_of_a_histogram() -> None:
    found = quantiles_of((10.0, 20.0, 40.0), (50, 25, 25))
    assert found(0.5) == pytest.approx(10.0)
    assert found(0.25) == pytest.approx(5.0)
    assert found(0.875) == pytest.approx(30.0)
    with pytest.raises(ValueError, match="at least one request"):
        quantiles_of((10.0,), (0,))
    with pytest.raises(ValueError, match="ascend"):
        quantiles_of((10.0, 10.0), (1, 1))


def test_a_quantile_in_a_gap_between_humps_is_replaced() -> None:
    """90 % of requests take 50 to 70, the others 400 to 600: nothing lies between p90 and 1.25 times p90."""

    def humps(level: float) -> float:
        return 50 + 20 * level / 0.9 if level <= 0.9 else 400 + 2000 * (level - 0.9)

    bounds = latency_bounds(humps)
    before = History(bounds, bin_counts(bounds, [humps((cell + 0.5) / 20_000) for cell in range(20_000)]))
    p90 = next(margin for margin in margins(before, JudgePolicy()) if margin.quantile == 0.9)
    exceeding = before.exceeding()
    assert exceeding[p90.canary_bin - 1] < 0.8 * exceeding[p90.baseline_bin - 1]


def _all_slow(requests: int) -> Look:
    fast, slow = (9 * requests, *(0,) * len(BOUNDS)), (*(0,) * len(BOUNDS), requests)
    return Look(Side(requests, 0, slow), Side(9 * requests, 0, fast))


def test_a_cold_start_does_not_roll_back() -> None:
    policy = JudgePolicy()
    judge = Judge(latency_bounds=BOUNDS, latency_history=history())
    cold = [_all_slow(10_000)] * policy.cold_minutes
    at_most = policy.cold_evidence
    assert judge(cold).evidence["latency"].value == pytest.approx(at_most)
    assert judge([*cold, *minutes(1, 30)]).action != "rollback"
    assert judge([*cold, *cold[:2]]).action == "rollback"


def test_a_release_is_proven_soon_after_a_cold_start() -> None:
    looks = [*minutes(2, 6, slower=2.0), *minutes(3, 30)]
    judge = Judge(latency_bounds=BOUNDS, latency_history=history())
    assert any(judge(looks[:count]).action == "promote" for count in range(20, 36))
    stubborn = Judge(JudgePolicy(margin_late=1e-9), latency_bounds=BOUNDS, latency_history=history())
    assert not any(stubborn(looks[:count]).action == "promote" for count in range(20, 36))


def test_some_requests_that_wait_are_a_shape() -> None:
    shape = Some(share=0.1, factor=3.0)
    found = shares_when(shape, HISTORY)
    assert sum(found) == pytest.approx(1.0)
    beyond = HISTORY.survival()
    third = HISTORY.nearest(0.9)
    bound = BOUNDS[third]
    assert sum(found[third + 1 :]) == pytest.approx(0.9 * beyond(bound) + 0.1 * beyond(bound / 3))


def test_a_bound_lies_beyond_the_last_quantile() -> None:
    assert BOUNDS[-1] == pytest.approx(BEYOND * quantile(LEVELS[-1]))


def test_three_slow_minutes_out_of_a_clear_sky_do_not_suffice() -> None:
    judge = Judge(latency_bounds=BOUNDS, latency_history=history())
    clear = minutes(1, 30)
    looks = [*clear, *[_all_slow(10_000)] * 5]
    assert [judge(looks[:count]).action for count in (33, 35)] == ["continue", "rollback"]


def test_a_request_at_a_bound_belongs_below_it() -> None:
    assert bin_counts((10.0, 20.0), (5.0, 10.0, 10.1, 20.0, 21.0)) == (2, 2, 1)


def test_a_faster_canary_has_no_evidence_against_it() -> None:
    judge = Judge(latency_bounds=BOUNDS, latency_history=history())
    rng = random.Random(1)
    looks = [
        Look(
            Side(60, 0, bin_counts(WARMER, latencies(rng, 60, 0.5))),
            Side(540, 0, bin_counts(BOUNDS, latencies(rng, 540))),
        )
        for _ in range(60)
    ]
    assert judge(looks).evidence["latency"].value < 0.1


def test_means_alone_find_a_slower_canary() -> None:
    slower = [Look(Side(60, 0, latency_mean=70.0), Side(540, 0, latency_mean=50.0))] * 30
    verdict = Judge()(slower)
    assert (verdict.action, verdict.cause) == ("rollback", "latency")
    allowed = [Look(Side(60, 0, latency_mean=53.0), Side(540, 0, latency_mean=50.0))] * 30
    assert Judge()(allowed).action != "rollback"
    assert Judge()(slower[:3]).evidence.keys() == Judge()([]).evidence.keys()


def test_a_slower_canary_is_said_with_the_numbers_of_where_it_is_slowest() -> None:
    judge = Judge(latency_bounds=(10.0, 20.0, 40.0), latency_history=(500, 400, 90, 10))
    row = Look(Side(100, 0, (50, 10, 30, 10)), Side(900, 0, (450, 360, 81, 9)))
    verdict = judge([row] * 30)
    assert verdict.action == "rollback"
    assert verdict.reason.startswith(
        "Latency: 40 % of the canary's requests took longer than 21.6, 10 % of the baseline's longer "
        "than 20, in 30 minutes; evidence "
    )
