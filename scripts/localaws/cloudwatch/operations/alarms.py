"""CloudWatch's operations on alarms."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from localaws.clock import Clock
from localaws.cloudwatch import paging
from localaws.cloudwatch.alarms import search
from localaws.cloudwatch.alarms.book import AlarmBook, HistoryItem
from localaws.cloudwatch.alarms.checks import check_composite_alarm, check_metric_alarm
from localaws.cloudwatch.alarms.model import Alarm, State, unchecked
from localaws.cloudwatch.operations.metrics import Params, moment
from localaws.service import Caller
from localaws.wire import ServiceError

_PER_PAGE = 50
_MOST_NAMES = 100

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
        check_metric_alarm(params)
        self._put(caller, params)
        return {}

    def put_composite_alarm(self, caller: Caller, params: Params) -> Params:
        """PutCompositeAlarm, without action suppression."""
        check_composite_alarm(params, {alarm.name for alarm in self._book.of(caller.account, caller.region)})
        self._put(caller, params)
        return {}

    def _put(self, caller: Caller, params: Params) -> None:
        now, name = self._clock.now(), params["AlarmName"]
        config = {key: value for key, value in params.items() if key != "Tags"}
        found = self._book.find(caller.account, caller.region, name)
        if found and found.composite == ("AlarmRule" in config):
            held = None if found.composite else found.held
            alarm = replace(found, config=config, configured=now, held=held)
        elif found:
            message = f"Alarm {name} exists and is a {found.kind}; delete it before you put another kind."
            raise ServiceError("ValidationError", message)
        else:
            tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags", ())}
            alarm = Alarm(caller.account, caller.region, name, config, now, unchecked(now), now, tags)
        self._book.put(alarm)
        done = "updated" if found else "created"
        data = {"type": "Update" if found else "Create", "version": "1.0"}
        self._book.record(alarm, "ConfigurationUpdate", f'Alarm "{alarm.name}" {done}', data, now)

    def describe_alarms(self, caller: Caller, params: Params) -> Params:
        """DescribeAlarms; metric alarms only, unless AlarmTypes says otherwise."""
        found = search.find(self._book.of(caller.account, caller.region), params)
        size = params.get("MaxRecords", _PER_PAGE if not params.get("AlarmNames") else _MOST_NAMES)
        page, token = paging.page(found, params, size)
        return {
            "MetricAlarms": [search.shown(alarm, params) for alarm in page if not alarm.composite],
            "CompositeAlarms": [search.shown(alarm, params) for alarm in page if alarm.composite],
            **token,
        }

    def describe_alarms_for_metric(self, caller: Caller, params: Params) -> Params:
        """DescribeAlarmsForMetric, for alarms on a single metric."""
        own = self._book.of(caller.account, caller.region)
        return {"MetricAlarms": [alarm.describe() for alarm in own if search.watches(alarm, params)]}

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
        page, token = paging.page(found, params, params.get("MaxRecords", _MOST_NAMES))
        return {"AlarmHistoryItems": [_item(item) for item in page], **token}

    def delete_alarms(self, caller: Caller, params: Params) -> Params:
        """DeleteAlarms: those that exist, also when others do not; one composite alarm at most.

        Raises:
            ServiceError: none of them exists, or another alarm depends on one of them.
        """
        names = dict.fromkeys(params["AlarmNames"])
        own = self._book.of(caller.account, caller.region)
        found = [alarm for alarm in own if alarm.name in names]
        if not found:
            raise ServiceError("ResourceNotFound", f"Alarm {', '.join(names)} does not exist.", 404)
        if sum(alarm.composite for alarm in found) > 1:
            raise ServiceError("ValidationError", "At most one composite alarm can be deleted at once.")
        used = {name for alarm in own if alarm not in found for name in search.children(alarm)}
        if needed := [alarm.name for alarm in found if alarm.name in used]:
            named, them = ",".join(needed), "it" if len(needed) == 1 else "them"
            message = f"Cannot delete {named} as there are composite alarm(s) depending on {them}."
            raise ServiceError("ValidationError", message)
        for alarm in found:
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


def _query(query: dict[str, Any]) -> dict[str, Any]:
    return {**query, "ReturnData": query.get("ReturnData", True)}


def _item(item: HistoryItem) -> dict[str, Any]:
    return {
        "AlarmName": item.alarm,
        "AlarmType": item.kind,
        "Timestamp": moment(item.at),
        "HistoryItemType": item.item,
        "HistorySummary": item.summary,
        "HistoryData": item.data,
    }
