"""The judge: a pure function from all looks so far to a verdict."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lockgate.judge import errors, latency, latency_mean, noninferiority, traffic
from lockgate.judge.errors import ErrorState
from lockgate.judge.evidence import Look, Row, Side, counted
from lockgate.judge.latency import LatencyState, LatencyTest
from lockgate.judge.latency_mean import MeanState
from lockgate.judge.noninferiority import Margin, ProofState, margins
from lockgate.judge.policy import JudgePolicy
from lockgate.judge.shapes import History
from lockgate.judge.traffic import TrafficState
from lockgate.judge.verdict import Totals, Verdict, Weighed, decide


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything that the judge knows after some looks; immutable, so that any of them can be gone back
    to."""

    errors: ErrorState
    latency: LatencyState | None
    mean: MeanState
    traffic: TrafficState
    proof: ProofState
    totals: Totals


class Judge:
    """Judges a canary against its baseline.

    Calling it gives the verdict on all looks so far. The result depends on nothing else: what is remembered
    from the call before only saves work. A look more, or a revised old one, costs the minutes from there on.

    Args:
        policy: how sure to be, and what counts as worse.
        weight: share of traffic that the canary is meant to get, in (0, 1).
        latency_bounds: frozen bounds c_1 < ... < c_m from the baseline before the deployment, see
            `latency_bounds`; None where latency is not judged by bins.
        latency_history: baseline requests per bin before the deployment, m + 1 of them.

    Raises:
        ValueError: an argument is out of its range, or looks do not fit the bounds.
    """

    def __init__(
        self,
        policy: JudgePolicy | None = None,
        weight: float = 0.10,
        latency_bounds: Sequence[float] | None = None,
        latency_history: Sequence[int] | None = None,
    ) -> None:
        self.policy = policy or JudgePolicy()
        if not 0.0 < weight < 1.0:
            raise ValueError(f"weight is {weight}; it is the canary's share of traffic, between 0 and 1")
        self.weight = weight
        self.history = _history(latency_bounds, latency_history)
        self._latency = LatencyTest.of(self.history, weight, self.policy) if self.history else None
        self._margins: tuple[Margin, ...] = margins(self.history, self.policy) if self.history else ()
        self._remembered: tuple[tuple[Look, ...], tuple[Progress, ...]] = ((), (self.start(),))

    def __call__(self, looks: Iterable[Look]) -> Verdict:
        """The verdict on these looks, oldest first, one a minute."""
        looks = tuple(looks)
        known, states = self._remembered
        kept = _common(known, looks)
        grown = list(states[: kept + 1])
        for look in looks[kept:]:
            grown.append(self.step(grown[-1], look))
        self._remembered = (looks, tuple(grown))
        return self.verdict(grown[-1])

    def replay(self, looks: Iterable[Look]) -> Verdict:
        """The same verdict, computed from the first look on."""
        progress = self.start()
        for look in looks:
            progress = self.step(progress, look)
        return self.verdict(progress)

    def start(self) -> Progress:
        """Before the first look."""
        return Progress(
            ErrorState.start(self.policy),
            self._latency.start() if self._latency else None,
            MeanState(),
            TrafficState.start(self.policy),
            ProofState.start(self._margins, self.policy),
            Totals(),
        )

    def step(self, progress: Progress, look: Look) -> Progress:
        """One look further. A look that does not count changes nothing."""
        row = counted(look)
        if row is None:
            return progress
        self._check(row)
        return Progress(
            errors.step(progress.errors, row, self.policy),
            self._step_latency(progress.latency, row),
            latency_mean.step(progress.mean, row, self.policy),
            traffic.step(progress.traffic, row, self.weight, self.policy),
            noninferiority.step(self._margins, progress.proof, row, self.policy),
            progress.totals.plus(row),
        )

    def _step_latency(self, state: LatencyState | None, row: Row) -> LatencyState | None:
        if state is None or self._latency is None:
            return None
        return latency.step(self._latency, state, row, self.policy)

    def verdict(self, progress: Progress) -> Verdict:
        """The verdict at this point."""
        return decide(self.weigh(progress), self.policy)

    def weigh(self, progress: Progress) -> Weighed:
        """All evidence at this point, as logs of e-values."""
        by_alternative = {
            "errors": progress.errors.mixture.logs(),
            "traffic": progress.traffic.mixture.logs(),
        }
        rollback = {
            "errors": progress.errors.mixture.log_evidence(_even(self.policy.error_ratios)),
            "traffic": progress.traffic.mixture.log_evidence(self.policy.traffic_weights),
        }
        if progress.latency and self._latency:
            by_alternative["latency"] = progress.latency.mixture.logs()
            rollback["latency"] = progress.latency.mixture.log_evidence(self._latency.weights)
        elif progress.mean.mixture.minutes:
            by_alternative["latency"] = progress.mean.mixture.logs()
            rollback["latency"] = progress.mean.mixture.log_evidence(_even(latency_mean.BETS))
        proof = {"errors": progress.proof.log_errors(self.policy)}
        for margin, value in zip(self._margins, progress.proof.log_latency(self.policy), strict=True):
            proof[f"latency p{100 * margin.quantile:g}"] = value
        doubt = max((max(logs) for logs in by_alternative.values()), default=-math.inf)
        bounds = self.history.bounds if self.history else ()
        return Weighed(rollback, proof, doubt, progress.totals, bounds)

    def _check(self, row: Row) -> None:
        if self.history is None:
            return
        _check_bins("canary", row.canary, len(self.history.counts))
        _check_bins("baseline", row.baseline, len(self.history.counts))


def _check_bins(name: str, side: Side, bins: int) -> None:
    if side.latency is not None and len(side.latency) != bins:
        raise ValueError(
            f"the {name} has {len(side.latency)} latency bins, but {bins - 1} bounds make {bins}: "
            "below the first, between each two, and beyond the last"
        )


def _even(alternatives: Sequence[float]) -> tuple[float, ...]:
    return (1.0 / len(alternatives),) * len(alternatives)


def _common(known: Sequence[Look], looks: Sequence[Look]) -> int:
    """How many looks from the first on are the same."""
    for place, (old, new) in enumerate(zip(known, looks, strict=False)):
        if old is not new and old != new:
            return place
    return min(len(known), len(looks))


def _history(bounds: Sequence[float] | None, counts: Sequence[int] | None) -> History | None:
    if bounds is None and counts is None:
        return None
    if bounds is None or counts is None:
        raise ValueError("latency_bounds and latency_history go together: give both, or neither")
    bounds, history = tuple(bounds), Side(sum(counts), latency=tuple(counts)).latency or ()
    if not bounds or not all(0.0 < bound < math.inf for bound in bounds):
        raise ValueError(f"latency_bounds must be finite and above 0: {bounds}")
    if not all(low < high for low, high in pairwise(bounds)):
        raise ValueError(f"latency_bounds must ascend, each above the one before: {bounds}")
    if len(history) != len(bounds) + 1:
        raise ValueError(
            f"latency_history has {len(history)} counts, but {len(bounds)} bounds make {len(bounds) + 1} bins"
        )
    return History(bounds, history)
