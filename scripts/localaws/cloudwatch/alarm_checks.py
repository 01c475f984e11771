"""What PutMetricAlarm refuses (CloudWatch API reference, PutMetricAlarm)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudwatch import queries, statistics
from localaws.cloudwatch.evaluation import COMPARISONS, TREATMENTS
from localaws.cloudwatch.store import RETENTION_SECONDS
from localaws.wire import ServiceError

_UNSUPPORTED = ("EvaluationCriteria", "EvaluationWindow", "WarmUpConfiguration", "ThresholdMetricId")
_SHORT_PERIODS = (10, 20, 30)
_MOST_QUERIES = 20


def check_metric_alarm(params: Mapping[str, Any], scale: queries.Scale) -> None:
    """Refuses an alarm that could not be evaluated.

    Args:
        scale: real seconds of a period; metrics are kept for a limited real time.

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
        _check_period(period, scale(period * params["EvaluationPeriods"]))


def _check_counts(params: Mapping[str, Any]) -> None:
    periods, needed = params["EvaluationPeriods"], params.get("DatapointsToAlarm")
    if periods < 1:
        raise _invalid(f"EvaluationPeriods must be at least 1, not {periods}.")
    if needed is not None and not 1 <= needed <= periods:
        raise _invalid(f"DatapointsToAlarm must be from 1 to EvaluationPeriods ({periods}), not {needed}.")


def _check_queries(params: Mapping[str, Any]) -> list[int]:
    both = [name for name in ("MetricName", "Namespace", "Statistic", "Period") if name in params]
    if both:
        raise _invalid(f"Metrics cannot be given together with {', '.join(both)}.")
    queries.check(params["Metrics"], _MOST_QUERIES)
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


def _check_period(period: int, evaluated: float) -> None:
    if period < 1 or (period not in _SHORT_PERIODS and period % 60):
        raise _invalid(f"The period of an alarm must be 10, 20, 30 or a multiple of 60, not {period}.")
    if evaluated > RETENTION_SECONDS:
        raise _invalid(
            f"EvaluationPeriods times Period is {evaluated:g} real seconds; "
            f"the local CloudWatch keeps metrics for {RETENTION_SECONDS}."
        )


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationError", message)
