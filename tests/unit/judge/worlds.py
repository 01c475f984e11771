"""Small worlds to judge: looks with seeded chance, and exact means over all outcomes."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from statistics import NormalDist

from lockgate.judge import Look, Side, bin_counts, latency_bounds

MEDIAN, SIGMA, TAU = 45.0, 0.5, 0.08


def quantile(level: float) -> float:
    """Latency at a level."""
    return MEDIAN * math.exp(SIGMA * NormalDist().inv_cdf(level))


BOUNDS = latency_bounds(quantile)
WARMER = tuple(bound * (1 + TAU) for bound in BOUNDS)


def look(e_c: int, n_c: int, e_b: int, n_b: int) -> Look:
    """A look without latency."""
    return Look(Side(n_c, e_c), Side(n_b, e_b))


def latencies(rng: random.Random, count: int, factor: float = 1.0) -> list[float]:
    """Log-normal latencies."""
    return [factor * MEDIAN * math.exp(SIGMA * rng.gauss(0, 1)) for _ in range(count)]


def history(seed: int = 7) -> tuple[int, ...]:
    """Half an hour of the baseline."""
    return bin_counts(BOUNDS, latencies(random.Random(seed), 10_000))


def minutes(
    seed: int, count: int, error_rates: tuple[float, float] = (0.0, 0.0), slower: float = 1.0
) -> list[Look]:
    """Minutes of 60 and 540 requests.

    Args:
        seed: of the chance in them.
        count: how many.
        error_rates: of canary and baseline.
        slower: factor of the canary's latency.
    """
    rng = random.Random(seed)

    def side(requests: int, rate: float, bounds: Sequence[float], factor: float) -> Side:
        errors = sum(rng.random() < rate for _ in range(requests))
        return Side(requests, errors, bin_counts(bounds, latencies(rng, requests, factor)))

    return [
        Look(side(60, error_rates[0], WARMER, slower), side(540, error_rates[1], BOUNDS, 1.0))
        for _ in range(count)
    ]


def binomial(n: int, p: float) -> list[float]:
    """Probabilities of 0 ... n."""
    if p in (0.0, 1.0):
        return [float(k == n * p) for k in range(n + 1)]
    odds, scale = math.log(p) - math.log1p(-p), n * math.log1p(-p)

    def log_ways(k: int) -> float:
        return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

    return [math.exp(log_ways(k) + k * odds + scale) for k in range(n + 1)]


def mean_over_pairs(n_c: int, n_b: int, p_c: float, p_b: float, value: Callable[[int, int], float]) -> float:
    """Mean of value(k_c, k_b) over two independent binomials."""
    return math.fsum(
        w_c * w_b * value(k_c, k_b)
        for k_c, w_c in enumerate(binomial(n_c, p_c))
        if w_c > 0.0
        for k_b, w_b in enumerate(binomial(n_b, p_b))
        if w_c * w_b > 1e-60
    )


def histograms(n: int, bins: int) -> Iterator[tuple[int, ...]]:
    """All ways to put n requests into bins."""
    for counts in product(range(n + 1), repeat=bins - 1):
        if sum(counts) <= n:
            yield (*counts, n - sum(counts))


def multinomial(counts: Sequence[int], shares: Sequence[float]) -> float:
    """Probability of a histogram."""
    ways = math.factorial(sum(counts)) / math.prod(math.factorial(count) for count in counts)
    return ways * math.prod(share**count for count, share in zip(counts, shares, strict=True))
