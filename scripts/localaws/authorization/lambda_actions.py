"""Which action of Lambda a request is, by the paths of botocore's service model."""

from __future__ import annotations

import re
from functools import cache

import botocore.session

_RENAMED = {"Invoke": "InvokeFunction", "InvokeAsync": "InvokeFunction"}
"""Operations whose action has another name (service authorization reference, AWS Lambda)."""


def action_of(method: str, path: str) -> str | None:
    """Name of the IAM action, such as `InvokeFunction`; None where no operation has this path."""
    for verb, pattern, operation in _routes():
        if verb == method and pattern.fullmatch(path.rstrip("/")):
            return _RENAMED.get(operation, operation)
    return None


@cache
def _routes() -> list[tuple[str, re.Pattern[str], str]]:
    """Method, path and operation; those with more literal text come first."""
    model = botocore.session.Session().get_service_model("lambda")
    found = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        path = http["requestUri"].partition("?")[0].rstrip("/")
        literal = re.sub(r"\{[^}]+\}", "", path)
        # A function may be named by its ARN, which SDKs send encoded and the server has decoded.
        pattern = re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(path))
        found.append((len(literal), http["method"], re.compile(pattern), name))
    return [(method, pattern, name) for _, method, pattern, name in sorted(found, key=lambda f: -f[0])]
