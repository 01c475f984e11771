"""The judge's defaults: every one stands here, each with what it does and why that number."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from lockgate.judge.shapes import MoreOften, Shape, Slower, Some

LATENCY_SHAPES: tuple[Shape, ...] = (
    Slower(above=0.0, factor=1.08, weight=1.0, cap=2.5),
    Slower(above=0.0, factor=1.2, weight=4.0, cap=2.5),
    Slower(above=0.9, factor=1.4, weight=2.0, cap=2.5),
    Slower(above=0.95, factor=2.0, weight=2.0, cap=2.5),
    Slower(above=0.99, factor=2.0, weight=4.0, cap=2.5),
    Some(share=0.08, factor=2.5, weight=1.0, cap=2.5),
    MoreOften(above=0.5, odds=1.6, weight=0.5, cap=2.5),
    MoreOften(above=0.9, odds=1.7, weight=0.5, cap=2.5),
    MoreOften(above=0.95, odds=2.5, weight=1.0, cap=2.5),
    MoreOften(above=0.98, odds=3.0, weight=1.0, cap=2.5),
    MoreOften(above=0.99, odds=4.0, weight=1.0, cap=2.5),
    MoreOften(above=0.999, odds=15.0, weight=0.5, cap=2.5),
)
"""Ways in which latency gets worse that evidence is collected for.

