"""CloudWatch's operations on alarms and their tags."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from localaws.clock import Clock
from localaws.cloudwatch import paging, rules
from localaws.cloudwatch.alarm_checks import check_metric_alarm
from localaws.cloudwatch.alarms import Alarm, AlarmBook, State, unchecked
from localaws.cloudwatch.metric_operations import Params, moment
from localaws.service import Caller
from localaws.wire import ServiceError

Transition = Callable[[Alarm, State], None]
"""Gives an alarm a state, and does what follows from it."""


class AlarmOperations:
    """Operations on the alarms of a caller's account and region."""

    def __init__(self, book: AlarmBook, clock: Clock, transition: Transition) -> None:
        self._book = book
        self._clock = clock
        self._transition = transition

    def put_metric_alarm(self, caller: Caller, params: Params) -> Params:
        """PutMetricAlarm; an existing alarm keeps its state and its tags, as on AWS."""
        params = {**params, "Metrics": [_query(query) for query in params.get("Metrics", ())]}
        if not params["Metrics"]:
            del params["Metrics"]
        check_metric_alarm(params, self._clock.seconds)
        self._put(caller, params)
        return {}

    def put_composite_alarm(self, caller: Caller, params: Params) -> Params:
        """PutCompositeAlarm, without action suppression."""
        if "ActionsSuppressor" in params:
            message = "ActionsSuppressor is not supported by the local CloudWatch."
            raise ServiceError("ValidationError", message)
        try:
            rule = rules.parse(params["AlarmRule"])
        except rules.RuleError as error:
            raise ServiceError("ValidationError", f"AlarmRule must not contain errors: {error}") from None
        for name in rule.alarms:
            if name == params["AlarmName"] or not self._book.find(caller.account, caller.region, name):
                message = f"AlarmRule: {name} is not another alarm of this account and region."
                raise ServiceError("ValidationError", message)
        self._put(caller, params)
        return {}

    def _put(self, caller: Caller, params: Params) -> None:
        now = self._clock.now()
        config = {name: value for name, value in params.items() if name != "Tags"}
        found = self._book.find(caller.account, caller.region, params["AlarmName"])
        if found and found.composite == ("AlarmRule" in config):
            alarm = replace(found, config=config, configured=now)
        else:
            tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags", ())}
            name = params["AlarmName"]
            alarm = Alarm(caller.account, caller.region, name, config, now, unchecked(now), now, tags)
        self._book.put(alarm)
        done = "updated" if found else "created"
        data = {"type": "Update" if found else "Create", "version": "1.0"}
        self._book.record(alarm, "ConfigurationUpdate", f'Alarm "{alarm.name}" {done}', data, now)

    def describe_alarms(self, caller: Caller, params: Params) -> Params:
        """DescribeAlarms; metric alarms only, unless AlarmTypes or names say otherwise."""
        types = params.get("AlarmTypes") or ["MetricAlarm"]
        names, prefix = params.get("AlarmNames"), params.get("AlarmNamePrefix", "")
        state, action = params.get("StateValue"), params.get("ActionPrefix", "")
        found = [
            alarm
            for alarm in self._book.of(caller.account, caller.region)
            if alarm.kind in types
            and (alarm.name in names if names else alarm.name.startswith(prefix))
            and state in (None, alarm.state.value)
            and (not action or any(one.startswith(action) for one in _all_actions(alarm)))
        ]
        page, token = paging.page(found, params, params.get("MaxRecords", 50 if not names else 100))
        return {
            "MetricAlarms": [alarm.describe() for alarm in page if not alarm.composite],
            "CompositeAlarms": [alarm.describe() for alarm in page if alarm.composite],
            **token,
        }

    def describe_alarms_for_metric(self, caller: Caller, params: Params) -> Params:
        """DescribeAlarmsForMetric, for alarms on a single metric."""

        def wanted(alarm: Alarm) -> bool:
            keys = ("Namespace", "MetricName", "Statistic", "ExtendedStatistic", "Period", "Unit")
            same = all(alarm.config.get(key) == params[key] for key in keys if key in params)
            return same and _names(alarm.config) == _names(params)

        found = [alarm for alarm in self._book.of(caller.account, caller.region) if wanted(alarm)]
        return {"MetricAlarms": [alarm.describe() for alarm in found]}

    def describe_alarm_history(self, caller: Caller, params: Params) -> Params:
        """DescribeAlarmHistory; the newest first unless ScanBy says otherwise."""
        types = params.get("AlarmTypes") or ["MetricAlarm"]
        start, end = params.get("StartDate"), params.get("EndDate")
        found = [
            item
            for item in self._book.history(caller.account, caller.region)
            if item.kind in types
            and params.get("AlarmName", item.alarm) == item.alarm
            and params.get("HistoryItemType", item.item) == item.item
            and (start is None or item.at >= start.timestamp())
            and (end is None or item.at < end.timestamp())
        ]
        if params.get("ScanBy") != "TimestampAscending":
            found.reverse()
        page, token = paging.page(found, params, params.get("MaxRecords", 100))
        items = [
            {
                "AlarmName": item.alarm,
                "AlarmType": item.kind,
                "Timestamp": moment(item.at),
                "HistoryItemType": item.item,
                "HistorySummary": item.summary,
                "HistoryData": item.data,
            }
            for item in page
        ]
        return {"AlarmHistoryItems": items, **token}

    def delete_alarms(self, caller: Caller, params: Params) -> Params:
        """DeleteAlarms; nothing is deleted when one is missing, as on AWS."""
        for alarm in [self._named(caller, name) for name in params["AlarmNames"]]:
            self._book.remove(alarm)
        return {}

    def set_alarm_state(self, caller: Caller, params: Params) -> Params:
        """SetAlarmState; holds until the next evaluation that finds otherwise."""
        alarm = self._named(caller, params["AlarmName"])
        data = params.get("StateReasonData", "")
        try:
            json.loads(data or "{}")
        except ValueError:
            raise ServiceError("InvalidFormat", "StateReasonData is not JSON.") from None
        state = State(params["StateValue"], params["StateReason"], data, self._clock.now())
        self._transition(alarm, state)
        return {}

    def enable_alarm_actions(self, caller: Caller, params: Params) -> Params:
        """EnableAlarmActions; names that do not exist are passed over, as on AWS."""
        return self._switch(caller, params, True)

    def disable_alarm_actions(self, caller: Caller, params: Params) -> Params:
        """DisableAlarmActions."""
        return self._switch(caller, params, False)

    def _switch(self, caller: Caller, params: Params, enabled: bool) -> Params:
        for name in params["AlarmNames"]:
            if alarm := self._book.find(caller.account, caller.region, name):
                alarm.config["ActionsEnabled"] = enabled
        return {}

    def _named(self, caller: Caller, name: str) -> Alarm:
        alarm = self._book.find(caller.account, caller.region, name)
        if alarm is None:
            raise ServiceError("ResourceNotFound", f"Alarm {name} does not exist.", 404)
        return alarm

    def tag_resource(self, caller: Caller, params: Params) -> Params:
        """TagResource, for alarms."""
        self._tagged(caller, params).tags.update({tag["Key"]: tag["Value"] for tag in params["Tags"]})
        return {}

    def untag_resource(self, caller: Caller, params: Params) -> Params:
        """UntagResource, for alarms."""
        tags = self._tagged(caller, params).tags
        for key in params["TagKeys"]:
            tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, caller: Caller, params: Params) -> Params:
        """ListTagsForResource, for alarms."""
        tags = self._tagged(caller, params).tags
        return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}

    def _tagged(self, caller: Caller, params: Params) -> Alarm:
        arn = params["ResourceARN"]
        for alarm in self._book.of(caller.account, caller.region):
            if alarm.arn == arn:
                return alarm
        raise ServiceError("ResourceNotFoundException", f"Unknown resource: {arn}", 404)


def _query(query: dict[str, Any]) -> dict[str, Any]:
    return {**query, "ReturnData": query.get("ReturnData", True)}


def _all_actions(alarm: Alarm) -> list[str]:
    kinds = ("OKActions", "AlarmActions", "InsufficientDataActions")
    return [action for kind in kinds for action in alarm.config.get(kind, ())]


def _names(params: dict[str, Any]) -> dict[str, str]:
    return {d["Name"]: d["Value"] for d in params.get("Dimensions", ())}
