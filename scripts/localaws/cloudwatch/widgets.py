"""What is wrong with a dashboard's widgets ("Dashboard Body Structure and Syntax", CloudWatch API reference).

Only what would leave a widget empty or refused is looked at: how metrics are written, that expressions are
understood and refer to what is there, and how many metrics, alarms and log groups there may be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from localaws.cloudwatch import statistics
from localaws.cloudwatch.math.parser import parse
from localaws.cloudwatch.math.values import MathError
from localaws.wire import ServiceError

Problem = tuple[str, str]
"""Path and message."""

MOST_METRICS = 500
"""Metrics of a widget, those that are hidden too ("CloudWatch service quotas", dashboards)."""

MOST_ALARMS = 100
"""Alarms of a widget ("Properties of an Alarm Status Widget Object")."""

MOST_LOG_GROUPS = 50
"""Log groups of a query ("CloudWatch Logs Insights query syntax", SOURCE)."""

_ID = re.compile(r"[a-z][A-Za-z0-9_]*")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_ALARM = re.compile(r"arn:[a-z-]+:cloudwatch:[a-z0-9-]+:\d{12}:alarm:.+")
_SOURCE = re.compile(r"\bSOURCE\s+'[^']+'")
_VIEWS = ("bar", "gauge", "pie", "singleValue", "table", "timeSeries")
_SHORT_PERIODS = (1, 5, 10, 20, 30)


def problems(at: str, kind: object, properties: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with the properties of a widget.

    Args:
        at: path of the properties.
        kind: type of the widget.
    """
    check = _CHECKS.get(str(kind))
    if check:
        yield from check(at, properties)


def _metric(at: str, properties: Mapping[str, Any]) -> Iterator[Problem]:
    if "region" not in properties:
        yield f"{at}/region", "Should have a region"
    if properties.get("view", "timeSeries") not in _VIEWS:
        yield f"{at}/view", f"Should be one of {', '.join(_VIEWS)}"
    yield from _period(at, properties)
    yield from _statistic(at, properties)
    metrics = properties.get("metrics")
    if not isinstance(metrics, list) or not all(isinstance(one, list) and one for one in metrics):
        yield f"{at}/metrics", "Should be an array of arrays"
        return
    if len(metrics) > MOST_METRICS:
        yield f"{at}/metrics", f"Should NOT have more than {MOST_METRICS} items"
    ids = [str(one[-1]["id"]) for one in metrics if isinstance(one[-1], dict) and "id" in one[-1]]
    for twice in sorted({one for one in ids if ids.count(one) > 1}):
        yield f"{at}/metrics", f"Should have the id {twice} once"
    for number, metric in enumerate(metrics):
        yield from _one(f"{at}/metrics/{number}", metric, set(ids))


def _one(at: str, metric: list[Any], ids: set[str]) -> Iterator[Problem]:
    options = metric[-1] if isinstance(metric[-1], dict) else {}
    words = metric[:-1] if options else metric
    if not all(isinstance(word, str) for word in words):
        yield at, "Should name namespace, metric and dimensions by strings"
    if "expression" in options:
        if words:
            yield at, "Should be an expression alone"
        yield from _expression(at, str(options["expression"]), ids)
    elif len(words) < 2 or len(words) % 2:
        yield at, "Should name namespace, metric, and each dimension with its value"
    if "id" in options and not _ID.fullmatch(str(options["id"])):
        yield f"{at}/id", "Should begin with a lower-case letter"
    if options.get("yAxis", "left") not in ("left", "right"):
        yield f"{at}/yAxis", "Should be left or right"
    if not _COLOUR.fullmatch(options.get("color", "#000000")):
        yield f"{at}/color", "Should be a colour such as #1f77b4"
    yield from _period(at, options)
    yield from _statistic(at, options)


def _expression(at: str, text: str, ids: set[str]) -> Iterator[Problem]:
    try:
        missing = parse(text).names - ids
    except MathError as error:
        yield f"{at}/expression", f"{text}: {error}"
        return
    for name in sorted(missing):
        yield f"{at}/expression", f"{text}: there is no metric with the id {name}"


def _period(at: str, properties: Mapping[str, Any]) -> Iterator[Problem]:
    period = properties.get("period", 60)
    if not isinstance(period, int) or (period not in _SHORT_PERIODS and (period < 60 or period % 60)):
        yield f"{at}/period", "Should be 1, 5, 10, 20, 30 or a multiple of 60"


def _statistic(at: str, properties: Mapping[str, Any]) -> Iterator[Problem]:
    try:
        statistics.parse(properties.get("stat", "Average"))
    except ServiceError as error:
        yield f"{at}/stat", str(error)


def _alarm(at: str, properties: Mapping[str, Any]) -> Iterator[Problem]:
    alarms = properties.get("alarms")
    if not isinstance(alarms, list) or not all(_ALARM.fullmatch(str(one)) for one in alarms):
        yield f"{at}/alarms", "Should be an array of ARNs of alarms"
    elif len(alarms) > MOST_ALARMS:
        yield f"{at}/alarms", f"Should NOT have more than {MOST_ALARMS} items"


def _log(at: str, properties: Mapping[str, Any]) -> Iterator[Problem]:
    if "region" not in properties:
        yield f"{at}/region", "Should have a region"
    sources = len(_SOURCE.findall(str(properties.get("query", ""))))
    if not 1 <= sources <= MOST_LOG_GROUPS:
        yield f"{at}/query", f"Should name 1 to {MOST_LOG_GROUPS} log groups with SOURCE"


def _text(at: str, properties: Mapping[str, Any]) -> Iterator[Problem]:
    if not isinstance(properties.get("markdown"), str):
        yield f"{at}/markdown", "Should be a string"


_CHECKS: Mapping[str, Callable[[str, Mapping[str, Any]], Iterator[Problem]]] = {
    "alarm": _alarm,
    "log": _log,
    "metric": _metric,
    "text": _text,
}
