"""Reading a redacted plan into the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lockgate.errors import LockgateError
from lockgate.plans.declared import declared_of
from lockgate.plans.differences import differences, written
from lockgate.plans.keeping import lost_with
from lockgate.plans.model import UNKNOWN, Action, Attribute, Change, Output, Plan
from lockgate.plans.redaction import UNREAD, Redacted

_ACTIONS: Mapping[tuple[str, ...], Action | None] = {
    ("no-op",): None,
    ("read",): Action.READ,
    ("create",): Action.CREATE,
    ("update",): Action.UPDATE,
    ("delete",): Action.DESTROY,
    ("forget",): Action.FORGET,
    ("delete", "create"): Action.REPLACE,
    ("create", "delete"): Action.REPLACE,
    ("create", "forget"): Action.REPLACE,
}
"""Terraform's documentation, "JSON Output Format", Change Representation."""

_REASONS = {
    "replace_because_tainted": "an earlier apply left it half made (tainted)",
    "replace_because_cannot_update": "",
    "replace_by_request": "asked for with -replace",
    "replace_by_triggers": "something named in replace_triggered_by changes",
    "delete_because_no_resource_config": "nothing declares it any more",
    "delete_because_no_module": "nothing declares its module any more",
    "delete_because_no_move_target": "it was moved to an address that nothing declares",
    "delete_because_wrong_repetition": "it gets count or for_each, or loses it",
    "delete_because_count_index": "count is smaller than its number",
    "delete_because_each_key": "for_each has its key no more",
    "read_because_config_unknown": "its arguments are known after apply",
    "read_because_dependency_pending": "what it depends on changes",
    "read_because_check_nested": "a check reads it",
}


def read_plan(redacted: Redacted) -> Plan:
    """The plan as a model.

    Raises:
        LockgateError: it has an action that is not known.
    """
    shown = redacted.document
    changes = [_change(item) for item in shown["resource_changes"]]
    configuration = shown.get("configuration", {})
    drift = [_drifted(item, configuration) for item in shown["resource_drift"]]
    outputs = [_output(name, change) for name, change in sorted(shown["output_changes"].items())]
    return Plan(
        terraform_version=str(shown.get("terraform_version", "")),
        changes=_ranked(changes),
        drift=_ranked(drift),
        outputs=tuple(output for output in outputs if output is not None),
        failed_checks=tuple(
            check["address"] for check in shown["checks"] if check["status"] not in ("pass", "unknown")
        ),
        unread=tuple(shown[UNREAD]),
        errored=bool(shown.get("errored", False)),
    )


def _ranked(changes: list[Change | None]) -> tuple[Change, ...]:
    return tuple(sorted((change for change in changes if change is not None), key=lambda change: change.rank))


def _change(item: dict[str, Any]) -> Change | None:
    change = item["change"]
    action = _action(item)
    if action is None:
        return None
    return Change(
        address=item["address"],
        type=item["type"],
        action=action,
        attributes=_attributes(action, change),
        forced_by=tuple(sorted(_dotted(path) for path in change.get("replace_paths", []))),
        reason=_REASONS.get(item.get("action_reason", ""), item.get("action_reason", "")),
        loses=lost_with(item["type"], change["before"]) if "delete" in change["actions"] else None,
        previous_address=item.get("previous_address"),
        import_id=change.get("importing", {}).get("id"),
        deposed=item.get("deposed"),
        creates_first=change["actions"][0] == "create" and action is Action.REPLACE,
    )


def _drifted(item: dict[str, Any], configuration: Mapping[str, Any]) -> Change | None:
    change = _change(item)
    return change and replace(change, declared=declared_of(configuration, change.address))


def _action(item: dict[str, Any]) -> Action | None:
    actions = tuple(item["change"]["actions"])
    if actions not in _ACTIONS:
        raise LockgateError(
            f"{item['address']}: Terraform plans {' and '.join(actions)}, which is not known here",
            hint="Take a Terraform of the version that `make setup` takes; see LOCKGATE_TERRAFORM.",
        )
    action = _ACTIONS[actions]
    if action is not None:
        return action
    if "importing" in item["change"]:
        return Action.IMPORT
    return Action.MOVE if "previous_address" in item else None


def _attributes(action: Action, change: dict[str, Any]) -> tuple[Attribute, ...]:
    """A resource that goes is named by its address; what it was is not listed."""
    if action in (Action.DESTROY, Action.FORGET):
        return ()
    return differences(change["before"] or {}, change["after"] or {}, change["after_unknown"])


def _output(name: str, change: dict[str, Any]) -> Output | None:
    if change["actions"] == ["no-op"]:
        return None
    unknown = change["after_unknown"]
    return Output(name, written(change["before"]), UNKNOWN if unknown is True else written(change["after"]))


def _dotted(path: list[str | int]) -> str:
    parts = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in path]
    return "".join(parts).removeprefix(".")
