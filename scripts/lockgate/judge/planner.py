"""What a canary can see at all: from the last day's traffic, before anything is released.

The evidence for errors grows by a drift a minute, and scatters; both are known for a given traffic and
regression. The expected minutes are what is needed over the drift (as 7.4 phi / (E D) of Lindon et al., KDD
2022, with the alternatives that the judge has instead of the best one); the minutes by which nine in ten are
found follow from the normal approximation of the sum.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from lockgate.judge.errors import log_noisy
from lockgate.judge.policy import JudgePolicy

RATIOS = (2.0, 3.0, 5.0, 10.0, 30.0, 100.0)
"""Regressions that a plan speaks of, as multiples of the baseline's error rate."""

WEIGHTS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
"""Canary weights that a plan considers; beyond one half the canary is no canary."""

LONGEST = 2880
"""Minutes that CodeDeploy allows."""

DELAY = 2
"""Minutes of an interval in which nothing can be found any more: CloudWatch has a minute one minute after its
end, and the roll-back has to begin before CodeDeploy goes on."""

_NINE_IN_TEN = 1.2816


@dataclass(frozen=True, slots=True)
class Traffic:
    """The baseline's traffic.

    Args:
        requests_per_minute: mean of both sides together.
        error_rate: errors per request.
        quiet: requests per minute in quiet times, which a promise has to hold for; the mean when None.
    """

    requests_per_minute: float
    error_rate: float
    quiet: float | None = None

    def __post_init__(self) -> None:
        for name in ("requests_per_minute", "error_rate", "quiet"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value >= 0.0):
                raise ValueError(f"{name} is {value}; it must be finite and not negative")
        if self.error_rate > 1.0:
            raise ValueError(f"error_rate is {self.error_rate}; it is a share of requests, at most 1")

    @staticmethod
    def of_rows(rows: Sequence[tuple[int, int]], window: int = 60) -> Traffic:
        """Traffic from rows of (requests, errors), one a minute; quiet is the hour that 10 % are quieter
        than.

        Args:
            rows: a day of minutes, missing minutes as (0, 0).
            window: minutes that are averaged over.

        Raises:
            ValueError: there are no rows.
        """
        if not rows:
            raise ValueError("there are no rows of traffic; take a day that had some")
        requests = sum(count for count, _ in rows)
        levels = sorted(
            fmean(count for count, _ in rows[start : start + window]) for start in range(0, len(rows), window)
        )
        rate = sum(errors for _, errors in rows) / requests if requests else 0.0
        return Traffic(requests / len(rows), rate, levels[len(levels) // 10])

    def cautious(self) -> Traffic:
        """The traffic of quiet times."""
        return Traffic(self.requests_per_minute if self.quiet is None else self.quiet, self.error_rate)


@dataclass(frozen=True, slots=True)
class Sight:
    """How soon one regression is found.

    Attributes:
        ratio: canary's error rate over the baseline's.
        expected: minutes at mean traffic, infinite when it is never found.
        likely: minutes by which nine in ten are found in quiet times.
        visible: nine in ten are found within the interval in quiet times.
    """

    ratio: float
    expected: float
    likely: float
    visible: bool


@dataclass(frozen=True, slots=True)
class Settings:
    """Weight, or interval, that would see a regression; None where none does."""

    ratio: float
    weight: float | None
    interval: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a canary of this weight and interval can see.

    Attributes:
        sights: by ratio, ascending.
        settings: for a fivefold and a twofold error rate: which weight (at this interval) and which interval
            (at this weight) would see it.
        enough: whether anything short of a disaster is visible: some ratio up to 10.
        warning: what is wrong with too little traffic; None when it is enough.
    """

    weight: float
    interval: int
    sights: tuple[Sight, ...]
    settings: tuple[Settings, ...]
    enough: bool
    warning: str | None

    def __str__(self) -> str:
        seen = [sight for sight in self.sights if sight.visible]
        if self.warning:
            return self.warning
        parts = ", ".join(f"×{sight.ratio:g} in about {math.ceil(sight.expected)} min" for sight in seen)
        return f"{100 * self.weight:g} % for {self.interval} minutes sees errors {parts}"


def plan(
    traffic: Traffic,
    weight: float,
    interval: int,
    policy: JudgePolicy | None = None,
    ratios: Iterable[float] = RATIOS,
) -> Plan:
    """What a canary can see.

    Args:
        traffic: the last day's.
        weight: the canary's share, in (0, 1).
        interval: minutes that the canary lasts.
        policy: the judge's.
        ratios: regressions to look at, above 1.

    Raises:
        ValueError: weight, interval or a ratio is out of its range.
    """
    policy = policy or JudgePolicy()
    _check(weight, interval)
    sights = tuple(sight(traffic, weight, interval, ratio, policy) for ratio in sorted(ratios))
    settings = tuple(
        Settings(
            ratio,
            weight_for(traffic, interval, ratio, policy),
            interval_for(traffic, weight, ratio, policy),
        )
        for ratio in (5.0, 2.0)
    )
    enough = sight(traffic, weight, interval, 10.0, policy).visible
    warning = None if enough else _warning(traffic, weight, interval, settings[0])
    return Plan(weight, interval, sights, settings, enough, warning)


def sight(traffic: Traffic, weight: float, interval: int, ratio: float, policy: JudgePolicy) -> Sight:
    """How soon a regression is found, minutes of delay not counted.

    Raises:
        ValueError: the ratio is not above 1.
    """
    if not 1.0 < ratio < math.inf:
        raise ValueError(f"ratio is {ratio}; a regression is a ratio above 1")
    expected = _minutes(traffic, weight, ratio, policy, 0.0)
    likely = _minutes(traffic.cautious(), weight, ratio, policy, _NINE_IN_TEN)
    return Sight(ratio, expected, likely, likely <= interval - DELAY)


def weight_for(traffic: Traffic, interval: int, ratio: float, policy: JudgePolicy) -> float | None:
    """Smallest weight of `WEIGHTS` that sees the ratio within the interval; None when none does."""
    for weight in WEIGHTS:
        if sight(traffic, weight, interval, ratio, policy).visible:
            return weight
    return None


def interval_for(traffic: Traffic, weight: float, ratio: float, policy: JudgePolicy) -> int | None:
    """Shortest interval that sees the ratio at this weight; None when CodeDeploy allows none so long."""
    likely = sight(traffic, weight, LONGEST, ratio, policy).likely
    interval = math.ceil(likely) + DELAY if likely < LONGEST else LONGEST + 1
    return interval if interval <= LONGEST else None


def _check(weight: float, interval: int) -> None:
    if not 0.0 < weight < 1.0:
        raise ValueError(f"weight is {weight}; it is the canary's share of traffic, between 0 and 1")
    if interval < 1:
        raise ValueError(f"interval is {interval}; it must be a minute or more")


def _minutes(traffic: Traffic, weight: float, ratio: float, policy: JudgePolicy, quantile: float) -> float:
    """Minutes until the evidence suffices: in the mean (quantile 0), or with a normal quantile to spare."""
    canary = traffic.requests_per_minute * weight
    baseline = traffic.requests_per_minute - canary
    rate = max(traffic.error_rate, 0.5 / (1440.0 * max(traffic.requests_per_minute, 1.0)))
    errors = (canary * min(rate * ratio, 1.0), baseline * rate)
    needed = math.log(2.0 * len(policy.error_ratios) / (policy.alpha * policy.error_weight))
    found = (
        _time(*_growth(errors, (canary, baseline), alternative, policy), needed, quantile)
        for alternative in policy.error_ratios
    )
    return max(1.0, min(found))


def _growth(
    errors: tuple[float, float], requests: tuple[float, float], alternative: float, policy: JudgePolicy
) -> tuple[float, float]:
    """Mean and variance of one minute's log evidence for an alternative."""
    allowed = policy.allowed_ratio * requests[0]
    share = allowed / (allowed + requests[1]) if requests[0] else 0.5
    moved = alternative * requests[0] / (alternative * requests[0] + requests[1]) if requests[0] else 0.5
    log_a, log_b = math.log(moved / share), math.log((1.0 - moved) / (1.0 - share))
    drift = errors[0] * log_a + errors[1] * log_b
    drift -= requests[0] * policy.allowed_rate * (moved / share - 1.0)
    variance = errors[0] * log_a**2 + errors[1] * log_b**2
    prior = policy.noise_prior_many if errors[0] >= policy.many_errors else policy.noise_prior
    noisy = log_noisy(*errors, share, moved, max(prior, policy.noise_floor))
    if 0.0 < noisy < drift:
        # The guard against noise flattens the evidence of a minute, and with it what chance does to it.
        drift, variance = noisy, variance * (noisy / drift) ** 2
    return min(drift, noisy) / policy.dispersion, variance / policy.dispersion


def _time(drift: float, variance: float, needed: float, quantile: float) -> float:
    """When drift * t - quantile * sqrt(variance * t) reaches what is needed."""
    if drift <= 0.0:
        return math.inf
    spread = quantile * math.sqrt(variance)
    return ((spread + math.sqrt(spread**2 + 4.0 * drift * needed)) / (2.0 * drift)) ** 2


def _warning(traffic: Traffic, weight: float, interval: int, five: Settings) -> str:
    advice = [
        f"a weight of {100 * five.weight:g} %" if five.weight else "",
        f"an interval of {five.interval} minutes" if five.interval else "",
    ]
    would = " or ".join(part for part in advice if part) or "no weight up to 50 % and no interval"
    return (
        f"Not enough traffic to judge: {traffic.requests_per_minute:.3g} requests a minute at "
        f"{100 * weight:g} % for {interval} minutes would not show ten times the errors; "
        f"{would} would show five times"
    )
