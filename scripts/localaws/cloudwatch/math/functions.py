"""Functions of metric math ("Functions supported for metric math", Amazon CloudWatch User Guide)."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from localaws.cloudwatch.math.values import Context, Line, MathError, Points, Value, each, lines, number

Function = Callable[[Context, Sequence[Value]], Value]
"""Takes the context and the arguments."""


def _pointwise(name: str, function: Callable[[float], float]) -> Function:
    """A function of single values; a data point where it has none is dropped."""

    def apply(points: Points) -> Points:
        found: Points = {}
        for at, value in points.items():
            try:
                found[at] = float(function(value))
            except ValueError:
                continue
        return found

    return lambda _, arguments: each(arguments[0], apply, name)


def _stepwise(name: str, function: Callable[[float, float, float], float]) -> Function:
    """A function of the value before, the value, and the seconds between them."""

    def apply(points: Points) -> Points:
        times = sorted(points)
        pairs = pairwise(times)
        return {at: function(points[before], points[at], at - before) for before, at in pairs}

    return lambda _, arguments: each(arguments[0], apply, name)


def _running_sum(points: Points) -> Points:
    total, found = 0.0, {}
    for at in sorted(points):
        total += points[at]
        found[at] = total
    return found


Summary = Callable[[Sequence[float]], float]

SUMMARIES: Mapping[str, Summary] = {
    "SUM": math.fsum,
    "AVG": statistics.fmean,
    "MIN": min,
    "MAX": max,
    "STDDEV": statistics.pstdev,
    "DATAPOINT_COUNT": lambda values: float(len(values)),
}
_MISSING_IS_ZERO = ("AVG", "STDDEV")


def summarize(name: str, value: Value) -> Value:
    """A scalar of one time series, a time series of an array of them."""
    function = SUMMARIES[name]
    if isinstance(value, dict):
        if value or name == "DATAPOINT_COUNT":
            return function(list(value.values()))
        return {}
    array = lines(value, name)
    columns: dict[float, list[float]] = {}
    for line in array:
        for at, x in line.points.items():
            columns.setdefault(at, []).append(x)
    if name in _MISSING_IS_ZERO:
        for column in columns.values():
            column.extend([0.0] * (len(array) - len(column)))
    return {at: function(columns[at]) for at in sorted(columns)}


def _summary(name: str) -> Function:
    return lambda _, arguments: summarize(name, arguments[0])


def _calendar(name: str, part: Callable[[datetime], float]) -> Function:
    """A part of the time of every period, whether it has data or not."""

    def apply(context: Context, arguments: Sequence[Value]) -> Value:
        if not isinstance(arguments[0], dict):
            raise MathError(f"{name} takes a time series")
        return {at: float(part(datetime.fromtimestamp(at, UTC))) for at in context.slots}

    return apply


def choose(context: Context, arguments: Sequence[Value]) -> Value:
    """IF ("Using IF expressions"): a missing data point counts as 0 where the condition is true only."""
    del context
    condition, then, otherwise = arguments if len(arguments) == 3 else (*arguments, {})
    if any(isinstance(value, list) for value in (condition, then, otherwise)):
        raise MathError("IF takes no arrays of time series")
    if not isinstance(condition, dict):
        return then if condition else otherwise
    found: Points = {}
    for at, test in condition.items():
        value = _point(then, at, 0.0) if test else _point(otherwise, at, None)
        if value is not None:
            found[at] = value
    return found


def _point(value: Value, at: float, default: float | None) -> float | None:
    return value.get(at, default) if isinstance(value, dict) else number(value, "IF")


Filler = Value | str
"""What to fill with: a value, REPEAT or LINEAR."""


def fill(context: Context, value: Value, filler: Filler) -> Value:
    """FILL: a number, another time series, the value before (REPEAT), or what lies between (LINEAR)."""
    if isinstance(filler, list):
        raise MathError("FILL takes a number, a time series, REPEAT or LINEAR as its filler")
    return each(value, lambda points: _filled(points, filler, context.slots), "FILL")


def _filled(points: Points, filler: float | Points | str, slots: Sequence[float]) -> Points:
    if filler == "REPEAT":
        return _repeated(points, slots)
    if filler == "LINEAR":
        return _interpolated(points, slots)
    fillers = filler if isinstance(filler, dict) else dict.fromkeys(slots, float(filler))
    return {at: points.get(at, fillers.get(at, 0.0)) for at in slots if at in points or at in fillers}


def _repeated(points: Points, slots: Sequence[float]) -> Points:
    found: Points = {}
    last: float | None = None
    for at in slots:
        last = points.get(at, last)
        if last is not None:
            found[at] = last
    return found


def _interpolated(points: Points, slots: Sequence[float]) -> Points:
    known = sorted(points)
    found = dict(points)
    for before, after in pairwise(known):
        slope = (points[after] - points[before]) / (after - before)
        found |= {at: points[before] + slope * (at - before) for at in slots if before < at < after}
    return found


def sort(value: Value, by: str, order: str, limit: float | None) -> Value:
    """SORT: an array by a summary of each time series; those without data points come last."""
    if by not in ("AVG", "MIN", "MAX", "SUM") or order not in ("ASC", "DESC"):
        raise MathError("SORT takes an array, one of AVG, MIN, MAX and SUM, and ASC or DESC")
    function, array = SUMMARIES[by], lines(value, "SORT")
    present = [line for line in array if line.points]
    present.sort(key=lambda line: function(list(line.points.values())), reverse=order == "DESC")
    ordered = present + [line for line in array if not line.points]
    return ordered if limit is None else ordered[: int(limit)]


def _slice(context: Context, arguments: Sequence[Value]) -> Value:
    del context
    bounds = [int(number(argument, "SLICE")) for argument in arguments[1:]]
    return lines(arguments[0], "SLICE")[bounds[0] : bounds[1] if len(bounds) > 1 else None]


def _one_of(name: str, position: int) -> Function:
    def apply(context: Context, arguments: Sequence[Value]) -> Value:
        del context
        array = lines(arguments[0], name)
        return array[position].points if array else {}

    return apply


def _remove_empty(context: Context, arguments: Sequence[Value]) -> Value:
    del context
    return [line for line in lines(arguments[0], "REMOVE_EMPTY") if line.points]


def _time_series(context: Context, arguments: Sequence[Value]) -> Value:
    value = number(arguments[0], "TIME_SERIES")
    return dict.fromkeys(context.slots, value)


def metrics(context: Context, part: str = "") -> Value:
    """METRICS: all metrics of the request, or those whose id contains `part`."""
    return [Line(context.labels[name], points) for name, points in context.metrics.items() if part in name]


def array(items: Iterable[tuple[str, Value]]) -> Value:
    """An array of labelled time series; arrays in it are joined."""
    found: list[Line] = []
    for label, value in items:
        if isinstance(value, list):
            found += value
        elif isinstance(value, dict):
            found.append(Line(label, value))
        else:
            raise MathError("an array holds time series only")
    return found


FUNCTIONS: Mapping[str, tuple[int, int, Function]] = {
    "ABS": (1, 1, _pointwise("ABS", abs)),
    "CEIL": (1, 1, _pointwise("CEIL", math.ceil)),
    "FLOOR": (1, 1, _pointwise("FLOOR", math.floor)),
    "LOG": (1, 1, _pointwise("LOG", math.log)),
    "LOG10": (1, 1, _pointwise("LOG10", math.log10)),
    "DIFF": (1, 1, _stepwise("DIFF", lambda before, value, _: value - before)),
    "DIFF_TIME": (1, 1, _stepwise("DIFF_TIME", lambda _before, _value, seconds: seconds)),
    "RATE": (1, 1, _stepwise("RATE", lambda before, value, seconds: (value - before) / seconds)),
    "RUNNING_SUM": (1, 1, lambda _, arguments: each(arguments[0], _running_sum, "RUNNING_SUM")),
    **{name: (1, 1, _summary(name)) for name in SUMMARIES},
    "METRIC_COUNT": (1, 1, lambda _, arguments: float(len(lines(arguments[0], "METRIC_COUNT")))),
    "FIRST": (1, 1, _one_of("FIRST", 0)),
    "LAST": (1, 1, _one_of("LAST", -1)),
    "REMOVE_EMPTY": (1, 1, _remove_empty),
    "SLICE": (2, 3, _slice),
    "IF": (2, 3, choose),
    "TIME_SERIES": (1, 1, _time_series),
    "MINUTE": (1, 1, _calendar("MINUTE", lambda when: when.minute)),
    "HOUR": (1, 1, _calendar("HOUR", lambda when: when.hour)),
    "DAY": (1, 1, _calendar("DAY", lambda when: when.isoweekday())),
    "DATE": (1, 1, _calendar("DATE", lambda when: when.day)),
    "MONTH": (1, 1, _calendar("MONTH", lambda when: when.month)),
    "YEAR": (1, 1, _calendar("YEAR", lambda when: when.year)),
    "EPOCH": (1, 1, _calendar("EPOCH", lambda when: when.timestamp())),
}
"""Each function with the least and the most arguments that it takes."""

UNSUPPORTED = frozenset(
    (
        "ANOMALY_DETECTION_BAND",
        "DB_PERF_INSIGHTS",
        "INSIGHT_RULE_METRIC",
        "LAMBDA",
        "SERVICE_QUOTA",
    )
)
"""Functions that CloudWatch has and the local one has not."""
