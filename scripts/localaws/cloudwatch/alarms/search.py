"""Finding alarms as DescribeAlarms and DescribeAlarmsForMetric do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudwatch.alarms import rules
from localaws.cloudwatch.alarms.model import Alarm
from localaws.wire import ServiceError

Params = Mapping[str, Any]

_ACTIONS = ("OKActions", "AlarmActions", "InsufficientDataActions")
_CHILD = ("AlarmName", "AlarmArn", "StateValue", "StateUpdatedTimestamp")
_PARENT = ("AlarmName", "AlarmArn")


def find(alarms: list[Alarm], params: Params) -> list[Alarm]:
    """The alarms that DescribeAlarms is asked for.

    Args:
        alarms: all of the account and region.

    Raises:
        ServiceError: ValidationError; the parameters exclude each other.
    """
    for name in ("ChildrenOfAlarmName", "ParentsOfAlarmName"):
        if others := set(params) - {name, "MaxRecords", "NextToken"} if name in params else set():
            raise ServiceError(
                "ValidationError", f"{name} cannot be combined with {', '.join(sorted(others))}."
            )
    if "ChildrenOfAlarmName" in params:
        parents = [alarm for alarm in alarms if alarm.name == params["ChildrenOfAlarmName"]]
        named = {name for parent in parents for name in children(parent)}
        return [alarm for alarm in alarms if alarm.name in named]
    if "ParentsOfAlarmName" in params:
        return [alarm for alarm in alarms if params["ParentsOfAlarmName"] in children(alarm)]
    if "AlarmNames" in params and "AlarmNamePrefix" in params:
        raise ServiceError("ValidationError", "AlarmNames cannot be combined with AlarmNamePrefix.")
    return [alarm for alarm in alarms if _wanted(alarm, params)]


def children(alarm: Alarm) -> tuple[str, ...]:
    """Names of the alarms in a composite alarm's rule; none for others."""
    return rules.parse(alarm.config["AlarmRule"]).alarms if alarm.composite else ()


def shown(alarm: Alarm, params: Params) -> dict[str, Any]:
    """The alarm as DescribeAlarms has it; of parents and children a few members only."""
    members = (
        _CHILD if "ChildrenOfAlarmName" in params else _PARENT if "ParentsOfAlarmName" in params else None
    )
    described = alarm.describe()
    return described if members is None else {name: described[name] for name in members}


def _wanted(alarm: Alarm, params: Params) -> bool:
    names, action = params.get("AlarmNames"), params.get("ActionPrefix", "")
    return (
        alarm.kind in (params.get("AlarmTypes") or ("MetricAlarm",))
        and (alarm.name in names if names else alarm.name.startswith(params.get("AlarmNamePrefix", "")))
        and params.get("StateValue") in (None, alarm.state.value)
        and (
            not action
            or any(arn.startswith(action) for kind in _ACTIONS for arn in alarm.config.get(kind, ()))
        )
    )


def watches(alarm: Alarm, params: Params) -> bool:
    """Whether an alarm is on the single metric that DescribeAlarmsForMetric names."""
    keys = ("Namespace", "MetricName", "Statistic", "ExtendedStatistic", "Period", "Unit")
    same = all(alarm.config.get(key) == params[key] for key in keys if key in params)
    return same and _dimensions(alarm.config) == _dimensions(params)


def _dimensions(params: Params) -> dict[str, str]:
    return {d["Name"]: d["Value"] for d in params.get("Dimensions", ())}
