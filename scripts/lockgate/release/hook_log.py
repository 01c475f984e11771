"""What a hook wrote about a deployment: CodeDeploy itself only says that the hook failed."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient


def failure_of(logs: CloudWatchLogsClient, function: str, deployment_id: str, since: datetime) -> str:
    """The hook's own sentence about a failed deployment, or where to look for it.

    The hook logs one JSON line with `deployment_id` and `failure` (lambdas/release-hook).
    """
    group = f"/aws/lambda/{function}"
    elsewhere = f"see log group {group}"
    try:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group,
            startTime=int(since.timestamp() * 1000),
            filterPattern=f'"{deployment_id}"',
            PaginationConfig={"MaxItems": 200},
        )
        for page in pages:
            for event in page["events"]:
                words = _failure(event.get("message", ""), deployment_id)
                if words:
                    return words
    except (BotoCoreError, ClientError):
        return elsewhere
    return elsewhere


def _failure(line: str, deployment_id: str) -> str | None:
    try:
        entry = json.loads(line[line.index("{") :])
    except ValueError:
        return None
    if not isinstance(entry, dict) or entry.get("deployment_id") != deployment_id:
        return None
    failure = entry.get("failure")
    return str(failure) if failure else None
