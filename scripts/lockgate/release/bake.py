"""Judging a bake: the new version alone, against what the old one did in its last hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from lockgate.judge import JudgePolicy, Look

RATIO = 2.0
"""How many times as often as before the new version may fail, relative to what a canary may: hours differ by
more than two versions in the same minute do, since no disturbance is shared."""

RATE = 0.001
"""Error rate on top: a clean hour before says little about the next one."""

TOLERANCE = 0.25
"""How much slower than before the new version may be, at least: load and callers change within hours."""

NOISE = 0.4
"""Coefficient of variation of one side's error rate from minute to minute."""


def baked_policy(policy: JudgePolicy) -> JudgePolicy:
    """The policy of a canary, widened for a comparison with the past, without the traffic test."""
    tau = max(policy.tau, TOLERANCE)
    measured = policy.error_weight + policy.latency_weight
    ratio = RATIO * policy.allowed_ratio
    return replace(
        policy,
        allowed_ratio=ratio,
        allowed_rate=policy.allowed_rate + RATE,
        error_ratios=tuple(RATIO * alternative for alternative in policy.error_ratios),
        noise_prior=max(policy.noise_prior, NOISE),
        noise_prior_many=max(policy.noise_prior_many, NOISE),
        noise_floor=max(policy.noise_floor, NOISE / 2),
        tau=tau,
        error_weight=policy.error_weight / measured,
        latency_weight=policy.latency_weight / measured,
        traffic_weight=0.0,
        on_traffic_mismatch="hold",
        margin_ratio=max(policy.margin_ratio, 1.25 * ratio),
        margin_rate=policy.margin_rate + RATE,
        latency_margins=tuple(
            (quantile, max(factor, 1.25 * (1.0 + tau))) for quantile, factor in policy.latency_margins
        ),
    )


def paired(
    found: Mapping[datetime, Look], since: datetime, period: int, past: Sequence[Look]
) -> dict[datetime, Look]:
    """Rows of a bake with the old version's past beside them: each past minute is used once, the newest for
    the first minute; a minute without one says nothing.

    Args:
        found: rows with the new version's side.
        since: start of the first period.
        period: seconds of a period.
        past: rows of the old version, the newest first.
    """
    result = {}
    for at, look in found.items():
        number = round((at - since).total_seconds() / period)
        baseline = past[number].baseline if number < len(past) else None
        result[at] = Look(look.canary, baseline)
    return result
