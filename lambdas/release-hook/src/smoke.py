"""One smoke event: send it to one version of a function, and look at the answer."""

import json
from typing import Any

_SHOWN = 300
"""Characters of an answer that are worth showing."""


def check(lambda_: Any, function: str, version: str, smoke: dict[str, Any]) -> str | None:
    """What is wrong with a version's answer to a smoke event, or None.

    Args:
        lambda_: a client.
        function: name of the function.
        version: the published version to invoke.
        smoke: `name`, `event`, and optionally `expect_status` and `expect_body_contains` (service.yaml).
    """
    answer = lambda_.invoke(
        FunctionName=function, Qualifier=version, Payload=json.dumps(smoke["event"]).encode()
    )
    payload = answer["Payload"].read().decode("utf-8", "replace")
    if answer.get("FunctionError"):
        return f"the function failed ({answer['FunctionError']}): {payload[:_SHOWN]}"
    return _status(payload, smoke.get("expect_status")) or _body(payload, smoke.get("expect_body_contains"))


def _status(payload: str, expected: int | None) -> str | None:
    if expected is None:
        return None
    status = _field(payload, "statusCode")
    return None if status == expected else f"statusCode is {status}, not {expected}: {payload[:_SHOWN]}"


def _body(payload: str, expected: str | None) -> str | None:
    if expected is None:
        return None
    body = str(_field(payload, "body"))
    return None if expected in body else f"the body does not contain {expected!r}: {body[:_SHOWN]}"


def _field(payload: str, name: str) -> Any:
    try:
        answer = json.loads(payload)
    except ValueError:
        return None
    return answer.get(name) if isinstance(answer, dict) else None
