"""Values of metric math, and what operators make of them.

Rules from "Using math expressions with CloudWatch metrics" (Amazon CloudWatch User Guide): where one of
two time series has a data point and the other has none, the missing one counts as 0; a data point that
would divide by zero is dropped; comparisons give 1 or 0.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from localaws.cloudwatch.math.search import Search

Points = dict[float, float]
"""A time series: values by the start of their period, in seconds since the epoch, in any order."""


class Line(NamedTuple):
    """A time series of an array, and what it is called.

    Attributes:
        properties: what a dynamic label can say of it, as `Dim.FunctionName`.
    """

    label: str
    points: Points
    properties: Mapping[str, str] = {}


Value = float | Points | list[Line]
"""A scalar, a time series, or an array of time series."""


class MathError(ValueError):
    """An expression that cannot be computed; the message says why."""


@dataclass(frozen=True)
class Context:
    """What an expression is evaluated over.

    Attributes:
        lookup: the value of a query's id.
        metrics: time series of the request's metrics, by id.
        labels: what queries are called, by id.
        periods: AWS seconds of the period of the request's metrics, by id.
        slots: start of every period in the requested range, in order.
        search: finds metrics.
    """

    lookup: Callable[[str], Value]
    metrics: Mapping[str, Points]
    labels: Mapping[str, str]
    periods: Mapping[str, float]
    slots: Sequence[float]
    search: Callable[[Search], list[Line]] = lambda _: []


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


def each(value: Value, function: Callable[[Points], Points], name: str) -> Value:
    """A function of one time series, applied to it or to every one of an array."""
    if isinstance(value, dict):
        return function(value)
    if isinstance(value, list):
        return [line._replace(points=function(line.points)) for line in value]
    raise MathError(f"{name} takes a time series or an array of time series, not a number")


def lines(value: Value, name: str) -> list[Line]:
    """The value, which must be an array of time series."""
    if not isinstance(value, list):
        raise MathError(f"{name} takes an array of time series")
    return value


def number(value: Value, name: str) -> float:
    """The value, which must be a number."""
    if isinstance(value, dict | list):
        raise MathError(f"{name} takes a number there, not a time series")
    return value


def binary(name: str, left: Value, right: Value) -> Value:
    """The result of an operator; an array is combined series by series."""
    if isinstance(left, list) and isinstance(right, list):
        raise MathError(f"{name} cannot combine two arrays of time series")
    if isinstance(left, list):
        return [line._replace(points=_series(name, line.points, right)) for line in left]
    if isinstance(right, list):
        return [line._replace(points=_series(name, left, line.points)) for line in right]
    if isinstance(left, dict) or isinstance(right, dict):
        return _series(name, left, right)
    result = compute(name, left, right)
    if result is None:
        raise MathError(f"{left:g} {name} {right:g} has no value")
    return result


def _series(name: str, left: Value, right: Value) -> Points:
    times = {at: None for side in (left, right) if isinstance(side, dict) for at in side}
    found: Points = {}
    for at in times:
        result = compute(name, _at(left, at), _at(right, at))
        if result is not None:
            found[at] = result
    return found


def _at(value: Value, at: float) -> float:
    return value.get(at, 0.0) if isinstance(value, dict) else number(value, "an operator")


def compute(name: str, a: float, b: float) -> float | None:
    """The result of an operator on two numbers; None where there is none."""
    try:
        result = BINARY[name](a, b)
    except (ZeroDivisionError, OverflowError):
        return None
    return result if isinstance(result, int | float) else None


def negate(value: Value) -> Value:
    """Unary minus."""
    return binary("*", -1.0, value)
