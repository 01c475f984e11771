"""Mixtures over alternatives and start minutes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.judge.mixing import Mixture, log_add, log_mean, safe_exp


@given(logs=st.lists(st.floats(-3, 3), min_size=1, max_size=12))
def test_mixture_is_the_sum_over_start_minutes(logs: list[float]) -> None:
    mixture = Mixture.start(1)
    for value in logs:
        mixture = mixture.multiply([value])
    t = len(logs)
    explicit = sum(math.exp(sum(logs[s - 1 :])) / (s * (s + 1)) for s in range(1, t + 1)) + 1 / (t + 1)
    assert math.exp(mixture.logs()[0]) == pytest.approx(explicit)


def test_before_the_first_minute_the_evidence_is_one() -> None:
    assert Mixture.start(3).log_evidence((0.2, 0.3, 0.5)) == pytest.approx(0)


def test_nothing_seen_leaves_the_evidence_at_one() -> None:
    mixture = Mixture.start(2)
    for _ in range(1000):
        mixture = mixture.multiply([0.0, 0.0])
    assert mixture.log_evidence((0.5, 0.5)) == pytest.approx(0)


def test_huge_evidence_does_not_overflow() -> None:
    mixture = Mixture.start(2).multiply([1e6, -1e6]).multiply([1e6, -1e6])
    assert mixture.log_evidence((0.5, 0.5)) == pytest.approx(2e6, rel=1e-5)
    assert math.isfinite(safe_exp(mixture.log_evidence((0.5, 0.5))))


def test_sums_of_logs() -> None:
    assert log_add(-math.inf, 2.0) == log_add(2.0, -math.inf) == 2.0
    assert log_add(math.log(2), math.log(3)) == pytest.approx(math.log(5))
    assert log_mean((0.0, math.log(3)), (0.5, 0.5)) == pytest.approx(math.log(2))
    assert log_mean((-math.inf, -math.inf), (0.5, 0.5)) == -math.inf
