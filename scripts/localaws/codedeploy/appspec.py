"""Reading an AppSpec for Lambda (user guide, "AppSpec file example for an AWS Lambda deployment")."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from localaws.codedeploy.model import HOOKABLE


class AppSpecError(Exception):
    """The AppSpec is not one for Lambda; says why."""


@dataclass(frozen=True)
class AppSpec:
    """What an AppSpec says; versions are published ones, hooks map an event to a function."""

    function: str
    alias: str
    current_version: str
    target_version: str
    hooks: dict[str, str] = field(default_factory=dict)


def read(content: str) -> AppSpec:
    """Reads an AppSpec in YAML or JSON.

    Raises:
        AppSpecError: it cannot be used.
    """
    try:
        data: Any = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise AppSpecError(f"The AppSpec file is neither YAML nor JSON: {error}") from error
    if not isinstance(data, dict):
        raise AppSpecError("The AppSpec file is empty or not a mapping.")
    fields = {str(key).lower(): value for key, value in data.items()}
    if str(fields.get("version")) not in ("0.0", "0"):
        raise AppSpecError("The version of the AppSpec file must be 0.0.")
    properties = _properties(fields.get("resources"))
    missing = [key for key in ("Name", "Alias", "CurrentVersion", "TargetVersion") if not properties.get(key)]
    if missing:
        raise AppSpecError(f"The AppSpec file lacks {', '.join(missing)}.")
    return AppSpec(
        function=str(properties["Name"]),
        alias=str(properties["Alias"]),
        current_version=str(properties["CurrentVersion"]),
        target_version=str(properties["TargetVersion"]),
        hooks=_hooks(fields.get("hooks") or []),
    )


def _properties(resources: Any) -> dict[str, Any]:
    if not isinstance(resources, list) or len(resources) != 1 or not isinstance(resources[0], dict):
        raise AppSpecError("The AppSpec file must have exactly one resource.")
    (resource,) = resources[0].values()
    if not isinstance(resource, dict) or resource.get("Type") != "AWS::Lambda::Function":
        raise AppSpecError("The resource of the AppSpec file must be of type AWS::Lambda::Function.")
    properties = resource.get("Properties")
    return properties if isinstance(properties, dict) else {}


def _hooks(entries: Any) -> dict[str, str]:
    hooks: dict[str, str] = {}
    for entry in entries if isinstance(entries, list) else []:
        for event, function in entry.items():
            if event not in HOOKABLE:
                raise AppSpecError(f"{event} is not a hook of a Lambda deployment.")
            hooks[event] = str(function)
    return hooks
