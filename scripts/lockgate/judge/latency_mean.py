"""Latency where only a mean is known: a sign test by minutes.

Null: in every minute, given the past, the canary's mean is above (1 + tau) times the baseline's with a
probability of at most one half. Weaker than the test by bins: a tail that hardly moves the mean is not seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from lockgate.judge.evidence import Row
from lockgate.judge.mixing import Mixture
from lockgate.judge.policy import JudgePolicy

BETS = (0.4, 0.8)
"""Shares of the evidence that are bet on each minute: 0.8 wins quickly, 0.4 forgives a minute now and
then."""


@dataclass(frozen=True, slots=True)
class MeanState:
    """The sign test after some minutes."""

    mixture: Mixture = field(default_factory=lambda: Mixture.start(len(BETS)))
    skipped: int = 0


def step(state: MeanState, row: Row, policy: JudgePolicy) -> MeanState:
    """One minute further; minutes of the warm-up and without a mean on both sides change nothing."""
    canary, baseline = row.canary.latency_mean, row.baseline.latency_mean
    if not canary or not baseline:
        return state
    if state.skipped < policy.warmup:
        return MeanState(state.mixture, state.skipped + 1)
    difference = math.log(canary / baseline / (1.0 + policy.tau))
    sign = (difference > 0.0) - (difference < 0.0)
    return MeanState(state.mixture.multiply(math.log1p(bet * sign) for bet in BETS), state.skipped)
