"""Values of metric math and what operators and functions make of them.

Rules from "Using math expressions with CloudWatch metrics" (Amazon CloudWatch User Guide): an operator
between two time series gives a data point only where both have one; a division by zero gives none;
comparisons give 1 or 0; aggregations over several series pass over missing data points.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

Points = dict[float, float]
"""A time series: values by the start of their period, in seconds since the epoch."""

Value = float | Points | list[Points]
"""A scalar, a time series, or an array of time series."""


class MathError(ValueError):
    """An expression that cannot be computed; the message says why."""


@dataclass(frozen=True)
class Context:
    """What an expression is evaluated over.

    Attributes:
        lookup: the time series or value of a query's id.
        metrics: time series of the request's metrics, by id.
        slots: start of every period in the requested range, in order.
    """

    lookup: Callable[[str], Value]
    metrics: Mapping[str, Points]
    slots: Sequence[float]


def _truth(test: Callable[[float, float], bool]) -> Callable[[float, float], float]:
    return lambda a, b: float(test(a, b))


BINARY: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
    "<": _truth(operator.lt),
    "<=": _truth(operator.le),
    ">": _truth(operator.gt),
    ">=": _truth(operator.ge),
    "==": _truth(operator.eq),
    "!=": _truth(operator.ne),
    "&&": lambda a, b: float(bool(a) and bool(b)),
    "||": lambda a, b: float(bool(a) or bool(b)),
}


def binary(name: str, left: Value, right: Value) -> Value:
    """The result of an operator; an array is combined series by series."""
    if isinstance(left, list):
        return [_series(name, one, right) for one in left]
    if isinstance(right, list):
        return [_series(name, left, one) for one in right]
    if isinstance(left, dict) or isinstance(right, dict):
        return _series(name, left, right)
    result = _compute(name, left, right)
    if result is None:
        raise MathError(f"{left:g} {name} {right:g} has no value")
    return result


def _series(name: str, left: Value, right: Value) -> Points:
    if isinstance(left, list) or isinstance(right, list):
        raise MathError(f"{name} cannot combine two arrays of time series")
    series = left if isinstance(left, dict) else right
    found: Points = {}
    for at in series if isinstance(series, dict) else ():
        a, b = _at(left, at), _at(right, at)
        result = None if a is None or b is None else _compute(name, a, b)
        if result is not None:
            found[at] = result
    return found


def _compute(name: str, a: float, b: float) -> float | None:
    try:
        result = BINARY[name](a, b)
    except (ZeroDivisionError, OverflowError):
        return None
    return result if isinstance(result, int | float) else None


def _at(value: Value, at: float) -> float | None:
    return value.get(at) if isinstance(value, dict) else value if isinstance(value, int | float) else None


def negate(value: Value) -> Value:
    """Unary minus."""
    return binary("*", -1.0, value)


def absolute(context: Context, value: Value) -> Value:
    """ABS."""
    del context
    if isinstance(value, list):
        return [{at: abs(x) for at, x in series.items()} for series in value]
    return {at: abs(x) for at, x in value.items()} if isinstance(value, dict) else abs(value)


def choose(context: Context, condition: Value, then: Value, otherwise: Value) -> Value:
    """IF: per period where the condition is a time series; a missing condition gives no data point."""
    del context
    if isinstance(condition, list) or isinstance(then, list) or isinstance(otherwise, list):
        raise MathError("IF takes no arrays of time series")
    if not isinstance(condition, dict):
        return then if condition else otherwise
    picked = {at: _at(then if test else otherwise, at) for at, test in condition.items()}
    return {at: value for at, value in picked.items() if value is not None}


def fill(context: Context, value: Value, filler: Value | str) -> Value:
    """FILL: a value, the last one seen (REPEAT), or that of another time series for missing data points."""
    if isinstance(value, list):
        filled = [fill(context, series, filler) for series in value]
        return [series for series in filled if isinstance(series, dict)]
    if not isinstance(value, dict) or isinstance(filler, list):
        raise MathError("FILL takes a time series and a number, a time series or REPEAT")
    found: Points = {}
    last: float | None = None
    for at in context.slots:
        replacement = last if isinstance(filler, str) else _at(filler, at)
        last = value.get(at, replacement)
        if last is not None:
            found[at] = last
    return found


def _average(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)


AGGREGATES: Mapping[str, Callable[[Iterable[float]], float]] = {
    "SUM": sum,
    "AVG": _average,
    "MIN": min,
    "MAX": max,
}


def aggregate(name: str, value: Value) -> Value:
    """SUM, AVG, MIN, MAX: a scalar of one time series, a time series of an array of them."""
    function = AGGREGATES[name]
    if isinstance(value, dict):
        return function(value.values()) if value else {}
    if not isinstance(value, list):
        raise MathError(f"{name} takes a time series or an array of time series")
    columns: dict[float, list[float]] = {}
    for series in value:
        for at, x in series.items():
            columns.setdefault(at, []).append(x)
    return {at: function(columns[at]) for at in sorted(columns)}


def metrics(context: Context, part: str = "") -> Value:
    """METRICS: all metrics of the request, or those whose id contains `part`."""
    return [points for name, points in context.metrics.items() if part in name]
