"""What the ledger keeps of a judgement: the terms, the setup, every look, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from pydantic import AwareDatetime, Field, field_serializer

from lockgate.judge import Action, Evidence, JudgePolicy, Look, Verdict
from lockgate.metrics.evidence import OwnMetric, Source
from lockgate.metrics.lambda_alias import Alias
from lockgate.metrics.load_balancer import LoadBalancer
from lockgate.metrics.measured import Measured
from lockgate.release.record import Record

if TYPE_CHECKING:
    from lockgate.config import Service


class Stage(StrEnum):
    """What is judged."""

    CANARY = "canary"
    """The new version beside the old one, minute by minute."""
    BAKE = "bake"
    """The new version alone, against the old one's last hours."""


class Conclusion(StrEnum):
    """What a judgement amounts to, from the best to the worst."""

    PROVEN_GOOD = "proven good"
    NOT_PROVEN = "not proven"
    NO_METRICS = "no metrics"
    """CloudWatch has not given what would be needed: no statement about the release."""
    TRAFFIC_MISMATCH = "traffic mismatch"
    """The new version gets far too little traffic."""
    WORSE = "worse"


class Terms(Record):
    """On which terms a service is judged, as its `service.yaml` had them when the release began."""

    mode: Literal["enforce", "observe"]
    policy: JudgePolicy
    on_metrics_outage: Literal["promote", "rollback"]
    throttles: bool = False
    metrics: tuple[OwnMetric, ...] = ()

    @field_serializer("policy")
    def _what_differs(self, policy: JudgePolicy) -> dict[str, Any]:
        """Only what is not a default: the setup of each judgement has the whole policy."""
        usual = JudgePolicy()
        own = {name: getattr(policy, name) for name in JudgePolicy.__dataclass_fields__}
        return {name: value for name, value in own.items() if value != getattr(usual, name)}

    @classmethod
    def of(cls, service: Service) -> Terms | None:
        """The terms of a declaration; None where it wants no judge."""
        judging = service.judge
        if judging.mode == "off":
            return None
        own = (
            OwnMetric(metric.namespace, metric.name, tuple(metric.dimensions.items()), metric.kind)
            for metric in service.metrics
        )
        return cls(
            mode=judging.mode,
            policy=judging.policy(),
            on_metrics_outage=judging.on_metrics_outage,
            throttles=judging.throttles,
            metrics=tuple(own),
        )

    def source(self, measured: Measured) -> Source:
        """Where the evidence comes from."""
        return Source(measured, self.metrics, self.throttles)


class Judgement(Record):
    """What the judge said last in one stage.

    Attributes:
        conclusion: what it amounts to.
        rollback: whether the evidence asks for a roll-back.
        reason: a sentence with the numbers.
        minutes: periods that counted.
        judged_until: end of the last period that was read; None before the first one.
        proven_at: when it was first proven good. What was proven once stays so: the bound on wrong proofs
            holds for all looks together.
        outage: what CloudWatch did not give at the last look, or None.
    """

    conclusion: Conclusion
    rollback: bool = False
    reason: str
    minutes: int = 0
    judged_until: AwareDatetime | None = None
    proven_at: AwareDatetime | None = None
    outage: str | None = None

    def __str__(self) -> str:
        told = self.reason.lower().startswith(self.conclusion)
        said = self.reason if told else f"{self.conclusion}: {self.reason}"
        return f"{said} ({self.outage})" if self.outage else said


