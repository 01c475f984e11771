"""What has happened, from whichever way it came: a topic's envelope, or an event of a bus."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SEVERITIES = ("info", "warning", "critical")

_CRITICAL_ALARMS = ("-backstop", "-dead-letters")
"""Ends of the names of alarms that are published as critical; an alarm's event does not say that."""

_STATES = {
    "CREATED": "START",
    "SUCCEEDED": "SUCCESS",
    "FAILED": "FAILURE",
    "STOPPED": "STOP",
    "IN_PROGRESS": "ROLLBACK",
}
"""Statuses of CodeDeploy's triggers as states of its events; only roll-backs have sent IN_PROGRESS."""

_WORDS = {
    "START": "has started",
    "SUCCESS": "has succeeded",
    "FAILURE": "has failed",
    "STOP": "was stopped",
    "ROLLBACK": "is being rolled back",
    "READY": "waits to move traffic",
}


@dataclass(frozen=True)
class Message:
    """Something to tell.

    Attributes:
        key: the same for the same thing, whichever way and however often it comes.
        severity: info, warning or critical.
        title: one line.
        text: why, over several lines maybe.
        facts: names and values.
        resolved: whether it says that something is over.
        event: everything, as it came.
    """

    key: str
    severity: str
    title: str
    text: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    resolved: bool = False
    event: dict[str, Any] = field(default_factory=dict)


def message_of(body: str, message_id: str) -> Message:
    """The message in the body of a queue's message; whatever it is, it makes one.

    Args:
        body: SNS's envelope, or an event of EventBridge.
        message_id: the queue's id, for what has none of its own.
    """
    found = _object(body)
    if found.get("Type") == "Notification":
        return _of_topic(found)
    if "detail-type" in found:
        return _of_event(found)
    return Message(key=message_id, severity="info", title="A message", text=body)


def _of_topic(envelope: dict[str, Any]) -> Message:
    severity = str(envelope.get("TopicArn", "")).rpartition("-")[2]
    severity = severity if severity in SEVERITIES else "info"
    text = str(envelope.get("Message", ""))
    found = _object(text)
    if isinstance(found.get("event"), dict):
        return _of_event(found["event"], severity, str(found.get("summary") or ""))
    if "AlarmName" in found:
        return _alarm_of_topic(found, severity)
    if "eventTriggerName" in found:
        return _deployment_of_trigger(found, severity)
    title = str(envelope.get("Subject") or text.partition("\n")[0])
    return Message(
        str(envelope.get("MessageId", title)), severity, title, text, event={"message": found or text}
    )


def _of_event(event: dict[str, Any], severity: str | None = None, summary: str = "") -> Message:
    makers: dict[str, Callable[[dict[str, Any], str | None], Message]] = {
        "Lockgate Release Event": _release,
        "CloudWatch Alarm State Change": _alarm,
        "CodeDeploy Deployment State-change Notification": _deployment,
        "CodeBuild Build State Change": _build,
        "AWS API Call via CloudTrail": _call,
    }
    kind = str(event.get("detail-type"))
    if kind in makers and isinstance(event.get("detail"), dict):
        return makers[kind](event, severity)
    title = summary or f"{event.get('source')}: {kind}"
    return Message(f"event/{event.get('id')}", severity or "info", title, event=event)


def _release(event: dict[str, Any], severity: str | None) -> Message:
    detail = event["detail"]
    versions = [str(detail[name]) for name in ("from_version", "to_version") if detail.get(name)]
    tallies = [
        f"version {version}: {counts.get('errors', 0)} errors in {counts.get('requests', 0)} requests"
        for version, counts in (detail.get("tallies") or {}).items()
    ]
    return Message(
        key=f"release/{detail.get('id')}",
        severity=severity or str(detail.get("severity", "info")),
        title=str(detail.get("text")),
        text=str(detail.get("reason") or ""),
        facts=_facts(
            ("Environment", detail.get("environment")),
            ("Service", detail.get("service")),
            ("Versions", " → ".join(versions)),
            ("Requests", "; ".join(tallies)),
            ("Release", detail.get("release_id")),
            ("Commit", str(detail.get("commit") or "")[:12]),
            ("By", detail.get("by")),
        ),
        resolved=detail.get("status") == "succeeded",
        event=event,
    )


