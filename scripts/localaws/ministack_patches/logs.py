"""What MiniStack's services measure and log, shown to our CloudWatch."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

from localaws.ministack_patches.contract import Internal
from localaws.service import LogReader, MetricSink

INTERNALS: tuple[Internal, ...] = (
    Internal(
        "ministack.services.cloudwatch",
        "record_metric",
        ("namespace", "metric_name", "value", "unit", "dimensions"),
    ),
    Internal("ministack.services.cloudwatch_logs", "_append_log_events", ("stream", "events")),
    Internal("ministack.services.cloudwatch_logs", "_log_groups"),
    Internal("ministack.services.cloudwatch_logs", "copy"),
    Internal("ministack.core.responses", "AccountRegionScopedDict._data"),
)


def redirect_metrics(sink: MetricSink) -> None:
    """Sends what MiniStack's services measure to our CloudWatch, which replaces theirs."""
    from ministack.core import responses
    from ministack.services import cloudwatch

    def record_metric(
        namespace: str,
        metric_name: str,
        value: float,
        unit: str = "None",
        dimensions: dict[str, str] | None = None,
    ) -> None:
        account, region = responses.get_account_id(), responses.get_region()
        sink.put(account, region, namespace, metric_name, dimensions or {}, float(value), unit, time.time())

    cloudwatch.record_metric = record_metric


def pass_on_logs(reader: LogReader) -> None:
    """Shows every log event to our CloudWatch, from the one place all of them pass.

    PutLogEvents and the output of functions come through `_append_log_events`, whatever has run a
    function and in whichever log format, always in the scope of the account and region they belong to.
    """
    from ministack.services import cloudwatch_logs

    cloudwatch_logs._append_log_events = _passing_on(cloudwatch_logs._append_log_events, reader)


class _Streams(dict[str, Any]):
    """Streams of a log group, which may grow while they are walked through."""

    def __iter__(self) -> Iterator[str]:
        return iter(list(super().__iter__()))

    def values(self) -> Any:
        return list(super().values())

    def items(self) -> Any:
        return list(super().items())


class _Groups(dict[Any, Any]):
    """Log groups whose streams are `_Streams`, however they come in."""

    def __setitem__(self, key: Any, group: dict[str, Any]) -> None:
        super().__setitem__(key, {**group, "streams": _Streams(group.get("streams", {}))})


def let_logs_grow() -> None:
    """Lets log groups be read and saved while functions write to them.

    Each invocation adds a stream from a thread of its own. MiniStack walks through the live streams, so that
    under load every DescribeLogGroups fails, and with it every plan of Terraform; and it copies every event
    there is, in Python, each time that state is saved.
    """
    from ministack.services import cloudwatch_logs

    groups = _Groups()
    for key, group in cloudwatch_logs._log_groups._data.items():
        groups[key] = group
    cloudwatch_logs._log_groups._data = groups
    cloudwatch_logs.copy = SimpleNamespace(deepcopy=lambda state: state)


def _passing_on(append: Callable[..., Any], reader: LogReader) -> Callable[..., Any]:
    from ministack.core import responses

    @functools.wraps(append)
    def passing_on(stream: dict[str, Any], events: list[dict[str, Any]]) -> Any:
        result = append(stream, events)
        account, region = responses.get_account_id(), responses.get_region()
        for event in events:
            reader.read_log(account, region, str(event["message"]))
        return result

    return passing_on
