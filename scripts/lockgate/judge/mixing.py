"""Mixing e-values over alternatives and over the minute in which a regression begins."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LARGEST_LOG = 700.0
"""exp() of more overflows a double; evidence beyond e^700 is shown as that."""


def log_add(x: float, y: float) -> float:
    """log(exp(x) + exp(y)) without overflow."""
    if x < y:
        x, y = y, x
    return x if y == -math.inf else x + math.log1p(math.exp(y - x))


def log_mean(logs: Sequence[float], weights: Sequence[float]) -> float:
    """log of the weighted sum of exp(logs); weights sum to 1."""
    top = max(logs)
    if top == -math.inf:
        return top
    terms = (weight * math.exp(value - top) for value, weight in zip(logs, weights, strict=True))
    return top + math.log(sum(terms))


def safe_exp(value: float) -> float:
    """exp, cut off before it overflows."""
    return math.exp(min(value, LARGEST_LOG))


@dataclass(frozen=True, slots=True)
class Mixture:
    """E-processes of several alternatives, each a mixture over the minute s in which the regression begins:

        E_t(r) = sum over s <= t of eta_s * S_s(r) * ... * S_t(r)  +  sum over s > t of eta_s

    with eta_s = 1 / (s (s + 1)), so that the first sum W_t follows W_t = S_t (W_{t-1} + eta_t), and the
    second is 1 / (t + 1). Its mean is at most 1 whenever that of each S is, given the past.

    Attributes:
        log_w: log W_t for each alternative.
        minutes: t, the minutes that counted for this metric.
    """

    log_w: tuple[float, ...]
    minutes: int = 0

    @staticmethod
    def start(alternatives: int) -> Mixture:
        """Before the first minute: W_0 = 0."""
        return Mixture((-math.inf,) * alternatives)

    def multiply(self, log_s: Iterable[float]) -> Mixture:
        """One minute further. `log_s`: log of the minute's e-value, by alternative."""
        t = self.minutes + 1
        log_eta = -math.log(t * (t + 1))
        grown = tuple(s + log_add(w, log_eta) for s, w in zip(log_s, self.log_w, strict=True))
        return Mixture(grown, t)

    def limited(self, weights: Sequence[float], most: float) -> Mixture:
        """Scaled down so that the weighted mean of E_t is at most exp(most); what is less than an e-process
        stays one. The part for later starts is not scaled."""
        late = -math.log(self.minutes + 1)
        reached = log_mean(self.log_w, weights)
        if log_add(reached, late) <= most:
            return self
        room = most + math.log1p(-math.exp(late - most)) if late < most else -math.inf
        return Mixture(tuple(w + room - reached for w in self.log_w), self.minutes)

    def logs(self) -> tuple[float, ...]:
        """log E_t for each alternative."""
        late = -math.log(self.minutes + 1)
        return tuple(log_add(w, late) for w in self.log_w)

    def log_evidence(self, weights: Sequence[float]) -> float:
        """log of the weighted mean of E_t over alternatives."""
        return log_mean(self.logs(), weights)
