"""An alarm: what was put, and the state that it is in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from localaws.cloudwatch.alarms.criteria import INSUFFICIENT_DATA, Criteria

UNCHECKED = "Unchecked: Initial alarm creation"


@dataclass(frozen=True)
class State:
    """An alarm's state; times in seconds since the epoch.

    Attributes:
        data: StateReasonData, JSON; empty where there is none.
    """

    value: str
    reason: str
    data: str
    since: float


@dataclass
class Alarm:
    """A metric alarm, or a composite one where `config` has an AlarmRule.

    Attributes:
        config: the parameters it was put with, without tags; what is described comes from here.
        transitioned: when the state last became another, in seconds since the epoch.
        held: when the state was set by hand; None once an evaluation has taken over.
    """

    account: str
    region: str
    name: str
    config: dict[str, Any]
    configured: float
    state: State
    transitioned: float
    tags: dict[str, str] = field(default_factory=dict)
    held: float | None = None

    @property
    def arn(self) -> str:
        """The alarm's ARN."""
        return alarm_arn(self.account, self.region, self.name)

    @property
    def composite(self) -> bool:
        """Whether it depends on other alarms instead of metrics."""
        return "AlarmRule" in self.config

    @property
    def kind(self) -> str:
        """AlarmType."""
        return "CompositeAlarm" if self.composite else "MetricAlarm"

    @property
    def criteria(self) -> Criteria:
        """When it goes off; metric alarms only."""
        return Criteria(
            comparison=self.config["ComparisonOperator"],
            threshold=float(self.config["Threshold"]),
            periods=self.config["EvaluationPeriods"],
            to_alarm=self.config.get("DatapointsToAlarm"),
            missing=self.config.get("TreatMissingData") or self._default_treatment(),
        )

    def _default_treatment(self) -> str:
        """Of missing data: DynamoDB has one of its own ("… alarms treat missing data", User Guide)."""
        stats = [query["MetricStat"] for query in self.queries()[0] if "MetricStat" in query]
        dynamodb = any(stat["Metric"].get("Namespace") == "AWS/DynamoDB" for stat in stats)
        return "ignore" if dynamodb else "missing"

    def queries(self) -> tuple[list[dict[str, Any]], str]:
        """What a metric alarm watches as metric data queries, and the id of the one that counts."""
        config = self.config
        if config.get("Metrics"):
            watched = next(query["Id"] for query in config["Metrics"] if query.get("ReturnData", True))
            return config["Metrics"], watched
        metric = {name: config[name] for name in ("Namespace", "MetricName", "Dimensions") if name in config}
        stat = {
            "Metric": metric,
            "Period": config["Period"],
            "Stat": config.get("Statistic") or config["ExtendedStatistic"],
        }
        if "Unit" in config:
            stat["Unit"] = config["Unit"]
        return [{"Id": "m1", "MetricStat": stat}], "m1"

    def period(self) -> int:
        """AWS seconds of the period of a metric alarm."""
        longest: int = max(q["MetricStat"]["Period"] for q in self.queries()[0] if "MetricStat" in q)
        return longest

    def describe(self) -> dict[str, Any]:
        """The alarm as DescribeAlarms has it: everything as it was put, and its state."""
        when = datetime.fromtimestamp
        defaults: dict[str, Any] = {
            name: [] for name in ("OKActions", "AlarmActions", "InsufficientDataActions")
        }
        if "MetricName" in self.config:
            defaults["Dimensions"] = []
        answer = defaults | {"ActionsEnabled": True} | self.config
        answer |= {
            "AlarmArn": self.arn,
            "AlarmConfigurationUpdatedTimestamp": when(self.configured, UTC),
            "StateValue": self.state.value,
            "StateReason": self.state.reason,
            "StateUpdatedTimestamp": when(self.state.since, UTC),
            "StateTransitionedTimestamp": when(self.transitioned, UTC),
        }
        return answer | ({"StateReasonData": self.state.data} if self.state.data else {})


def partition(region: str) -> str:
    """Partition of a region."""
    area = region.rpartition("-")[0].rpartition("-")[0]
    return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(area, "aws")


def alarm_arn(account: str, region: str, name: str) -> str:
    """ARN of an alarm."""
    return f"arn:{partition(region)}:cloudwatch:{region}:{account}:alarm:{name}"


def unchecked(now: float) -> State:
    """The state of a new alarm."""
    return State(INSUFFICIENT_DATA, UNCHECKED, "", now)
