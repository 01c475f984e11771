"""What a summary lists, in its order: the same for every form that it is written in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lockgate.plans.by_hand import by_hand
from lockgate.plans.model import UNKNOWN, Action, Attribute, Change, Plan

_VALUE = 300
"""Characters of a value that are shown: enough for a name or an ARN, and a script is looked at elsewhere."""

_ATTRIBUTES = 40
"""Attributes of a change that are shown."""

LOSING = "Destroys what cannot be made again"
OUTSIDE = "Changed outside of Terraform, and set back"

_TITLES = {
    Action.DESTROY: "Destroy",
    Action.REPLACE: "Replace",
    Action.FORGET: "Leave to itself",
    Action.UPDATE: "Update",
    Action.CREATE: "Create",
    Action.IMPORT: "Take over",
    Action.MOVE: "Move in the state",
    Action.READ: "Read while applying",
}

_VERBS = {action: f"to {action}" for action in Action} | {Action.FORGET: "to leave to themselves"}


@dataclass(frozen=True)
class Entry:
    """One thing that changes.

    Attributes:
        section: title of what it belongs to.
        name: its address.
        remark: what a reviewer has to know beside that; may be empty.
        lines: what differs, a line each, beginning with - or +.
    """

    section: str
    name: str
    remark: str
    lines: tuple[str, ...]


def headline(plan: Plan) -> str:
    """`1 to destroy, 3 to update`, or that nothing changes."""
    counts = [(len(plan.of(action)), _VERBS[action]) for action in Action if action is not Action.READ]
    words = [f"{count} {verb}" for count, verb in counts if count]
    if plan.outputs:
        words.append(f"{len(plan.outputs)} output{'s' if len(plan.outputs) > 1 else ''}")
    return ", ".join(words) or "nothing to change"


def warnings(plan: Plan) -> list[str]:
    """What a reviewer must not overlook."""
    found = []
    if plan.losing:
        found.append(
            f"{len(plan.losing)} would destroy what cannot be made again, which needs an approval of its own "
            "for each: --approve-destroy ADDRESS"
        )
    if plan.errored:
        found.append("Terraform could not plan to the end: this cannot be applied")
    if plan.failed_checks:
        found.append(f"checks that do not hold: {', '.join(plan.failed_checks)}")
    if plan.unread:
        found.append(f"Terraform's plan has parts that are not shown here: {', '.join(plan.unread)}")
    return found


def entries(plan: Plan) -> Iterator[Entry]:
    """Everything that changes, the most dangerous first."""
    for change in plan.losing:
        yield Entry(
            LOSING, change.name, f"{change.action}: loses {change.loses}{_why(change)}", _lines(change)
        )
    for action in Action:
        for change in plan.of(action):
            if change.loses is None:
                yield Entry(_TITLES[action], change.name, _why(change).removeprefix("; "), _lines(change))
    for output in plan.outputs:
        yield Entry(
            "Outputs", output.name, "", _both(Attribute(output.name, output.before, output.after), "")
        )
    for change in by_hand(plan):
        what = "gone" if change.action is Action.DESTROY else "changed"
        yield Entry(OUTSIDE, change.name, what, _lines(change))


def _why(change: Change) -> str:
    reasons = [change.reason] if change.reason else []
    if change.forced_by:
        reasons.append(f"replaced because of {', '.join(change.forced_by)}")
    if change.previous_address:
        reasons.append(f"until now {change.previous_address}")
    if change.import_id:
        reasons.append(f"id {_short(change.import_id)}")
    if change.creates_first:
        reasons.append("the new one is there before the old one goes")
    return "".join(f"; {reason}" for reason in reasons)


def _lines(change: Change) -> tuple[str, ...]:
    """What differs: what forces a replacement first, what nobody knows yet last."""
    telling = sorted(change.attributes, key=lambda one: (not _forces(change, one), one.after == UNKNOWN))
    shown = telling[:_ATTRIBUTES]
    lines = [
        line
        for attribute in shown
        for line in _both(attribute, "  # replaces it" if _forces(change, attribute) else "")
    ]
    left = len(change.attributes) - len(shown)
    return (*lines, f"  and {left} more attributes") if left else tuple(lines)


def _forces(change: Change, attribute: Attribute) -> bool:
    path = attribute.path
    return bool(change.forced_by) and any(
        path == forced or path.startswith((f"{forced}.", f"{forced}[")) for forced in change.forced_by
    )


def _both(attribute: Attribute, remark: str) -> tuple[str, ...]:
    sides = (("-", attribute.before), ("+", attribute.after))
    return tuple(
        f"{sign} {attribute.path} = {_short(value)}{remark}" for sign, value in sides if value != "null"
    )


def _short(value: str) -> str:
    left = len(value) - _VALUE
    return value if left <= 0 else f"{value[:_VALUE]} ... and {left:,} more characters"
