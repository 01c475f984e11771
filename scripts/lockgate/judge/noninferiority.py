"""Proof that the canary is good enough: e-values against the null that it is worse by more than a margin.

Each has a mean of at most 1 while the canary is that bad, so a release beyond the margin is called proven
with a probability of at most `alpha_promote`, at any look.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lockgate.judge.evidence import Row
from lockgate.judge.mixing import log_mean
from lockgate.judge.policy import JudgePolicy
from lockgate.judge.shapes import History

_LITTLE_BETWEEN = 0.8
"""Share of the requests beyond c that are also beyond the margin, from which on c is given up for another."""

SMALLEST_BET, LARGEST_BET = 0.01, 0.95
"""Range of a bet on a canary like the baseline: one error never undoes more than a hundredfold."""


def log_errors(row: Row, a: float, policy: JudgePolicy) -> float:
    """log of the e-value against p_c >= r_n * p_b + d_n.

    Args:
        row: the minute.
        a: what one error of the canary multiplies the evidence with, in (0, 1).
    """
    canary, baseline = row.canary, row.baseline
    gain = canary.requests * policy.margin_ratio / baseline.requests * (1.0 - a)
    allowed = canary.requests * policy.margin_rate * (1.0 - a)
    return canary.errors * math.log(a) + baseline.errors * math.log1p(gain) + allowed


def log_tilt(k_c: int, n_c: int, k_b: int, n_b: int, w: float) -> float:
    """log of the exchangeability e-value w^k_c / E[w^k_c | k_c + k_b], the mean bounded from above.

    Its mean is at most 1 where canary requests exceed a bound at least (w < 1), or at most (w > 1), as often
    as baseline requests do. Source: Hoeffding 1963, theorem 4, for three ways to see the hypergeometric.

    Args:
        k_c, n_c: canary requests beyond the bound, and all of them.
        k_b, n_b: the same of the baseline.
        w: odds ratio of the alternative.
    """
    pooled, total = k_c + k_b, n_c + n_b
    if not (n_c and n_b and pooled):
        return 0.0
    log_w = math.log(w)
    bounds = [_drawn(min(n_c, pooled), n_c * pooled / total, w)]
    bounds.append(pooled * log_w + _drawn(min(n_b, pooled), n_b * pooled / total, 1.0 / w))
    bounds.append(n_c * log_w + _drawn(min(n_c, total - pooled), n_c * (total - pooled) / total, 1.0 / w))
    return k_c * log_w - min(bounds)


def _drawn(draws: int, mean: float, w: float) -> float:
    """log E[w^X] of a binomial X with this many draws and this mean."""
    return draws * math.log1p(mean / draws * (w - 1.0)) if draws else 0.0


@dataclass(frozen=True, slots=True)
class Margin:
    """Canary requests beyond one bound are compared with baseline requests beyond another.

    Attributes:
        quantile: of the baseline, as the policy names it.
        canary_bin: first bin of the canary's that counts as beyond factor * c.
        baseline_bin: first bin of the baseline's that counts as beyond c.
        expected: odds ratio of the two for a canary like the baseline before the deployment.
    """

    quantile: float
    canary_bin: int
    baseline_bin: int
    expected: float


def margins(history: History, policy: JudgePolicy) -> tuple[Margin, ...]:
    """The policy's latency margins on these bounds.

    The canary's bound is the largest (1 + tau) c_k that is not beyond factor * c_j: where the bounds were not
    made for the margin the proof is of something stronger, and takes longer. Where hardly any baseline
    latency lies between c_j and that (a gap between two humps), no canary could be proven there, and the
    bound nearby where most can be learned takes the quantile's place.
    """
    return tuple(_margin(quantile, factor, history, policy) for quantile, factor in policy.latency_margins)


def _margin(quantile: float, factor: float, history: History, policy: JudgePolicy) -> Margin:
    exceeding = history.exceeding()
    bounds = [bound / (1.0 + policy.tau) * factor * (1.0 + 1e-9) for bound in history.bounds]
    reach = [
        max(k for k, bound in enumerate(history.bounds) if k <= j or bound <= limit)
        for j, limit in enumerate(bounds)
    ]
    j = history.nearest(quantile)
    if exceeding[reach[j]] > _LITTLE_BETWEEN * exceeding[j]:
        j = max(history.around(quantile), key=lambda i: _learned(exceeding[i], exceeding[reach[i]]))
    beyond, reached = exceeding[j], exceeding[reach[j]]
    expected = reached / (1.0 - reached) / beyond * (1.0 - beyond)
    return Margin(quantile, reach[j] + 1, j + 1, min(max(expected, SMALLEST_BET), LARGEST_BET))


def _learned(baseline: float, canary: float) -> float:
    """Evidence that a canary like the baseline wins per request."""
    return baseline - canary + canary * math.log(canary / baseline)


Bets = tuple[float, ...]
"""Running log e-values: first that of the bet on a canary like the baseline, then those of the policy's."""


