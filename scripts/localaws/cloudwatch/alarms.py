"""Alarms: what was put, the state they are in, and their history."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from localaws.cloudwatch.evaluation import INSUFFICIENT_DATA, Criteria

_HISTORY_LENGTH = 500
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
            missing=self.config.get("TreatMissingData", "missing"),
        )

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


def alarm_arn(account: str, region: str, name: str) -> str:
    """ARN of an alarm."""
    partition = {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(
        region.rpartition("-")[0].rpartition("-")[0], "aws"
    )
    return f"arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}"


@dataclass(frozen=True)
class HistoryItem:
    """One entry of an alarm's history; `at` in seconds since the epoch, `data` is JSON."""

    account: str
    region: str
    alarm: str
    kind: str
    item: str
    summary: str
    data: str
    at: float


class AlarmBook:
    """All alarms of all accounts and regions. Used on the event loop only."""

    def __init__(self) -> None:
        self._alarms: dict[tuple[str, str, str], Alarm] = {}
        self._history: deque[HistoryItem] = deque(maxlen=_HISTORY_LENGTH)

    def __iter__(self) -> Iterator[Alarm]:
        """Every alarm, as it is now: alarms may come and go meanwhile."""
        return iter(list(self._alarms.values()))

    def find(self, account: str, region: str, name: str) -> Alarm | None:
        """An alarm by its name."""
        return self._alarms.get((account, region, name))

    def of(self, account: str, region: str) -> list[Alarm]:
        """Alarms of an account and region, by name."""
        found = [alarm for alarm in self if (alarm.account, alarm.region) == (account, region)]
        return sorted(found, key=lambda alarm: alarm.name)

    def put(self, alarm: Alarm) -> None:
        """Adds an alarm or replaces the one of its name."""
        self._alarms[alarm.account, alarm.region, alarm.name] = alarm

    def remove(self, alarm: Alarm) -> None:
        """Removes an alarm."""
        self._alarms.pop((alarm.account, alarm.region, alarm.name), None)

    def record(self, alarm: Alarm, item: str, summary: str, data: Mapping[str, Any], at: float) -> None:
        """Adds to an alarm's history; `item` is a HistoryItemType."""
        text = json.dumps(data, default=str)
        entry = HistoryItem(alarm.account, alarm.region, alarm.name, alarm.kind, item, summary, text, at)
        self._history.append(entry)

    def history(self, account: str, region: str) -> list[HistoryItem]:
        """History of an account and region, the oldest first."""
        return [item for item in self._history if (item.account, item.region) == (account, region)]

    def snapshot(self) -> dict[str, Any]:
        """Everything as JSON data."""
        return {"alarms": [asdict(a) for a in self], "history": [asdict(h) for h in self._history]}

    def restore(self, data: Mapping[str, Any]) -> None:
        """Takes what `snapshot` gave."""
        for entry in data.get("alarms", ()):
            self.put(Alarm(**{**entry, "state": State(**entry["state"])}))
        self._history.extend(HistoryItem(**entry) for entry in data.get("history", ()))


def unchecked(now: float) -> State:
    """The state of a new alarm."""
    return State(INSUFFICIENT_DATA, UNCHECKED, "", now)
