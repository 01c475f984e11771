"""What is said of the roles of an account, each read from IAM."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from botocore.stub import Stubber

from lockgate.aws import Aws
from lockgate.commands.doctor_trust import expected, trust_gaps
from lockgate.commands.opened import OpenedAccount
from lockgate.config import Project

PLATFORM = """\
organisation: acme
name: shop
region: eu-west-1
github: {repository: acme/shop}
tooling: {account_id: "555555555555"}
environments:
  prod: {account_id: "444444444444"}
"""
HOST = "token.actions.githubusercontent.com"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "platform.yaml").write_text(PLATFORM)
    return Project(tmp_path)


def opened(project: Project, name: str) -> OpenedAccount:
    account = project.platform.account_of(name)
    session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name="eu-west-1")
    return OpenedAccount(project, name, account, Aws(session, "eu-west-1", None))


def answers(account: OpenedAccount, roles: dict[str, list[str] | None]) -> Stubber:
    """IAM with just these roles and the subjects that they trust; None is a role that is not there."""
    stub = Stubber(account.aws.iam)
    for role, subjects in roles.items():
        if subjects is None:
            stub.add_client_error("get_role", "NoSuchEntity", expected_params={"RoleName": role})
            continue
        stub.add_response("get_role", {"Role": _role(role, subjects)}, {"RoleName": role})
    return stub


def _role(name: str, subjects: list[str]) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": f"arn:aws:iam::444444444444:oidc-provider/{HOST}"},
        "Condition": {"StringEquals": {f"{HOST}:aud": "sts.amazonaws.com", f"{HOST}:sub": subjects}},
    }
    return {
        "RoleName": name,
        "Path": "/",
        "RoleId": "AROAEXAMPLEEXAMPLE01",
        "Arn": f"arn:aws:iam::444444444444:role/{name}",
        "CreateDate": "2026-01-01T00:00:00Z",
        # As IAM sends it; botocore reads it.
        "AssumeRolePolicyDocument": quote(json.dumps({"Version": "2012-10-17", "Statement": [statement]})),
    }


def gaps(account: OpenedAccount, roles: dict[str, list[str] | None]) -> list[tuple[str, str]]:
    with answers(account, roles) as stub:
        found = [(gap.where, gap.what) for gap in trust_gaps(account, None)]
        stub.assert_no_pending_responses()
    return found


def test_an_environment_builds_nothing_and_has_no_role_for_it(project: Project) -> None:
    account = opened(project, "prod")
    assert gaps(account, dict(expected(account))) == []
    assert set(expected(account)) == {"shop-prod-plan", "shop-prod-deploy"}


def test_the_tooling_account_builds(project: Project) -> None:
    account = opened(project, "tooling")
    assert gaps(account, dict(expected(account))) == []
    assert "shop-tooling-build" in expected(account)


def test_a_role_that_is_not_there_is_to_be_made(project: Project) -> None:
    account = opened(project, "prod")
    found = gaps(account, {**expected(account), "shop-prod-deploy": None})
    assert found == [("shop-prod-deploy", "there is no such role")]


def test_a_role_lets_its_own_jobs_in(project: Project) -> None:
    account = opened(project, "prod")
    found = gaps(account, {**expected(account), "shop-prod-deploy": ["repo:acme/shop:environment:dev"]})
    assert [what for _, what in found] == [
        f"{subject} is not let in" for subject in expected(account)["shop-prod-deploy"]
    ]
