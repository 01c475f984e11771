"""What a function answers between its creation by Terraform and its first release."""

import json


def handler(event, _context):
    answer = {
        "statusCode": 503,
        "headers": {"content-type": "application/json", "retry-after": "60"},
        "body": json.dumps({"message": "nothing released yet"}),
    }
    # What comes from a queue stays there.
    waiting = [{"itemIdentifier": record["messageId"]} for record in _messages(event)]
    return {"batchItemFailures": waiting} if waiting else answer


def _messages(event):
    records = event.get("Records") if isinstance(event, dict) else None
    return [record for record in records or [] if isinstance(record, dict) and "messageId" in record]


def __getattr__(name):
    """Any handler function of this module, whatever a service calls it."""
    if name.startswith("__"):
        raise AttributeError(name)
    return handler
