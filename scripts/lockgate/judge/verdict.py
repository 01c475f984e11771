"""From evidence to a verdict, with a reason that carries the numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from operator import add
from typing import Literal

from lockgate.judge.evidence import Row
from lockgate.judge.mixing import log_add, safe_exp
from lockgate.judge.policy import JudgePolicy


class Action(StrEnum):
    """What follows from the evidence."""

    ROLLBACK = "rollback"
    """The canary is worse: the evidence suffices."""
    PROMOTE = "promote"
    """Proven good: worse than the margins is ruled out."""
    CONTINUE = "continue"
    """Neither yet."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """An e-value, and the e-value at which it would decide alone.

    Attributes:
        value: the e-value.
        needed: what it has to reach.
    """

    value: float
    needed: float

    @property
    def reached(self) -> bool:
        """Whether it suffices."""
        return self.value >= self.needed

    def __str__(self) -> str:
        return f"{_figure(self.value)} of {_figure(self.needed)} needed"


def _figure(value: float) -> str:
    if value >= 1e6:
        return f"{value:.1e}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _minutes(count: int) -> str:
    return "1 minute" if count == 1 else f"{count} minutes"


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the rows that counted, for messages."""

    minutes: int = 0
    canary_errors: int = 0
    canary_requests: int = 0
    baseline_errors: int = 0
    baseline_requests: int = 0
    canary_bins: tuple[int, ...] = ()
    baseline_bins: tuple[int, ...] = ()

    def plus(self, row: Row) -> Totals:
        """With one more row."""
        return Totals(
            self.minutes + 1,
            self.canary_errors + row.canary.errors,
            self.canary_requests + row.canary.requests,
            self.baseline_errors + row.baseline.errors,
            self.baseline_requests + row.baseline.requests,
            *self._bins(row),
        )

    def _bins(self, row: Row) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Latency bins with one more row, where it has them on both sides."""
        canary, baseline = row.canary.latency, row.baseline.latency
        if canary is None or baseline is None:
            return self.canary_bins, self.baseline_bins
        return _added(self.canary_bins, canary), _added(self.baseline_bins, baseline)

    def slowest(self) -> tuple[int, float, float] | None:
        """Where the two sides' latencies are furthest apart: number of the bound, and what share of the
        canary's and of the baseline's requests lies beyond it. None without bins."""
        n_c, n_b = sum(self.canary_bins), sum(self.baseline_bins)
        if not n_c or not n_b:
            return None
        tails = [
            (number, sum(self.canary_bins[number + 1 :]) / n_c, sum(self.baseline_bins[number + 1 :]) / n_b)
            for number in range(len(self.canary_bins) - 1)
        ]
        return max(tails, key=lambda tail: _apart(tail[1], n_c, tail[2], n_b))

    def __str__(self) -> str:
        return (
            f"errors {self.canary_errors:,}/{self.canary_requests:,} against "
            f"{self.baseline_errors:,}/{self.baseline_requests:,} in {_minutes(self.minutes)}"
        )


def _added(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(map(add, one, other)) if one else other


def _apart(share_c: float, n_c: int, share_b: float, n_b: int) -> float:
    """Difference of two shares in standard deviations."""
    pooled = (share_c * n_c + share_b * n_b + 0.5) / (n_c + n_b + 1.0)
    return (share_c - share_b) / math.sqrt(pooled * (1.0 - pooled) * (1.0 / n_c + 1.0 / n_b))


@dataclass(frozen=True, slots=True)
class Weighed:
    """All evidence after some minutes, as logs of e-values.

    Attributes:
        rollback: by metric (errors, latency, traffic), the metrics that were measured.
        proof: by margin (errors, latency p50, ...).
        doubt: the largest roll-back evidence of any single alternative.
        totals: sums over the rows that counted.
        bounds: frozen latency bounds, for messages.
    """

    rollback: Mapping[str, float]
    proof: Mapping[str, float]
    doubt: float
    totals: Totals
    bounds: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge says after some looks.

    Attributes:
        action: "rollback", "promote" or "continue".
        reason: a sentence with the numbers.
        evidence: by metric. errors, latency and traffic: roll-back evidence, each with what it needs alone;
            total: their weighted mean; "proof of ...": evidence that the release is within a margin.
        cause: metric with the largest weighted roll-back evidence, where the action is roll-back.
        minutes: rows that counted.
        traffic_mismatch: the canary gets too little traffic, by the traffic test alone.
    """

    action: Action
    reason: str
    evidence: Mapping[str, Evidence]
    cause: str | None
    minutes: int
    traffic_mismatch: bool = False


def metric_weights(policy: JudgePolicy) -> dict[str, float]:
    """Share of alpha by metric."""
    return {
        "errors": policy.error_weight,
        "latency": policy.latency_weight,
        "traffic": policy.traffic_weight,
    }


