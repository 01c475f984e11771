"""The real checkov on a repository in which bad things were planted: one scan, many lines."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lockgate.checks.findings import Finding, read
from lockgate.checks.places import placed
from lockgate.checks.scan import POLICIES, PYTHON, scan
from lockgate.checks.stage import CANARIES, lay_out, plan_name
from tests.terraform.hcl import ROOT

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not (ROOT / PYTHON).is_file(), reason="checkov is not set up: make checkov"),
]

BAD = """\
resource "aws_s3_bucket" "site" {
  bucket = "site"
}

resource "aws_s3_bucket_acl" "site" {
  bucket = aws_s3_bucket.site.id
  acl    = "public-read"
}

resource "aws_iam_role_policy" "all" {
  role = "all"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }]
  })
}

resource "aws_instance" "web" {
  user_data = "export AWS_ACCESS_KEY_ID=%s"
}

resource "aws_sns_topic" "releases" {
  kms_master_key_id = "alias/aws/sns"
}

resource "aws_lambda_permission" "api" {
  action        = "lambda:InvokeFunction"
  function_name = "orders"
  principal     = "apigateway.amazonaws.com"
}

resource "aws_apigatewayv2_integration" "api" {
  api_id           = "a"
  integration_type = "AWS_PROXY"
  integration_uri  = aws_lambda_function.orders.invoke_arn
}

resource "aws_lambda_event_source_mapping" "queue" {
  event_source_arn = "arn:aws:sqs:eu-west-1:111111111111:orders"
  function_name    = aws_lambda_function.orders.arn
}

resource "aws_iam_role" "github" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = "arn:aws:iam::111111111111:oidc-provider/github" }
      Condition = { "ForAllValues:StringEquals" = { "github:aud" = "sts.amazonaws.com" } }
    }]
  })
}

resource "aws_sns_topic_policy" "releases" {
  arn = aws_sns_topic.releases.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sns:Publish"
      Principal = { AWS = "arn:aws:iam::111111111111:root" }
      Resource  = aws_sns_topic.releases.arn
      Condition = { "ForAllValues:StringEquals" = { "aws:PrincipalOrgID" = "o-1" } }
    }]
  })
}
"""

PLANNED = """\
variable "key" {}

resource "aws_sns_topic" "plain" {
  kms_master_key_id = var.key
}

resource "aws_sns_topic" "encrypted" {
  kms_master_key_id = aws_kms_key.this.arn
}

resource "aws_sns_topic" "changed" {
  kms_master_key_id = var.key
  tags              = { team = "orders" }
}

resource "aws_sns_topic" "public" {
  #checkov:skip=CKV2_LOCKGATE_1:Everybody may read what is sent there.
  #checkov:skip=CKV_AWS_26:Everybody may read what is sent there.
}
"""
"""A root module of which a plan knows more than its code, and one thing less."""

GOOD = """\
resource "aws_sns_topic" "good" {
  kms_master_key_id = "arn:aws:kms:eu-west-1:111111111111:key/1"
}

resource "aws_lambda_permission" "good" {
  action        = "lambda:InvokeFunction"
  function_name = "orders"
  principal     = "apigateway.amazonaws.com"
  qualifier     = aws_lambda_alias.live.name
}

resource "aws_apigatewayv2_integration" "good" {
  api_id           = "a"
  integration_type = "AWS_PROXY"
  integration_uri  = aws_lambda_alias.live.invoke_arn
}

resource "aws_lambda_event_source_mapping" "good" {
  event_source_arn = "arn:aws:sqs:eu-west-1:111111111111:orders"
  function_name    = aws_lambda_alias.live.arn
}

resource "aws_iam_role" "good" {
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs" } }]
  })

  permissions_boundary = var.permissions_boundary_arn
}

variable "permissions_boundary_arn" {
  default = null
}

