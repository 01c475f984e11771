"""Kayenta's judge from its published behaviour.

Each metric is a series of minutes. Its values are compared with a Mann-Whitney test at 98 % confidence: a
metric is "high" when the lower end of the confidence interval of the shift exceeds a quarter of the
Hodges-Lehmann estimate. The ends and the estimate are roots of the continuity-corrected statistic, found
with Brent's method. The score is the share of metrics that pass; below 75 the canary fails. Metrics: error
rate, mean latency, p99.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np

from tests.bench.judge.latency_models import Values
from tests.bench.judge.traffic import Run

TOLERANCE = 0.25
CONFIDENCE = 0.98
MARGINAL = 75.0


def kayenta(every: int) -> Callable[[Run], int | None]:
    """Kayenta that judges all minutes so far, every so many minutes."""

    def judge(run: Run) -> int | None:
        pairs = _series(run)
        for end in range(every, run.canary.requests.size + 1, every):
            passed = [not _high(canary[:end], baseline[:end]) for canary, baseline in pairs]
            if 100.0 * sum(passed) / len(passed) < MARGINAL:
                return end
        return None

    return judge


def _series(run: Run) -> list[tuple[Values, Values]]:
    """Canary and baseline of each metric by minute, NaN where there is no datapoint."""
    metrics: list[tuple[Values, Values]] = []
    sides = (run.canary, run.baseline)
    there = [side.present & (side.requests > 0) for side in sides]
    rates = [
        np.where(ok, side.errors / np.maximum(side.requests, 1), np.nan)
        for side, ok in zip(sides, there, strict=True)
    ]
    metrics.append((rates[0], rates[1]))
    if run.canary.latency is None or run.baseline.latency is None:
        return metrics
    for column in range(2):
        canary, baseline = (
            np.where(ok, side.latency[:, column], np.nan)  # type: ignore[index]
            for side, ok in zip(sides, there, strict=True)
        )
        metrics.append((canary, baseline))
    return metrics


def _high(canary: Values, baseline: Values) -> bool:
    """Whether the canary's values are classified as higher."""
    x, y = canary[~np.isnan(canary)], baseline[~np.isnan(baseline)]
    if not x.size or not y.size or np.ptp(np.concatenate((x, y))) == 0.0:
        return False
    statistic = _statistic(x, y)
    low, high = float(x.min() - y.max()), float(x.max() - y.min())
    lower = _root(statistic, NormalDist().inv_cdf(1.0 - (1.0 - CONFIDENCE) / 2.0), low, high)
    if lower <= 0.0:
        return False
    estimate = _root(statistic, 0.0, low, high)
    return lower > TOLERANCE * abs(estimate)


def _statistic(x: Values, y: Values) -> Callable[[float], float]:
    """Continuity-corrected normal score of the Mann-Whitney statistic of x - mu against y."""
    y = np.sort(y)
    n, m = x.size, y.size

    def score(mu: float) -> float:
        shifted = x - mu
        below, to = np.searchsorted(y, shifted, "left"), np.searchsorted(y, shifted, "right")
        dz = float((below + to).sum()) / 2.0 - n * m / 2.0
        ties = np.unique(np.concatenate((shifted, y)), return_counts=True)[1].astype(float)
        tied = float((ties**3 - ties).sum()) / ((n + m) * (n + m - 1))
        sigma = math.sqrt(n * m / 12.0 * max(n + m + 1 - tied, 1e-12))
        return (dz - 0.5 * np.sign(dz)) / sigma

    return score


def _root(statistic: Callable[[float], float], quantile: float, low: float, high: float) -> float:
    """Where the statistic, which falls with the shift, crosses a quantile."""
    f_low, f_high = statistic(low) - quantile, statistic(high) - quantile
    if f_low <= 0.0:
        return low
    if f_high >= 0.0:
        return high
    return brent(lambda mu: statistic(mu) - quantile, low, high, f_low, f_high)


def brent(
    f: Callable[[float], float], a: float, b: float, fa: float, fb: float, accuracy: float = 1e-4
) -> float:
    """Root of f between a and b, where it changes sign (Brent 1973)."""
    c, fc, d = a, fa, b - a
    e = d
    for _ in range(200):
        if (fb > 0.0) == (fc > 0.0):
            c, fc, d = a, fa, b - a
            e = d
        if abs(fc) < abs(fb):
            a, b, c, fa, fb, fc = b, c, b, fb, fc, fb
        tolerance, half = 2e-16 * abs(b) + accuracy / 2.0, (c - b) / 2.0
        if abs(half) <= tolerance or fb == 0.0:
            return b
        d, e = _brent_step(a, b, c, fa, fb, fc, half, tolerance, d, e)
        a, fa = b, fb
        b += d if abs(d) > tolerance else math.copysign(tolerance, half)
        fb = f(b)
    return b


def _brent_step(
    a: float, b: float, c: float, fa: float, fb: float, fc: float,
    half: float, tolerance: float, d: float, e: float,
) -> tuple[float, float]:  # fmt: skip
    """The next step and the one before: interpolation where it helps, else bisection."""
    if abs(e) < tolerance or abs(fa) <= abs(fb):
        return half, half
    s = fb / fa
    if a == c:
        p, q = 2.0 * half * s, 1.0 - s
    else:
        q, r = fa / fc, fb / fc
        p = s * (2.0 * half * q * (q - r) - (b - a) * (r - 1.0))
        q = (q - 1.0) * (r - 1.0) * (s - 1.0)
    p, q = (p, -q) if p > 0.0 else (-p, q)
    if 2.0 * p < min(3.0 * half * q - abs(tolerance * q), abs(e * q)):
        return p / q, d
    return half, half