class Setup(Record):
    """What a judgement starts from: written once for each service and stage, before its first look.

    Attributes:
        since: start of the first period that is read.
        period: seconds of a period.
        weight: the canary's share of traffic.
        function, alias: of a function, whose traffic this is.
        load_balancer, target_groups: of a container, with the target group of each version.
        canary, baseline: versions.
        bounds, history: frozen latency bounds, and the baseline's requests between them before the
            deployment; None where it had too few requests, so that latency is judged by its mean.
        history_since: where the history begins.
        past: in a bake, what the baseline did in the minutes before it, the newest first.
        queries: every series that is read, as `<metric> <statistic> {dimensions}`.
    """

    service: str
    stage: Stage
    since: AwareDatetime
    period: int
    weight: float
    function: str | None = None
    alias: str | None = None
    load_balancer: str | None = None
    target_groups: dict[str, str] = Field(default_factory=dict)
    canary: str
    baseline: str
    policy: JudgePolicy
    bounds: tuple[float, ...] | None = None
    history: tuple[int, ...] | None = None
    history_since: AwareDatetime | None = None
    past: tuple[Look, ...] = ()
    queries: tuple[str, ...] = ()

    @property
    def measured(self) -> Measured:
        """What the platform measures of the two versions."""
        if self.load_balancer is not None:
            return LoadBalancer(self.load_balancer, self.target_groups)
        assert self.function is not None
        assert self.alias is not None
        return Alias(self.function, self.alias)


class LookedAt(Record):
    """One row of a look: a period and what both sides did in it."""

    at: AwareDatetime
    look: Look


class LookRecord(Record):
    """One look of the judge.

    Attributes:
        number: counts from 1.
        at: when CloudWatch was read.
        until: end of the last period that was read.
        rows: rows that are new, or differ from what an earlier look saw.
        action, reason, evidence: the judge's verdict on all rows so far.
        conclusion: what it amounts to.
        outage: what CloudWatch did not give.
    """

    service: str
    stage: Stage
    number: int
    at: AwareDatetime
    until: AwareDatetime
    rows: tuple[LookedAt, ...]
    action: Action
    reason: str
    evidence: dict[str, Evidence]
    conclusion: Conclusion
    outage: str | None = None


UNSEEN = 20
"""Requests that the new version should have had, from which having none at all is no accident: e^-20."""


def concluded(
    verdict: Verdict,
    looks: Sequence[Look],
    setup: Setup,
    until: datetime,
    before: Judgement | None,
    outage: str | None = None,
) -> Judgement:
    """A judgement from a verdict, after an earlier one of the same stage.

    Args:
        verdict: on these looks.
        looks: all rows so far.
        setup: of the judgement.
        until: end of the last period.
        before: the judgement of the look before.
        outage: what CloudWatch did not give.
    """
    proven_at = before.proven_at if before else None
    if verdict.action is Action.PROMOTE:
        proven_at = proven_at or until
    conclusion, reason = _conclusion(verdict, proven_at), verdict.reason
    if conclusion is Conclusion.PROVEN_GOOD and verdict.action is not Action.PROMOTE:
        reason = f"Proven good at {proven_at:%H:%M:%S}; since then: {reason}"
    expected = _expected(looks, setup) if not verdict.minutes and outage is None else 0.0
    if expected >= UNSEEN:
        conclusion = Conclusion.TRAFFIC_MISMATCH
        reason = (
            f"CloudWatch has no request of version {setup.canary}, which should have had about {expected:.0f}"
        )
    return Judgement(
        conclusion=conclusion,
        rollback=verdict.action is Action.ROLLBACK,
        reason=reason,
        minutes=verdict.minutes,
        judged_until=until,
        proven_at=proven_at,
        outage=outage,
    )


def _conclusion(verdict: Verdict, proven_at: datetime | None) -> Conclusion:
    if verdict.action is Action.ROLLBACK:
        return Conclusion.TRAFFIC_MISMATCH if verdict.cause == "traffic" else Conclusion.WORSE
    if verdict.traffic_mismatch:
        return Conclusion.TRAFFIC_MISMATCH
    return Conclusion.PROVEN_GOOD if proven_at else Conclusion.NOT_PROVEN


def _expected(looks: Sequence[Look], setup: Setup) -> float:
    """Requests that the canary should have had beside those of the baseline."""
    if setup.stage is Stage.BAKE:
        return 0.0
    served = sum(look.baseline.requests for look in looks if look.baseline)
    return served * setup.weight / (1.0 - setup.weight)
