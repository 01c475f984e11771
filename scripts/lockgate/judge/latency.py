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

Moving one canary request from bin i to a slower bin j never lowers log S: it adds a_j - a_i to the first
term, and less to each bound. For the first bound that needs n_c (e^(a_m) - 1) <= sum_j k_bj e^(a_j), and it
is used only there; which bound is used then depends on the baseline alone, as the coupling wants. So a
canary that is faster than the edge of the null has, coupled request by request, at most the S of one at the
edge, and the mean of S is at most 1 on the whole null, for every tau.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass

from lockgate.judge.evidence import Row
from lockgate.judge.mixing import Mixture
from lockgate.judge.policy import JudgePolicy
from lockgate.judge.shapes import History, MoreOften, Shape, scores, shares_when


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


def sumprod(counts: Sequence[float], factors: Sequence[float]) -> float:
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
    return min(reached - _log_mean(pooled, baseline, scorer), scorer.cap)


def _log_mean(pooled: Sequence[float], baseline: Sequence[float], scorer: Scorer) -> float:
    """Upper bound of log E[exp(sum of the canary's scores)] when canary and baseline are exchangeable."""
    total = sum(pooled)
    n_c = total - sum(baseline)
    share = n_c / total
    least = sum(
        count * math.log1p(share * gain)
        for count, gain in zip(pooled, scorer.gains, strict=True)
        if count and gain
    )
    if n_c * scorer.gains[-1] <= total - n_c + sumprod(baseline, scorer.gains):
        return min(least, n_c * math.log1p(sumprod(pooled, scorer.gains) / total))
    others = (total - n_c) * math.log1p(sumprod(pooled, scorer.losses) / total)
    return min(least, sumprod(pooled, scorer.scores) + others)


def growth(
    values: Sequence[float], canary: Sequence[float], baseline: Sequence[float], weight: float
) -> float:
    """log evidence that scores win per canary request, when bins are as expected.

    Args:
        values: ascending scores.
        canary, baseline: share of each bin.
        weight: the canary's share of requests.
    """
    scorer = Scorer.of(values)
    mine = [weight * share for share in canary]
    theirs = [(1.0 - weight) * share for share in baseline]
    pooled = [c + b for c, b in zip(mine, theirs, strict=True)]
    return (sumprod(mine, values) - _log_mean(pooled, theirs, scorer)) / weight


def fitted(
    values: Sequence[float], canary: Sequence[float], baseline: Sequence[float], weight: float
) -> tuple[float, ...]:
    """The scores, cut off below and above where that wins more: the bounds are loose for a wide range of
    scores.

    Args: as for `growth`.
    """
    levels = sorted(set(values))
    cuts = [(low, high) for low in levels[:-1] for high in levels if low < high]
    tried = [tuple(min(max(value, low), high) - low for value in values) for low, high in cuts]
    return max(tried, key=lambda scores: growth(scores, canary, baseline, weight), default=tuple(values))


@dataclass(frozen=True, slots=True)
class LatencyTest:
    """The alternatives, fixed before the first minute."""

    scorers: tuple[Scorer, ...]
    weights: tuple[float, ...]

    @staticmethod
    def of(history: History, weight: float, policy: JudgePolicy) -> LatencyTest:
        """The policy's shapes on the bins of this history, for a canary of this weight."""
        total = sum(shape.weight for shape in policy.latency_shapes)
        return LatencyTest(
            tuple(_scorer(shape, history, weight) for shape in policy.latency_shapes),
            tuple(shape.weight / total for shape in policy.latency_shapes),
        )

    def start(self) -> LatencyState:
        """Before the first minute."""
        return LatencyState(Mixture.start(len(self.scorers)))


def _scorer(shape: Shape, history: History, weight: float) -> Scorer:
    values = scores(shape, history)
    if not isinstance(shape, MoreOften):
        values = fitted(values, shares_when(shape, history), history.shares(), weight)
    return Scorer.of(values, shape.cap)


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
    mixture = state.mixture.multiply(log_e_value(canary, baseline, scorer) for scorer in test.scorers)
    if state.skipped + mixture.minutes <= policy.cold_minutes:
        mixture = mixture.limited(test.weights, math.log(policy.cold_evidence))
    return LatencyState(mixture, state.skipped)
