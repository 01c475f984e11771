"""What CodeDeploy tells others: SNS triggers of the group, and events on the default bus.

Sources: user guide, "JSON data formats for CodeDeploy triggers" and "Monitoring deployments with Amazon
CloudWatch Events". Where recorded messages of real deployments differ from the guide's sample (times as
words, members that are JSON text), they are followed (docs/fidelity.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from localaws.codedeploy import rollback
from localaws.codedeploy.model import Deployment

_STATES = {
    "DeploymentStart": "START",
    "DeploymentSuccess": "SUCCESS",
    "DeploymentFailure": "FAILURE",
    "DeploymentStop": "STOP",
}
"""States of EventBridge events; a rollback has none of its own."""

_STATUSES = {
    "DeploymentStart": "CREATED",
    "DeploymentSuccess": "SUCCEEDED",
    "DeploymentFailure": "FAILED",
    "DeploymentStop": "STOPPED",
    "DeploymentRollback": "IN_PROGRESS",
}
"""Statuses of trigger messages; all but STOPPED are recorded. That IN_PROGRESS, which only rollbacks sent,
belongs to DeploymentRollback is inferred."""

_SUBJECT = 100
"""Characters of an SNS subject (SNS API reference, Publish)."""


def kind_of_end(status: str) -> str:
    """The trigger event of a deployment's last status."""
    return {"Succeeded": "DeploymentSuccess", "Stopped": "DeploymentStop"}.get(status, "DeploymentFailure")


def publications(
    deployment: Deployment, kind: str, account: str, region: str
) -> Iterator[tuple[str, dict[str, str]]]:
    """ARN, and subject and message, for each trigger that wants to know."""
    for trigger in deployment.settings.get("triggerConfigurations") or []:
        if kind in (trigger.get("triggerEvents") or []):
            status = _STATUSES[kind]
            message = _message(deployment, status, trigger["triggerName"], account, region)
            subject = (
                f"{status}: AWS CodeDeploy {deployment.deployment_id} in {region} to {deployment.application}"
            )
            yield (
                trigger["triggerTargetArn"],
                {"Subject": subject[:_SUBJECT], "Message": json.dumps(message)},
            )


def _message(
    deployment: Deployment, status: str, trigger: str, account: str, region: str
) -> dict[str, str | None]:
    message: dict[str, str | None] = {
        "region": region,
        "accountId": account,
        "eventTriggerName": trigger,
        "applicationName": deployment.application,
        "deploymentId": deployment.deployment_id,
        "deploymentGroupName": deployment.group,
        "createTime": _time(deployment.created),
        "completeTime": _time(deployment.completed),
    }
    if deployment.completed is not None:
        message["deploymentOverview"] = json.dumps(_recorded_order(deployment))
    message["status"] = status
    if deployment.error_code:
        message["errorInformation"] = json.dumps(
            {"ErrorCode": deployment.error_code, "ErrorMessage": deployment.error_message}
        )
    link = rollback.info(deployment)
    if link or deployment.error_code:
        message["rollbackInformation"] = json.dumps(
            {name[0].upper() + name[1:]: value for name, value in sorted((link or {}).items())}
        )
    return message


def event(deployment: Deployment, kind: str, account: str, region: str) -> dict[str, Any] | None:
    """The EventBridge event, or None where there is none."""
    if kind not in _STATES:
        return None
    detail = {
        "instanceGroupId": deployment.settings.get("deploymentGroupId", ""),
        "region": region,
        "application": deployment.application,
        "deploymentId": deployment.deployment_id,
        "state": _STATES[kind],
        "deploymentGroup": deployment.group,
    }
    prefix = f"arn:aws:codedeploy:{region}:{account}"
    return {
        "Source": "aws.codedeploy",
        "DetailType": "CodeDeploy Deployment State-change Notification",
        "Resources": [
            f"{prefix}:application:{deployment.application}",
            f"{prefix}:deploymentgroup:{deployment.application}/{deployment.group}",
        ],
        "Detail": json.dumps(detail),
    }


def overview(deployment: Deployment) -> dict[str, int]:
    """Counts of targets by status: a Lambda deployment has one (a stopped one's is inferred)."""
    counts = dict.fromkeys(("Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready"), 0)
    key = {"Created": "Pending", "Queued": "Pending", "Stopped": "Skipped"}.get(
        deployment.status, deployment.status
    )
    counts[key] += 1
    return counts


def _recorded_order(deployment: Deployment) -> dict[str, int]:
    counts = overview(deployment)
    return {name: counts[name] for name in ("Succeeded", "Failed", "Skipped", "InProgress", "Pending")}


def _time(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
