"""What a function answers between its creation by Terraform and its first release."""

import json


def handler(_event, _context):
    return {
        "statusCode": 503,
        "headers": {"content-type": "application/json", "retry-after": "60"},
        "body": json.dumps({"message": "nothing released yet"}),
    }


def __getattr__(name):
    """Any handler function of this module, whatever a service calls it."""
    if name.startswith("__"):
        raise AttributeError(name)
    return handler
