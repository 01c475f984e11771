"""@NAME@."""

import json
from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answers GET /@NAME@."""
    if event.get("rawPath") != "/@NAME@":
        return {"statusCode": 404, "body": "not found"}
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"service": "@NAME@", "version": context.function_version}),
    }
