"""Every e-value has a mean of at most 1 under its null: by enumeration of all outcomes."""

from __future__ import annotations

import math
from functools import cache
from itertools import accumulate, pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.judge.errors import log_allocation, log_guard
from lockgate.judge.evidence import Row, Side
from lockgate.judge.latency import Scorer, log_e_value
from lockgate.judge.mixing import Mixture
from lockgate.judge.noninferiority import LARGEST_BET, SMALLEST_BET, ProofState, log_errors, log_tilt, step
from lockgate.judge.policy import JudgePolicy
from lockgate.judge.traffic import log_e_value as log_traffic
from tests.unit.judge.worlds import binomial, histograms, mean_over_pairs, multinomial

ONE = 1 + 1e-9
RATES = (1e-4, 0.001, 0.01, 0.1, 0.3, 0.7, 0.999)
SIZES = ((60, 540), (7, 13), (1, 540), (40, 40))


def _row(e_c: int, n_c: int, e_b: int, n_b: int) -> Row:
    return Row(Side(n_c, e_c), Side(n_b, e_b))


@pytest.mark.parametrize(("n_c", "n_b"), SIZES)
@pytest.mark.parametrize("ratio", JudgePolicy().error_ratios)
@pytest.mark.parametrize("policy", [JudgePolicy(), JudgePolicy(allowed_ratio=1.2, allowed_rate=0.01)])
def test_allocation_of_errors(n_c: int, n_b: int, ratio: float, policy: JudgePolicy) -> None:
    @cache
    def value(e_c: int, e_b: int) -> float:
        return math.exp(log_allocation(_row(e_c, n_c, e_b, n_b), ratio, policy))

    for rate in RATES:
        edge = min(policy.allowed_ratio * rate + policy.allowed_rate, 1.0)
        assert mean_over_pairs(n_c, n_b, edge, rate, value) <= ONE
        assert mean_over_pairs(n_c, n_b, edge / 2, rate, value) <= ONE


def test_allocation_grows_beyond_the_null() -> None:
    def value(e_c: int, e_b: int) -> float:
        return math.exp(log_allocation(_row(e_c, 60, e_b, 540), 2.5, JudgePolicy()))

    assert mean_over_pairs(60, 540, 0.025, 0.01, value) > 1.5


@pytest.mark.parametrize("ratio", (1.5, 5.0, 1000.0))
@pytest.mark.parametrize("total", (1, 9, 60))
def test_guard_is_a_ratio_of_probabilities(ratio: float, total: int) -> None:
    """Over all splits of a number of errors, under the beta-binomial of the null, its mean is 1."""
    k = 1 / (2 * 0.2**2 * 0.1 * 0.9)
    weights = [
        math.comb(total, e_c)
        * math.exp(_log_beta(e_c + 0.1 * k, total - e_c + 0.9 * k) - _log_beta(0.1 * k, 0.9 * k))
        for e_c in range(total + 1)
    ]
    values = [
        math.exp(log_guard(_row(e_c, 60, total - e_c, 540), ratio, 0.2, JudgePolicy()))
        for e_c in range(total + 1)
    ]
    assert math.fsum(weights) == pytest.approx(1)
    assert math.fsum(w * v for w, v in zip(weights, values, strict=True)) == pytest.approx(1)


def _log_beta(x: float, y: float) -> float:
    return math.lgamma(x) + math.lgamma(y) - math.lgamma(x + y)


@pytest.mark.parametrize(("n_c", "n_b"), SIZES)
@pytest.mark.parametrize("w", (SMALLEST_BET, 0.085, 0.2, 0.4, 0.8, LARGEST_BET, 1.5, 5.0, 50.0))
def test_tilt(n_c: int, n_b: int, w: float) -> None:
    @cache
    def value(k_c: int, k_b: int) -> float:
        return math.exp(log_tilt(k_c, n_c, k_b, n_b, w))

    for rate in RATES:
        better = rate * 0.7 if w > 1 else min(1.0, rate * 1.3)
        assert mean_over_pairs(n_c, n_b, rate, rate, value) <= ONE
        assert mean_over_pairs(n_c, n_b, better, rate, value) <= ONE


@pytest.mark.parametrize(("n_c", "n_b"), SIZES)
@pytest.mark.parametrize("odds", (1.6, 2.5, 15.0))
def test_latency_beyond_one_bound(n_c: int, n_b: int, odds: float) -> None:
    scorer = Scorer.of((0.0, math.log(odds)))

    @cache
    def value(k_c: int, k_b: int) -> float:
        return math.exp(log_e_value((n_c - k_c, k_c), (n_b - k_b, k_b), scorer))

    for rate in RATES:
        assert mean_over_pairs(n_c, n_b, rate, rate, value) <= ONE
        assert mean_over_pairs(n_c, n_b, rate * 0.6, rate, value) <= ONE


Shares = st.lists(st.floats(0.02, 1), min_size=3, max_size=3).map(lambda w: [x / sum(w) for x in w])
Steps = st.lists(st.floats(0, 4), min_size=2, max_size=2).map(lambda s: (0.0, *accumulate(s)))


