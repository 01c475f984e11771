"""Metric data queries: metrics and expressions over them, as GetMetricData and alarms have them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localaws.cloudwatch import expressions, statistics
from localaws.cloudwatch.expressions import Expression
from localaws.cloudwatch.functions import Context, MathError, Points, Value
from localaws.cloudwatch.store import MetricStore, metric_key
from localaws.service import Caller
from localaws.wire import ServiceError

_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")

Scale = Callable[[float], float]
"""Real seconds of a period given in a query."""


@dataclass(frozen=True)
class Range:
    """Real time from `start` up to but without `end`, in seconds since the epoch."""

    start: float
    end: float

    def slots(self, period: float) -> list[float]:
        """Starts of the periods that touch the range, at multiples of the period since the epoch."""
        # Rounded, because a multiple of a fraction is seldom exactly one.
        first, end = (round(at / period, 6) for at in (self.start, self.end))
        return [number * period for number in range(math.floor(first), math.ceil(end))]


def check(queries: Sequence[Mapping[str, Any]], limit: int = 500) -> None:
    """Refuses queries that cannot be evaluated, whatever data there is.

    Raises:
        ServiceError: ValidationError that names the query and what is wrong.
    """
    if not 1 <= len(queries) <= limit:
        raise _invalid(f"The collection MetricDataQueries must have between 1 and {limit} members.")
    ids = [str(query.get("Id", "")) for query in queries]
    for one in ids:
        if not _ID.fullmatch(one):
            raise _invalid(f"The value {one} for parameter Id is not matching the expected pattern.")
        if ids.count(one) > 1:
            raise _invalid(f"The values for parameter id in MetricDataQueries are not unique: {one}.")
    plan = _Plan(queries, lambda period: period)
    for query in queries:
        if ("MetricStat" in query) == ("Expression" in query):
            raise _invalid(f"{query['Id']} must have exactly one of MetricStat and Expression.")
        if "MetricStat" in query:
            _check_stat(query)
    for one in ids:
        plan.period(one)


def _check_stat(query: Mapping[str, Any]) -> None:
    stat = query["MetricStat"]
    statistics.parse(stat["Stat"])
    if stat["Period"] < 1:
        raise _invalid(f"The period of {query['Id']} must be at least 1 second, not {stat['Period']}.")
    if not stat["Metric"].get("MetricName") or not stat["Metric"].get("Namespace"):
        raise _invalid(f"The metric of {query['Id']} lacks its namespace or its name.")


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationError", message)


class _Plan:
    """The queries of one request by id, their expressions parsed, and the period of each."""

    def __init__(self, queries: Sequence[Mapping[str, Any]], scale: Scale) -> None:
        self.queries = {str(query["Id"]): query for query in queries}
        self.parsed = {i: _parse(i, q["Expression"]) for i, q in self.queries.items() if q.get("Expression")}
        self._scale = scale

    def period(self, name: str, above: tuple[str, ...] = ()) -> float:
        """Real seconds of a query's period; an expression has that of what it refers to."""
        if name in above:
            raise _invalid(f"Error in expression '{above[0]}': {' -> '.join([*above, name])} is a circle.")
        if name not in self.queries:
            raise _invalid(f"Error in expression '{above[-1]}': there is no query with the id {name}.")
        if name not in self.parsed:
            return self._scale(self.queries[name]["MetricStat"]["Period"])
        found = {self.period(used, (*above, name)) for used in self._used(self.parsed[name])}
        if len(found) > 1:
            raise _invalid(f"Error in expression '{name}': its metrics have different periods.")
        if not found:
            raise _invalid(f"Error in expression '{name}': the expression must refer to a metric.")
        return found.pop()

    def _used(self, expression: Expression) -> set[str]:
        metrics = self.queries.keys() - self.parsed.keys() if expression.uses_metrics else set()
        return metrics | expression.names


def _parse(name: str, text: str) -> Expression:
    try:
        return expressions.parse(text)
    except MathError as error:
        raise _invalid(f"Error in expression '{name}': {error}.") from None


class Evaluation:
    """Queries evaluated over a range, each time series computed once.

    Args:
        scale: real seconds of a period in a query; the identity for GetMetricData, the clock for alarms.
    """

    def __init__(
        self,
        store: MetricStore,
        caller: Caller,
        queries: Sequence[Mapping[str, Any]],
        within: Range,
        scale: Scale = lambda period: period,
    ) -> None:
        self._store = store
        self._caller = caller
        self._plan = _Plan(queries, scale)
        self._within = within
        self._done: dict[str, Value] = {}

    def series(self, name: str) -> Points:
        """The time series of a query.

        Raises:
            ServiceError: ValidationError; it cannot be computed, or is no single time series.
        """
        value = self._value(name)
        if not isinstance(value, dict):
            kind = "an array of time series" if isinstance(value, list) else "a number"
            raise _invalid(f"Error in expression '{name}': it must return a time series, not {kind}.")
        return value

    def _value(self, name: str) -> Value:
        if name not in self._done:
            parsed = self._plan.parsed.get(name)
            self._done[name] = self._compute(name, parsed) if parsed else self._metric(name)
        return self._done[name]

    def _compute(self, name: str, expression: Expression) -> Value:
        slots = self._within.slots(self._plan.period(name))
        metrics: dict[str, Points] = {}
        if expression.uses_metrics:
            ids = self._plan.queries.keys() - self._plan.parsed.keys()
            metrics = {one: self.series(one) for one in sorted(ids)}
        try:
            return expression.evaluate(Context(self._value, metrics, slots))
        except MathError as error:
            raise _invalid(f"Error in expression '{name}': {error}.") from None

    def _metric(self, name: str) -> Points:
        stat = self._plan.queries[name]["MetricStat"]
        return read(self._store, self._caller, stat, self._within, self._plan.period(name))


def read(store: MetricStore, caller: Caller, stat: Mapping[str, Any], within: Range, period: float) -> Points:
    """Values of a MetricStat by the start of their period; periods without samples are left out.

    Args:
        period: real seconds.
    """
    slots = within.slots(period)
    if not slots:
        return {}
    metric = stat["Metric"]
    dimensions = {d["Name"]: d["Value"] for d in metric.get("Dimensions", ())}
    key = metric_key(caller.account, caller.region, metric["Namespace"], metric["MetricName"], dimensions)
    compute = statistics.parse(stat["Stat"])
    found = store.periods(key, slots[0], slots[-1] + period, period, stat.get("Unit"))
    values = {slots[number]: compute(found[number]) for number in sorted(found) if number < len(slots)}
    return {at: value for at, value in values.items() if value is not None}
