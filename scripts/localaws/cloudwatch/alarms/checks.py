"""What PutMetricAlarm and PutCompositeAlarm refuse (CloudWatch API reference)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import Any

from localaws.cloudwatch import queries, statistics
from localaws.cloudwatch.alarms import rules
from localaws.cloudwatch.alarms.criteria import COMPARISONS, TREATMENTS
from localaws.wire import ServiceError

_UNSUPPORTED = ("EvaluationCriteria", "EvaluationWindow", "WarmUpConfiguration", "ThresholdMetricId")
_SEARCH = re.compile(r"\bSEARCH\s*\(")
_SHORT_PERIODS = (10, 20, 30)
_MOST_QUERIES = 20
_MOST_CHILDREN = 100
_HOUR, _DAY, _WEEK = 3600, 86400, 604_800
_COLONS_OF_AN_ARN = 5


def check_metric_alarm(params: Mapping[str, Any]) -> None:
    """Refuses a metric alarm that could not be evaluated.

    Raises:
        ServiceError: ValidationError, with the parameter and what is wrong.
    """
    for name in _UNSUPPORTED:
        if name in params:
            raise _invalid(f"{name} is not supported by the local CloudWatch.")
    for name in ("ComparisonOperator", "EvaluationPeriods", "Threshold"):
        if name not in params:
            raise _invalid(f"The parameter {name} is required.")
    if params["ComparisonOperator"] not in COMPARISONS:
        raise _invalid(f"The value {params['ComparisonOperator']} of ComparisonOperator is not supported.")
    if params.get("TreatMissingData", "missing") not in TREATMENTS:
        raise _invalid(
            f"Option {params['TreatMissingData']} is not supported for TreatMissingData parameter."
        )
    _check_counts(params)
    periods = _check_queries(params) if params.get("Metrics") else _check_single(params)
    for period in periods:
        _check_period(period, params["EvaluationPeriods"])
    _check_actions(params)


def _check_counts(params: Mapping[str, Any]) -> None:
    periods, needed = params["EvaluationPeriods"], params.get("DatapointsToAlarm")
    if periods < 1:
        raise _invalid(f"EvaluationPeriods must be at least 1, not {periods}.")
    if needed is not None and not 1 <= needed <= periods:
        raise _invalid(f"DatapointsToAlarm must be from 1 to EvaluationPeriods ({periods}), not {needed}.")


def _check_queries(params: Mapping[str, Any]) -> list[int]:
    both = [
        name
        for name in (
            "MetricName",
            "Namespace",
            "Dimensions",
            "Period",
            "Unit",
            "Statistic",
            "ExtendedStatistic",
        )
        if name in params
    ]
    if both:
        raise _invalid(f"Metrics cannot be given together with {', '.join(both)}.")
    queries.check(params["Metrics"], _MOST_QUERIES)
    # User guide, "Using search expressions in graphs"; words: RoboFinSystems/robosystems pull request 1131.
    if any(_SEARCH.search(query.get("Expression", "")) for query in params["Metrics"]):
        raise _invalid("SEARCH is not supported on Metric Alarms.")
    returned = [query["Id"] for query in params["Metrics"] if query.get("ReturnData", True)]
    if len(returned) != 1:
        raise _invalid(f"Exactly one element of Metrics must have ReturnData true, not {len(returned)}.")
    return [query["MetricStat"]["Period"] for query in params["Metrics"] if "MetricStat" in query]


def _check_single(params: Mapping[str, Any]) -> list[int]:
    for name in ("MetricName", "Namespace", "Period"):
        if name not in params:
            raise _invalid(f"The parameter {name} is required for an alarm on a single metric.")
    if ("Statistic" in params) == ("ExtendedStatistic" in params):
        raise _invalid("Exactly one of Statistic and ExtendedStatistic must be given.")
    statistics.parse(params.get("Statistic") or params["ExtendedStatistic"])
    return [params["Period"]]


def _check_period(period: int, periods: int) -> None:
    if period not in _SHORT_PERIODS and period % 60:
        raise _invalid(f"The period of an alarm must be 10, 20, 30 or a multiple of 60, not {period}.")
    longest = _WEEK if period >= _HOUR else _DAY
    if period * periods > longest:
        raise _invalid(f"EvaluationPeriods times Period is {period * periods} seconds, more than {longest}.")


def _check_actions(params: Mapping[str, Any]) -> None:
    for kind in ("OKActions", "AlarmActions", "InsufficientDataActions"):
        for arn in params.get(kind, ()):
            if not arn.startswith("arn:") or arn.count(":") < _COLONS_OF_AN_ARN:
                raise _invalid(f"Invalid arn syntax: {arn} in {kind}.")


def check_composite_alarm(params: Mapping[str, Any], existing: Set[str]) -> None:
    """Refuses a composite alarm whose rule is not understood or names alarms that do not exist.

    Args:
        existing: names of the alarms of the account and region.

    Raises:
        ServiceError: ValidationError, with what is wrong.
    """
    if "ActionsSuppressor" in params:
        raise _invalid("ActionsSuppressor is not supported by the local CloudWatch.")
    rule = params["AlarmRule"]
    if rule != rule.strip():
        raise _invalid("AlarmRule must not contain leading or trailing whitespace or be null")
    try:
        named = rules.parse(rule).alarms
    except rules.RuleError as error:
        raise _invalid(f"AlarmRule must not contain errors: {error}") from None
    if params["AlarmName"] in named:
        raise _invalid(f"AlarmRule must not contain the alarm itself: {params['AlarmName']}.")
    if gone := [name for name in named if name not in existing]:
        raise _invalid(
            f"Could not save the composite alarm as alarms [{', '.join(gone)}] in the alarm rule do not exist"
        )
    if len(named) > _MOST_CHILDREN:
        raise _invalid(f"AlarmRule must not contain more than {_MOST_CHILDREN} alarms, it has {len(named)}.")
    _check_actions(params)


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationError", message)
