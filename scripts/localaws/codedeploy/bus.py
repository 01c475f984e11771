"""Events of source `aws.codedeploy` on the default EventBridge bus.

PutEvents refuses sources that begin with `aws.`, here as on AWS: only services may use them. So this calls
MiniStack's own emitter in process, in the account and region of the deployment.
"""

from __future__ import annotations

import contextvars
from typing import Any


def put(account: str, region: str, entry: dict[str, Any]) -> None:
    """Puts one event; called on the event loop, as MiniStack's own services do.

    Args:
        entry: as in PutEvents.

    Raises:
        RuntimeError: the bus did not take it.
    """
    contextvars.Context().run(_put, account, region, entry)


def _put(account: str, region: str, entry: dict[str, Any]) -> None:
    from ministack.core import responses
    from ministack.services import eventbridge

    responses.set_request_account_id(account)
    responses.set_request_region(region)
    status, _, body = eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    if status != 200 or b'"FailedEntryCount": 0' not in body:
        raise RuntimeError(f"EventBridge did not take the event: {body.decode(errors='replace')}")
