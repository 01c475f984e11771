"""Reading an AppSpec for Lambda (user guide, "AppSpec file example for an AWS Lambda deployment").

The names of its members are taken in any case: the user guide writes `hooks` and `Hooks`, and real
deployments with `name`, `alias`, `currentversion`, `targetversion` are on record (docs/fidelity.md).
"""

from __future__ import annotations

from collections.abc import Sequence
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
    return lower(data)


def read(content: str) -> AppSpec:
    """Reads an AppSpec.

    Raises:
        AppSpecError: it cannot be used.
    """
    fields = load(content)
    properties = properties_of(fields, "AWS::Lambda::Function")
    require(properties, _PROPERTIES)
    function, alias, current, target = (str(properties[name.lower()]) for name in _PROPERTIES)
    return AppSpec(function, alias, current, target, hooks_of(fields, HOOKABLE, "Lambda"))


def require(properties: dict[str, Any], names: Sequence[str]) -> None:
    """Looks for properties that have to be there.

    Raises:
        AppSpecError: some are not.
    """
    missing = [name for name in names if properties.get(name.lower()) in (None, "", {})]
    if missing:
        raise AppSpecError(f"The AppSpec file lacks {', '.join(missing)}.")


def properties_of(fields: dict[str, Any], kind: str) -> dict[str, Any]:
    """The properties of the one resource, with lower-case names.

    Args:
        fields: what `load` gave.
        kind: type of the resource, such as "AWS::Lambda::Function".

    Raises:
        AppSpecError: the version is not 0.0, or there is no such resource.
    """
    if str(fields.get("version")) not in ("0.0", "0"):
        raise AppSpecError(f"The version of the AppSpec file must be 0.0, not {fields.get('version')}.")
    resources = fields.get("resources")
    if not isinstance(resources, list) or len(resources) != 1 or not isinstance(resources[0], dict):
        raise AppSpecError("The AppSpec file must have exactly one resource.")
    if len(resources[0]) != 1:
        raise AppSpecError("The AppSpec file must have exactly one resource.")
    (resource,) = resources[0].values()
    members = lower(resource) if isinstance(resource, dict) else {}
    if members.get("type") != kind:
        raise AppSpecError(f"The resource of the AppSpec file must be of type {kind}.")
    properties = members.get("properties")
    return lower(properties) if isinstance(properties, dict) else {}


def hooks_of(fields: dict[str, Any], hookable: Sequence[str], platform: str) -> dict[str, str]:
    """Functions by event.

    Raises:
        AppSpecError: an event has no hooks on this platform, or more than one.
    """
    entries = fields.get("hooks") or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise AppSpecError("The hooks of the AppSpec file must be a list of mappings.")
    hooks: dict[str, str] = {}
    for event, function in (item for entry in entries for item in entry.items()):
        if event not in hookable:
            raise AppSpecError(
                f"{event} is not a hook of a deployment to {platform}: it has {', '.join(hookable)}."
            )
        if event in hooks:
            raise AppSpecError(f"The AppSpec file has more than one hook {event}.")
        hooks[event] = str(function)
    return hooks


def lower(data: dict[Any, Any]) -> dict[str, Any]:
    """The same with lower-case keys."""
    return {str(key).lower(): value for key, value in data.items()}