Shifts of everything and the far tail have most weight: shifts are commonest, and of the far tail a minute
shows so few requests that it needs the head start. Then slower tails, any requests that wait, and exceeding
a quantile more often, which every slower canary does at some quantile, so that no shape goes unseen. Caps:
three minutes out of a clear sky do not suffice for a roll-back, however slow they are; five do."""


@dataclass(frozen=True, slots=True)
class JudgePolicy:
    """How sure the judge has to be, and what counts as worse.

    Raises:
        ValueError: a value is out of its range; the message says which, and what it may be.
    """

    alpha: float = 0.01
    """Probability of rolling back a good release, over the whole canary and all looks. 1 % is one in a
    hundred releases; evidence needed is 1 / alpha."""

    alpha_promote: float = 0.05
    """Probability of calling a release proven although it is worse than the margins. 5 %, since the roll-back
    test watches beside it and the release goes on being watched."""

    error_weight: float = 0.6
    """Share of alpha for errors: the most certain sign, and the one that has to be found first."""

    latency_weight: float = 0.3
    """Share of alpha for latency."""

    traffic_weight: float = 0.1
    """Share of alpha for traffic: a loss of requests is rare, and grows to certainty in a few minutes."""

    error_ratios: tuple[float, ...] = (1.5, 2.5, 5.0, 15.0, 1000.0)
    """Risk ratios that evidence is collected for, with equal weights. A ratio between two of them is found
    nearly as fast; 1000 makes four failures suffice against a clean baseline."""

    allowed_ratio: float = 1.0
    """r0: the canary may fail this many times as often as the baseline. 1 means not more often."""

    allowed_rate: float = 0.0
    """d0: error rate that the canary may have on top. 0 means none."""

    dispersion: float = 1.0
    """How many times more than chance the split of errors varies, at least. 1 is independent errors; take it
    from past good releases where errors come in clusters."""

    noise_prior: float = 0.20
    """Coefficient of variation, from minute to minute, that one side's error rate is taken to have on its own
    before anything was seen."""

    noise_prior_many: float = 0.45
    """The same for a minute in which the canary has many errors: there chance is small beside noise, so that
    a single minute would decide, and it pays to wait for a second one."""

    many_errors: int = 7
    """Errors of the canary in a minute from which on they are many: three clusters, or so many that chance
    alone leaves the rate known to a third."""

    noise_prior_minutes: float = 3.0
    """Minutes that the prior of the noise counts for; the canary's own minutes outweigh it soon."""

    noise_floor: float = 0.10
    """Least coefficient of variation: no two fleets are equal to better than a tenth."""

    tau: float = 0.08
    """The canary may be slower by this share. 8 % covers hosts that differ; 0 to 5 % suits Lambda, 10 to 15 %
    a service with few tasks."""

    latency_shapes: tuple[Shape, ...] = LATENCY_SHAPES
    """Ways in which latency gets worse that evidence is collected for."""

    warmup: int = 3
    """First minutes in which latency is not judged: cold starts."""

    cold_minutes: int = 6
    """First minutes that may be those of a cold start; the warm-up is part of them."""

    cold_evidence: float = 20.0
    """Most that these minutes can say against the canary's latency, all together: a cold start alone never
    rolls back, and a canary that stays slow has a head start all the same."""

    traffic_share: float = 0.7
    """The canary must get at least this share of its weight. CodeDeploy's split is off by a tenth at
    times."""

    traffic_factors: tuple[float, ...] = (0.75, 0.4, 0.05)
    """What is left of that share under the alternatives."""

    traffic_warmup: int = 2
    """First minutes in which traffic is not judged: the shift takes effect within them."""

    traffic_weights: tuple[float, ...] = (0.6, 0.3, 0.1)
    """Share of the traffic evidence that is bet on each of those; the smallest loss takes longest to find."""

    traffic_age: int = 2
    """Rows that follow before a row's traffic is judged: Lambda counts a request in the minute in which it
    began, so a young row still grows; it is a minute old when it is read."""

    on_traffic_mismatch: Literal["rollback", "hold"] = "rollback"
    """rollback: too little traffic counts towards a roll-back. hold: it only keeps the release from being
    proven, and is said."""

    margin_ratio: float = 1.25
    """r_n: proven good means failing less than this many times as often as the baseline ..."""

    margin_rate: float = 0.005
    """d_n: ... plus this error rate, without which no clean service could be proven in an hour."""

    margin_errors: tuple[float, ...] = (0.1, 0.4, 0.75)
    """What one error of the canary multiplies the proof with, for canaries that fail less often or more often
    than the baseline."""

    margin_expected: float = 0.85
    """Share of a proof that is bet on the canary being like the baseline; the rest is spread evenly over
    `margin_errors` or `margin_odds`. Most good releases are like the baseline, and proven sooner."""

    latency_margins: tuple[tuple[float, float], ...] = ((0.5, 1.25), (0.9, 1.25), (0.95, 1.3), (0.99, 1.5))
    """Quantile of the baseline, and factor: proven good means that the canary exceeds factor * quantile less
    often than the baseline exceeds the quantile. The tail has wider factors, since it has fewer requests."""

    margin_odds: tuple[float, ...] = (0.2, 0.4, 0.6, 0.8)
    """How much less often, in the latency proof, for canaries that are faster or slower than the baseline."""

    margin_late: float = 0.1
    """Share of a latency proof that leaves the cold minutes out: after a slow start the other share has
    lost its evidence, and needs long to win it back."""

    max_doubt: float = 2.0
    """Nothing is proven while the roll-back evidence of any one alternative is at or above this. It is
    1 while nothing was seen; a good release rarely stays at 2, and a bad one passes it on its way up."""

    min_bake: int = 10
    """Minutes before a release can be proven: some regressions need a while to begin."""

    max_bake: int = 60
    """Longest canary, in minutes, that ends with its proof, where traffic can be promoted early at all."""

    on_inconclusive: Literal["promote", "rollback", "hold"] = "promote"
    """What follows at the end of the interval when nothing is proven."""

    def __post_init__(self) -> None:
        _check_probabilities(self)
        _check_errors(self)
        _check_latency(self)
        _check_traffic(self)
        _check_margins(self)
        _check_minutes(self)


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)


def _between(name: str, value: float, low: float, high: float) -> None:
    """Strictly between; NaN is not."""
    _require(low < value < high, f"{name} is {value}; it must be above {low:g} and below {high:g}")


def _at_least(name: str, value: float, low: float) -> None:
    _require(low <= value < math.inf, f"{name} is {value}; it must be finite and at least {low:g}")


def _all_between(name: str, values: Iterable[float], low: float, high: float) -> None:
    values = tuple(values)
    _require(bool(values), f"{name} is empty; give at least one value")
    for value in values:
        _between(f"a value of {name}", value, low, high)