def _no_slower(canary: list[float], baseline: list[float]) -> list[float]:
    """The canary's distribution, made at least as fast as the baseline's everywhere."""
    reached = [max(c, b) for c, b in zip(accumulate(canary), accumulate(baseline), strict=True)]
    return [reached[0], *(high - low for low, high in pairwise(reached))]


@settings(max_examples=40, deadline=None)
@given(n_c=st.integers(1, 4), n_b=st.integers(1, 7), slow=Shares, mix=st.floats(0, 1), fast=Shares, a=Steps)
def test_latency_for_any_canary_that_is_no_slower(
    n_c: int, n_b: int, slow: list[float], mix: float, fast: list[float], a: tuple[float, ...]
) -> None:
    """That is every tau: the null is only that the canary's bins are stochastically no slower."""
    canary = _no_slower([mix * f + (1 - mix) * s for f, s in zip(fast, slow, strict=True)], slow)
    scorer = Scorer.of(a)
    mean = math.fsum(
        multinomial(c, canary) * multinomial(b, slow) * math.exp(log_e_value(c, b, scorer))
        for c in histograms(n_c, 3)
        for b in histograms(n_b, 3)
    )
    assert mean <= ONE


@settings(max_examples=200, deadline=None)
@given(
    canary=st.lists(st.integers(0, 30), min_size=4, max_size=4),
    baseline=st.lists(st.integers(0, 90), min_size=4, max_size=4),
    steps=st.lists(st.floats(0, 4), min_size=3, max_size=3),
    place=st.integers(0, 2),
)
def test_a_slower_request_of_the_canary_never_lowers_the_evidence(
    canary: list[int], baseline: list[int], steps: list[float], place: int
) -> None:
    scorer = Scorer.of((0.0, *accumulate(steps)))
    faster, slower = [*canary], [*canary]
    faster[place] += 1
    slower[place + 1] += 1
    assert log_e_value(slower, baseline, scorer) >= log_e_value(faster, baseline, scorer) - 1e-9


@pytest.mark.parametrize("factor", JudgePolicy().traffic_factors)
@pytest.mark.parametrize("total", (10, 600))
def test_traffic(factor: float, total: int) -> None:
    least = 0.7 * 0.1
    for share in (least, 1.3 * least):
        mean = math.fsum(
            weight * math.exp(log_traffic(_row(0, n_c, 0, total - n_c), factor, least))
            for n_c, weight in enumerate(binomial(total, share))
        )
        assert mean <= ONE


@pytest.mark.parametrize(("n_c", "n_b"), SIZES)
@pytest.mark.parametrize("a", (SMALLEST_BET, *JudgePolicy().margin_errors, LARGEST_BET))
def test_proof_that_errors_are_within_the_margin(n_c: int, n_b: int, a: float) -> None:
    policy = JudgePolicy()

    @cache
    def value(e_c: int, e_b: int) -> float:
        return math.exp(log_errors(_row(e_c, n_c, e_b, n_b), a, policy))

    for rate in (0.0, *RATES[:-2]):
        edge = policy.margin_ratio * rate + policy.margin_rate
        assert mean_over_pairs(n_c, n_b, edge, rate, value) <= ONE
        assert mean_over_pairs(n_c, n_b, min(1.0, 1.5 * edge), rate, value) <= ONE


def test_proof_with_bets_that_follow_the_baseline() -> None:
    """Two minutes at the margin: the bet of the second one depends on what the first one was."""
    policy = JudgePolicy()

    def after(state: ProofState, e_c: int, e_b: int) -> ProofState:
        return step((), state, _row(e_c, 6, e_b, 14), policy)

    @cache
    def second(e_c: int, e_b: int) -> float:
        state = after(ProofState.start((), policy), e_c, e_b)

        def value(f_c: int, f_b: int) -> float:
            return math.exp(after(state, f_c, f_b).log_errors(policy))

        return mean_over_pairs(6, 14, edge, rate, value)

    bets = set()
    for rate in (0.001, 0.05, 0.3):
        edge = policy.margin_ratio * rate + policy.margin_rate
        second.cache_clear()
        assert mean_over_pairs(6, 14, edge, rate, second) <= ONE
        bets.add(after(ProofState.start((), policy), 0, round(14 * rate)).expected_bet(policy))
    assert len(bets) == 3


def test_limited_evidence_is_less_than_an_e_process() -> None:
    """Over all outcomes of four minutes whose e-values are 3 or 1/3, limited in the first two."""
    outcomes = ((0.25, math.log(3.0)), (0.75, math.log(1 / 3)))
    weights = (0.5, 0.5)
    mean, most = 0.0, 0.0
    for path in product(outcomes, repeat=4):
        mixture = Mixture.start(2)
        for minute, (_, log_s) in enumerate(path):
            mixture = mixture.multiply((log_s, 0.5 * log_s + math.log(0.75)))
            if minute < 2:
                mixture = mixture.limited(weights, math.log(1.5))
                most = max(most, math.exp(mixture.log_evidence(weights)))
        mean += math.prod(share for share, _ in path) * math.exp(mixture.log_evidence(weights))
    assert 0.5 < mean <= ONE
    assert most == pytest.approx(1.5)
