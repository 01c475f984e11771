"""Metric data queries: metrics and expressions over them, as GetMetricData and alarms have them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localaws.cloudwatch import statistics
from localaws.cloudwatch.math.parser import Expression, parse
from localaws.cloudwatch.math.search import Search
from localaws.cloudwatch.math.values import Context, Line, MathError, Points, Value
from localaws.cloudwatch.samples import Samples
from localaws.cloudwatch.series import Window
from localaws.cloudwatch.store import MetricKey, MetricStore, metric_key
from localaws.service import Caller
from localaws.wire import ServiceError

_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
_PROPERTY = re.compile(r"\$\{PROP\('([^']+)'\)\}")
_SEARCHED_SECONDS = 14 * 86400
"""A search finds metrics with data in the last two weeks (API reference, ListMetrics)."""

Scale = Callable[[float], float]
"""Real seconds of a period given in a query."""

Query = Mapping[str, Any]
"""A MetricDataQuery."""


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


def check(queries: Sequence[Query], limit: int = 500) -> None:
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
    if twice := {one for one in ids if ids.count(one) > 1}:
        named = ", ".join(sorted(twice))
        raise _invalid(f"The values for parameter id in MetricDataQueries are not unique: {named}.")
    for query in queries:
        if ("MetricStat" in query) == ("Expression" in query):
            raise _invalid(f"{query['Id']} must have exactly one of MetricStat and Expression.")
        if "MetricStat" in query:
            _check_stat(query)
    plan = _Plan(queries, lambda period: period)
    for one in ids:
        plan.period(one)


def _check_stat(query: Query) -> None:
    stat = query["MetricStat"]
    statistics.parse(stat["Stat"])
    if stat["Period"] < 1:
        raise _invalid(f"The period of {query['Id']} must be at least 1 second, not {stat['Period']}.")
    if not stat["Metric"].get("MetricName") or not stat["Metric"].get("Namespace"):
        raise _invalid(f"The metric of {query['Id']} lacks its namespace or its name.")


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationError", message)


def label(query: Query) -> str:
    """What a query is called: its label, or else its metric or id. Dynamic labels stay as they are, but for
    properties of metrics that a search finds."""
    name = query["MetricStat"]["Metric"]["MetricName"] if "MetricStat" in query else query["Id"]
    return str(query.get("Label", name))


class _Plan:
    """The queries of one request by id, their expressions parsed, and the period of each."""

    def __init__(self, queries: Sequence[Query], scale: Scale) -> None:
        self.queries = {str(query["Id"]): query for query in queries}
        self.parsed = {i: _parse(i, q["Expression"]) for i, q in self.queries.items() if q.get("Expression")}
        self.metrics = {i: q["MetricStat"] for i, q in self.queries.items() if i not in self.parsed}
        self._scale = scale
        self._periods: dict[str, float] = {}

    def period(self, name: str) -> float:
        """Real seconds of a query's period; an expression has that of what it refers to."""
        if name not in self._periods:
            self._periods[name] = self._scale(self._period(name, ()))
        return self._periods[name]

    def _period(self, name: str, above: tuple[str, ...]) -> float:
        if name in above:
            raise _invalid(f"Error in expression '{above[0]}': {' -> '.join([*above, name])} is a circle.")
        if name not in self.queries:
            raise _invalid(f"Error in expression '{above[-1]}': there is no query with the id {name}.")
        if name in self.metrics:
            return float(self.metrics[name]["Period"])
        found = {self._period(used, (*above, name)) for used in self._used(self.parsed[name])}
        if len(found) > 1:
            raise _invalid(f"Error in expression '{name}': its metrics have different periods.")
        return found.pop() if found else self._own_period(name)

    def _own_period(self, name: str) -> float:
        """Of an expression that refers to nothing, such as TIME_SERIES(1)."""
        given = self.queries[name].get("Period")
        if given is None and not self.metrics:
            raise _invalid(f"Error in expression '{name}': it refers to no metric and has no Period.")
        return float(given or min(stat["Period"] for stat in self.metrics.values()))

    def _used(self, expression: Expression) -> set[str]:
        return {*(self.metrics if expression.uses_metrics else ()), *expression.names}


def _parse(name: str, text: str) -> Expression:
    try:
        return parse(text)
    except MathError as error:
        raise _invalid(f"Error in expression '{name}': {error}.") from None


