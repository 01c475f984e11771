"""CloudWatch's operations on metrics: PutMetricData, GetMetricData, GetMetricStatistics, ListMetrics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from localaws.clock import Clock
from localaws.cloudwatch import paging, queries, statistics
from localaws.cloudwatch.functions import Points
from localaws.cloudwatch.queries import Evaluation, Range
from localaws.cloudwatch.store import RETENTION_SECONDS, MetricKey, MetricStore, metric_key
from localaws.service import Caller
from localaws.wire import ServiceError

Params = dict[str, Any]

_LARGEST = 2.0**360
_MAX_DATAPOINTS = 100_800
_MAX_STATISTICS = 1440
_METRICS_PER_PAGE = 500


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
        samples = [(_key(caller, params["Namespace"], datum), datum, _samples(datum)) for datum in data]
        now = self._clock.now()
        for key, datum, values in samples:
            at = datum["Timestamp"].timestamp() if "Timestamp" in datum else now
            unit = datum.get("Unit", "None")
            for value, count in values:
                self._store.put(key, value, unit, at, now, count)
            if "StatisticValues" in datum:
                self._store.put_set(key, _set(datum["StatisticValues"]), unit, at, now)
        return {}

    def get_metric_data(self, caller: Caller, params: Params) -> Params:
        """GetMetricData, with paging over all results together."""
        wanted = params["MetricDataQueries"]
        queries.check(wanted)
        within = Range(params["StartTime"].timestamp(), params["EndTime"].timestamp())
        if within.start >= within.end:
            raise ServiceError("ValidationError", "The parameter StartTime must be less than EndTime.")
        evaluation = Evaluation(self._store, caller, wanted, within)
        ascending = params.get("ScanBy") == "TimestampAscending"
        found = [(query, evaluation.series(query["Id"])) for query in wanted if query.get("ReturnData", True)]
        ordered = [(query, sorted(points.items(), reverse=not ascending)) for query, points in found]
        size = min(params.get("MaxDatapoints") or _MAX_DATAPOINTS, _MAX_DATAPOINTS)
        return _page(ordered, paging.offset(params), size)

    def get_metric_statistics(self, caller: Caller, params: Params) -> Params:
        """GetMetricStatistics, for any period of at least one second."""
        wanted = [*params.get("Statistics", ()), *params.get("ExtendedStatistics", ())]
        if not wanted:
            raise ServiceError("MissingParameter", "The request must have Statistics or ExtendedStatistics.")
        within = Range(params["StartTime"].timestamp(), params["EndTime"].timestamp())
        if within.start >= within.end:
            message = "The parameter StartTime must be less than the parameter EndTime."
            raise ServiceError("InvalidParameterCombination", message)
        if params["Period"] < 1:
            raise ServiceError("InvalidParameterValue", "The parameter Period must be at least 1 second.")
        columns = {stat: self._column(caller, params, stat, within) for stat in wanted}
        key = _key(caller, params["Namespace"], params)
        units = [params["Unit"]] if "Unit" in params else self._store.units(key)
        points = _rows(columns, params.get("ExtendedStatistics", ()), units[0] if len(units) == 1 else "None")
        if len(points) > _MAX_STATISTICS:
            message = f"You have requested up to {len(points)} datapoints, which exceeds the limit of 1,440."
            raise ServiceError("InvalidParameterCombination", message)
        return {"Label": params["MetricName"], "Datapoints": points}

    def _column(self, caller: Caller, params: Params, stat: str, within: Range) -> Points:
        statistics.parse(stat)
        metric = {name: params[name] for name in ("Namespace", "MetricName", "Dimensions") if name in params}
        wanted = {"Metric": metric, "Stat": stat, "Unit": params.get("Unit")}
        return queries.read(self._store, caller, wanted, within, params["Period"])

    def list_metrics(self, caller: Caller, params: Params) -> Params:
        """ListMetrics, 500 on a page."""
        oldest = math.floor(self._clock.now()) - RETENTION_SECONDS
        keys = [
            key
            for key in self._store.keys(caller.account, caller.region)
            if _matches(key, params) and self._store.newest(key) >= oldest
        ]
        page, token = paging.page(keys, params, _METRICS_PER_PAGE)
        return {"Metrics": [_metric(key) for key in page], **token}


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
    if len(values) != len(counts) or len(values) > 150:
        message = f"{datum['MetricName']} must have as many Counts as Values, at most 150."
        raise ServiceError("InvalidParameterValue", message)
    for value in [*values, *counts]:
        if not abs(value) <= _LARGEST:
            message = f"The value {value} for parameter MetricData of {datum['MetricName']} is not a number."
            raise ServiceError("InvalidParameterValue", message)
    return list(zip(values, counts, strict=True))


def _set(values: Mapping[str, float]) -> tuple[float, float, float, float]:
    return values["SampleCount"], values["Sum"], values["Minimum"], values["Maximum"]


def _page(
    results: list[tuple[Mapping[str, Any], list[tuple[float, float]]]], offset: int, size: int
) -> dict[str, Any]:
    """One page of all data points, in the order of the queries; the first page names every query."""
    answers, passed = [], 0
    for query, points in results:
        start, end = max(offset - passed, 0), max(offset + size - passed, 0)
        part, passed = points[start:end], passed + len(points)
        if part or offset == 0:
            answers.append(_result(query, part, partial=end < len(points)))
    more = offset + size < passed
    return {"MetricDataResults": answers, "Messages": [], **paging.token(offset + size if more else None)}


def _result(query: Mapping[str, Any], points: list[tuple[float, float]], partial: bool) -> dict[str, Any]:
    name = query["MetricStat"]["Metric"]["MetricName"] if "MetricStat" in query else query["Id"]
    return {
        "Id": query["Id"],
        "Label": query.get("Label", name),
        "Timestamps": [moment(at) for at, _ in points],
        "Values": [value for _, value in points],
        "StatusCode": "PartialData" if partial else "Complete",
    }


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
