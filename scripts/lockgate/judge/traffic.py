"""Traffic: does the canary get its share? It finds requests that vanish without leaving a datapoint.

Null: each request that is counted is the canary's with a probability of at least share * weight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lockgate.judge.evidence import Row
from lockgate.judge.mixing import Mixture
from lockgate.judge.policy import JudgePolicy


def log_e_value(row: Row, factor: float, least: float) -> float:
    """log of the likelihood ratio of a canary share of factor * least against least.

    Args:
        row: the minute.
        factor: what is left of the share under the alternative, below 1.
        least: the smallest share that is still right.
    """
    kept = (1.0 - least * factor) / (1.0 - least)
    return row.canary.requests * math.log(factor) + row.baseline.requests * math.log(kept)


@dataclass(frozen=True, slots=True)
class TrafficState:
    """The traffic test after some minutes; the youngest rows wait, since they may still grow."""

    mixture: Mixture
    seen: int = 0
    young: tuple[Row, ...] = ()

    @staticmethod
    def start(policy: JudgePolicy) -> TrafficState:
        """Before the first minute."""
        return TrafficState(Mixture.start(len(policy.traffic_factors)))


def step(state: TrafficState, row: Row, weight: float, policy: JudgePolicy) -> TrafficState:
    """One minute further: the row that has just become old enough is judged, unless it is of the warm-up."""
    waiting = (*state.young, row)
    if len(waiting) <= policy.traffic_age:
        return TrafficState(state.mixture, state.seen, waiting)
    old, young = waiting[0], waiting[1:]
    seen = state.seen + 1
    if seen <= policy.traffic_warmup:
        return TrafficState(state.mixture, seen, young)
    least = policy.traffic_share * weight
    logs = (log_e_value(old, factor, least) for factor in policy.traffic_factors)
    return TrafficState(state.mixture.multiply(logs), seen, young)
