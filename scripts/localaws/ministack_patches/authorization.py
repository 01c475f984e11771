"""IAM: which resource a call is authorised for, what it needs besides, and what was decided.

Only where the server enforces; without that, every request is let through and nothing here is called.
"""

from __future__ import annotations

import contextvars
import functools
import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from localaws.authorization import further, keys, resources
from localaws.authorization.decisions import Decisions, role_of
from localaws.authorization.further import Need
from localaws.authorization.lambda_actions import action_of
from localaws.authorization.managed_policies import DOCUMENTS
from localaws.authorization.request import Request
from localaws.clients import KEPT_SECONDS, Credentials
from localaws.ministack_patches.contract import Internal
from localaws.ministack_patches.keys import encrypted_of

_EVALUATOR = "ministack.core.iam_evaluator"
_ACTIONS = "ministack.core.iam_actions"

INTERNALS: tuple[Internal, ...] = (
    Internal(_ACTIONS, "SERVICE_TO_IAM_NAMESPACE"),
    Internal(
        _ACTIONS,
        "extract_iam_action",
        ("service", "method", "path", "headers", "body", "query_params"),
    ),
    Internal(
        _ACTIONS,
        "extract_resource_arn",
        ("service", "method", "path", "headers", "body", "query_params", "region", "account_id"),
    ),
    Internal(
        _EVALUATOR,
        "enforce",
        ("access_key_id", "iam_action", "service", "region", "resource_arn", "service_context"),
    ),
    Internal(_EVALUATOR, "_resolve_condition_key", ("key", "ctx")),
    Internal("ministack.app", "pin_request_origin", ("source_ip", "secure_transport")),
    Internal(_EVALUATOR, "pin_request_origin", ("source_ip", "secure_transport")),
    Internal(_EVALUATOR, "resolve_credential", ("access_key_id", "account_id", "session_token")),
    Internal("ministack.services.s3", "_bucket_owner_account", ("name",)),
    Internal("ministack.services.s3", "_buckets"),
    Internal("ministack.services.iam", "_aws_managed_policies"),
    Internal("ministack.services.iam", "_roles"),
    Internal("ministack.services.iam", "_make_aws_managed_record", ("name", "document", "description")),
    Internal("ministack.services.sts", "register_session", ("access_key", "session")),
    Internal("ministack.services.tagging", "resource_tags", ("arn",)),
)

SESSION_SECONDS = 3600.0
"""How long a service's session of a role lasts; it takes another one afterwards."""

_asked: contextvars.ContextVar[Request | None] = contextvars.ContextVar("asked", default=None)
"""The request that is being authorised: MiniStack evaluates its action without it."""


MayDo = Callable[[str, Request, tuple[str, ...]], bool]
"""Whether a role may do something that a service does in its name without a call of the API: its ARN, what it
is about, and the actions without their service."""


def ask_as_aws_does(group_of: resources.GroupOf, decisions: Decisions) -> MayDo:
    """Authorises calls for the resources that AWS looks at, with what else they need, and notes decisions.

    Args:
        group_of: finds the group of a CodeDeploy deployment.
        decisions: where decisions are noted.

    Returns:
        The same for what is no call.
    """
    from ministack import app
    from ministack.core import iam_actions, iam_evaluator

    iam_actions.SERVICE_TO_IAM_NAMESPACE["codedeploy"] = "codedeploy"
    iam_actions.extract_iam_action = _by_operation(iam_actions.extract_iam_action)
    iam_actions.extract_resource_arn = _remembering(iam_actions.extract_resource_arn)
    denial = _denial(iam_evaluator.enforce, decisions)
    iam_evaluator.enforce = _enforcing(denial, iam_evaluator.enforce, group_of)
    iam_evaluator._resolve_condition_key = _by_role(iam_evaluator._resolve_condition_key)
    # SDKs reach AWS over TLS; this server is reached over loopback, and policies shall not see a difference.
    pin = app.pin_request_origin
    app.pin_request_origin = lambda source_ip, _: pin(source_ip, True)
    return _may_do(denial)


