"""Evaluating every alarm again and again on the scaled clock."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import re
from collections.abc import Callable
from typing import Any

from localaws.clock import Clock
from localaws.cloudwatch.alarms import composite
from localaws.cloudwatch.alarms.book import AlarmBook
from localaws.cloudwatch.alarms.evaluation import judge, reason_data
from localaws.cloudwatch.alarms.missing import Datapoint, evaluation_range
from localaws.cloudwatch.alarms.model import Alarm, State
from localaws.cloudwatch.queries import Evaluation, Range, Reader
from localaws.cloudwatch.store import MetricStore
from localaws.service import Caller
from localaws.wire import ServiceError

log = logging.getLogger(__name__)

_LOOKS_PER_MINUTE = 8
_LONGEST_GRACE = 1.0
_HOLD_SECONDS = 120
_PERCENTILE = re.compile(r"p(\d+(?:\.\d+)?)")

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
        now = self._clock.now()
        state = self._composite_state(alarm, now) if alarm.composite else self._metric_state(alarm, now)
        if state:
            alarm.held = None
            self.transition(alarm, state)

    def _composite_state(self, alarm: Alarm, now: float) -> State | None:
        return composite.judge(alarm, lambda name: self._book.find(alarm.account, alarm.region, name), now)

    def _metric_state(self, alarm: Alarm, now: float) -> State | None:
        period, criteria = self._clock.seconds(alarm.period()), alarm.criteria
        within = last_windows(now, period, evaluation_range(criteria.periods))
        if alarm.held is not None and self._holds(alarm.held, within.end - period, now):
            return None
        alarm.held = None
        verdict = judge(criteria, self.datapoints(alarm, within, period), alarm.state.value)
        if verdict is None or self._too_few(alarm, within, period):
            return None
        return State(verdict.state, verdict.reason, reason_data(verdict, now, _described(alarm)), now)

    def _holds(self, held: float, newest: float, now: float) -> bool:
        """A state set by hand holds until the newest period has begun after it, two minutes at most.

        AWS says "often within seconds"; CodeDeploy here looks often enough to see a state that holds.
        """
        return newest < held and now < held + self._clock.seconds(_HOLD_SECONDS)

    def datapoints(self, alarm: Alarm, within: Range, period: float) -> list[Datapoint]:
        """Data points of a metric alarm over whole periods, in real seconds."""
        queries, watched = alarm.queries()
        caller = Caller(alarm.account, alarm.region)
        evaluation = Evaluation(self._store, caller, queries, within, self._clock.seconds)
        series = evaluation.series(watched)
        return [Datapoint(at, series.get(at)) for at in within.slots(period)]

    def _too_few(self, alarm: Alarm, within: Range, period: float) -> bool:
        """Whether a percentile is not to be judged by so few samples.

        "Percentile-based CloudWatch alarms and low data samples": with EvaluateLowSampleCountPercentile
        `ignore`, 10 / (1 - percentile) samples are needed above the median, 10 / percentile below it.
        """
        match = _PERCENTILE.fullmatch(alarm.config.get("ExtendedStatistic", ""))
        if alarm.config.get("EvaluateLowSampleCountPercentile") != "ignore" or not match:
            return False
        share = float(match[1]) / 100
        rest = min(share, 1 - share)
        needed = 10 / rest if rest else math.inf
        stat = {**alarm.queries()[0][0]["MetricStat"], "Stat": "SampleCount"}
        counts = Reader(self._store, Caller(alarm.account, alarm.region), within).read(stat, period)
        return not counts or counts[max(counts)] < needed

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


def _history(state: State) -> dict[str, Any]:
    found: dict[str, Any] = {"stateValue": state.value, "stateReason": state.reason}
    return found | ({"stateReasonData": json.loads(state.data)} if state.data else {})
