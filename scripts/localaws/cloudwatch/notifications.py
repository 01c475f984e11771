"""What an alarm sends when its state changes: an SNS message and an EventBridge event.

Formats from "Amazon SNS notifications for alarms" and "Alarm events and EventBridge" (Amazon
CloudWatch User Guide).
"""

from __future__ import annotations

import json
from typing import Any

from localaws.cloudwatch.alarms import Alarm, State
from localaws.cloudwatch.evaluation import iso

ACTION_LISTS = {"OK": "OKActions", "ALARM": "AlarmActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}


def actions(alarm: Alarm) -> list[str]:
    """ARNs to act on now that the alarm is in its state; none where actions are disabled."""
    if not alarm.config.get("ActionsEnabled", True):
        return []
    return list(alarm.config.get(ACTION_LISTS[alarm.state.value], ()))


def subject(alarm: Alarm) -> str:
    """Subject of the SNS message."""
    return f'{alarm.state.value}: "{alarm.name}" in {alarm.region}'[:100]


def message(alarm: Alarm, before: State) -> str:
    """Text of the SNS message, JSON."""
    config = alarm.config
    content: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmDescription": config.get("AlarmDescription"),
        "AWSAccountId": alarm.account,
        "AlarmConfigurationUpdatedTimestamp": iso(alarm.configured),
        "NewStateValue": alarm.state.value,
        "NewStateReason": alarm.state.reason,
        "StateChangeTime": iso(alarm.state.since),
        "Region": alarm.region,
        "AlarmArn": alarm.arn,
        "OldStateValue": before.value,
        **{name: config.get(name, []) for name in ACTION_LISTS.values()},
    }
    if alarm.composite:
        return json.dumps(content | {"AlarmRule": config["AlarmRule"]})
    return json.dumps(content | {"Trigger": _trigger(alarm)})


def _trigger(alarm: Alarm) -> dict[str, Any]:
    config = alarm.config
    trigger: dict[str, Any] = {
        "Period": alarm.period(),
        "EvaluationPeriods": config["EvaluationPeriods"],
        "DatapointsToAlarm": config.get("DatapointsToAlarm", config["EvaluationPeriods"]),
        "ComparisonOperator": config["ComparisonOperator"],
        "Threshold": config["Threshold"],
        "TreatMissingData": config.get("TreatMissingData", ""),
        "EvaluateLowSampleCountPercentile": config.get("EvaluateLowSampleCountPercentile", ""),
    }
    if config.get("Metrics"):
        return trigger | {"Metrics": config["Metrics"]}
    dimensions = [{"name": d["Name"], "value": d["Value"]} for d in config.get("Dimensions", ())]
    extended = config.get("ExtendedStatistic")
    return trigger | {
        "MetricName": config["MetricName"],
        "Namespace": config["Namespace"],
        "StatisticType": "ExtendedStatistic" if extended else "Statistic",
        **({"ExtendedStatistic": extended} if extended else {"Statistic": config["Statistic"].upper()}),
        "Unit": config.get("Unit"),
        "Dimensions": dimensions,
    }


def event(alarm: Alarm, before: State) -> dict[str, Any]:
    """Entry for PutEvents."""
    detail = {
        "alarmName": alarm.name,
        "state": _state(alarm.state),
        "previousState": _state(before),
        "configuration": _configuration(alarm),
    }
    return {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Resources": [alarm.arn],
        "Detail": json.dumps(detail),
    }


def _state(state: State) -> dict[str, Any]:
    found = {"value": state.value, "reason": state.reason, "timestamp": iso(state.since)}
    return found | ({"reasonData": state.data} if state.data else {})


def _configuration(alarm: Alarm) -> dict[str, Any]:
    described = (
        {"description": alarm.config["AlarmDescription"]} if "AlarmDescription" in alarm.config else {}
    )
    if alarm.composite:
        return {**described, "alarmRule": alarm.config["AlarmRule"]}
    return {**described, "metrics": [_event_query(query) for query in alarm.queries()[0]]}


def _event_query(query: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"id": query["Id"], "returnData": query.get("ReturnData", True)}
    found |= {key.lower(): query[key] for key in ("Expression", "Label") if key in query}
    if stat := query.get("MetricStat"):
        metric = stat["Metric"]
        found["metricStat"] = {
            "metric": {
                "namespace": metric["Namespace"],
                "name": metric["MetricName"],
                "dimensions": {d["Name"]: d["Value"] for d in metric.get("Dimensions", ())},
            },
            "period": stat["Period"],
            "stat": stat["Stat"],
        }
    return found