def _by_role(resolve: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    """A session's aws:PrincipalArn is its role (IAM user guide, "AWS global condition context keys")."""

    @functools.wraps(resolve)
    def by_role(key: str, ctx: Any) -> Any:
        found = resolve(key, ctx)
        return role_of(found) if key.lower() == "aws:principalarn" and isinstance(found, str) else found

    return by_role


def _by_operation(extract: Callable[..., str | None]) -> Callable[..., str | None]:
    """Names Lambda's actions after the operation: MiniStack takes GetAlias for ListAliases, for one."""

    @functools.wraps(extract)
    def by_operation(
        service: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query_params: Mapping[str, Any],
    ) -> str | None:
        action = action_of(method, path) if service == "lambda" else None
        if action:
            return f"lambda:{action}"
        return extract(service, method, path, headers, body, query_params)

    return by_operation


def know_managed_policies() -> None:
    """Adds AWS managed policies that MiniStack does not have: what it does not know allows nothing."""
    from ministack.services import iam

    for name, statements in DOCUMENTS.items():
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam._aws_managed_policies[f"arn:aws:iam::aws:policy/{name}"] = iam._make_aws_managed_record(
            name, document
        )


def _remembering(extract: Callable[..., str]) -> Callable[..., str]:
    @functools.wraps(extract)
    def remembering(
        service: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query_params: Mapping[str, Any],
        region: str,
        account_id: str,
    ) -> str:
        coarse = extract(service, method, path, headers, body, query_params, region, account_id)
        _asked.set(Request(service, path, region, account_id, headers, body, query_params, coarse))
        return coarse

    return remembering


Denial = Callable[[str, str, str, list[Need]], Any]
"""The first denial of what an access key asks of a service in a region, or None."""


def _denial(enforce: Callable[..., Any], decisions: Decisions) -> Denial:
    def denial(access_key_id: str, service: str, region: str, needs: list[Need]) -> Any:
        for need in needs:
            kind = service if need is needs[0] else need.action.partition(":")[0]
            denied = enforce(access_key_id, need.action, kind, region, need.resource, dict(need.context))
            _note(decisions, access_key_id, need, denied)
            if denied:
                return denied
        return None

    return denial


def _enforcing(
    denial: Denial, enforce: Callable[..., Any], group_of: resources.GroupOf
) -> Callable[..., Any]:
    @functools.wraps(enforce)
    def enforcing(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> Any:
        request = _asked.get()
        context = dict(service_context or {})
        name = iam_action.partition(":")[2]
        mine = request is not None and request.service == service and request.coarse == resource_arn
        needs = [Need(iam_action, resource_arn, context)]
        if mine and request is not None:
            context |= further.asked_about(request, name, _boundary_of)
            needs = [Need(iam_action, resources.resource_of(request, name, group_of), context)]
            needs += [*further.passed_roles(request, name), *further.key_of_alias(request, name)]
            needs += _uses_of_keys(request, name)
            needs += further.missing_object(request, name, _is_missing)
        return denial(access_key_id, service, region, needs)

    return enforcing


def _may_do(denial: Denial) -> MayDo:
    from ministack.core import iam_evaluator

    session = functools.lru_cache(maxsize=256)(lambda role_arn, _: session_of(role_arn)[0])

    def may_do(role_arn: str, request: Request, actions: tuple[str, ...]) -> bool:
        access_key = session(role_arn, int(time.time() // KEPT_SECONDS))
        needs = [Need(f"{request.service}:{action}", request.coarse) for action in actions]
        needs += [use for action in actions for use in _uses_of_keys(request, action)]
        within = contextvars.copy_context()
        within.run(iam_evaluator.pin_request_origin, "127.0.0.1", True)
        return not within.run(denial, access_key, request.service, request.region, needs)

    return may_do


def _uses_of_keys(request: Request, action: str) -> Iterator[Need]:
    if keys.is_used_by(request, action):
        for encrypted in encrypted_of(request, action):
            yield from keys.uses_of_key(request, action, encrypted)


def _note(decisions: Decisions, access_key_id: str, need: Need, denied: Any) -> None:
    principal = _principal(access_key_id)
    if principal and not principal.endswith(":root"):
        seen = Need(need.action, need.resource, {**need.context, **_tags_of_key(need)})
        decisions.note(role_of(principal), seen, allowed=denied is None)


def _tags_of_key(need: Need) -> dict[str, str]:
    """Tags of the key that is asked for, by which policies know it; the evaluator looks them up by itself."""
    from ministack.services import tagging

    tags = tagging.resource_tags(need.resource) if need.action.startswith("kms:") else None
    return {f"aws:ResourceTag/{name}": value for name, value in (tags or {}).items()}


def _principal(access_key_id: str) -> str:
    from ministack.core.iam_evaluator import resolve_credential
    from ministack.core.responses import get_account_id

    found = resolve_credential(access_key_id or "", get_account_id())
    return str(getattr(found, "principal_arn", ""))


def _boundary_of(role: str) -> str:
    from ministack.services import iam

    return str((iam._roles.get(role) or {}).get("PermissionsBoundary") or "")


def _is_missing(bucket: str, key: str) -> bool:
    from ministack.services import s3

    owner = s3._bucket_owner_account(bucket)
    found = s3._buckets.get_scoped(owner, None, bucket) if owner else None
    return found is not None and key not in found["objects"]


def session_of(role_arn: str, name: str = "service") -> Credentials:
    """Credentials of a role for a service that acts under it: access key, secret key, token.

    A service that assumes a role needs nobody's permission for it; its trust is checked by whoever calls.

    Args:
        role_arn: the role.
        name: name of the session.
    """
    from ministack.services import sts

    head, _, role = role_arn.partition(":role/")
    account = head.split(":")[4]
    access_key = "ASIA" + secrets.token_hex(8).upper()
    secret_key, token = secrets.token_urlsafe(30), secrets.token_urlsafe(60)
    sts.register_session(
        access_key,
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{role.rpartition('/')[2]}/{name}",
            "UserId": f"AROA{role.rpartition('/')[2].upper()}:{name}",
            "SecretAccessKey": secret_key,
            "SessionToken": token,
            "Expiration": time.time() + SESSION_SECONDS,
            "AccountId": account,
            "PrincipalType": "AssumedRole",
        },
    )
    return access_key, secret_key, token
