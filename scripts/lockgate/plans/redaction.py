"""Taking secrets out of a plan by the plan's own marks, before anything else sees it.

What `terraform show -json` writes has every value in plain text beside its marks (Terraform's documentation,
"JSON Output Format": before_sensitive, after_sensitive, sensitive_values, and `sensitive` of variables and
outputs). Only sections that are known here are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lockgate.errors import LockgateError
from lockgate.plans.secrets import MASK, MASK_CHANGED, Secrets

Json = dict[str, Any]

FORMAT = "1"
"""Major version of the format: within it, sections and keys are only added."""

UNREAD = "unread"
"""Key of a redacted plan: names of the sections that were left out since their marks are not known."""

_PLAIN = ("format_version", "terraform_version", "timestamp", "applyable", "complete", "errored")
_CHANGES = ("resource_changes", "resource_drift")
_KNOWN = {
    *_PLAIN,
    *_CHANGES,
    "checks",
    "configuration",
    "output_changes",
    "planned_values",
    "prior_state",
    "relevant_attributes",
    "variables",
}

_IDENTITY = (
    "address",
    "previous_address",
    "module_address",
    "mode",
    "type",
    "name",
    "index",
    "deposed",
    "deposed_key",
    "provider_name",
    "schema_version",
    "action_reason",
    "depends_on",
    "tainted",
)
"""What names a resource. Never masked: Terraform refuses sensitive values where addresses are made."""


@dataclass(frozen=True)
class Redacted:
    """A plan without secrets, and the secrets apart from it.

    Attributes:
        document: the plan, in Terraform's own format.
        secrets: what was taken out, for masking what Terraform says while it applies.
    """

    document: Json
    secrets: Secrets


def redact(shown: Json) -> Redacted:
    """Masks a plan.

    Args:
        shown: what `terraform show -json` wrote of it.

    Raises:
        LockgateError: its format is not known.
    """
    version = str(shown.get("format_version", ""))
    if version.split(".")[0] != FORMAT:
        raise LockgateError(
            f"Terraform wrote a plan in format {version or 'unknown'}; only {FORMAT}.x can be masked safely",
            hint="Take a Terraform of the version that `make setup` takes; see LOCKGATE_TERRAFORM.",
        )
    first = _Redactor(Secrets())
    first.plan(shown)
    secrets = Secrets.of(first.found)
    return Redacted(_Redactor(secrets).plan(shown), secrets)


class _Redactor:
    """Masks section by section, and notes what it masks.

    It goes over a plan twice: what the first pass finds marked in one place, the second masks in all.

    Args:
        secrets: what is masked where nothing marks it.
    """

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self.found: list[Any] = []

    def plan(self, shown: Json) -> Json:
        kept: Json = {key: shown[key] for key in _PLAIN if key in shown}
        configuration = shown.get("configuration", {})
        kept["variables"] = self._variables(shown.get("variables", {}), configuration)
        for key in _CHANGES:
            kept[key] = [self._resource_change(item) for item in shown.get(key, [])]
        outputs = shown.get("output_changes", {})
        kept["output_changes"] = {name: self._change(change) for name, change in outputs.items()}
        kept["planned_values"] = self._values(shown.get("planned_values", {}))
        if "prior_state" in shown:
            prior = shown["prior_state"]
            kept["prior_state"] = {key: prior[key] for key in _PLAIN if key in prior}
            kept["prior_state"]["values"] = self._values(prior.get("values", {}))
        kept["checks"] = [_check(item) for item in shown.get("checks", [])]
        kept["configuration"] = self._configuration(configuration)
        kept[UNREAD] = sorted(key for key in shown if key not in _KNOWN and shown[key])
        return kept

    def _variables(self, variables: Json, configuration: Json) -> Json:
        """A variable that the configuration does not know is taken for a secret."""
        declared = configuration.get("root_module", {}).get("variables", {})
        return {
            name: {"value": self._safe(given.get("value"), _is_secret(declared.get(name)))}
            for name, given in variables.items()
        }

    def _resource_change(self, item: Json) -> Json:
        return _identity(item) | {"change": self._change(item["change"])}

    def _change(self, change: Json) -> Json:
        """What either side marks is masked on both: what becomes a secret now was one before."""
        marks = (change.get("before_sensitive", False), change.get("after_sensitive", False))
        before, after = change.get("before"), change.get("after")
        scrubbed = self._secrets.scrubbed
        kept: Json = {
            "actions": change["actions"],
            "before": self._safe(before, *marks),
            "after": self._safe(after, *marks),
            "after_unknown": scrubbed(change.get("after_unknown", False)),
            "before_sensitive": scrubbed(marks[0]),
            "after_sensitive": scrubbed(marks[1]),
        }
        if before is not None:
            kept["after"] = _told_apart(before, after, kept["after"])
        if "replace_paths" in change:
            kept["replace_paths"] = [scrubbed(_names(path)) for path in change["replace_paths"]]
        if change.get("importing"):
            kept["importing"] = {"id": scrubbed(change["importing"].get("id", ""))}
        return kept

    def _values(self, values: Json) -> Json:
        kept: Json = {"outputs": {}}
        for name, output in values.get("outputs", {}).items():
            secret = output.get("sensitive", True)
            kept["outputs"][name] = {"sensitive": secret, "value": self._safe(output.get("value"), secret)}
        if "root_module" in values:
            kept["root_module"] = self._module(values["root_module"])
        return kept

    def _module(self, module: Json) -> Json:
        kept: Json = {"address": module["address"]} if "address" in module else {}
        kept["resources"] = [
            _identity(item)
            | {
                "values": self._safe(item.get("values"), item.get("sensitive_values", False)),
                "sensitive_values": self._secrets.scrubbed(item.get("sensitive_values", {})),
            }
            for item in module.get("resources", [])
        ]
        kept["child_modules"] = [self._module(child) for child in module.get("child_modules", [])]
        return kept

    def _configuration(self, node: Any) -> Any:
        """Without what stands in it as a literal: which of these a provider takes for a secret is marked
        elsewhere, and whoever may see them reads the sources."""
        if isinstance(node, list):
            return [self._configuration(item) for item in node]
        if not isinstance(node, dict):
            return node
        hidden = {"constant_value"} & set(node)
        if "default" in node and _is_secret(node):
            hidden |= {"default"}
            self.found.append(node["default"])
        kept = {key: MASK if key in hidden else self._configuration(item) for key, item in node.items()}
        if "default" in kept:
            kept["default"] = self._secrets.scrubbed(kept["default"])
        return kept

    def _safe(self, value: Any, *marks: Any) -> Any:
        """A value without what any of these marks, and without secrets that are marked elsewhere."""
        for each in marks:
            value = self._masked(value, each)
        return self._secrets.scrubbed(value)

    def _masked(self, value: Any, marks: Any) -> Any:
        """A value with a mask for each part that is marked.

        Marks have the shape of the value: True for what is sensitive as a whole, else a map or a list of
        marks. Where the shapes differ, all of the value is masked if any part is marked.
        """
        if value is None or value == MASK or not _any(marks):
            return value
        if isinstance(value, dict) and isinstance(marks, dict):
            return {key: self._masked(item, marks.get(key, False)) for key, item in value.items()}
        if isinstance(value, list) and isinstance(marks, list):
            padded = [*marks, *[False] * (len(value) - len(marks))]
            return [self._masked(item, mark) for item, mark in zip(value, padded, strict=False)]
        self.found.append(value)
        return MASK


def _identity(item: Json) -> Json:
    return {key: item[key] for key in _IDENTITY if key in item}


def _check(item: Json) -> Json:
    """Without its messages, which quote values."""
    return {"address": item.get("address", {}).get("to_display", ""), "status": item.get("status", "unknown")}


def _is_secret(declared: Json | None) -> bool:
    return declared is None or bool(declared.get("sensitive") or declared.get("ephemeral"))


def _any(marks: Any) -> bool:
    if isinstance(marks, dict):
        return any(map(_any, marks.values()))
    return any(map(_any, marks)) if isinstance(marks, list) else bool(marks)


def _names(path: list[Any]) -> list[Any]:
    """A path up to where it stops being names and positions: members of sets are named by their values."""
    kept: list[Any] = []
    for step in path:
        if not isinstance(step, str | int):
            break
        kept.append(step)
    return kept


def _told_apart(before: Any, after: Any, masked: Any) -> Any:
    """The masked new value, with another mask where it differs from the old one."""
    if isinstance(masked, str):
        return masked if before == after else masked.replace(MASK, MASK_CHANGED)
    if isinstance(masked, dict) and isinstance(after, dict):
        old = before if isinstance(before, dict) else {}
        return {key: _told_apart(old.get(key), after.get(key), item) for key, item in masked.items()}
    if isinstance(masked, list) and isinstance(after, list):
        old_items = before if isinstance(before, list) else []
        padded = [*old_items, *[None] * (len(after) - len(old_items))]
        return [_told_apart(old, new, item) for old, new, item in zip(padded, after, masked, strict=False)]
    return masked
