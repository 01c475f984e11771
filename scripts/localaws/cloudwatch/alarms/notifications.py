"""What an alarm sends when its state changes: an SNS message, a Lambda payload, an EventBridge event.

Formats from "Invoke a Lambda function from an alarm" and "Alarm events and EventBridge" (Amazon
CloudWatch User Guide); that of SNS is as public records of messages have it.
"""

from __future__ import annotations

import json
from typing import Any

from localaws.cloudwatch.alarms.model import Alarm, State
from localaws.cloudwatch.alarms.reasons import iso

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
        return trigger | {"Metrics": [_message_query(query) for query in config["Metrics"]]}
    dimensions = _message_dimensions(config)
    extended = config.get("ExtendedStatistic")
    return trigger | {
        "MetricName": config["MetricName"],
        "Namespace": config["Namespace"],
        "StatisticType": "ExtendedStatistic" if extended else "Statistic",
        **({"ExtendedStatistic": extended} if extended else {"Statistic": config["Statistic"].upper()}),
        "Unit": config.get("Unit"),
        "Dimensions": dimensions,
    }


def _message_query(query: dict[str, Any]) -> dict[str, Any]:
    if "MetricStat" not in query:
        return query
    stat = query["MetricStat"]
    metric = {**stat["Metric"], "Dimensions": _message_dimensions(stat["Metric"])}
    return {**query, "MetricStat": {**stat, "Metric": metric}}


def _message_dimensions(metric: dict[str, Any]) -> list[dict[str, str]]:
    return [{"value": d["Value"], "name": d["Name"]} for d in metric.get("Dimensions", ())]


def invocation(alarm: Alarm, before: State) -> dict[str, Any]:
    """What a Lambda function is invoked with."""
    return {
        "source": "aws.cloudwatch",
        "alarmArn": alarm.arn,
        "accountId": alarm.account,
        "time": iso(alarm.state.since),
        "region": alarm.region,
        "alarmData": _change(alarm, before),
    }


def event(alarm: Alarm, before: State) -> dict[str, Any]:
    """Entry for PutEvents."""
    return {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Resources": [alarm.arn],
        "Detail": json.dumps(_change(alarm, before)),
    }


def _change(alarm: Alarm, before: State) -> dict[str, Any]:
    return {
        "alarmName": alarm.name,
        "state": _state(alarm.state),
        "previousState": _state(before),
        "configuration": _configuration(alarm),
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
            **({"unit": stat["Unit"]} if "Unit" in stat else {}),
        }
    return found
