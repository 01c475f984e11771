"""Latency: is the canary slower than the baseline by more than tau?

Null: in every minute the canary's latency is stochastically at most (1 + tau) times the baseline's, and
requests of a side are independent given that minute. Baseline requests are counted between bounds c_j and
canary requests between (1 + tau) c_j, so that at the edge of the null the pooled requests are exchangeable.

For ascending scores a_j, with k_cj canary requests and K_j requests of both sides in bin j,

    log S = sum_j k_cj a_j - log E[exp(sum_j k_cj a_j) | K],

where the mean is over all ways to choose the canary's n_c requests out of the N pooled ones. It is bounded
from above in closed form, in three ways, whichever is least:

    n_c log(sum_j K_j e^(a_j) / N)                            drawing with replacement (Hoeffding 1963,
    theorem 4) sum_j K_j log(1 + n_c/N (e^(a_j) - 1))                    the choices are negatively associated
                                                              (Joag-Dev and Proschan 1983)
    sum_j K_j a_j + n_b log(sum_j K_j e^(-a_j) / N)           as the first, drawing the baseline's requests

Moving one canary request to a slower bin never lowers log S (the first bound is used only where that holds,
for n_c/N e^(a_m) <= 1). So a canary that is faster than the edge of the null has, coupled request by
request, at most the S of one at the edge, and the mean of S is at most 1 on the whole null, for every tau.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass

from lockgate.judge.evidence import Row
from lockgate.judge.mixing import Mixture
from lockgate.judge.policy import JudgePolicy
from lockgate.judge.shapes import History, scores


@dataclass(frozen=True, slots=True)
class Scorer:
    """Ascending scores of one shape, with the powers that each minute needs.

    Attributes:
        scores: a_j, 0 for the fastest bin.
        gains: e^(a_j) - 1.
        losses: e^(-a_j) - 1.
        cap: most that one minute adds to log evidence.
    """

    scores: tuple[float, ...]
    gains: tuple[float, ...]
    losses: tuple[float, ...]
    cap: float

    @staticmethod
    def of(values: Sequence[float], cap: float = math.inf) -> Scorer:
        """Scorer of ascending scores."""
        gains = tuple(math.expm1(value) for value in values)
        return Scorer(tuple(values), gains, tuple(math.expm1(-value) for value in values), cap)


def sumprod(counts: Sequence[int], factors: Sequence[float]) -> float:
    """Sum of products; math.sumprod is not in Python 3.11."""
    total: float = sum(map(operator.mul, counts, factors))
    return total


def log_e_value(canary: Sequence[int], baseline: Sequence[int], scorer: Scorer) -> float:
    """log S of one minute.

    Args:
        canary, baseline: requests per bin.
        scorer: the alternative.
    """
    pooled = [c + b for c, b in zip(canary, baseline, strict=True)]
    n_c, total = sum(canary), sum(pooled)
    if n_c == 0 or n_c == total:
        return 0.0
    reached = sumprod(canary, scorer.scores)
    return min(reached - _log_mean(pooled, n_c, total, scorer), scorer.cap)


def _log_mean(pooled: Sequence[int], n_c: int, total: int, scorer: Scorer) -> float:
    """Upper bound of log E[exp(sum of the canary's scores)] when canary and baseline are exchangeable."""
    share = n_c / total
    least = sum(
        count * math.log1p(share * gain)
        for count, gain in zip(pooled, scorer.gains, strict=True)
        if count and gain
    )
    if share * (scorer.gains[-1] + 1.0) <= 1.0:
        return min(least, n_c * math.log1p(sumprod(pooled, scorer.gains) / total))
    others = (total - n_c) * math.log1p(sumprod(pooled, scorer.losses) / total)
    return min(least, sumprod(pooled, scorer.scores) + others)


@dataclass(frozen=True, slots=True)
class LatencyTest:
    """The alternatives, fixed before the first minute."""

    scorers: tuple[Scorer, ...]
    weights: tuple[float, ...]

    @staticmethod
    def of(history: History, policy: JudgePolicy) -> LatencyTest:
        """The policy's shapes on the bins of this history."""
        total = sum(shape.weight for shape in policy.latency_shapes)
        return LatencyTest(
            tuple(Scorer.of(scores(shape, history), shape.cap) for shape in policy.latency_shapes),
            tuple(shape.weight / total for shape in policy.latency_shapes),
        )

    def start(self) -> LatencyState:
        """Before the first minute."""
        return LatencyState(Mixture.start(len(self.scorers)))


@dataclass(frozen=True, slots=True)
class LatencyState:
    """The latency test after some minutes."""

    mixture: Mixture
    skipped: int = 0


def step(test: LatencyTest, state: LatencyState, row: Row, policy: JudgePolicy) -> LatencyState:
    """One minute further; minutes of the warm-up and without latency on both sides change nothing."""
    canary, baseline = row.canary.latency, row.baseline.latency
    if canary is None or baseline is None:
        return state
    if state.skipped < policy.warmup:
        return LatencyState(state.mixture, state.skipped + 1)
    logs = [log_e_value(canary, baseline, scorer) for scorer in test.scorers]
    return LatencyState(state.mixture.multiply(logs), state.skipped)
