"""The stack that sets accounts up: names, trust, and policies that AWS can make sense of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lockgate.config import Project
from lockgate.config.platform import Purpose
from lockgate.plans.toolchain import Toolchain
from tests.terraform.authorization import known
from tests.terraform.test_access import applied
from tests.terraform.toolchain import Copy

pytestmark = pytest.mark.terraform

PLATFORM = """\
organisation: acme
name: shop
region: eu-west-1
github: {repository: acme/shop, owner_id: 7, repository_id: 9}
tooling: {account_id: "555555555555"}
environments:
  dev: {account_id: "222222222222"}
  far: {account_id: "333333333333", region: us-east-1}
"""
PURPOSES: list[Purpose] = ["plan", "deploy", "break-glass", "build"]
POLICY_CHARACTERS = 6144
"""Of a managed policy, without white space (IAM user guide, "IAM and AWS STS quotas")."""

Statement = dict[str, Any]


@dataclass(frozen=True)
class Account:
    """One account's resources, by address, and the project that it is of."""

    name: str
    project: Project
    made: dict[str, dict[str, Any]]

    def role(self, purpose: str) -> dict[str, Any]:
        return self.made[f'module.role["{purpose}"].aws_iam_role.this']

    def policies(self) -> dict[str, list[Statement]]:
        """Statements of the pipeline's policies, by name."""
        return {
            values["name"]: json.loads(values["policy"])["Statement"]
            for address, values in self.made.items()
            if address.startswith("aws_iam_policy.pipeline")
        }


@pytest.fixture(scope="module", params=["tooling", "dev", "far"])
def account(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, toolchain: Toolchain
) -> Account:
    copy = Copy.make(tmp_path_factory.mktemp("account"), toolchain)
    (copy.root / "platform.yaml").write_text(PLATFORM)
    service = copy.root / "containers/web/service.yaml"
    service.parent.mkdir(parents=True)
    service.write_text("kind: container\n")
    run = f'run "applied" {{\n  command = apply\n  variables {{\n    account = "{request.param}"\n  }}\n}}\n'
    return Account(request.param, Project(copy.root), applied(copy, "stacks/bootstrap", run))


def test_names_are_those_that_python_knows(account: Account) -> None:
    platform, name = account.project.platform, account.name
    expected = [purpose for purpose in PURPOSES if purpose != "build" or not _shares(account)]
    assert [account.role(purpose)["name"] for purpose in expected] == [
        platform.role_of(name, purpose) for purpose in expected
    ]
    state = account.made["module.state_bucket.aws_s3_bucket.state"]
    assert state["bucket"] == platform.state_bucket_of(name)
    boundary = account.made["aws_iam_policy.boundary"]["name"]
    assert boundary == f"shop-{name}-boundary"


def _shares(account: Account) -> bool:
    return account.name != "tooling" and account.project.platform.shares_tooling(account.name)


def test_each_role_trusts_exactly_its_jobs_in_both_spellings(account: Account) -> None:
    purposes: list[Purpose] = ["plan", "deploy"]
    for purpose in purposes:
        (statement,) = json.loads(account.role(purpose)["assume_role_policy"])["Statement"]
        assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        assert statement["Condition"] == {
            "StringEquals": {
                "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                "token.actions.githubusercontent.com:sub": account.project.platform.subjects_of(
                    account.name, purpose
                ),
            }
        }


def test_people_break_the_glass_with_mfa_alone(account: Account) -> None:
    (statement,) = json.loads(account.role("break-glass")["assume_role_policy"])["Statement"]
    assert statement["Action"] == "sts:AssumeRole"
    assert statement["Condition"]["Bool"] == {"aws:MultiFactorAuthPresent": "true"}


def test_every_role_of_the_pipeline_is_bounded(account: Account) -> None:
    delivery = account.made["aws_iam_policy.delivery"]["arn"]
    for address, values in account.made.items():
        if ".aws_iam_role.this" in address:
            assert values["permissions_boundary"] == delivery, address


def test_policies_fit_into_iam(account: Account) -> None:
    documents = [
        values["policy"] for address, values in account.made.items() if ".aws_iam_policy" in f".{address}"
    ]
    assert documents
    for document in documents:
        assert len(json.dumps(json.loads(document), separators=(",", ":"))) <= POLICY_CHARACTERS
    attached = [address for address in account.made if '["deploy"].aws_iam_role_policy_attachment' in address]
    assert 3 <= len(attached) <= 10


def _allowed(account: Account) -> Iterator[tuple[str, Statement]]:
    for name, statements in account.policies().items():
        for statement in statements:
            yield name, statement


def test_actions_are_written_out(account: Account) -> None:
    for name, statement in _allowed(account):
        for action in statement["Action"]:
            assert action in known(), (
                f"{name}: {statement['Sid']}: {action}: see tests/terraform/authorization.py"
            )


def test_resources_are_named_wherever_aws_looks_at_them(account: Account) -> None:
    for name, statement in _allowed(account):
        for action in statement["Action"]:
            narrow, everywhere = known()[action], "*" in statement["Resource"]
            where = f"{name}: {statement['Sid']}: {action}"
            assert narrow or everywhere, f"{where} is authorised for * alone, and is never allowed so"
            assert not (narrow and everywhere), f"{where} could name {', '.join(narrow)}"
