"""The error test: closed forms, guards, tempering."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.judge.errors import Dispersion, ErrorState, Noise, log_allocation, log_e_values, step
from lockgate.judge.evidence import Row, Side
from lockgate.judge.policy import JudgePolicy

POLICY = JudgePolicy()


def _row(e_c: int, n_c: int, e_b: int, n_b: int) -> Row:
    return Row(Side(n_c, e_c), Side(n_b, e_b))


@pytest.mark.parametrize(("e_c", "e_b"), [(0, 3), (4, 9), (12, 20)])
def test_mixture_over_shares_is_the_closed_form_of_lindon_and_malek(e_c: int, e_b: int) -> None:
    """Integrated over a Beta(2, 5) of the canary's share of errors, it is their ratio of beta functions."""
    n_c, n_b, x, y = 100, 400, 2.0, 5.0

    def beta(p: float, q: float) -> float:
        return math.exp(math.lgamma(p) + math.lgamma(q) - math.lgamma(p + q))

    cells = 20_000
    integral = 0.0
    for cell in range(cells):
        share = (cell + 0.5) / cells
        ratio = share / (1 - share) * n_b / n_c
        density = share ** (x - 1) * (1 - share) ** (y - 1) / beta(x, y)
        integral += density * math.exp(log_allocation(_row(e_c, n_c, e_b, n_b), ratio, POLICY)) / cells
    rho = n_c / (n_c + n_b)
    closed = beta(x + e_c, y + e_b) / beta(x, y) / (rho**e_c * (1 - rho) ** e_b)
    assert integral == pytest.approx(closed, rel=1e-5)


@given(
    parts=st.lists(st.tuples(st.integers(0, 10), st.integers(0, 30)), min_size=1, max_size=5),
    ratio=st.floats(1.1, 1000),
)
def test_splitting_a_minute_changes_nothing(parts: list[tuple[int, int]], ratio: float) -> None:
    """Rows of the same exposure ratio multiply to the row of their sums (r0 = 1, guards off)."""
    split = sum(log_allocation(_row(e_c, 20, e_b, 180), ratio, POLICY) for e_c, e_b in parts)
    e_c, e_b = sum(e for e, _ in parts), sum(e for _, e in parts)
    whole = log_allocation(_row(e_c, 20 * len(parts), e_b, 180 * len(parts)), ratio, POLICY)
    assert split == pytest.approx(whole, abs=1e-9)


def test_noise_of_one_side_is_learned_from_minutes_with_errors_on_both() -> None:
    quiet = noisy = Noise()
    for minute in range(40):
        quiet = quiet.learn(_row(600, 6000, 5400, 54000))
        noisy = noisy.learn(_row(1200 if minute % 2 else 300, 6000, 5400, 54000))
    assert quiet.variation(POLICY) == POLICY.noise_floor
    assert 0.4 < noisy.variation(POLICY) < 0.8
    assert Noise().learn(_row(4, 60, 500, 540)) == Noise()
    assert Noise().variation(POLICY) == pytest.approx(POLICY.noise_prior)
    assert Noise().variation(POLICY, errors=15) == pytest.approx(POLICY.noise_prior_many)


def test_noise_holds_back_what_one_minute_can_say() -> None:
    row = _row(12_000, 60_000, 54_000, 540_000)
    assert max(log_e_values(ErrorState.start(POLICY), row, POLICY)) < 12
    assert log_allocation(row, 2.5, POLICY) > 1000


def test_clusters_temper_the_evidence() -> None:
    state = ErrorState.start(POLICY)
    for minute in range(30):
        state = step(state, _row(0 if minute % 3 else 6, 60, 18, 540), POLICY)
    assert state.dispersion.factor(POLICY) > 2
    row = _row(6, 60, 18, 540)
    tempered = log_e_values(state, row, POLICY)
    assert tempered[1] < log_e_values(ErrorState.start(POLICY), row, POLICY)[1] / 2


def test_a_cluster_is_tempered_in_its_own_minute() -> None:
    state = ErrorState.start(POLICY)
    for _ in range(6):
        state = step(state, _row(0, 60, 5, 540), POLICY)
    row = _row(5, 60, 5, 540)
    before, after = state.dispersion.factor(POLICY), state.dispersion.learn(row).factor(POLICY)
    assert before < 1.1 < 2 < after
    assert log_e_values(state, row, POLICY)[2] < log_allocation(row, 5.0, POLICY) / after + 1e-9


Rows = st.builds(_row, st.integers(0, 9), st.just(60), st.integers(0, 30), st.just(540))


@given(earlier=st.lists(Rows, max_size=6), row=Rows)
def test_tempering_with_the_minute_itself_only_lowers(earlier: list[Row], row: Row) -> None:
    """So the mean stays at most 1, although the divisor depends on the minute."""
    state = ErrorState.start(POLICY)
    for one in earlier:
        state = step(state, one, POLICY)
    before = state.dispersion.factor(POLICY)
    for ratio, log_s in zip(POLICY.error_ratios, log_e_values(state, row, POLICY), strict=True):
        assert log_s <= log_allocation(row, ratio, POLICY) / before + 1e-12


def test_a_regression_is_not_taken_for_clusters() -> None:
    dispersion = Dispersion()
    for _ in range(20):
        dispersion = dispersion.learn(_row(30, 600, 54, 5400))
    assert dispersion.factor(POLICY) == pytest.approx(1.0, abs=0.6)


def test_dispersion_of_the_policy_is_the_least() -> None:
    assert Dispersion().factor(JudgePolicy(dispersion=2.5)) == 2.5
