"""Evaluating every alarm again and again on the scaled clock."""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import Callable, Sequence
from typing import Any

from localaws.clock import Clock
from localaws.cloudwatch import rules
from localaws.cloudwatch.alarms import Alarm, AlarmBook, State
from localaws.cloudwatch.evaluation import ALARM, OK, Datapoint, iso, judge, reason_data
from localaws.cloudwatch.queries import Evaluation, Range
from localaws.cloudwatch.store import MetricStore
from localaws.service import Caller
from localaws.wire import ServiceError

log = logging.getLogger(__name__)

_LOOKS_PER_MINUTE = 8
_LONGEST_GRACE = 1.0

Begin = Callable[[Alarm, State], None]
"""Starts the actions of an alarm; takes it and its state before."""


class Evaluator:
    """Gives alarms their states.

    Args:
        begin: starts an alarm's actions after its state has changed.
    """

    def __init__(self, store: MetricStore, book: AlarmBook, clock: Clock, begin: Begin) -> None:
        self._store = store
        self._book = book
        self._clock = clock
        self._begin = begin
        self._broken: set[str] = set()

    async def run(self) -> None:
        """Evaluates until cancelled. Whatever goes wrong with one alarm does not stop the others."""
        pause = min(max(self._clock.seconds(60) / _LOOKS_PER_MINUTE, 0.05), 5.0)
        while True:
            for alarm in sorted(self._book, key=lambda alarm: alarm.composite):
                self._look(alarm)
                await asyncio.sleep(0)
            await asyncio.sleep(pause)

    def _look(self, alarm: Alarm) -> None:
        if self._book.find(alarm.account, alarm.region, alarm.name) is not alarm:
            return
        try:
            self.evaluate(alarm)
            self._broken.discard(alarm.arn)
        except Exception as error:
            if alarm.arn not in self._broken:
                self._broken.add(alarm.arn)
                log.warning("alarm %s cannot be evaluated: %s", alarm.arn, error)
                if not isinstance(error, ServiceError):
                    log.exception("alarm %s", alarm.arn)

    def evaluate(self, alarm: Alarm) -> None:
        """Evaluates one alarm now and gives it its state.

        Raises:
            ServiceError: its expression cannot be computed.
        """
        if alarm.composite:
            self._evaluate_composite(alarm)
            return
        now, period = self._clock.now(), self._clock.seconds(alarm.period())
        within = last_windows(now, period, alarm.criteria.periods)
        if alarm.held is not None and self._holds(alarm.held, within.end - period, now):
            return
        alarm.held = None
        verdict = judge(alarm.criteria, self.datapoints(alarm, within, period), alarm.state.value)
        if verdict:
            data = reason_data(verdict, now, _described(alarm))
            self.transition(alarm, State(verdict.state, verdict.reason, data, now))

    def _holds(self, held: float, newest: float, now: float) -> bool:
        """A state set by hand holds until the newest period has begun after it, two minutes at most."""
        return newest < held and now < held + self._clock.seconds(120)

    def datapoints(self, alarm: Alarm, within: Range, period: float) -> list[Datapoint]:
        """Data points of a metric alarm over whole periods, in real seconds."""
        queries, watched = alarm.queries()
        caller = Caller(alarm.account, alarm.region)
        evaluation = Evaluation(self._store, caller, queries, within, self._clock.seconds)
        series = evaluation.series(watched)
        return [Datapoint(at, series.get(at)) for at in within.slots(period)]

    def _evaluate_composite(self, alarm: Alarm) -> None:
        now = self._clock.now()
        if alarm.held is not None and now < alarm.held + self._clock.seconds(60):
            return
        alarm.held = None
        rule = rules.parse(alarm.config["AlarmRule"])
        children = [found for name in rule.alarms if (found := self._sibling(alarm, name))]
        states = {child.name: child.state.value for child in children}
        value = ALARM if rule.test(states.get) else OK
        if value != alarm.state.value:
            self.transition(alarm, State(value, _composite_reason(alarm, children), _children(children), now))

    def _sibling(self, alarm: Alarm, name: str) -> Alarm | None:
        return self._book.find(alarm.account, alarm.region, name)

    def set_state(self, alarm: Alarm, state: State) -> None:
        """Gives an alarm a state by hand."""
        alarm.held = state.since
        self.transition(alarm, state)

    def transition(self, alarm: Alarm, state: State) -> None:
        """Gives an alarm a state; history and actions follow when it is another than before."""
        before, alarm.state = alarm.state, state
        if before.value == state.value:
            return
        alarm.transitioned = state.since
        summary = f"Alarm updated from {before.value} to {state.value}"
        data = {"version": "1.0", "oldState": _history(before), "newState": _history(state)}
        self._book.record(alarm, "StateUpdate", summary, data, state.since)
        self._begin(alarm, before)


def last_windows(now: float, period: float, count: int) -> Range:
    """The last `count` complete periods, aligned to multiples of the period since the epoch.

    A period is complete a moment after its end: data points of its last calls may still be on the way.
    """
    end = math.floor(round((now - min(_LONGEST_GRACE, period / 10)) / period, 6)) * period
    return Range(end - count * period, end)


def _described(alarm: Alarm) -> dict[str, Any]:
    config = alarm.config
    statistic = config.get("Statistic") or config.get("ExtendedStatistic")
    unit = {"unit": config["Unit"]} if "Unit" in config else {}
    return {**({"statistic": statistic} if statistic else {}), **unit, "period": alarm.period()}


def _composite_reason(alarm: Alarm, children: Sequence[Alarm]) -> str:
    latest = max(children, key=lambda child: child.transitioned, default=None)
    if latest is None:
        return f"{alarm.arn} was evaluated without any other alarm."
    at = iso(latest.transitioned)
    return f"{latest.arn} transitioned to {latest.state.value} at {at}"


def _children(children: Sequence[Alarm]) -> str:
    triggering = [
        {"arn": child.arn, "state": {"value": child.state.value, "timestamp": iso(child.transitioned)}}
        for child in children
    ]
    return json.dumps({"triggeringAlarms": triggering})


def _history(state: State) -> dict[str, Any]:
    found: dict[str, Any] = {"stateValue": state.value, "stateReason": state.reason}
    return found | ({"stateReasonData": json.loads(state.data)} if state.data else {})
