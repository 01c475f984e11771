"""CloudWatch's operations on metrics: PutMetricData, GetMetricData, GetMetricStatistics, ListMetrics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from localaws.clock import Clock
from localaws.cloudwatch import paging, queries
from localaws.cloudwatch.limits import LARGEST, in_time
from localaws.cloudwatch.math.values import Points
from localaws.cloudwatch.queries import Evaluation, Range, Reader
from localaws.cloudwatch.store import MetricKey, MetricStore, metric_key
from localaws.service import Caller
from localaws.wire import ServiceError

Params = dict[str, Any]

_MAX_DATAPOINTS = 100_800
_MAX_STATISTICS = 1440
_METRICS_PER_PAGE = 500
_MOST_DATA = 1000
_MOST_VALUES = 150
_LISTED_SECONDS = {"PT3H": 3 * 3600, None: 14 * 86400}


def moment(seconds: float) -> datetime:
    """A time in an answer, from seconds since the epoch."""
    return datetime.fromtimestamp(seconds, UTC)


class MetricOperations:
    """Operations on the metrics of a caller's account and region."""

    def __init__(self, store: MetricStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def put_metric_data(self, caller: Caller, params: Params) -> Params:
        """PutMetricData; nothing is recorded when one datum is refused."""
        data = list(params.get("MetricData", ()))
        for group in params.get("EntityMetricData", ()):
            data += group.get("MetricData", ())
        if not 1 <= len(data) <= _MOST_DATA:
            message = f"The collection MetricData must have between 1 and {_MOST_DATA} members."
            raise ServiceError("InvalidParameterValue", message)
        now = self._clock.now()
        checked = [(datum, _samples(datum), _time(datum, now)) for datum in data]
        for datum, values, at in checked:
            key, unit = _key(caller, params["Namespace"], datum), datum.get("Unit", "None")
            for value, count in values:
                self._store.put(key, value, unit, at, now, count)
            if "StatisticValues" in datum:
                self._store.put_set(key, _set(datum["StatisticValues"]), unit, at, now)
        return {}

    def get_metric_data(self, caller: Caller, params: Params) -> Params:
        """GetMetricData, for any period of at least one second, with paging over all results together."""
        wanted = params["MetricDataQueries"]
        queries.check(wanted)
        within = _range(params, "ValidationError")
        evaluation = Evaluation(self._store, caller, wanted, within)
        ascending = params.get("ScanBy") == "TimestampAscending"
        found = [
            _Result(query["Id"], line.label, sorted(line.points.items(), reverse=not ascending))
            for query in wanted
            if query.get("ReturnData", True)
            for line in evaluation.lines(query["Id"])
        ]
        size = min(params.get("MaxDatapoints") or _MAX_DATAPOINTS, _MAX_DATAPOINTS)
        return _page(found, paging.offset(params), size)

    def get_metric_statistics(self, caller: Caller, params: Params) -> Params:
        """GetMetricStatistics, for any period of at least one second; 1,440 data points at most."""
        basic, extended = params.get("Statistics", ()), params.get("ExtendedStatistics", ())
        if not basic and not extended:
            raise ServiceError("MissingParameter", "The request must have Statistics or ExtendedStatistics.")
        if basic and extended:
            message = "Statistics and ExtendedStatistics cannot both be in a request."
            raise ServiceError("InvalidParameterCombination", message)
        within = _range(params, "InvalidParameterCombination")
        period = params["Period"]
        requested = math.ceil((within.end - within.start) / period)
        if requested > _MAX_STATISTICS:
            message = (
                f"You have requested up to {requested} datapoints, which exceeds the limit of 1,440. You may "
                "reduce the datapoints requested by increasing Period, or decreasing the time range."
            )
            raise ServiceError("InvalidParameterCombination", message)
        metric = {name: params[name] for name in ("Namespace", "MetricName", "Dimensions") if name in params}
        reader = Reader(self._store, caller, within)
        stats = {
            stat: {"Metric": metric, "Stat": stat, "Unit": params.get("Unit")} for stat in (*basic, *extended)
        }
        columns = {stat: reader.read(wanted, period) for stat, wanted in stats.items()}
        units = (
            [params["Unit"]]
            if "Unit" in params
            else self._store.units(_key(caller, params["Namespace"], params))
        )
        points = _rows(columns, extended, units[0] if len(units) == 1 else "None")
        return {"Label": params["MetricName"], "Datapoints": points}

    def list_metrics(self, caller: Caller, params: Params) -> Params:
        """ListMetrics, 500 on a page; metrics of the last two weeks, or of three hours (RecentlyActive)."""
        since = self._clock.now() - _LISTED_SECONDS[params.get("RecentlyActive")]
        keys = [
            key for key in self._store.keys(caller.account, caller.region, since) if _matches(key, params)
        ]
        page, token = paging.page(keys, params, _METRICS_PER_PAGE)
        return {"Metrics": [_metric(key) for key in page], **token}


def _range(params: Params, code: str) -> Range:
    within = Range(params["StartTime"].timestamp(), params["EndTime"].timestamp())
    if within.start >= within.end:
        message = "The parameter StartTime must be less than the parameter EndTime."
        raise ServiceError(code, message)
    return within


def _time(datum: Mapping[str, Any], now: float) -> float:
    """When a datum was measured: from two weeks ago to two hours from now (PutMetricData)."""
    if "Timestamp" not in datum:
        return now
    at: float = datum["Timestamp"].timestamp()
    if not in_time(at, now):
        message = (
            f"The value {datum['Timestamp'].isoformat()} for parameter Timestamp of {datum['MetricName']} "
            "must be no more than two weeks in the past and no more than two hours in the future."
        )
        raise ServiceError("InvalidParameterValue", message)
    return at


def _key(caller: Caller, namespace: str, datum: Mapping[str, Any]) -> MetricKey:
    dimensions = {d["Name"]: d["Value"] for d in datum.get("Dimensions", ())}
    return metric_key(caller.account, caller.region, namespace, datum["MetricName"], dimensions)


def _samples(datum: Mapping[str, Any]) -> list[tuple[float, float]]:
    kinds = [kind for kind in ("Value", "Values", "StatisticValues") if kind in datum]
    if len(kinds) != 1:
        message = f"{datum['MetricName']} must have exactly one of Value, Values and StatisticValues."
        raise ServiceError("InvalidParameterCombination", message)
    values = datum.get("Values", [datum["Value"]] if "Value" in datum else [])
    counts = datum.get("Counts", [1.0] * len(values))
    if len(values) != len(counts) or len(values) > _MOST_VALUES:
        message = f"{datum['MetricName']} must have as many Counts as Values, at most {_MOST_VALUES}."
        raise ServiceError("InvalidParameterValue", message)
    for value in [*values, *counts]:
        if not abs(value) <= LARGEST:
            message = f"The value {value} for parameter MetricData of {datum['MetricName']} is not a number."
            raise ServiceError("InvalidParameterValue", message)
    return list(zip(values, counts, strict=True))


def _set(values: Mapping[str, float]) -> tuple[float, float, float, float]:
    return values["SampleCount"], values["Sum"], values["Minimum"], values["Maximum"]


@dataclass(frozen=True)
class _Result:
    """One time series of an answer, its data points in the order that was asked for."""

    id: str
    label: str
    points: list[tuple[float, float]]

    def part(self, start: int, end: int) -> Params:
        """Some of its data points, as GetMetricData answers."""
        points = self.points[start:end]
        return {
            "Id": self.id,
            "Label": self.label,
            "Timestamps": [moment(at) for at, _ in points],
            "Values": [value for _, value in points],
            "StatusCode": "PartialData" if end < len(self.points) else "Complete",
        }


def _page(results: Sequence[_Result], offset: int, size: int) -> Params:
    """One page of all data points, in the order of the queries; the first page names every query."""
    answers, passed = [], 0
    for result in results:
        start, end = max(offset - passed, 0), max(offset + size - passed, 0)
        passed += len(result.points)
        if result.points[start:end] or offset == 0:
            answers.append(result.part(start, end))
    more = offset + size < passed
    return {"MetricDataResults": answers, "Messages": [], **paging.token(offset + size if more else None)}


def _rows(columns: Mapping[str, Points], extended: Sequence[str], unit: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for at in sorted({at for column in columns.values() for at in column}):
        row: dict[str, Any] = {"Timestamp": moment(at), "Unit": unit}
        present = {stat: column[at] for stat, column in columns.items() if at in column}
        row |= {stat: value for stat, value in present.items() if stat not in extended}
        if extended:
            row["ExtendedStatistics"] = {stat: present[stat] for stat in extended if stat in present}
        rows.append(row)
    return rows


def _matches(key: MetricKey, params: Params) -> bool:
    dimensions = dict(key.dimensions)
    return (
        params.get("Namespace", key.namespace) == key.namespace
        and params.get("MetricName", key.name) == key.name
        and all(
            d["Name"] in dimensions and d.get("Value", dimensions[d["Name"]]) == dimensions[d["Name"]]
            for d in params.get("Dimensions", ())
        )
    )


def _metric(key: MetricKey) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in key.dimensions]
    return {"Namespace": key.namespace, "MetricName": key.name, "Dimensions": dimensions}
