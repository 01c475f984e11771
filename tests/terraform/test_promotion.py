"""Who may read, from another account, what has succeeded in an environment."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lockgate.config import Project
from tests.terraform.test_access import applied
from tests.terraform.toolchain import Copy, run_tests

pytestmark = pytest.mark.terraform

PLATFORM = """\
organisation: acme
github: {repository: acme/shop}
name: shop
region: eu-west-1
freezes:
  - {reason: Christmas, from: 2026-12-18T16:00, until: 2027-01-03, timezone: Europe/Berlin}
  - {reason: weekend, weekly: {days: [friday], from: "16:00", until: "24:00"}}
environments:
  dev:
    account_id: "222222222222"
  staging:
    account_id: "333333333333"
    promotes_from: dev
  prod:
    account_id: "444444444444"
    promotes_from: staging
  second:
    account_id: "666666666666"
    promotes_from: staging
"""


def _made(stack: Copy, environment: str) -> dict[str, dict[str, Any]]:
    """What the stack of an environment makes, by address."""
    (stack.root / "platform.yaml").write_text(PLATFORM)
    run = (
        f'run "applied" {{\n  command = apply\n  variables {{\n    environment = "{environment}"\n  }}\n}}\n'
    )
    ran = run_tests(stack, "stacks/workload", run, "-verbose", "-json")
    assert ran.code == 0, ran.output
    messages = [json.loads(line) for line in ran.output.splitlines()]
    (state,) = [message["test_state"] for message in messages if "test_state" in message]
    return {item["address"]: item["values"] for item in state["root_module"]["resources"]}


def test_exactly_the_accounts_that_promote_from_it_may_read_its_ledger(mocked_workload: Copy) -> None:
    made = _made(mocked_workload, "staging")
    role = made["aws_iam_role.promote[0]"]
    platform = Project(mocked_workload.root).platform
    assert role["name"] == platform.role_of("staging", "promote") == "shop-staging-promote"
    (trust,) = json.loads(role["assume_role_policy"])["Statement"]
    assert trust["Principal"] == {"AWS": [f"arn:aws:iam::{number * 12}:root" for number in "46"]}
    statements = json.loads(made["aws_iam_role_policy.promote[0]"]["policy"])["Statement"]
    actions = {action for one in statements for action in one["Action"]}
    assert actions == {"ssm:GetParametersByPath", "dynamodb:GetItem", "dynamodb:Query", "kms:Decrypt"}
    assert all("*" not in one["Resource"] for one in statements)
    parameters = "arn:aws:ssm:eu-west-1:333333333333:parameter/lockgate/staging"
    assert statements[0]["Resource"] == [parameters, f"{parameters}/*"]


@pytest.mark.parametrize(("account", "expected"), [("prod", 1), ("dev", 0)])
def test_who_promotes_may_assume_exactly_that_role(copy: Copy, account: str, expected: int) -> None:
    (copy.root / "platform.yaml").write_text(PLATFORM)
    run = f'run "applied" {{\n  command = apply\n  variables {{\n    account = "{account}"\n  }}\n}}\n'
    made = applied(copy, "stacks/bootstrap", run)
    statements = json.loads(made['aws_iam_policy.pipeline["release"]']["policy"])["Statement"]
    found = [(one["Action"], one["Resource"]) for one in statements if one["Sid"] == "SeeWhatHasSucceeded"]
    wanted = Project(copy.root).platform.role_arn_of("staging", "promote")
    assert found == [(["sts:AssumeRole"], [wanted])] * expected


def test_nothing_is_made_where_nobody_promotes(mocked_workload: Copy) -> None:
    assert "aws_iam_role.promote[0]" in _made(mocked_workload, "dev")
    assert "aws_iam_role.promote[0]" not in _made(mocked_workload, "prod")