def decide(weighed: Weighed, policy: JudgePolicy) -> Verdict:
    """The verdict that follows from all evidence. Roll-back comes first; proof is looked at after it."""
    evidence = _shown(weighed, policy)
    mismatch = evidence["traffic"].reached
    parts = _parts(weighed, policy)
    minutes = weighed.totals.minutes
    if evidence["total"].reached:
        cause = max(parts, key=lambda metric: parts[metric])
        reason = f"{cause.capitalize()}: {_against(cause, weighed, policy)}; evidence {evidence['total']}"
        return Verdict(Action.ROLLBACK, reason, evidence, cause, minutes, mismatch)
    if not mismatch and _proven(weighed, evidence, policy):
        reason = f"Proven good: {weighed.totals}; {_least_proof(evidence)}"
        return Verdict(Action.PROMOTE, reason, evidence, None, minutes)
    return Verdict(Action.CONTINUE, _not_yet(weighed, evidence, mismatch), evidence, None, minutes, mismatch)


def _parts(weighed: Weighed, policy: JudgePolicy) -> dict[str, float]:
    """log of weight * evidence, by metric that counts towards a roll-back. A metric that was not measured has
    an e-value of 1."""
    parts = {}
    for metric, weight in metric_weights(policy).items():
        held = metric == "traffic" and policy.on_traffic_mismatch == "hold"
        value = 0.0 if held else weighed.rollback.get(metric, 0.0)
        parts[metric] = value + math.log(weight) if weight else -math.inf
    return parts


def _shown(weighed: Weighed, policy: JudgePolicy) -> dict[str, Evidence]:
    total = -math.inf
    for part in _parts(weighed, policy).values():
        total = log_add(total, part)
    needed = 1.0 / policy.alpha
    evidence = {"total": Evidence(safe_exp(total), needed)}
    for metric, weight in metric_weights(policy).items():
        if metric in weighed.rollback:
            alone = needed / weight if weight else math.inf
            evidence[metric] = Evidence(safe_exp(weighed.rollback[metric]), alone)
    for margin, value in weighed.proof.items():
        evidence[f"proof of {margin}"] = Evidence(safe_exp(value), 1.0 / policy.alpha_promote)
    return evidence


def _proofs(evidence: Mapping[str, Evidence]) -> dict[str, Evidence]:
    return {name: value for name, value in evidence.items() if name.startswith("proof of ")}


def _proven(weighed: Weighed, evidence: Mapping[str, Evidence], policy: JudgePolicy) -> bool:
    calm = weighed.doubt < math.log(policy.max_doubt)
    rejected = all(proof.reached for proof in _proofs(evidence).values())
    return rejected and calm and weighed.totals.minutes >= policy.min_bake


def _against(cause: str, weighed: Weighed, policy: JudgePolicy) -> str:
    totals = weighed.totals
    if cause == "errors":
        return str(totals)
    if cause == "latency":
        return _slower(weighed, policy)
    share = totals.canary_requests / (totals.canary_requests + totals.baseline_requests)
    return (
        f"the canary got {100 * share:.2g} % of requests in {_minutes(totals.minutes)}, less than its share"
    )


def _slower(weighed: Weighed, policy: JudgePolicy) -> str:
    slowest, minutes = weighed.totals.slowest(), weighed.totals.minutes
    if slowest is None or not weighed.bounds:
        return f"slower than the baseline by more than is allowed, over {_minutes(minutes)}"
    number, canary, baseline = slowest
    bound = weighed.bounds[number]
    return (
        f"{100 * canary:.3g} % of the canary's requests took longer than {(1.0 + policy.tau) * bound:.4g}, "
        f"{100 * baseline:.3g} % of the baseline's longer than {bound:.4g}, in {_minutes(minutes)}"
    )


def _least_proof(evidence: Mapping[str, Evidence]) -> str:
    proofs = _proofs(evidence)
    name = min(proofs, key=lambda proof: proofs[proof].value)
    return f"{name} is the weakest with {proofs[name]}"


def _not_yet(weighed: Weighed, evidence: Mapping[str, Evidence], mismatch: bool) -> str:
    if not weighed.totals.minutes:
        return "No minute yet in which both versions served requests"
    held = "; too little traffic for the canary" if mismatch else ""
    against = f"roll-back evidence {evidence['total']}"
    return f"Not proven: {weighed.totals}; {against}; {_least_proof(evidence)}{held}"


def at_the_end(verdict: Verdict, policy: JudgePolicy) -> Literal["promote", "rollback", "hold"]:
    """What to do when the interval is over and no look follows."""
    if verdict.action is Action.ROLLBACK:
        return "rollback"
    if verdict.action is Action.PROMOTE:
        return "promote"
    return "hold" if verdict.traffic_mismatch else policy.on_inconclusive
