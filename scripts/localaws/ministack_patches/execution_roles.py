"""What Lambda does in the name of a function's role, where IAM is enforced; MiniStack does it unasked."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from localaws.authorization.request import Request
from localaws.ministack_patches.authorization import MayDo
from localaws.ministack_patches.contract import Internal

_LAMBDA, _SQS = "ministack.services.lambda_svc", "ministack.services.sqs"

INTERNALS: tuple[Internal, ...] = (
    Internal(
        _LAMBDA,
        "_emit_lambda_logs",
        ("func", "request_id", "log_text", "error", "duration_ms", "log_source"),
    ),
    Internal(_LAMBDA, "_iter_all_esms", ()),
    Internal(_LAMBDA, "_get_func_record_for_qualifier", ("name", "qualifier")),
    Internal(_SQS, "_queues"),
    Internal(_SQS, "_receive_messages_for_esm", ("queue_url", "max_number")),
)

_READING = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
"""What a function's role needs so that Lambda reads a queue for it (Lambda developer guide, "Using Lambda
with Amazon SQS", execution role permissions)."""

_LOGGING = ("CreateLogStream", "PutLogEvents")
"""And so that Lambda writes its log (the same, "Sending Lambda function logs to CloudWatch Logs")."""


def ask_execution_roles(may_do: MayDo) -> None:
    """Lets Lambda read a queue and write a log only where the function's role may.

    Args:
        may_do: whether a role may do something.
    """
    from ministack.services import lambda_svc, sqs

    sqs._receive_messages_for_esm = _receiving(sqs._receive_messages_for_esm, may_do)
    lambda_svc._emit_lambda_logs = _logging(lambda_svc._emit_lambda_logs, may_do)


def _receiving(receive: Callable[[str, int], Any], may_do: MayDo) -> Callable[[str, int], Any]:
    from ministack.services import sqs

    @functools.wraps(receive)
    def receiving(queue_url: str, max_number: int) -> Any:
        arn = sqs._queues[queue_url]["attributes"]["QueueArn"]
        if all(may_do(role, _about("sqs", arn), _READING) for role in _readers(arn)):
            return receive(queue_url, max_number)
        return []

    return receiving


def _readers(queue_arn: str) -> Iterator[str]:
    """Roles of the functions that read a queue."""
    from ministack.services import lambda_svc

    for _, _, mapping in lambda_svc._iter_all_esms():
        if mapping.get("EventSourceArn") == queue_arn:
            _, config = lambda_svc._get_func_record_for_qualifier(
                mapping["FunctionName"], mapping.get("Qualifier")
            )
            yield config["Role"]


def _logging(emit: Callable[..., None], may_do: MayDo) -> Callable[..., None]:
    @functools.wraps(emit)
    def logging(func: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        config = func.get("config") or func
        region, account = config["FunctionArn"].split(":")[3:5]
        group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
        arn = f"arn:aws:logs:{region}:{account}:log-group:{group}:*"
        if may_do(config["Role"], _about("logs", arn), _LOGGING):
            emit(func, *args, **kwargs)

    return logging


def _about(service: str, arn: str) -> Request:
    region, account = arn.split(":")[3:5]
    return Request(service, "/", region, account, {}, b"", {}, arn)