def _check_probabilities(policy: JudgePolicy) -> None:
    _between("alpha", policy.alpha, 0.0, 1.0)
    _between("alpha_promote", policy.alpha_promote, 0.0, 1.0)
    weights = (policy.error_weight, policy.latency_weight, policy.traffic_weight)
    for weight in weights:
        _at_least("a weight of a metric", weight, 0.0)
    _require(
        math.isclose(sum(weights), 1.0),
        f"the weights of errors, latency and traffic sum to {sum(weights):g}; they must sum to 1",
    )


def _check_errors(policy: JudgePolicy) -> None:
    _between("allowed_ratio", policy.allowed_ratio, 0.0, math.inf)
    _require(
        0.0 <= policy.allowed_rate < 1.0, f"allowed_rate is {policy.allowed_rate}; give a rate in [0, 1)"
    )
    _all_between("error_ratios", policy.error_ratios, policy.allowed_ratio, math.inf)
    _at_least("dispersion", policy.dispersion, 1.0)
    _between("noise_prior", policy.noise_prior, 0.0, 10.0)
    _between("noise_prior_many", policy.noise_prior_many, 0.0, 10.0)
    _at_least("many_errors", policy.many_errors, 0)
    _between("noise_prior_minutes", policy.noise_prior_minutes, 0.0, math.inf)
    _require(0.0 < policy.noise_floor <= 1.0, f"noise_floor is {policy.noise_floor}; it must be in (0, 1]")


def _check_latency(policy: JudgePolicy) -> None:
    _at_least("tau", policy.tau, 0.0)
    _between("cold_evidence", policy.cold_evidence, 0.0, math.inf)
    _require(bool(policy.latency_shapes), "latency_shapes is empty; give at least one shape")
    for shape in policy.latency_shapes:
        if isinstance(shape, Some):
            _between(f"{shape}: share", shape.share, 0.0, 1.0)
        else:
            _require(0.0 <= shape.above < 1.0, f"{shape}: above must be in [0, 1)")
        _between(f"{shape}: weight", shape.weight, 0.0, math.inf)
        _require(shape.cap > 0.0, f"{shape}: cap must be above 0")
        worse = shape.odds if isinstance(shape, MoreOften) else shape.factor
        _between(f"{shape}: how much worse", worse, 1.0, math.inf)


def _check_traffic(policy: JudgePolicy) -> None:
    _require(
        0.0 < policy.traffic_share <= 1.0, f"traffic_share is {policy.traffic_share}; give one in (0, 1]"
    )
    _all_between("traffic_factors", policy.traffic_factors, 0.0, 1.0)
    _all_between("traffic_weights", policy.traffic_weights, 0.0, math.inf)
    _require(
        len(policy.traffic_weights) == len(policy.traffic_factors)
        and math.isclose(sum(policy.traffic_weights), 1.0),
        "traffic_weights must be as many as traffic_factors, and sum to 1",
    )
    _require(
        policy.on_traffic_mismatch in ("rollback", "hold"),
        f"on_traffic_mismatch is {policy.on_traffic_mismatch!r}; say rollback or hold",
    )


def _check_margins(policy: JudgePolicy) -> None:
    _at_least("margin_ratio", policy.margin_ratio, policy.allowed_ratio)
    _require(0.0 <= policy.margin_rate < 1.0, f"margin_rate is {policy.margin_rate}; give a rate in [0, 1)")
    _all_between("margin_errors", policy.margin_errors, 0.0, 1.0)
    _all_between("margin_odds", policy.margin_odds, 0.0, 1.0)
    for name in ("margin_expected", "margin_late"):
        _between(name, getattr(policy, name), 0.0, 1.0)
    for quantile, factor in policy.latency_margins:
        _between("a quantile of latency_margins", quantile, 0.0, 1.0)
        _at_least("a factor of latency_margins (1 + tau or more)", factor, 1.0 + policy.tau)
    _between("max_doubt", policy.max_doubt, 0.0, math.inf)


def _check_minutes(policy: JudgePolicy) -> None:
    for name in ("warmup", "cold_minutes", "traffic_warmup", "traffic_age", "min_bake"):
        _at_least(name, getattr(policy, name), 0)
    _at_least("max_bake", policy.max_bake, max(1, policy.min_bake))
    _require(
        policy.on_inconclusive in ("promote", "rollback", "hold"),
        f"on_inconclusive is {policy.on_inconclusive!r}; say promote, rollback or hold",
    )
