"""The state of a composite alarm, from the states of the alarms in its rule."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from localaws.cloudwatch.alarms import rules
from localaws.cloudwatch.alarms.criteria import ALARM, INSUFFICIENT_DATA, OK
from localaws.cloudwatch.alarms.model import Alarm, State
from localaws.cloudwatch.alarms.reasons import iso, long_date

Find = Callable[[str], Alarm | None]
"""An alarm of the same account and region, by its name."""


def children(alarm: Alarm, find: Find) -> list[Alarm]:
    """The alarms that a composite alarm's rule looks at; those that are gone are left out."""
    names = rules.parse(alarm.config["AlarmRule"]).alarms
    return [found for name in names if (found := find(name))]


def depends_on_itself(alarm: Alarm, find: Find) -> bool:
    """Whether its rule leads back to it; such an alarm is not evaluated (PutCompositeAlarm)."""
    seen: set[str] = set()
    waiting = [alarm]
    while waiting:
        for child in children(waiting.pop(), find):
            if child.name == alarm.name:
                return True
            if child.composite and child.name not in seen:
                seen.add(child.name)
                waiting.append(child)
    return False


def judge(alarm: Alarm, find: Find, now: float) -> State | None:
    """Its new state; None where it keeps the one that it has.

    A state set by hand stays until a child changes its state or the alarm is put again (SetAlarmState).
    """
    watched = children(alarm, find)
    if alarm.held is not None and not any(child.transitioned > alarm.held for child in watched):
        return None
    states = {child.name: child.state.value for child in watched}
    value = ALARM if rules.parse(alarm.config["AlarmRule"]).test(states.get) else OK
    if value == alarm.state.value or depends_on_itself(alarm, find):
        return None
    return State(value, *_reason(alarm, watched, value), now)


def _reason(alarm: Alarm, watched: Iterable[Alarm], value: str) -> tuple[str, str]:
    """StateReason and StateReasonData; the words for a new or changed rule are inferred."""
    latest = max(watched, key=lambda child: child.transitioned, default=None)
    if latest is None or latest.transitioned < alarm.configured:
        done = "created" if alarm.state.value == INSUFFICIENT_DATA else "updated"
        return f"{alarm.arn} was {done} and its alarm rule evaluates to {value}", ""
    state = latest.state.value
    triggering = {"arn": latest.arn, "state": {"value": state, "timestamp": iso(latest.transitioned)}}
    reason = f"{latest.arn} transitioned to {state} at {long_date(latest.transitioned)}"
    return reason, json.dumps({"triggeringAlarms": [triggering]})
