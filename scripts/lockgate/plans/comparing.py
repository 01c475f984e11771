"""Comparing two plans by what they would do, whatever they look like."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.plans.model import Attribute, Change, Output, Plan
from lockgate.plans.secrets import MASK, MASK_CHANGED


def compare(reviewed: Plan, now: Plan) -> list[str]:
    """How a plan differs from the one that was reviewed: other actions, or other values; a sentence each.

    What only Terraform says beside that (its version, its reasons, drift that the plan leaves alone) makes no
    difference. Whether a secret changes is compared, its value cannot be: no plan that is kept has it.
    """
    return [*_changes(reviewed, now), *_outputs(reviewed, now)]


def uncompared(plan: Plan) -> int:
    """Number of values that are secrets, and so cannot be compared."""
    values = [
        value for change in plan.changes for one in change.attributes for value in (one.before, one.after)
    ]
    return sum(1 for value in values if MASK in value or MASK_CHANGED in value)


def _changes(reviewed: Plan, now: Plan) -> Iterator[str]:
    before = {change.name: change for change in reviewed.changes}
    after = {change.name: change for change in now.changes}
    for name in sorted({*before, *after}):
        one, other = before.get(name), after.get(name)
        if one is None and other is not None:
            yield f"{name}: to {other.action}, which was not in the reviewed plan"
        elif other is None and one is not None:
            yield f"{name}: reviewed as to {one.action}, and nothing is done to it now"
        elif one is not None and other is not None:
            yield from _change(one, other)


def _change(one: Change, other: Change) -> Iterator[str]:
    if one.action is not other.action:
        yield f"{one.name}: reviewed as to {one.action}, now to {other.action}"
        return
    for attribute, words in (("previous_address", "moved from"), ("import_id", "imported from")):
        was, is_ = getattr(one, attribute), getattr(other, attribute)
        if was != is_:
            yield f"{one.name}: reviewed as {words} {was or 'nowhere'}, now from {is_ or 'nowhere'}"
    before = {attribute.path: attribute for attribute in one.attributes}
    after = {attribute.path: attribute for attribute in other.attributes}
    for path in sorted({*before, *after}):
        if before.get(path) != after.get(path):
            yield f"{one.name}: {path}: reviewed as {_said(before.get(path))}, now {_said(after.get(path))}"


def _outputs(reviewed: Plan, now: Plan) -> Iterator[str]:
    before = {output.name: output for output in reviewed.outputs}
    after = {output.name: output for output in now.outputs}
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield f"output {name}: reviewed as {_said(before.get(name))}, now {_said(after.get(name))}"


def _said(value: Attribute | Output | None) -> str:
    return "unchanged" if value is None else f"{value.before} → {value.after}"
