"""Reading an AppSpec for Lambda (user guide, "AppSpec file example for an AWS Lambda deployment").

The names of its members are taken in any case: the user guide writes `hooks` and `Hooks`, and real
deployments with `name`, `alias`, `currentversion`, `targetversion` are on record (docs/fidelity.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

HOOKABLE = ("BeforeAllowTraffic", "AfterAllowTraffic")

_PROPERTIES = ("Name", "Alias", "CurrentVersion", "TargetVersion")


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


def load(content: str) -> dict[str, Any]:
    """The AppSpec as a mapping with lower-case keys, from YAML or JSON.

    Raises:
        AppSpecError: it is neither, or no mapping.
    """
    try:
        data: Any = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise AppSpecError(f"The AppSpec file is neither YAML nor JSON: {error}") from error
    if not isinstance(data, dict):
        raise AppSpecError("The AppSpec file is empty or not a mapping.")
    return _lower(data)


def read(content: str) -> AppSpec:
    """Reads an AppSpec.

    Raises:
        AppSpecError: it cannot be used.
    """
    fields = load(content)
    if str(fields.get("version")) not in ("0.0", "0"):
        raise AppSpecError(f"The version of the AppSpec file must be 0.0, not {fields.get('version')}.")
    properties = _properties(fields.get("resources"))
    missing = [name for name in _PROPERTIES if properties.get(name.lower()) in (None, "")]
    if missing:
        raise AppSpecError(f"The AppSpec file lacks {', '.join(missing)}.")
    function, alias, current, target = (str(properties[name.lower()]) for name in _PROPERTIES)
    return AppSpec(function, alias, current, target, _hooks(fields.get("hooks") or []))


def _properties(resources: Any) -> dict[str, Any]:
    if not isinstance(resources, list) or len(resources) != 1 or not isinstance(resources[0], dict):
        raise AppSpecError("The AppSpec file must have exactly one resource.")
    if len(resources[0]) != 1:
        raise AppSpecError("The AppSpec file must have exactly one resource.")
    (resource,) = resources[0].values()
    fields = _lower(resource) if isinstance(resource, dict) else {}
    if fields.get("type") != "AWS::Lambda::Function":
        raise AppSpecError("The resource of the AppSpec file must be of type AWS::Lambda::Function.")
    properties = fields.get("properties")
    return _lower(properties) if isinstance(properties, dict) else {}


def _hooks(entries: Any) -> dict[str, str]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise AppSpecError("The hooks of the AppSpec file must be a list of mappings.")
    hooks: dict[str, str] = {}
    for event, function in (item for entry in entries for item in entry.items()):
        if event not in HOOKABLE:
            raise AppSpecError(f"{event} is not a hook of a Lambda deployment: it has {', '.join(HOOKABLE)}.")
        if event in hooks:
            raise AppSpecError(f"The AppSpec file has more than one hook {event}.")
        hooks[event] = str(function)
    return hooks


def _lower(data: dict[Any, Any]) -> dict[str, Any]:
    return {str(key).lower(): value for key, value in data.items()}
