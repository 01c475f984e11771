"""What somebody changed outside of Terraform, told apart from what changes there by itself."""

from __future__ import annotations

import re
from dataclasses import replace

from lockgate.plans.model import Action, Attribute, Change, Plan

_EMPTY = {"null", "0", "false", '""', "[]", "{}"}
"""What providers take for nothing, as JSON."""


def by_hand(plan: Plan) -> tuple[Change, ...]:
    """Changes outside of Terraform that the plan would take back, with the attributes that it is about.

    Terraform reports as drift whatever differs from its state. Much of that is meant: a release moves an
    alias, which the configuration ignores, and providers fill in values. What counts is what both differs
    from the state and would be set again. Each attribute has what is declared as `before`, and what is there
    now as `after`.
    """
    planned = {change.address: change for change in plan.changes}
    found = [_taken_back(drifted, planned.get(drifted.address)) for drifted in plan.drift]
    return tuple(change for change in found if change is not None)


def left_alone(plan: Plan) -> int:
    """Number of resources that are otherwise than their configuration says, and stay so: it ignores that.

    What nothing declares does not count, nor what is as empty as before. After an apply Terraform's state
    lacks much of that, here and on AWS: the policy of a bucket that a resource of its own sets, or the empty
    map and the zero that the provider reads where it has written none.
    """
    taken_back = {change.address for change in by_hand(plan)}
    return sum(_differs(change) for change in plan.drift if change.address not in taken_back)


def _differs(drifted: Change) -> bool:
    told_apart = (one for one in drifted.attributes if not {one.before, one.after} <= _EMPTY)
    return any(re.split(r"[.\[]", one.path)[0] in drifted.declared for one in told_apart)


def _taken_back(drifted: Change, planned: Change | None) -> Change | None:
    if planned is None or drifted.deposed:
        return None
    if drifted.action is Action.DESTROY:
        return drifted if planned.action is Action.CREATE else None
    outside = {attribute.path for attribute in drifted.attributes}
    attributes = tuple(
        Attribute(attribute.path, attribute.after, attribute.before)
        for attribute in planned.attributes
        if attribute.path in outside
    )
    return replace(drifted, attributes=attributes) if attributes else None
