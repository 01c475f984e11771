"""The judge's settings from past good releases: how errors scatter, and how two sides differ anyway."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import fmean, stdev

from lockgate.judge import Look, Side, quantiles_of
from lockgate.release.looks import Recorded

ENOUGH_MINUTES = 30
"""Minutes with an error that a figure about errors needs: with fewer, chance decides it."""

ENOUGH_RELEASES = 5
"""Releases that a figure about latency needs: each gives one difference between the sides."""

FEW_ERRORS = 30
"""A minute with more errors says more about noise of one side, which the judge learns by itself, than about
errors that come in clusters."""

_LEVELS = (0.5, 0.9)
_DRAWS = 1000
_SEED = 20260101


@dataclass(frozen=True)
class Calibration:
    """Figures of one service.

    Attributes:
        releases: canaries that were looked at.
        minutes: minutes with an error on any side.
        dispersion: how many times more than chance the split of errors varies; None with too few minutes.
        dispersion_90: what it is below with 90 % confidence.
        latency_shift: mean of the new version's latency over the old one's, less 1, over releases; None with
            too few releases.
        latency_spread: its standard deviation from release to release.
    """

    releases: int
    minutes: int
    dispersion: float | None
    dispersion_90: float | None
    latency_shift: float | None
    latency_spread: float | None

    @property
    def settings(self) -> dict[str, float]:
        """What `judge:` of service.yaml should say, as far as that is known.

        Dispersion: its upper bound, in steps of a tenth. Tolerance: two standard deviations above the mean
        difference, so that one good release in forty goes beyond it, in whole percents.
        """
        found = {}
        if self.dispersion_90 is not None:
            found["dispersion"] = max(1.0, math.ceil(10 * self.dispersion_90) / 10)
        if self.latency_shift is not None and self.latency_spread is not None:
            beyond = max(0.0, self.latency_shift) + 2.0 * self.latency_spread
            found["latency_tolerance"] = min(max(math.ceil(100 * beyond) / 100, 0.01), 0.24)
        return found


def calibration_of(recorded: Sequence[Recorded]) -> Calibration:
    """Figures from the canaries of one service's good releases."""
    by_release = [list(_residuals(one.rows().values())) for one in recorded]
    minutes = sum(len(residuals) for residuals in by_release)
    enough = minutes >= ENOUGH_MINUTES
    shifts = [shift for one in recorded if (shift := _latency_shift(one)) is not None]
    known = len(shifts) >= ENOUGH_RELEASES
    return Calibration(
        releases=len(recorded),
        minutes=minutes,
        dispersion=_dispersion([pair for pairs in by_release for pair in pairs]) if enough else None,
        dispersion_90=_upper(by_release) if enough else None,
        latency_shift=fmean(shifts) if known else None,
        latency_spread=stdev(shifts) if known else None,
    )


def _residuals(looks: Iterable[Look]) -> Iterator[tuple[float, float]]:
    """Square of what the canary's errors differ from their share, and what chance gives, by minute."""
    for look in looks:
        canary, baseline = look.canary, look.baseline
        if canary is None or baseline is None or not canary.requests or not baseline.requests:
            continue
        errors = canary.errors + baseline.errors
        if 0 < errors <= FEW_ERRORS:
            share = canary.requests / (canary.requests + baseline.requests)
            yield (canary.errors - errors * share) ** 2, errors * share * (1.0 - share)


def _dispersion(residuals: Sequence[tuple[float, float]]) -> float:
    """Pearson's estimate."""
    return sum(square for square, _ in residuals) / sum(expected for _, expected in residuals)


def _upper(by_release: Sequence[Sequence[tuple[float, float]]]) -> float:
    """Ninth decile of the estimate over minutes drawn again: a bootstrap with a fixed seed."""
    minutes = [pair for pairs in by_release for pair in pairs]
    rng = random.Random(_SEED)
    drawn = sorted(_dispersion(rng.choices(minutes, k=len(minutes))) for _ in range(_DRAWS))
    return drawn[int(0.9 * _DRAWS)]


def _latency_shift(recorded: Recorded) -> float | None:
    """The canary's latency over the baseline's, less 1, at the median and the ninth decile together."""
    bounds, tau = recorded.setup.bounds, recorded.setup.policy.tau
    looks = list(recorded.rows().values())
    if bounds is None:
        return None
    wider = [(1.0 + tau) * bound for bound in bounds]
    canary = _quantiles(wider, [look.canary for look in looks])
    baseline = _quantiles(bounds, [look.baseline for look in looks])
    if canary is None or baseline is None:
        return None
    return math.exp(fmean(math.log(canary(level) / baseline(level)) for level in _LEVELS)) - 1.0


def _quantiles(bounds: Sequence[float], sides: Sequence[Side | None]) -> Callable[[float], float] | None:
    """Quantiles of all latencies of a side; the last bin ends at twice its bound."""
    counts = [side.latency for side in sides if side and side.latency]
    totals = [sum(bin_) for bin_ in zip(*counts, strict=True)]
    reached = list(accumulate(totals))
    if not reached or reached[-1] < ENOUGH_MINUTES:
        return None
    return quantiles_of([*bounds, 2.0 * bounds[-1]], totals)