resource "aws_sns_topic_policy" "good" {
  arn = aws_sns_topic.good.arn
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sns:Publish", Principal = "*", Resource = "*" }]
  })
}
"""

WORKFLOW = """\
name: w
on: push
permissions: write-all
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: make test
"""

OWN = {
    "CKV2_LOCKGATE_1": "aws_sns_topic",
    "CKV2_LOCKGATE_2": "aws_lambda_permission",
    "CKV2_LOCKGATE_3": "aws_apigatewayv2_integration",
    "CKV2_LOCKGATE_4": "aws_lambda_event_source_mapping",
    "CKV2_LOCKGATE_5": "aws_sns_topic_policy",
    "CKV2_LOCKGATE_6": "aws_iam_role",
    "CKV2_LOCKGATE_7": "aws_iam_role",
}


def plan_of_planned() -> dict[str, Any]:
    """A plan of `PLANNED`, as `terraform show -json` has it. The first has no key; one is there already."""
    about = {
        "address": "aws_sns_topic.changed",
        "mode": "managed",
        "type": "aws_sns_topic",
        "name": "changed",
    }
    before = {"name": "changed", "kms_master_key_id": "arn:aws:kms:eu-west-1:111111111111:key/1", "tags": {}}
    after = {**before, "tags": {"team": "orders"}}
    change = {"actions": ["update"], "before": before, "after": after, "after_unknown": {"tags_all": True}}
    there = {**about, "values": before, "sensitive_values": {}}
    resources = [{**about, "values": after, "sensitive_values": {"tags": {}}}]
    changes = [{**about, "change": {**change, "before_sensitive": False, "after_sensitive": {"tags": {}}}}]
    for name, unknown in (("plain", {}), ("encrypted", {"kms_master_key_id": True}), ("public", {})):
        known = {"address": f"aws_sns_topic.{name}", "mode": "managed", "type": "aws_sns_topic", "name": name}
        resources.append({**known, "values": {"name": name}})
        change = {"actions": ["create"], "before": None, "after": {"name": name}, "after_unknown": unknown}
        changes.append({**known, "change": change})
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": resources}},
        "resource_changes": changes,
        "configuration": {"root_module": {}},
        "prior_state": {"format_version": "1.0", "values": {"root_module": {"resources": [there]}}},
        "resource_drift": changes,
        "output_changes": {"topic": {"actions": ["create"], "before": None, "after": "changed"}},
        "variables": {"key": {"value": "1"}},
        "checks": [],
    }


KEY = "AKIA" + "IOSFODNN7EXAMPLQ"


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository in which bad things were planted."""
    root = tmp_path_factory.mktemp("planted")
    files = {
        "terraform/bad.tf": BAD % KEY,
        "terraform/good.tf": GOOD,
        "terraform/planned/main.tf": PLANNED,
        ".build/plan.json": json.dumps(plan_of_planned()),
        "scripts/settings.py": f'REGION = "eu-west-1"\n\nKEY = "{KEY}"\n',
        "containers/web/Dockerfile": "FROM scratch\nCOPY a /a\n",
        ".github/workflows/w.yml": WORKFLOW,
        ".venv/lib/ignored.py": f'KEY = "{KEY}"\n',
        ".gitignore": ".build\n.venv\n.venv-checkov\n",
        # What checkov would take as its own settings.
        ".checkov.yaml": "skip-check: [CKV_AWS_62]\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / ".venv-checkov").symlink_to(ROOT / ".venv-checkov")
    shutil.copytree(ROOT / POLICIES, root / POLICIES)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    return root


@pytest.fixture(scope="module")
def scanned(planted: Path) -> list[Finding]:
    """What one scan finds there."""
    return scan(planted, [planted / ".build/plan.json"])


@pytest.fixture(scope="module")
def found(planted: Path, scanned: list[Finding]) -> dict[str, list[Finding]]:
    """What is found in the planted repository, by check."""
    by_check: dict[str, list[Finding]] = defaultdict(list)
    for finding in placed(scanned, planted, [planted / "terraform/planned"]):
        by_check[finding.check_id].append(finding)
    return by_check


def test_checkov_by_itself_finds_the_same(planted: Path, scanned: list[Finding], tmp_path: Path) -> None:
    lay_out(planted, tmp_path)
    (tmp_path / ".checkov.yaml").unlink()
    plan = tmp_path / plan_name(0)
    plan.parent.mkdir()
    shutil.copyfile(planted / ".build/plan.json", plan)
    # A topic was planted in the plan as well, and moves the lines that checkov gives for the others.
    assert Counter(_without_lines(scanned)) == Counter(_without_lines(_by_itself(tmp_path, "terraform_plan")))
    assert len(scanned) > 30


def test_checkov_by_itself_finds_the_same_in_this_repository(tmp_path: Path) -> None:
    lay_out(ROOT, tmp_path)
    found = Counter(scan(ROOT))
    assert found == Counter(_by_itself(tmp_path))
    assert found.total() > 30


def _by_itself(stage: Path, *more: str) -> list[Finding]:
    """What checkov as it is says of a folder, in one process, without what was planted there."""
    command = [ROOT / ".venv-checkov/bin/checkov", "--directory", stage, "--output", "json", "--compact"]
    command += ["--skip-download", "--enable-secret-scan-all-files", "--external-checks-dir", ROOT / POLICIES]
    command += ["--framework", *CANARIES, *more]
    environment = {**os.environ, "EVAL_TF_PLAN_AFTER_UNKNOWN": "True"}
    done = subprocess.run(command, cwd=stage, env=environment, capture_output=True, check=False)
    own = {canary.path for canary in CANARIES.values()}
    reports = read(json.loads(done.stdout))
    return [one for report in reports for one in report.findings if one.path not in own]


def _without_lines(findings: Iterable[Finding]) -> list[Finding]:
    return [replace(one, first=0, last=0) if one.framework == "terraform_plan" else one for one in findings]


def line(text: str) -> int:
    return BAD[: BAD.index(text)].count("\n") + 1


@pytest.mark.parametrize(
    ("check", "path", "first"),
    [
        ("CKV_AWS_20", "terraform/bad.tf", line('resource "aws_s3_bucket" "site"')),
        ("CKV_AWS_62", "terraform/bad.tf", line('resource "aws_iam_role_policy" "all"')),
        ("CKV_SECRET_2", "terraform/bad.tf", line("  user_data")),
        ("CKV_SECRET_2", "scripts/settings.py", 3),
        ("CKV_DOCKER_3", "containers/web/Dockerfile", 1),
    ],
)
def test_what_was_planted_is_found_on_its_line(
    found: dict[str, list[Finding]], check: str, path: str, first: int
) -> None:
    assert (path, first) in [(one.path, one.first) for one in found[check]]


def test_a_workflow_that_may_write_everything_is_found(found: dict[str, list[Finding]]) -> None:
    assert [one.path for one in found["CKV2_GHA_1"]] == [".github/workflows/w.yml"]


def test_what_git_does_not_take_is_not_looked_at(found: dict[str, list[Finding]]) -> None:
    assert not [one for findings in found.values() for one in findings if ".venv" in one.path]


def test_no_secret_stands_in_what_is_told(found: dict[str, list[Finding]]) -> None:
    assert KEY not in repr(found)


@pytest.mark.parametrize("check", OWN)
def test_a_policy_of_the_platform_fails_and_passes(found: dict[str, list[Finding]], check: str) -> None:
    (one,) = [each for each in found[check] if each.path != "terraform/planned/main.tf"]
    assert (one.path, one.resource.partition(".")[0]) == ("terraform/bad.tf", OWN[check])


@pytest.mark.parametrize("check", ["CKV2_LOCKGATE_1", "CKV_AWS_26"])
def test_a_plan_finds_what_its_code_leaves_open_and_nothing_that_is_not_known_yet(
    found: dict[str, list[Finding]], check: str
) -> None:
    in_module = [each for each in found[check] if each.path == "terraform/planned/main.tf"]
    assert [(each.first, each.skipped is not None) for each in in_module] == [(3, False), (16, True)]


def test_every_policy_of_the_platform_is_tried() -> None:
    numbers = re.findall(r"^\w+\(\s*(\d+),", (ROOT / POLICIES / "checks.py").read_text(), re.MULTILINE)
    assert {f"CKV2_LOCKGATE_{number}" for number in numbers} == set(OWN)
