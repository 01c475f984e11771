"""Which of GitHub's tokens a role lets in, and what in its trust would let in others."""

from __future__ import annotations

import base64
import binascii
import fnmatch
import json
from collections.abc import Iterator, Mapping
from typing import Any

from lockgate.errors import UsageError

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
_ACTION = "sts:AssumeRoleWithWebIdentity"

Claims = Mapping[str, str]
"""Claims of a token by name: `sub` and `aud` are what AWS looks at."""


def decode(token: str) -> Claims:
    """What a token says. Its signature is not looked at: AWS does that.

    Raises:
        UsageError: that is no token.
    """
    parts = token.strip().split(".")
    try:
        if len(parts) != 3:
            raise ValueError("a token has three parts with dots between them")
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        claims = json.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, binascii.Error) as error:
        raise UsageError(
            f"that is no token of GitHub's: {error}",
            hint='In a job: curl -sH "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" '
            '"$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts.amazonaws.com" | jq -r .value',
        ) from error
    return {str(name): str(value) for name, value in claims.items()}


def lets_in(trust: Mapping[str, Any], claims: Claims) -> bool:
    """Whether a trust policy lets a job with these claims assume the role."""
    return any(
        all(_holds(operator, key, values, claims) for operator, key, values in _conditions(statement))
        for statement in _web_statements(trust)
    )


def weaknesses(trust: Mapping[str, Any]) -> Iterator[str]:
    """What in a trust policy would let in jobs that nobody means."""
    for statement in _web_statements(trust):
        found = {key: (operator, values) for operator, key, values in _conditions(statement)}
        if f"{ISSUER}:aud" not in found:
            yield "it does not ask for the audience: tokens for other services are let in"
        operator, values = found.get(f"{ISSUER}:sub", ("", []))
        if not operator:
            yield "it does not ask for the subject: every repository on GitHub is let in"
        if operator.startswith("ForAllValues:"):
            yield f"{operator} holds where the claim is missing"
        wide = [value for value in values if "*" in value or "?" in value]
        if wide and "Like" in operator:
            yield f"{operator} with {', '.join(wide)} lets in whatever fits"


def _web_statements(trust: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    statements = trust.get("Statement", [])
    for statement in [statements] if isinstance(statements, dict) else statements:
        if statement.get("Effect") == "Allow" and _ACTION in _listed(statement.get("Action")):
            yield statement


def _conditions(statement: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            yield operator, key, _listed(values)


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(one) for one in value or []]


def _holds(operator: str, key: str, values: list[str], claims: Claims) -> bool:
    """Whether a condition on a claim holds; one on anything else is not GitHub's to fulfil."""
    host, _, name = key.rpartition(":")
    claim = claims.get(name) if host == ISSUER else None
    if claim is None:
        return operator.startswith("ForAllValues:")
    compare = operator.rpartition(":")[2]
    if compare == "StringEquals":
        return claim in values
    if compare == "StringLike":
        return any(fnmatch.fnmatchcase(claim, value.replace("[", "[[]")) for value in values)
    return False
