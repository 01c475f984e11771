"""Metrics in log lines.

Rules from "Specification: Embedded metric format" (Amazon CloudWatch User Guide) and the JSON schema in
it. What AWS does with a document that breaks them is not in there; on record is:

- a target with more than 100 values makes the document invalid
  (open-telemetry/opentelemetry-collector-contrib pull request 36084). Here that goes for every rule but
  those that follow;
- a dimension whose target is a number or empty costs the metric all its dimensions
  (awslabs/aws-embedded-metrics-python issue 58, aws-powertools/powertools-lambda-python pull request 5542);
- without Dimensions a metric has none (aws-observability/aws-otel-python-instrumentation pull request 434);
- without Timestamp the time of ingestion counts (aws/agent-toolkit-for-aws, "EMF limits").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from localaws.cloudwatch.limits import LARGEST, in_time
from localaws.wire.model import service_model

_MARK = '"_aws"'
_MOST_BYTES = 1024 * 1024
_MOST_VALUES = 100
_TEXT = re.compile(r"(?=.*[!-~])[ -~]{1,1024}")
"""Names and values of dimensions: ASCII without controls, not only blanks (API reference, Dimension)."""


@dataclass(frozen=True)
class Measurement:
    """What one log line says of one metric.

    Attributes:
        namespace, name: of the metric.
        dimensions: values by name.
        values: each of them a sample.
        unit: CloudWatch unit, such as "Count", "Milliseconds", "None".
        timestamp: seconds since the epoch.
    """

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    values: tuple[float, ...]
    unit: str
    timestamp: float


def measurements(line: str, now: float) -> list[Measurement]:
    """The metrics that a log line embeds; none where it embeds none, or is malformed.

    Args:
        line: message of a log event, without anything before or after the JSON object.
        now: when it came in, in seconds since the epoch.
    """
    try:
        return list(_measured(line, now)) if _MARK in line else []
    except (ValueError, RecursionError):
        return []


def _measured(line: str, now: float) -> Iterator[Measurement]:
    document = _document(line)
    metadata = _Metadata.model_validate(document.get("_aws"))
    at = now if metadata.timestamp is None else metadata.timestamp / 1000.0
    if not in_time(at, now):
        return
    for directive in metadata.cloud_watch_metrics:
        for metric in directive.metrics:
            values = _values(document.get(metric.name))
            for dimensions in _dimension_sets(directive, document):
                yield Measurement(directive.namespace, metric.name, dimensions, values, metric.unit, at)


def _document(line: str) -> Mapping[str, Any]:
    if len(line.encode()) > _MOST_BYTES:
        raise ValueError("the line is too long")
    found = json.loads(line, parse_constant=_refuse)
    if not isinstance(found, dict):
        raise ValueError("the line is no JSON object")
    return found


def _refuse(constant: str) -> None:
    """NaN and Infinity, which Python writes and reads, are no JSON (RFC 8259)."""
    raise ValueError(constant)


def _known(unit: str) -> str:
    units: Any = service_model("cloudwatch").shape_for("StandardUnit")
    if unit not in units.enum:
        raise ValueError(unit)
    return unit


_Name = Annotated[str, Field(min_length=1, max_length=1024)]
_DimensionName = Annotated[str, Field(min_length=1, max_length=250)]


class _Declared(BaseModel):
    """Members are as the specification has them, and others are ignored."""

    model_config = ConfigDict(strict=True, frozen=True, alias_generator=to_pascal)


class _Definition(_Declared):
    """StorageResolution changes nothing here: every second is kept."""

    name: _Name
    unit: Annotated[str, AfterValidator(_known)] = "None"
    storage_resolution: int = 60


class _Directive(_Declared):
    namespace: _Name
    dimensions: list[Annotated[list[_DimensionName], Field(max_length=30)]] = []
    metrics: Annotated[list[_Definition], Field(max_length=100)]


class _Metadata(_Declared):
    """Timestamp is in milliseconds since the epoch."""

    timestamp: Annotated[float | None, Field(allow_inf_nan=False)] = None
    cloud_watch_metrics: list[_Directive]


def _values(target: object) -> tuple[float, ...]:
    values = target if isinstance(target, list) else [target]
    if len(values) > _MOST_VALUES or not all(map(_is_value, values)):
        raise ValueError("a metric's target is neither a number nor a list of numbers")
    return tuple(map(float, values))


def _is_value(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST


def _dimension_sets(directive: _Directive, document: Mapping[str, Any]) -> list[dict[str, str]]:
    """Dimensions that every metric of a directive is under; equal sets are one."""
    found: list[dict[str, str]] = []
    for names in directive.dimensions or [[]]:
        dimensions = _dimensions(names, document)
        if dimensions not in found:
            found.append(dimensions)
    return found


def _dimensions(names: list[str], document: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        value = document.get(name)
        if not isinstance(value, str) or not _is_dimension(name, value):
            return {}
        found[name] = value
    return found


def _is_dimension(name: str, value: str) -> bool:
    return bool(_TEXT.fullmatch(name) and _TEXT.fullmatch(value)) and not name.startswith(":")
