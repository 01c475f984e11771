"""What CodeDeploy tells others: SNS triggers of the group, and events on the default bus.

Sources: CodeDeploy user guide, "JSON data formats for CodeDeploy triggers" and "Monitoring deployments with
Amazon CloudWatch Events".
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localaws.codedeploy.clients import Clients
from localaws.codedeploy.model import Deployment

log = logging.getLogger(__name__)

_STATES = {
    "DeploymentStart": "START",
    "DeploymentSuccess": "SUCCESS",
    "DeploymentFailure": "FAILURE",
    "DeploymentStop": "STOP",
}

_TRIGGER_STATUSES = {
    "DeploymentStart": "CREATED",
    "DeploymentSuccess": "SUCCEEDED",
    "DeploymentFailure": "FAILED",
    "DeploymentStop": "STOPPED",
    "DeploymentRollback": "ROLLBACK",
}


def tell(clients: Clients, group: dict[str, Any], deployment: Deployment, kind: str) -> None:
    """Publishes to the group's triggers and to EventBridge; what fails is only logged."""
    try:
        for trigger in group.get("triggerConfigurations") or []:
            if kind in trigger.get("triggerEvents", []):
                _publish(clients, trigger, deployment, kind)
        if kind in _STATES:
            _put_event(clients, group, deployment, kind)
    except (ClientError, BotoCoreError) as error:
        log.warning("%s: %s could not be told: %s", deployment.deployment_id, kind, error)


def _publish(clients: Clients, trigger: dict[str, Any], deployment: Deployment, kind: str) -> None:
    status = _TRIGGER_STATUSES[kind]
    message: dict[str, Any] = {
        "region": clients.region,
        "accountId": clients.account,
        "eventTriggerName": trigger["triggerName"],
        "applicationName": deployment.application,
        "deploymentId": deployment.deployment_id,
        "deploymentGroupName": deployment.group,
        "createTime": _time(deployment.created),
        "completeTime": _time(deployment.completed),
        "deploymentOverview": json.dumps(overview(deployment)),
        "status": status,
    }
    if deployment.error_code:
        error = {"ErrorCode": deployment.error_code, "ErrorMessage": deployment.error_message}
        message["errorInformation"] = json.dumps(error)
    clients.client("sns").publish(
        TopicArn=trigger["triggerTargetArn"],
        Subject=f"{status}: AWS CodeDeploy {deployment.deployment_id} in {clients.region}"[:100],
        Message=json.dumps({name: value for name, value in message.items() if value is not None}),
    )


def _put_event(clients: Clients, group: dict[str, Any], deployment: Deployment, kind: str) -> None:
    detail = {
        "instanceGroupId": group["deploymentGroupId"],
        "region": clients.region,
        "application": deployment.application,
        "deploymentId": deployment.deployment_id,
        "state": _STATES[kind],
        "deploymentGroup": deployment.group,
    }
    arns = [
        f"arn:aws:codedeploy:{clients.region}:{clients.account}:{kind}:{name}"
        for kind, name in (
            ("application", deployment.application),
            ("deploymentgroup", f"{deployment.application}/{deployment.group}"),
        )
    ]
    clients.client("events").put_events(
        Entries=[
            {
                "Source": "aws.codedeploy",
                "DetailType": "CodeDeploy Deployment State-change Notification",
                "Resources": arns,
                "Detail": json.dumps(detail),
            }
        ]
    )


def overview(deployment: Deployment) -> dict[str, int]:
    """Counts of targets by status: a Lambda deployment has one."""
    counts = dict.fromkeys(("Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready"), 0)
    key = {"Created": "Pending", "Queued": "Pending", "Stopped": "Skipped"}.get(
        deployment.status, deployment.status
    )
    counts[key] += 1
    return counts


def _time(seconds: float | None) -> str | None:
    return (
        None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
    )