@dataclass(frozen=True, slots=True)
class ProofState:
    """Running log e-values, and what the bets are made from.

    Attributes:
        errors: by bet.
        latency: by margin and bet.
        late: the same without the cold minutes.
    """

    errors: Bets
    latency: tuple[Bets, ...]
    late: tuple[Bets, ...]
    baseline_errors: int = 0
    baseline_requests: int = 0
    minutes: int = 0

    @staticmethod
    def start(margins: Sequence[Margin], policy: JudgePolicy) -> ProofState:
        """Before the first minute."""
        nothing = ((0.0,) * (1 + len(policy.margin_odds)),) * len(margins)
        return ProofState((0.0,) * (1 + len(policy.margin_errors)), nothing, nothing)

    def expected_bet(self, policy: JudgePolicy) -> float:
        """What one error should multiply the evidence with if the canary fails as often as the baseline did
        so far; half an error in a hundred requests before anything was seen.

        It depends on earlier minutes only, so that the mean of the e-value stays at most 1.
        """
        rate = (self.baseline_errors + 0.5) / (self.baseline_requests + 100.0)
        bet = rate / (policy.margin_ratio * rate + policy.margin_rate)
        return min(max(bet, SMALLEST_BET), LARGEST_BET)

    def log_errors(self, policy: JudgePolicy) -> float:
        """log evidence that errors are within their margin."""
        return _mean(self.errors, policy)

    def log_latency(self, policy: JudgePolicy) -> tuple[float, ...]:
        """log evidence that latency is within its margin, by margin."""
        shares = (1.0 - policy.margin_late, policy.margin_late)
        both = zip(self.latency, self.late, strict=True)
        return tuple(log_mean([_mean(bets, policy) for bets in pair], shares) for pair in both)


def _mean(logs: Bets, policy: JudgePolicy) -> float:
    others = (1.0 - policy.margin_expected) / (len(logs) - 1)
    return log_mean(logs, (policy.margin_expected, *(others,) * (len(logs) - 1)))


def step(margins: Sequence[Margin], state: ProofState, row: Row, policy: JudgePolicy) -> ProofState:
    """One minute further."""
    bets = (state.expected_bet(policy), *policy.margin_errors)
    latency = [_log_margin(margin, row, policy) for margin in margins]
    late = latency if state.minutes >= policy.cold_minutes else [(0.0,) * len(logs) for logs in latency]
    return ProofState(
        _plus(state.errors, [log_errors(row, a, policy) for a in bets]),
        tuple(map(_plus, state.latency, latency)),
        tuple(map(_plus, state.late, late)),
        state.baseline_errors + row.baseline.errors,
        state.baseline_requests + row.baseline.requests,
        state.minutes + 1,
    )


def _plus(logs: Bets, more: Sequence[float]) -> Bets:
    return tuple(x + y for x, y in zip(logs, more, strict=True))


def _log_margin(margin: Margin, row: Row, policy: JudgePolicy) -> Bets:
    odds = (margin.expected, *policy.margin_odds)
    canary, baseline = row.canary.latency, row.baseline.latency
    if canary is None or baseline is None:
        return (0.0,) * len(odds)
    k_c, n_c = sum(canary[margin.canary_bin :]), sum(canary)
    k_b, n_b = sum(baseline[margin.baseline_bin :]), sum(baseline)
    return tuple(log_tilt(k_c, n_c, k_b, n_b, w) for w in odds)
