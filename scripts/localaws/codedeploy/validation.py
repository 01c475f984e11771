"""CodeDeploy's own errors for names, ids and lists, before the general checks of the service model.

Limits: user guide, "CodeDeploy quotas". Characters: the same. Each error is used only where the service
model has it for the operation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from localaws.wire import ServiceError
from localaws.wire.model import service_model

MAX_ALARMS = 10
MAX_TRIGGERS = 10
MAX_DESCRIPTION = 256

_NAME = re.compile(r"[A-Za-z0-9._+=,@-]{1,100}")
_DEPLOYMENT_ID = re.compile(r"d-[A-Z0-9]{9}")
_ROLLBACK_EVENTS = ("DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST")


@dataclass(frozen=True)
class _Rule:
    """Errors of one member: where it is missing, and where it is not of its form."""

    required: str
    invalid: str | None = None
    form: re.Pattern[str] | None = None


_APPLICATION = _Rule("ApplicationNameRequiredException", "InvalidApplicationNameException", _NAME)
_GROUP = _Rule("DeploymentGroupNameRequiredException", "InvalidDeploymentGroupNameException", _NAME)

_RULES = {
    "applicationName": _APPLICATION,
    "newApplicationName": _APPLICATION,
    "deploymentGroupName": _GROUP,
    "currentDeploymentGroupName": _GROUP,
    "newDeploymentGroupName": _GROUP,
    "deploymentConfigName": _Rule(
        "DeploymentConfigNameRequiredException", "InvalidDeploymentConfigNameException", _NAME
    ),
    "deploymentId": _Rule("DeploymentIdRequiredException", "InvalidDeploymentIdException", _DEPLOYMENT_ID),
    "deploymentIds": _Rule("DeploymentIdRequiredException"),
    "applicationNames": _Rule("ApplicationNameRequiredException"),
    "targetId": _Rule("DeploymentTargetIdRequiredException"),
    "targetIds": _Rule("DeploymentTargetIdRequiredException"),
    "serviceRoleArn": _Rule("RoleRequiredException"),
    "ResourceArn": _Rule("ResourceArnRequiredException"),
    "Tags": _Rule("TagRequiredException"),
    "revision": _Rule("RevisionRequiredException"),
}

_NEEDED_BY_CODEDEPLOY = {
    "StopDeployment": ("deploymentId",),
    "ContinueDeployment": ("deploymentId",),
    "PutLifecycleEventHookExecutionStatus": ("deploymentId",),
    "UpdateApplication": ("applicationName",),
    "BatchGetDeploymentTargets": ("deploymentId", "targetIds"),
}
"""Members that the model calls optional, though the service needs them."""


def check_names(operation: str, params: dict[str, Any]) -> None:
    """Refuses missing and misspelt names with the service's own errors.

    Raises:
        ServiceError: one of the operation's errors.
    """
    model = service_model("codedeploy").operation_model(operation)
    if model.input_shape is None:
        return
    errors = {shape.name for shape in model.error_shapes}
    needed = [*model.input_shape.required_members, *_NEEDED_BY_CODEDEPLOY.get(operation, ())]
    for member, rule in _RULES.items():
        if member not in model.input_shape.members:
            continue
        value = params.get(member)
        if member in needed and not value and rule.required in errors:
            raise ServiceError(rule.required, f"{member} is missing")
        badly_formed = isinstance(value, str) and rule.form and value and not rule.form.fullmatch(value)
        if badly_formed and rule.invalid in errors:
            raise ServiceError(str(rule.invalid), f"{member} is not valid: {value}")


def check_alarms(configuration: dict[str, Any] | None) -> None:
    """An alarm configuration (API reference, AlarmConfiguration).

    Raises:
        ServiceError: too many alarms, a name twice or missing, or none where it is enabled.
    """
    if configuration is None:
        return
    names = [alarm.get("name") for alarm in configuration.get("alarms") or []]
    if len(names) > MAX_ALARMS:
        raise ServiceError(
            "AlarmsLimitExceededException", f"A deployment group can have at most {MAX_ALARMS} alarms."
        )
    invalid = "InvalidAlarmConfigException"
    if any(not name or len(name) > 255 for name in names):
        raise ServiceError(invalid, "The name of an alarm must have 1 to 255 characters.")
    if len(set(names)) < len(names):
        raise ServiceError(invalid, "An alarm can be named only once.")
    if configuration.get("enabled") and not names:
        raise ServiceError(invalid, "An enabled alarm configuration must have at least one alarm.")


def check_rollback(configuration: dict[str, Any] | None) -> None:
    """A rollback configuration (API reference, AutoRollbackConfiguration).

    Raises:
        ServiceError: an unknown event, or none where it is enabled.
    """
    if configuration is None:
        return
    events = configuration.get("events") or []
    unknown = [event for event in events if event not in _ROLLBACK_EVENTS]
    if unknown:
        raise ServiceError(
            "InvalidAutoRollbackConfigException", f"{unknown[0]} is not an event that can start a rollback."
        )
    if configuration.get("enabled") and not events:
        raise ServiceError(
            "InvalidAutoRollbackConfigException",
            "An enabled automatic rollback must have at least one event.",
        )


def check_triggers(triggers: list[dict[str, Any]] | None) -> None:
    """Trigger configurations (API reference, TriggerConfig).

    Raises:
        ServiceError: too many, a name twice or missing, a target that is no topic, or an unknown event.
    """
    triggers = triggers or []
    if len(triggers) > MAX_TRIGGERS:
        raise ServiceError(
            "TriggerTargetsLimitExceededException",
            f"A deployment group can have at most {MAX_TRIGGERS} triggers.",
        )
    invalid = "InvalidTriggerConfigException"
    names = [trigger.get("triggerName") for trigger in triggers]
    if not all(names) or len(set(names)) < len(names):
        raise ServiceError(invalid, "Each trigger must have a name of its own.")
    allowed = service_model("codedeploy").shape_for("TriggerEventType").enum  # type: ignore[attr-defined]
    for trigger in triggers:
        if not str(trigger.get("triggerTargetArn", "")).startswith("arn:"):
            raise ServiceError(invalid, f"The target of {trigger['triggerName']} must be the ARN of a topic.")
        events = trigger.get("triggerEvents") or []
        if not events or any(event not in allowed for event in events):
            raise ServiceError(invalid, f"The events of {trigger['triggerName']} must be of {allowed}.")


def check_style(style: dict[str, Any] | None) -> None:
    """The deployment style of a Lambda or ECS group (user guide, "Overview of CodeDeploy deployment types":
    they are blue/green, with traffic control).

    Raises:
        ServiceError: it is another one.
    """
    wanted = {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
    if style and {**wanted, **style} != wanted:
        raise ServiceError(
            "InvalidDeploymentStyleException",
            "For Lambda and ECS the deployment type must be BLUE_GREEN and the option WITH_TRAFFIC_CONTROL.",
        )


def check_role(role: str | None) -> None:
    """The service role.

    Raises:
        ServiceError: it is not the ARN of a role.
    """
    if role is not None and not re.fullmatch(r"arn:[^:]+:iam::\d{12}:role/.+", role):
        raise ServiceError("InvalidRoleException", f"{role} is not the ARN of a role.")
