"""A secret without a value is a problem before a release, with the command that sets it."""

from __future__ import annotations

import pytest

from lockgate.commands.deploy import _refuse_problems
from lockgate.commands.options import console
from lockgate.config import LambdaService
from lockgate.errors import RefusedError
from lockgate.release.findings import Finding, Level
from lockgate.release.verify_secrets import secret_findings
from tests.unit.secrets.fake_stores import API_KEY, CHANGED, PASSWORD, FakeStores, contract, refused

DECLARED = LambdaService.model_validate(
    {"kind": "lambda", "secrets": {"database-password": {}, "api-key": {"store": "parameter_store"}}}
)


def findings(aws: FakeStores, declared: LambdaService = DECLARED) -> list[Finding]:
    return list(secret_findings(aws, contract(PASSWORD, API_KEY), declared, "Apply."))  # type: ignore[arg-type]


def provisioned() -> FakeStores:
    return FakeStores(secrets={PASSWORD.id: {"Name": PASSWORD.id}})


def test_a_missing_value_is_a_problem_with_the_command_that_sets_it() -> None:
    found = findings(provisioned())
    assert [(one.level, one.detail) for one in found] == [
        (Level.PROBLEM, "database-password has no value"),
        (Level.PROBLEM, "api-key has no value"),
    ]
    assert found[0].hint == "Set it: make secret ENV=prod SERVICE=orders NAME=database-password."
    with pytest.raises(RefusedError) as raised:
        _refuse_problems(found, console())
    assert raised.value.message.splitlines() == [
        "orders: secret: database-password has no value",
        "orders: secret: api-key has no value",
    ]
    assert all(one.hint in raised.value.hint for one in found)


def test_values_that_are_there_are_fine() -> None:
    aws = provisioned()
    aws.secrets[PASSWORD.id]["VersionIdsToStages"] = {"1": ["AWSCURRENT"]}
    aws.parameters[API_KEY.id] = {"Name": API_KEY.id}
    assert {one.level for one in findings(aws)} == {Level.OK}


def test_a_secret_that_is_gone_going_or_not_to_be_seen() -> None:
    gone = findings(FakeStores())[0]
    assert (gone.level, gone.hint) == (Level.PROBLEM, "Apply.")
    assert "is gone" in gone.detail
    aws = provisioned()
    aws.secrets[PASSWORD.id] |= {"DeletedDate": CHANGED, "VersionIdsToStages": {"1": ["AWSCURRENT"]}}
    going = findings(aws)[0]
    assert going.level is Level.PROBLEM
    assert "gone on 2026-11-28" in going.detail

    def deny(**_: object) -> None:
        raise refused("AccessDeniedException", "not authorized to perform: secretsmanager:DescribeSecret")

    aws.describe_secret = deny  # type: ignore[method-assign, assignment]
    unseen = findings(aws)[0]
    assert unseen.level is Level.PROBLEM
    assert "secretsmanager:DescribeSecret" in unseen.detail


def test_a_secret_that_terraform_does_not_know_yet() -> None:
    more = LambdaService.model_validate({"kind": "lambda", "secrets": {"new": {}}})
    found = findings(provisioned(), more)[-1]
    assert (found.level, found.detail, found.hint) == (
        Level.PROBLEM,
        "new is declared and not provisioned",
        "Apply.",
    )
