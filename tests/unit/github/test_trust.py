"""Whom a role's trust lets in."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from lockgate.errors import UsageError
from lockgate.github.trust import decode, lets_in, weaknesses

HOST = "token.actions.githubusercontent.com"
PROD = "repo:acme/shop:environment:prod"


def trust(**conditions: dict[str, Any]) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": f"arn:aws:iam::444444444444:oidc-provider/{HOST}"},
        "Condition": {name.replace("_", ":"): keys for name, keys in conditions.items()},
    }
    return {"Statement": [statement]}


EXACT = trust(StringEquals={f"{HOST}:aud": "sts.amazonaws.com", f"{HOST}:sub": [PROD]})


@pytest.mark.parametrize(
    ("subject", "audience", "expected"),
    [
        (PROD, "sts.amazonaws.com", True),
        (PROD, "https://github.com/acme", False),
        ("repo:acme/shop:environment:dev", "sts.amazonaws.com", False),
        ("repo:acme/shop:pull_request", "sts.amazonaws.com", False),
        ("repo:ACME/shop:environment:prod", "sts.amazonaws.com", False),
    ],
)
def test_only_the_exact_subject_and_audience_come_in(subject: str, audience: str, expected: bool) -> None:
    assert lets_in(EXACT, {"sub": subject, "aud": audience}) is expected


def test_an_exact_trust_has_no_weakness() -> None:
    assert list(weaknesses(EXACT)) == []


@pytest.mark.parametrize(
    ("document", "stranger", "said"),
    [
        (
            trust(StringEquals={f"{HOST}:aud": "sts.amazonaws.com"}),
            "repo:evil/x:pull_request",
            "every repository",
        ),
        (trust(StringEquals={f"{HOST}:sub": PROD}), PROD, "does not ask for the audience"),
        (
            trust(
                StringEquals={f"{HOST}:aud": "sts.amazonaws.com"}, StringLike={f"{HOST}:sub": "repo:acme/*"}
            ),
            "repo:acme/other:pull_request",
            "lets in whatever fits",
        ),
    ],
)
def test_a_weak_trust_lets_strangers_in_and_that_is_said(
    document: dict[str, Any], stranger: str, said: str
) -> None:
    assert lets_in(document, {"sub": stranger, "aud": "sts.amazonaws.com"})
    assert any(said in weakness for weakness in weaknesses(document))


def test_for_all_values_holds_where_the_claim_is_missing() -> None:
    document = trust(
        StringEquals={f"{HOST}:aud": "sts.amazonaws.com"},
        **{"ForAllValues_StringEquals": {f"{HOST}:sub": PROD}},
    )
    assert lets_in(document, {"aud": "sts.amazonaws.com"})
    assert any("holds where the claim is missing" in weakness for weakness in weaknesses(document))


def test_people_are_no_jobs() -> None:
    people = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]}
    assert not lets_in(people, {"sub": PROD, "aud": "sts.amazonaws.com"})


def test_a_token_is_read_without_its_signature() -> None:
    body = base64.urlsafe_b64encode(json.dumps({"sub": PROD, "aud": "sts.amazonaws.com"}).encode())
    assert decode(f"e30.{body.decode().rstrip('=')}.x\n")["sub"] == PROD


@pytest.mark.parametrize("text", ["", "a.b", "a.!!.c", "a.bm90IGpzb24.c"])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no token of GitHub's"):
        decode(text)
