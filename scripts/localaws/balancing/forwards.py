"""Forward actions with weights (Elastic Load Balancing user guide, "Listeners for your Application Load
Balancers", "Forward actions"; API reference, ForwardActionConfig)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

Action = dict[str, Any]
"""An action of a listener or a rule, with the members of the API reference's Action."""


def read(param: Callable[[str], str], prefix: str) -> dict[str, Any] | None:
    """The ForwardConfig of an action in a request of the Query protocol, or None where it has none.

    Args:
        param: gives a parameter by name, empty where there is none.
        prefix: of the action, such as "DefaultActions.member.1".
    """
    groups: list[dict[str, Any]] = []
    base = f"{prefix}.ForwardConfig"
    while arn := param(f"{base}.TargetGroups.member.{len(groups) + 1}.TargetGroupArn"):
        weight = param(f"{base}.TargetGroups.member.{len(groups) + 1}.Weight")
        groups.append({"TargetGroupArn": arn, "Weight": int(weight or 1)})
    if not groups:
        return None
    sticky = param(f"{base}.TargetGroupStickinessConfig.Enabled").lower() == "true"
    duration = param(f"{base}.TargetGroupStickinessConfig.DurationSeconds")
    stickiness = {"Enabled": sticky, **({"DurationSeconds": int(duration)} if duration else {})}
    return {"TargetGroups": groups, "TargetGroupStickinessConfig": stickiness}


def complete(action: Action, config: dict[str, Any] | None) -> Action:
    """A forward action as it is kept: groups with weights, and TargetGroupArn only where there is one group.

    So describe-listeners answers (recorded, docs/fidelity.md).
    """
    if action.get("Type") != "forward":
        return action
    only = action.get("TargetGroupArn")
    if config is None and only:
        config = {
            "TargetGroups": [{"TargetGroupArn": only, "Weight": 1}],
            "TargetGroupStickinessConfig": {"Enabled": False},
        }
    if config is None:
        return action
    kept = {key: value for key, value in action.items() if key != "TargetGroupArn"}
    if len(config["TargetGroups"]) == 1:
        kept["TargetGroupArn"] = config["TargetGroups"][0]["TargetGroupArn"]
    return {**kept, "ForwardConfig": config}


def xml(action: Action) -> str:
    """The ForwardConfig of an action as the Query protocol has it; empty where it has none."""
    config = action.get("ForwardConfig")
    if not config:
        return ""
    groups = "".join(
        f"<member><TargetGroupArn>{escape(group['TargetGroupArn'])}</TargetGroupArn>"
        f"<Weight>{group['Weight']}</Weight></member>"
        for group in config["TargetGroups"]
    )
    stickiness = config.get("TargetGroupStickinessConfig") or {"Enabled": False}
    duration = stickiness.get("DurationSeconds")
    seconds = f"<DurationSeconds>{duration}</DurationSeconds>" if duration else ""
    return (
        f"<ForwardConfig><TargetGroups>{groups}</TargetGroups><TargetGroupStickinessConfig>"
        f"<Enabled>{str(stickiness['Enabled']).lower()}</Enabled>{seconds}"
        "</TargetGroupStickinessConfig></ForwardConfig>"
    )


def groups_of(actions: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """ARNs of the target groups that actions forward to, also those with weight 0."""
    for action in actions:
        config = action.get("ForwardConfig") or {}
        if config:
            yield from (group["TargetGroupArn"] for group in config["TargetGroups"])
        elif action.get("TargetGroupArn"):
            yield action["TargetGroupArn"]


def drawn(actions: Sequence[Action], draw: float) -> list[Action] | None:
    """The actions of one request, with one target group each; None where every weight is 0.

    Args:
        draw: a random number from 0 up to, but not including, 1.
    """
    chosen = []
    for action in actions:
        if not action.get("ForwardConfig"):
            chosen.append(action)
            continue
        group = _draw(action["ForwardConfig"]["TargetGroups"], draw)
        if group is None:
            return None
        chosen.append({**action, "TargetGroupArn": group})
    return chosen


def _draw(groups: Sequence[Mapping[str, Any]], draw: float) -> str | None:
    left = draw * sum(group["Weight"] for group in groups)
    for group in groups:
        if left < group["Weight"]:
            arn: str = group["TargetGroupArn"]
            return arn
        left -= group["Weight"]
    return None
