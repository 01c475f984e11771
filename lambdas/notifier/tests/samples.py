"""Messages as they arrive, by name: bodies of the queue's messages."""

from __future__ import annotations

import json
from typing import Any

ACCOUNT = "111111111111"
ALARM = f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:lockgate-prod-hello-api-live-error-rate"
SINCE = "2026-01-01T12:00:00.125+0000"
REASON = "Threshold Crossed: 2 out of the last 3 datapoints [5.0, 4.0] were greater than or equal to 2.0."


def envelope(severity: str, message: Any, subject: str | None = None) -> str:
    """As SNS delivers a message to a queue (SNS developer guide, "Amazon SNS message and JSON formats")."""
    found = {
        "Type": "Notification",
        "MessageId": "m-1",
        "TopicArn": f"arn:aws:sns:eu-west-1:{ACCOUNT}:lockgate-prod-{severity}",
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": "2026-01-01T12:00:01.000Z",
    }
    return json.dumps(found | ({"Subject": subject} if subject else {}))


def event(source: str, kind: str, detail: dict[str, Any], *resources: str) -> dict[str, Any]:
    """As EventBridge delivers an event."""
    return {
        "version": "0",
        "id": "e-1",
        "detail-type": kind,
        "source": source,
        "account": ACCOUNT,
        "time": "2026-01-01T12:00:00Z",
        "region": "eu-west-1",
        "resources": list(resources),
        "detail": detail,
    }


def by_rule(severity: str, happened: dict[str, Any], summary: str) -> str:
    """As a rule of module notifications puts an event on a topic."""
    return envelope(severity, {"summary": summary, "event": happened})


def release(kind: str, severity: str, text: str, **more: Any) -> str:
    detail = {
        "schema": 1,
        "id": f"20260101t120000-58bc/hello-api/{kind}",
        "kind": kind,
        "severity": severity,
        "text": text,
        "environment": "prod",
        "release_id": "20260101t120000-58bc",
        "at": "2026-01-01T12:00:00Z",
        "by": "alice (GitHub)",
        "commit": "0123456789abcdef0123456789abcdef01234567",
        **more,
    }
    return by_rule(severity, event("lockgate", "Lockgate Release Event", detail), text)


OF_SERVICE = {"service": "hello-api", "from_version": "3", "to_version": "4", "deployment_id": "d-1"}
WORSE = (
    "judge: worse: Errors: errors 8/8 against 0/89 in 1 minute; evidence 140,673 of 100 needed; version 4: "
    "15 errors in 15 requests (100.0 %); version 3: 0 errors in 144 requests (0.0 %)"
)
ALARM_STATE = {"value": "ALARM", "reason": REASON, "timestamp": SINCE}

SAMPLES: dict[str, str] = {
    "release-started": release(
        "started", "info", "hello-api: CodeDeploy d-1 started: v3 → v4.", **OF_SERVICE
    ),
    "release-rolled-back": release(
        "rolled_back",
        "warning",
        "hello-api: rolled back: version 3 serves everything.",
        reason=WORSE,
        tallies={"4": {"requests": 15, "errors": 15}, "3": {"requests": 144, "errors": 0}},
        **OF_SERVICE,
    ),
    "release-ended": release(
        "ended", "info", "Release 20260101t120000-58bc succeeded: hello-api.", status="succeeded"
    ),
    "release-break-glass": release(
        "break_glass",
        "critical",
        "alice releases hello-api although alarms are red.",
        reason="the alarm is about <orders> & nothing else",
    ),
    "alarm": envelope(
        "warning",
        {
            "AlarmName": "lockgate-prod-hello-api-live-error-rate",
            "AlarmDescription": "2 % or more of hello-api's requests failed.",
            "NewStateValue": "ALARM",
            "NewStateReason": REASON,
            "StateChangeTime": SINCE,
            "AlarmArn": ALARM,
            "OldStateValue": "OK",
        },
        'ALARM: "lockgate-prod-hello-api-live-error-rate" in EU (Ireland)',
    ),
    "alarm-over": envelope(
        "critical",
        {
            "AlarmName": "lockgate-prod-hello-api-live-backstop",
            "AlarmDescription": None,
            "NewStateValue": "OK",
            "NewStateReason": "Threshold Crossed: no datapoints were received.",
            "StateChangeTime": SINCE,
            "AlarmArn": ALARM.replace("error-rate", "backstop"),
        },
    ),
    "alarm-event": json.dumps(
        event(
            "aws.cloudwatch",
            "CloudWatch Alarm State Change",
            {
                "alarmName": "lockgate-prod-hello-api-live-error-rate",
                "state": ALARM_STATE,
                "previousState": {"value": "OK"},
                "configuration": {"description": "2 % or more of hello-api's requests failed."},
            },
            ALARM,
        )
    ),
    "deployment": envelope(
        "warning",
        {
            "region": "eu-west-1",
            "accountId": ACCOUNT,
            "eventTriggerName": "trouble",
            "applicationName": "lockgate-prod-hello-api",
            "deploymentId": "d-1",
            "deploymentGroupName": "live",
            "status": "STOPPED",
            "errorInformation": json.dumps(
                {"ErrorCode": "ALARM_ACTIVE", "ErrorMessage": "One or more alarms have been activated."}
            ),
        },
        "STOPPED: AWS CodeDeploy d-1 in eu-west-1 to lockgate-prod-hello-api",
    ),
    "deployment-event": json.dumps(
        event(
            "aws.codedeploy",
            "CodeDeploy Deployment State-change Notification",
            {
                "region": "eu-west-1",
                "application": "lockgate-prod-hello-api",
                "deploymentId": "d-1",
                "state": "STOP",
                "deploymentGroup": "live",
            },
        )
    ),
    "build": by_rule(
        "warning",
        event(
            "aws.codebuild",
            "CodeBuild Build State Change",
            {
                "build-status": "FAILED",
                "project-name": "lockgate-prod-build",
                "build-id": f"arn:aws:codebuild:eu-west-1:{ACCOUNT}:build/lockgate-prod-build:1",
                "additional-information": {
                    "initiator": "alice",
                    "logs": {"group-name": "/aws/codebuild/lockgate-prod-build", "stream-name": "1"},
                },
            },
        ),
        "A build of lockgate-prod-build ended: FAILED.",
    ),
    "break-glass-role": by_rule(
        "critical",
        event(
            "aws.sts",
            "AWS API Call via CloudTrail",
            {
                "eventID": "c-1",
                "eventName": "AssumeRole",
                "eventTime": "2026-01-01T12:00:00Z",
                "sourceIPAddress": "192.0.2.1",
                "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/alice"},
                "requestParameters": {
                    "roleArn": f"arn:aws:iam::{ACCOUNT}:role/lockgate-prod-break-glass",
                    "roleSessionName": "alice",
                },
            },
        ),
        "alice takes the role.",
    ),
    "another-event": by_rule(
        "info", event("aws.health", "AWS Health Event", {"service": "LAMBDA"}), "Lambda is slow."
    ),
    "text": envelope("warning", "What is this?\nNobody knows.", "prod: a question"),
    "garbage": "no JSON at all",
}
