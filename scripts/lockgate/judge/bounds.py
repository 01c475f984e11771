"""Frozen latency bounds from the baseline's latency before the deployment."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import accumulate

from lockgate.judge.policy import JudgePolicy

LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
"""Quantiles that become bounds: deciles for shifts of everything, then the tail, where most regressions of
latency are. Beyond 99.9 % half an hour of most services has no requests left."""

BEYOND = 1.25
"""There is a bound this far beyond the last quantile: the baseline hardly gets there, so that what does is
worth most."""

_APART = 1.001
"""Bounds closer than this, relatively, are one bound: metrics are not more exact, and a bin must hold
some."""


def latency_bounds(
    quantile: Callable[[float], float], policy: JudgePolicy | None = None
) -> tuple[float, ...]:
    """The bounds that a judge with this policy makes best use of.

    They are the quantiles at `LEVELS`, one bound beyond them and, for each of the policy's latency margins,
    the quantile c and factor * c / (1 + tau), which the canary's bin turns into factor * c. Where the
    quantile lies in a gap between two humps, one half a tail below it gets the same, since nothing can be
    proven in the gap.

    Args:
        quantile: latency at a level in (0, 1) over the baseline's last 30 minutes before the deployment,
            above 0; see `quantiles_of` for a histogram.
        policy: the judge's policy; default values when None.

    Returns:
        ascending bounds in the unit of `quantile`.

    Raises:
        ValueError: a quantile is not a finite number above 0.
    """
    policy = policy or JudgePolicy()
    wanted = [_latency(quantile, level) for level in LEVELS]
    wanted.append(BEYOND * wanted[-1])
    for level, factor in policy.latency_margins:
        for place in _places(quantile, level, factor):
            at = _latency(quantile, place)
            wanted += [at, factor * at / (1.0 + policy.tau)]
    bounds: list[float] = []
    for bound in sorted(wanted):
        if not bounds or bound > bounds[-1] * _APART:
            bounds.append(bound)
    return tuple(bounds)


def _places(quantile: Callable[[float], float], level: float, factor: float) -> list[float]:
    fifth = level + 0.2 * (1.0 - level)
    in_gap = _latency(quantile, fifth) > factor * _latency(quantile, level)
    return [level, level - 0.5 * (1.0 - level)] if in_gap else [level]


def _latency(quantile: Callable[[float], float], level: float) -> float:
    value = quantile(level)
    if not (math.isfinite(value) and value > 0.0):
        raise ValueError(f"the baseline's p{100 * level:g} latency is {value}; it must be finite and above 0")
    return value


def quantiles_of(bounds: Sequence[float], counts: Sequence[int]) -> Callable[[float], float]:
    """Quantile function of a histogram, for `latency_bounds`.

    Args:
        bounds: ascending upper bounds of the bins, above 0; the last one is the largest latency.
        counts: requests in (previous bound, bound], as many as bounds.

    Returns:
        latency at a level in (0, 1), interpolated within its bin.

    Raises:
        ValueError: the histogram is empty, or bounds do not ascend.
    """
    if len(bounds) != len(counts) or sum(counts) <= 0 or min(counts) < 0:
        raise ValueError(
            "a histogram needs as many counts as bounds, none negative, and at least one request"
        )
    if not all(low < high for low, high in zip((0.0, *bounds), bounds, strict=False)):
        raise ValueError(f"histogram bounds must ascend and be above 0: {tuple(bounds)}")
    reached = list(accumulate(counts))

    def quantile(level: float) -> float:
        aim = level * reached[-1]
        place = min(bisect_left(reached, aim), len(bounds) - 1)
        low, before = (bounds[place - 1], reached[place - 1]) if place else (0.0, 0)
        return low + (bounds[place] - low) * (aim - before) / max(counts[place], 1)

    return quantile


def bin_counts(bounds: Sequence[float], latencies: Sequence[float]) -> tuple[int, ...]:
    """Requests per bin, for callers that have single latencies: (.., c_1], (c_1, c_2], ..., (c_m, ..).

    For the canary's bins give bounds times (1 + tau).
    """
    counts = [0] * (len(bounds) + 1)
    for latency in latencies:
        counts[bisect_left(bounds, latency)] += 1
    return tuple(counts)