def _alarm_of_topic(found: dict[str, Any], severity: str) -> Message:
    state, since = str(found.get("NewStateValue")), str(found.get("StateChangeTime"))
    arn, name = str(found.get("AlarmArn")), str(found["AlarmName"])
    words = (str(found.get("NewStateReason") or ""), str(found.get("AlarmDescription") or ""))
    return _alarm_message(arn, name, state, since, words, severity, found)


def _alarm(event: dict[str, Any], severity: str | None) -> Message:
    detail = event["detail"]
    name, state = str(detail.get("alarmName")), detail.get("state") or {}
    arn = str((event.get("resources") or [name])[0])
    if severity is None:
        severity = "critical" if name.endswith(_CRITICAL_ALARMS) else "warning"
        severity = "info" if state.get("value") == "INSUFFICIENT_DATA" else severity
    words = (
        str(state.get("reason") or ""),
        str((detail.get("configuration") or {}).get("description") or ""),
    )
    return _alarm_message(
        arn, name, str(state.get("value")), str(state.get("timestamp")), words, severity, event
    )


def _alarm_message(
    arn: str, name: str, state: str, since: str, words: tuple[str, str], severity: str, event: dict[str, Any]
) -> Message:
    reason, description = words
    return Message(
        # To the second: that SNS and EventBridge write the same milliseconds is not documented.
        key=f"alarm/{arn}/{state}/{since[:19]}",
        severity=severity,
        title=f"{state}: alarm {name}",
        text=reason,
        facts=_facts(("What it means", description), ("Since", since)),
        resolved=state == "OK",
        event=event,
    )


def _deployment_of_trigger(found: dict[str, Any], severity: str) -> Message:
    status = str(found.get("status"))
    problem = _object(str(found.get("errorInformation") or "")).get("ErrorMessage")
    state = _STATES.get(status, status)
    return _deployment_message(
        str(found.get("applicationName")),
        str(found.get("deploymentId")),
        state,
        str(problem or ""),
        severity,
        found,
    )


def _deployment(event: dict[str, Any], severity: str | None) -> Message:
    detail = event["detail"]
    state = str(detail.get("state"))
    bad = state in ("FAILURE", "STOP")
    return _deployment_message(
        str(detail.get("application")),
        str(detail.get("deploymentId")),
        state,
        "",
        severity or ("warning" if bad else "info"),
        event,
    )


def _deployment_message(
    application: str, deployment_id: str, state: str, problem: str, severity: str, event: dict[str, Any]
) -> Message:
    return Message(
        key=f"deployment/{deployment_id}/{state}",
        severity=severity,
        title=f"CodeDeploy {deployment_id} of {application} {_WORDS.get(state, state)}",
        text=problem,
        resolved=state == "SUCCESS",
        event=event,
    )


def _build(event: dict[str, Any], severity: str | None) -> Message:
    detail = event["detail"]
    status = str(detail.get("build-status"))
    build = str(detail.get("build-id")).rpartition("/")[2]
    logs = (detail.get("additional-information") or {}).get("logs") or {}
    return Message(
        key=f"build/{build}/{status}",
        severity=severity or "warning",
        title=f"Build {build} ended: {status}",
        facts=_facts(
            ("Started by", (detail.get("additional-information") or {}).get("initiator")),
            ("Log", " ".join(str(logs[name]) for name in ("group-name", "stream-name") if name in logs)),
        ),
        event=event,
    )


def _call(event: dict[str, Any], severity: str | None) -> Message:
    detail = event["detail"]
    asked, identity = detail.get("requestParameters") or {}, detail.get("userIdentity") or {}
    who = identity.get("arn") or identity.get("principalId") or identity.get("type") or "somebody"
    problem = detail.get("errorCode")
    return Message(
        key=f"call/{detail.get('eventID') or event.get('id')}",
        severity=severity or "critical",
        title=f"{who} {'tried to take' if problem else 'takes'} the role {asked.get('roleArn')}",
        text=str(detail.get("errorMessage") or problem or ""),
        facts=_facts(
            ("Session", asked.get("roleSessionName")),
            ("From", detail.get("sourceIPAddress")),
            ("At", detail.get("eventTime")),
        ),
        event=event,
    )


def _facts(*pairs: tuple[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in pairs if value)


def _object(text: str) -> dict[str, Any]:
    """A JSON object, or an empty one where the text is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
