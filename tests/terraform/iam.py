"""How IAM decides on a request, as far as this repository's policies go; written from the IAM user guide.

"Policy evaluation logic": an explicit deny wins. Within an account the identity's policy or the resource's is
enough, but a key is under IAM only where its policy says so. Across accounts both must allow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

Policy = Mapping[str, Any]


@dataclass(frozen=True)
class Caller:
    """Who asks.

    Args:
        arn: of the role.
        policy: what is attached to it.
    """

    arn: str
    policy: Policy

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]


@dataclass(frozen=True)
class Request:
    """What is asked.

    Args:
        action: such as `s3:GetObject`.
        resource: ARN.
        account: that owns the resource.
        context: condition keys that the service sends, besides those of the caller.
    """

    action: str
    resource: str
    account: str
    context: Mapping[str, str] = field(default_factory=dict)


def allows(caller: Caller, request: Request, resource_policy: Policy, *, is_key: bool = False) -> bool:
    """Whether the request is answered.

    Args:
        caller: who asks.
        request: what is asked.
        resource_policy: of the bucket or the key.
        is_key: whether it is a key: its policy has to allow even what IAM of its own account allows.
    """
    context = {**request.context, "aws:PrincipalArn": caller.arn, "aws:PrincipalAccount": caller.account}
    own = _effects(caller.policy, request, context, None)
    grants = _effects(resource_policy, request, context, caller)
    if "Deny" in own | grants:
        return False
    delegated, direct = "Delegate" in grants, "Allow" in grants
    if caller.account != request.account:
        return "Allow" in own and (delegated or direct)
    if is_key:
        return direct or (delegated and "Allow" in own)
    return direct or "Allow" in own


def allows_service(service: str, request: Request, resource_policy: Policy) -> bool:
    """Whether a service's request is answered; a service has no policy of its own, so the resource's decides.

    Args:
        service: its principal, such as `sns.amazonaws.com`.
        request: what it asks.
        resource_policy: of the topic, the queue or the key.
    """
    found = {
        statement["Effect"]
        for statement in resource_policy["Statement"]
        if _means_service(statement["Principal"], service)
        and _any(statement["Action"], request.action)
        and _any(statement["Resource"], request.resource)
        and _holds(statement.get("Condition", {}), request.context)
    }
    return found == {"Allow"}


def _means_service(principal: Any, service: str) -> bool:
    """`*` means services too."""
    if principal == "*" or "*" in _list(principal.get("AWS", [])):
        return True
    return service in _list(principal.get("Service", []))


def _effects(policy: Policy, request: Request, context: Mapping[str, str], caller: Caller | None) -> set[str]:
    """Effects of the statements that apply: Allow and Deny, and Delegate where an account is allowed, which
    leaves the decision to that account's IAM."""
    found: set[str] = set()
    for statement in policy["Statement"]:
        reach = "Direct" if caller is None else _reach(statement["Principal"], caller)
        applies = (
            reach
            and _any(statement["Action"], request.action)
            and _any(statement["Resource"], request.resource)
            and _holds(statement.get("Condition", {}), context)
        )
        if applies:
            found.add(
                "Delegate" if reach == "Account" and statement["Effect"] == "Allow" else statement["Effect"]
            )
    return found


def _reach(principal: Any, caller: Caller) -> str | None:
    """How a statement means the caller: as itself, by its account, or not at all."""
    named = _list("*" if principal == "*" else principal.get("AWS", []))
    if "*" in named or caller.arn in named:
        return "Direct"
    return "Account" if f"arn:aws:iam::{caller.account}:root" in named else None


def _holds(conditions: Mapping[str, Mapping[str, Any]], context: Mapping[str, str]) -> bool:
    return all(
        _compare(operator, context.get(key), _list(wanted))
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _compare(operator: str, found: str | None, wanted: Sequence[str]) -> bool:
    """A key that the request does not have fails a condition, and meets a negated one."""
    if operator in ("ArnNotLike", "StringNotLike"):
        return found is None or not any(fnmatchcase(found, pattern) for pattern in wanted)
    if found is None:
        return False
    if operator in ("ArnEquals", "ArnLike", "StringLike"):
        return any(fnmatchcase(found, pattern) for pattern in wanted)
    if operator in ("Bool", "StringEquals"):
        return found in wanted
    raise NotImplementedError(f"condition operator {operator}: teach it here before a policy uses it")


def _any(patterns: Any, value: str) -> bool:
    return any(fnmatchcase(value, pattern) for pattern in _list(patterns))


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
