"""Errors: does the canary fail more often than the baseline allows?

Null: p_c <= r0 * p_b + d0 in every minute. Only how errors fall to the two sides counts, so any base rate,
any split that varies and any disturbance that both sides share is covered.
Source: Lindon and Malek, "Anytime-Valid Inference for Multinomial Count Data", NeurIPS 2022; Turner, Ly and
Grünwald, "Generic E-variables for exact sequential k-sample tests".
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from lockgate.judge.evidence import Row
from lockgate.judge.mixing import Mixture
from lockgate.judge.policy import JudgePolicy

_ENOUGH_ERRORS = 5
"""Errors that each side of a minute needs before the minute says something about the noise of one side."""

DISPERSION_PRIOR = 1.0
"""Expected squared residuals that the absence of clusters counts for before anything was seen."""


def log_allocation(row: Row, ratio: float, policy: JudgePolicy) -> float:
    """log of the e-value of how errors fall to the sides, for the alternative p_c = ratio * p_b.

    Its mean is at most exp(p_b (b (r n_c + n_b) - (r0 n_c + n_b))) = 1 under the null.
    """
    canary, baseline = row.canary, row.baseline
    allowed = policy.allowed_ratio
    b = (allowed * canary.requests + baseline.requests) / (ratio * canary.requests + baseline.requests)
    a = ratio / allowed * b
    excess = canary.requests * policy.allowed_rate * (a - 1.0)
    return canary.errors * math.log(a) + baseline.errors * math.log(b) - excess


@dataclass(frozen=True, slots=True)
class Noise:
    """What earlier minutes say about noise that hits one side for one minute.

    Sums over minutes with enough errors on both sides, of the log ratio l of the two rates and of the
    variance v that counting alone gives it.
    """

    minutes: int = 0
    sum_l: float = 0.0
    sum_ll: float = 0.0
    sum_v: float = 0.0

    def learn(self, row: Row) -> Noise:
        """With one more minute."""
        e_c, e_b = row.canary.errors, row.baseline.errors
        if e_c < _ENOUGH_ERRORS or e_b < _ENOUGH_ERRORS:
            return self
        ratio = math.log((e_c + 0.5) / (e_b + 0.5)) - math.log(row.canary.requests / row.baseline.requests)
        variance = 1.0 / (e_c + 0.5) + 1.0 / (e_b + 0.5)
        return Noise(self.minutes + 1, self.sum_l + ratio, self.sum_ll + ratio * ratio, self.sum_v + variance)

    def variation(self, policy: JudgePolicy, errors: int = 0) -> float:
        """Coefficient of variation of one side's rate in one minute, from a prior and the minutes so far.

        Args:
            policy: has the priors.
            errors: the canary's in the minute to come; any choice by it is right, since the guard only
            lowers.
        """
        believed = policy.noise_prior_many if errors >= policy.many_errors else policy.noise_prior
        prior = policy.noise_prior_minutes
        between, used = 0.0, 0.0
        if self.minutes:
            scatter = self.sum_ll - self.sum_l * self.sum_l / self.minutes
            between = max(0.0, scatter - self.sum_v * (1.0 - 1.0 / self.minutes)) / 2.0
            used = self.minutes - 1.0
        squared = (prior * believed**2 + between) / (prior + used)
        return min(max(math.sqrt(squared), policy.noise_floor), 1.0)


def log_guard(row: Row, ratio: float, variation: float, policy: JudgePolicy) -> float:
    """log of the same ratio of likelihoods when each side's rate also varies from minute to minute.

    Errors then fall to the sides as a beta-binomial; the minimum of two e-values is an e-value.
    """
    share = policy.allowed_ratio * row.canary.requests
    share /= share + row.baseline.requests
    moved = ratio * row.canary.requests / (ratio * row.canary.requests + row.baseline.requests)
    return log_noisy(row.canary.errors, row.baseline.errors, share, moved, variation)


def log_noisy(e_c: float, e_b: float, share: float, moved: float, variation: float) -> float:
    """log ratio of beta-binomial likelihoods of a split of errors.

    Args:
        e_c, e_b: errors of the sides.
        share, moved: expected share of the canary under the null and under the alternative.
        variation: coefficient of variation of one side's rate.
    """
    k = 1.0 / (2.0 * variation**2 * share * (1.0 - share))
    return _log_beta(e_c, e_b, moved, k) - _log_beta(e_c, e_b, share, k)


def _log_beta(e_c: float, e_b: float, share: float, k: float) -> float:
    left, right = share * k, (1.0 - share) * k
    return math.lgamma(e_c + left) + math.lgamma(e_b + right) - math.lgamma(left) - math.lgamma(right)


@dataclass(frozen=True, slots=True)
class Dispersion:
    """How much more the split of errors varies than chance gives: errors come in clusters.

    A Pearson statistic over minutes, with a prior.
    """

    canary_errors: int = 0
    canary_requests: int = 0
    baseline_errors: int = 0
    baseline_requests: int = 0
    squares: float = 0.0
    expected: float = 0.0

    def learn(self, row: Row) -> Dispersion:
        """With one more minute. Its split is compared with the ratio of the rates so far, at least 1, so
        that a real regression is not taken for dispersion."""
        canary, baseline = row.canary, row.baseline
        e_c, n_c = self.canary_errors + canary.errors, self.canary_requests + canary.requests
        e_b, n_b = self.baseline_errors + baseline.errors, self.baseline_requests + baseline.requests
        lean = max(1.0, (e_c + 0.5) / n_c * n_b / (e_b + 0.5)) * canary.requests
        share = lean / (lean + baseline.requests)
        total = canary.errors + baseline.errors
        squares = self.squares + (canary.errors - total * share) ** 2
        return Dispersion(e_c, n_c, e_b, n_b, squares, self.expected + total * share * (1.0 - share))

    def factor(self, policy: JudgePolicy) -> float:
        """What log evidence is divided by, at least the policy's dispersion."""
        found = (DISPERSION_PRIOR + self.squares) / (DISPERSION_PRIOR + self.expected)
        return max(policy.dispersion, found)


@dataclass(frozen=True, slots=True)
class ErrorState:
    """The error test after some minutes."""

    mixture: Mixture
    noise: Noise
    dispersion: Dispersion

    @staticmethod
    def start(policy: JudgePolicy) -> ErrorState:
        """Before the first minute."""
        return ErrorState(Mixture.start(len(policy.error_ratios)), Noise(), Dispersion())


def log_e_values(state: ErrorState, row: Row, policy: JudgePolicy) -> tuple[float, ...]:
    """log of the minute's e-value for each of the policy's error ratios.

    Evidence is divided by the dispersion of earlier minutes, and by that with this minute where that leaves
    less: a cluster is then no evidence in the minute in which it comes, and what is less than an e-value is
    safe.
    """
    variation = state.noise.variation(policy, row.canary.errors)
    before, after = (d.factor(policy) for d in (state.dispersion, state.dispersion.learn(row)))
    if not row.canary.errors and not row.baseline.errors and policy.allowed_rate == 0.0:
        return (0.0,) * len(policy.error_ratios)
    logs = (
        min(log_allocation(row, ratio, policy), log_guard(row, ratio, variation, policy))
        for ratio in policy.error_ratios
    )
    return tuple(min(log_s / before, log_s / after) for log_s in logs)


def step(state: ErrorState, row: Row, policy: JudgePolicy) -> ErrorState:
    """One minute further."""
    mixture = state.mixture.multiply(log_e_values(state, row, policy))
    return replace(
        state, mixture=mixture, noise=state.noise.learn(row), dispersion=state.dispersion.learn(row)
    )
