"""What a canary of a service can see, from the last day's traffic: asked before anything is released."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from lockgate.config import Service
from lockgate.contract import ServiceContract
from lockgate.errors import RefusedError
from lockgate.judge import JudgePolicy
from lockgate.judge.planner import Plan, Traffic, interval_for, plan
from lockgate.metrics.measured import minutes
from lockgate.metrics.reader import MetricsOutageError, Reader, Window
from lockgate.release.measuring import measured_of

DAY_MINUTES = 24 * 60

AUTO_RATIO = 5.0
"""Multiple of the old version's error rate that an interval chosen by `auto` is long enough for."""


@dataclass(frozen=True)
class Forecast:
    """What is known before a release.

    Attributes:
        interval_minutes: how long the canary takes.
        traffic: of the last day; None where CloudWatch did not give it.
        plan: what the canary can see; None without traffic.
        note: a sentence about it.
    """

    interval_minutes: int
    traffic: Traffic | None
    plan: Plan | None
    note: str


@dataclass(frozen=True)
class Forecaster:
    """Looks at a service's traffic before its release.

    Args:
        reader: reads CloudWatch.
        minute: length of a CodeDeploy minute.
    """

    reader: Reader
    minute: timedelta

    def traffic(self, contract: ServiceContract, now: datetime) -> Traffic:
        """The last day's traffic.

        Raises:
            MetricsOutageError: CloudWatch does not answer.
        """
        period = max(1, int(self.minute.total_seconds()))
        day = Window.whole(now - DAY_MINUTES * self.minute, now, period)
        measured = measured_of(contract)
        return Traffic.of_rows(
            [(requests, errors) for _, requests, errors in minutes(self.reader, measured, day)]
        )

    def __call__(self, service: Service, contract: ServiceContract, now: datetime) -> Forecast:
        """What the service's next canary can see.

        Raises:
            RefusedError: there is too little traffic, and the service's policy refuses that.
        """
        intervals = intervals_of(service, contract)
        off = service.judge.mode == "off"
        if off and len(intervals) == 1:
            return Forecast(intervals[0], None, None, "")
        try:
            traffic = self.traffic(contract, now)
        except MetricsOutageError as error:
            return Forecast(intervals[-1], None, None, f"what it can see is not known: {error.message}")
        policy, weight = service.judge.policy(), service.release.percentage / 100.0
        planned = plan(traffic, weight, chosen(traffic, weight, intervals, policy), policy)
        if planned.warning and service.judge.on_little_traffic == "refuse" and not off:
            raise RefusedError(
                f"{contract.service}: {planned.warning}; on_little_traffic says refuse",
                hint="Change release.percentage or interval_minutes, or say on_little_traffic: warn.",
            )
        return Forecast(planned.interval, traffic, planned, str(planned))


def intervals_of(service: Service, contract: ServiceContract) -> list[int]:
    """Intervals that the service's canary may have, ascending."""
    declared = service.release.interval_minutes
    if declared != "auto":
        return [declared]
    provisioned = set(service.release.auto_intervals()) & set(contract.canary_configs)
    return sorted(provisioned) or [contract.traffic.interval_minutes]


def chosen(traffic: Traffic, weight: float, intervals: list[int], policy: JudgePolicy) -> int:
    """The shortest interval in which `AUTO_RATIO` times the errors are seen, or the longest there is."""
    wanted = interval_for(traffic, weight, AUTO_RATIO, policy)
    return next((one for one in intervals if wanted is not None and one >= wanted), intervals[-1])
