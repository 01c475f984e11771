"""Latency of a service, and ways in which a canary is slower."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Rng = np.random.Generator


@dataclass(frozen=True)
class Humps:
    """A mixture of log-normal latencies.

    Args:
        humps: (share, median in milliseconds, sigma of the logarithm); shares sum to 1.
    """

    humps: tuple[tuple[float, float, float], ...] = ((1.0, 100.0, 0.5),)

    def sample(self, rng: Rng, count: int) -> Values:
        """Latencies of `count` requests."""
        if len(self.humps) == 1:
            _, median, sigma = self.humps[0]
            return median * np.exp(sigma * rng.standard_normal(count))
        shares, medians, sigmas = (np.array(column) for column in zip(*self.humps, strict=True))
        kind = rng.choice(len(shares), size=count, p=shares)
        return medians[kind] * np.exp(sigmas[kind] * rng.standard_normal(count))

    def quantile(self, level: float) -> float:
        """Latency at a level, from a fixed large sample."""
        return float(np.quantile(self.sample(np.random.default_rng(12345), 400_000), level))


Change = Callable[[Values, Rng, Humps], Values]


@dataclass(frozen=True)
class Above:
    """Requests above a quantile of the baseline take `factor` times as long; 0 means all of them."""

    level: float
    factor: float

    def __call__(self, values: Values, rng: Rng, base: Humps) -> Values:
        if self.level == 0.0:
            return values * self.factor
        return np.where(values > base.quantile(self.level), values * self.factor, values)


@dataclass(frozen=True)
class Some:
    """A share of requests, whichever, takes `factor` times as long: a second hump."""

    share: float
    factor: float

    def __call__(self, values: Values, rng: Rng, base: Humps) -> Values:
        return np.where(rng.random(values.size) < self.share, values * self.factor, values)


@dataclass(frozen=True)
class Plus:
    """A share of requests waits this many milliseconds longer."""

    share: float
    wait: float

    def __call__(self, values: Values, rng: Rng, base: Humps) -> Values:
        return np.where(rng.random(values.size) < self.share, values + self.wait, values)
