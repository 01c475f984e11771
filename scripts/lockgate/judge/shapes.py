"""Ways in which latency can get worse, as scores for the latency bins.

A score is the log of how much more often a request of that bin is the canary's. Only scores that do not fall
from the fast bins to the slow ones are used: with those the latency test holds for every canary that is
stochastically faster than allowed (see `latency`). The best such scores for a given regression are the
isotonic regression of its likelihood ratio.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from statistics import NormalDist

_NORMAL = NormalDist()
_LARGEST_SCORE = math.log(50.0)
"""A bin that was empty in the history would otherwise count without limit."""


@dataclass(frozen=True, slots=True)
class Slower:
    """Requests above a quantile of the baseline take longer by a factor, beyond what tau allows.

    Args:
        above: quantile in [0, 1); 0 means every request.
        factor: how much longer, above 1.
        weight: share of the latency evidence that is bet on this shape, relative to the others.
        cap: most that one minute can add to log evidence.
    """

    above: float
    factor: float
    weight: float = 1.0
    cap: float = 3.0


@dataclass(frozen=True, slots=True)
class Some:
    """A share of requests, not the slowest but any, takes longer by a factor: retries, misses of a cache.

    Args:
        share: of the requests, in (0, 1).
        factor: how much longer, above 1.
        weight, cap: as for `Slower`.
    """

    share: float
    factor: float
    weight: float = 1.0
    cap: float = 3.0


@dataclass(frozen=True, slots=True)
class MoreOften:
    """Requests exceed a quantile of the baseline more often, whatever the shape.

    Args:
        above: quantile in [0, 1).
        odds: how much more often, above 1.
        weight, cap: as for `Slower`.
    """

    above: float
    odds: float
    weight: float = 1.0
    cap: float = 3.0


Survival = Callable[[float], float]

Shape = Slower | Some | MoreOften


@dataclass(frozen=True, slots=True)
class History:
    """The baseline's latency before the deployment, between its frozen bounds.

    Args:
        bounds: c_1 < ... < c_m.
        counts: requests per bin, m + 1 of them; half a request is added to each.
    """

    bounds: tuple[float, ...]
    counts: tuple[int, ...]

    def shares(self) -> tuple[float, ...]:
        """Probability of each bin."""
        total = sum(self.counts) + 0.5 * len(self.counts)
        return tuple((count + 0.5) / total for count in self.counts)

    def exceeding(self) -> tuple[float, ...]:
        """Probability of exceeding each bound."""
        return tuple(accumulate(reversed(self.shares()[1:])))[::-1]

    def nearest(self, quantile: float) -> int:
        """Index of the bound that is nearest to a quantile, on the normal scale."""
        aim = _NORMAL.inv_cdf(quantile) if quantile > 0.0 else -math.inf
        scores = self._scores()
        return min(range(len(scores)), key=lambda j: abs(scores[j] - max(aim, scores[0])))

    def around(self, quantile: float) -> list[int]:
        """Indices of the bounds near a quantile: within 0.4 on the normal scale (p81 to p95 around p90), and
        the nearest one."""
        aim, nearest = _NORMAL.inv_cdf(quantile), self.nearest(quantile)
        near = (j for j, score in enumerate(self._scores()) if abs(score - aim) <= 0.4 or j == nearest)
        return list(near)

    def survival(self) -> Survival:
        """P(latency > x) as a function of x: between bounds, and beyond them, by interpolation of normal
        scores against log x."""
        places = [math.log(bound) for bound in self.bounds]
        scores = self._scores()

        def beyond(x: float) -> float:
            if len(places) == 1:
                z = scores[0] + math.log(x) - places[0]
            else:
                right = min(max(bisect_left(places, math.log(x)), 1), len(places) - 1)
                rise = (scores[right] - scores[right - 1]) / (places[right] - places[right - 1])
                z = scores[right] + rise * (math.log(x) - places[right])
            return 0.5 * math.erfc(z / math.sqrt(2.0))

        return beyond

    def _scores(self) -> list[float]:
        return [-_NORMAL.inv_cdf(share) for share in self.exceeding()]


def scores(shape: Shape, history: History) -> tuple[float, ...]:
    """Scores of the bins, from 0 for the fastest, for one shape.

    Returns:
        one score a bin, ascending.
    """
    if isinstance(shape, MoreOften):
        bound = history.nearest(shape.above)
        return tuple(math.log(shape.odds) if j > bound else 0.0 for j in range(len(history.counts)))
    return ascending_scores(shares_when(shape, history), history.shares())


def shares_when(shape: Slower | Some, history: History) -> list[float]:
    """Share of the canary's bins when the shape is true."""
    beyond = history.survival()
    exceeds = _some(shape, beyond) if isinstance(shape, Some) else _slower(shape, beyond, history)
    tail = [1.0, *(exceeds(bound) for bound in history.bounds), 0.0]
    return [max(upper - lower, 0.0) for upper, lower in pairwise(tail)]


def _some(shape: Some, beyond: Survival) -> Survival:
    return lambda bound: (1.0 - shape.share) * beyond(bound) + shape.share * beyond(bound / shape.factor)


def _slower(shape: Slower, beyond: Survival, history: History) -> Survival:
    from_here = history.bounds[history.nearest(shape.above)] if shape.above > 0.0 else 0.0
    return lambda bound: beyond(bound) if bound <= from_here else beyond(max(from_here, bound / shape.factor))


def ascending_scores(canary: Sequence[float], baseline: Sequence[float]) -> tuple[float, ...]:
    """log of the isotonic regression of canary / baseline, weighted with baseline; 0 for the fastest bin.

    Args:
        canary, baseline: probability of each bin; the baseline's are above 0.

    Source: pool adjacent violators; the result is the likelihood ratio of the canary against the nearest
    distribution that is stochastically no slower than the baseline.
    """
    blocks: list[tuple[float, float, int]] = []
    for above, below in zip(canary, baseline, strict=True):
        block = (above, below, 1)
        while blocks and blocks[-1][0] * block[1] >= block[0] * blocks[-1][1]:
            last = blocks.pop()
            block = (last[0] + block[0], last[1] + block[1], last[2] + block[2])
        blocks.append(block)
    first = max(blocks[0][0] / blocks[0][1], 1e-9)
    levels: list[float] = []
    for above, below, size in blocks:
        level = min(math.log(max(above / below, first) / first), _LARGEST_SCORE)
        levels.extend([level] * size)
    return tuple(levels)