def _label(own: str, line: Line) -> str:
    if line.properties and _PROPERTY.search(own):
        return _PROPERTY.sub(lambda found: line.properties.get(found[1], ""), own)
    return f"{own} {line.label}".strip()


class Evaluation:
    """Queries evaluated over a range; each metric is read once, whatever statistics are asked for.

    Args:
        scale: real seconds of a period in a query; the identity for GetMetricData, the clock for alarms.
    """

    def __init__(
        self,
        store: MetricStore,
        caller: Caller,
        queries: Sequence[Query],
        within: Range,
        scale: Scale = lambda period: period,
    ) -> None:
        self._plan = _Plan(queries, scale)
        self._reader = Reader(store, caller, within)
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

    def lines(self, name: str) -> list[Line]:
        """The time series of a query with their labels; several where it returns an array.

        Raises:
            ServiceError: ValidationError; it cannot be computed, or is a number.
        """
        own = label(self._plan.queries[name])
        value = self._value(name)
        if isinstance(value, list):
            return [line._replace(label=_label(own, line)) for line in value]
        return [Line(own, self.series(name))]

    def _value(self, name: str) -> Value:
        if name not in self._done:
            parsed = self._plan.parsed.get(name)
            self._done[name] = self._compute(name, parsed) if parsed else self._metric(name)
        return self._done[name]

    def _compute(self, name: str, expression: Expression) -> Value:
        plan = self._plan
        named = sorted(plan.metrics) if expression.uses_metrics else ()
        context = Context(
            lookup=self._value,
            metrics={one: self.series(one) for one in named},
            labels={one: label(query) for one, query in plan.queries.items()},
            periods={one: float(stat["Period"]) for one, stat in plan.metrics.items()},
            slots=self._within.slots(plan.period(name)),
            search=lambda wanted: self._reader.search(wanted, plan.period(name)),
        )
        try:
            return expression.evaluate(context)
        except MathError as error:
            raise _invalid(f"Error in expression '{name}': {error}.") from None

    def _metric(self, name: str) -> Points:
        return self._reader.read(self._plan.metrics[name], self._plan.period(name))


class Reader:
    """Statistics of metrics over one range."""

    def __init__(self, store: MetricStore, caller: Caller, within: Range) -> None:
        self._store = store
        self._caller = caller
        self._within = within
        self._samples: dict[tuple[MetricKey, float, str | None], dict[float, Samples]] = {}

    def read(self, stat: Mapping[str, Any], period: float) -> Points:
        """Values of a MetricStat by the start of their period; periods without samples are left out.

        Args:
            period: real seconds.
        """
        compute = statistics.parse(stat["Stat"])
        values = {at: compute(samples) for at, samples in self._read(stat, period).items()}
        return {at: value for at, value in values.items() if value is not None}

    def search(self, wanted: Search, period: float) -> list[Line]:
        """The metrics that a search finds.

        Args:
            period: real seconds.
        """
        since = self._within.end - _SEARCHED_SECONDS
        return [
            self._found(key, wanted.stat, period)
            for key in self._store.keys(self._caller.account, self._caller.region, since)
            if wanted.finds(key.namespace, key.name, dict(key.dimensions))
        ]

    def _found(self, key: MetricKey, stat: str, period: float) -> Line:
        dimensions = [{"Name": name, "Value": value} for name, value in key.dimensions]
        metric = {"Namespace": key.namespace, "MetricName": key.name, "Dimensions": dimensions}
        properties = {"MetricName": key.name, "Namespace": key.namespace, "Stat": stat}
        properties |= {f"Dim.{name}": value for name, value in key.dimensions}
        label = " ".join([*(value for _, value in key.dimensions), key.name])
        return Line(label, self.read({"Metric": metric, "Stat": stat}, period), properties)

    def _read(self, stat: Mapping[str, Any], period: float) -> dict[float, Samples]:
        metric = stat["Metric"]
        dimensions = {d["Name"]: d["Value"] for d in metric.get("Dimensions", ())}
        names = self._caller.account, self._caller.region, metric["Namespace"], metric["MetricName"]
        unit = stat.get("Unit")
        key = metric_key(*names, dimensions), period, unit
        if key not in self._samples:
            slots = self._within.slots(period)
            window = Window(slots[0], slots[-1] + period, period) if slots else Window(0.0, 0.0, period)
            found = self._store.read(key[0], window, unit)
            self._samples[key] = {slots[n]: found[n] for n in sorted(found) if n < len(slots)}
        return self._samples[key]
