"""Terraform as the tests run it: in a copy of the part of the repository that it reads."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lockgate.plans.toolchain import Toolchain
from tests.terraform.hcl import ROOT

_WITHOUT_WORK_FILES = shutil.ignore_patterns(".terraform", "*.tfstate*", "__pycache__")
MOCKS = Path("modules/lambda-service/tests/mocks/aws.tfmock.hcl")
LOCK = Path("terraform/stacks/workload/.terraform.lock.hcl")


@dataclass(frozen=True)
class Ran:
    """What a command left.

    Args:
        code: its exit code.
        output: what it printed, errors too.
    """

    code: int
    output: str


@dataclass(frozen=True)
class Copy:
    """A copy of what Terraform reads.

    Args:
        root: its folder.
        toolchain: the binary and its providers.
    """

    root: Path
    toolchain: Toolchain

    @classmethod
    def make(cls, root: Path, toolchain: Toolchain) -> Copy:
        """Copies modules, stacks, declarations and their defaults."""
        shutil.copytree(ROOT / "terraform", root / "terraform", ignore=_WITHOUT_WORK_FILES)
        shutil.copytree(ROOT / "schemas", root / "schemas")
        shutil.copy(ROOT / "platform.yaml", root / "platform.yaml")
        (root / "lambdas").mkdir()
        return cls(root, toolchain)

    def add_service(self, name: str, declaration: str) -> None:
        """Declares a service."""
        folder = self.root / "lambdas" / name
        folder.mkdir(parents=True)
        (folder / "service.yaml").write_text(declaration)

    def terraform(self, folder: str, *arguments: str) -> Ran:
        """Runs Terraform in a folder of `terraform/`."""
        ran = subprocess.run(
            [str(self.toolchain.terraform), *arguments],
            cwd=self.root / "terraform" / folder,
            env=os.environ | self.toolchain.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout)

    def init(self, folder: str, *arguments: str) -> None:
        """Initializes a folder, with exactly the providers of the stack's lock file."""
        lock = self.root / "terraform" / folder / ".terraform.lock.hcl"
        if not lock.exists():
            shutil.copy(self.root / LOCK, lock)
        ran = self.terraform(
            folder,
            "init",
            "-input=false",
            "-no-color",
            "-lockfile=readonly",
            *(arguments or ["-backend=false"]),
        )
        assert ran.code == 0, ran.output


_STACK_MOCKS = """\
mock_data "aws_partition" {
  defaults = {
    dns_suffix = "amazonaws.com"
    partition  = "aws"
  }
}

mock_resource "aws_iam_policy" {
  defaults = {
    arn = "arn:aws:iam::111111111111:policy/mock"
  }
}

mock_resource "aws_kms_key" {
  defaults = {
    arn = "arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-4000-8000-000000000000"
  }
}

mock_resource "aws_sns_topic" {
  defaults = {
    arn = "arn:aws:sns:eu-west-1:111111111111:lockgate-local-info"
  }
}

mock_resource "aws_sns_topic_policy" {
  defaults = {
    arn = "arn:aws:sns:eu-west-1:111111111111:lockgate-local-info"
  }
}

mock_resource "aws_sqs_queue" {
  defaults = {
    arn = "arn:aws:sqs:eu-west-1:111111111111:lockgate-local-notifier"
    url = "https://sqs.eu-west-1.amazonaws.com/111111111111/lockgate-local-notifier"
  }
}

mock_resource "aws_secretsmanager_secret" {
  defaults = {
    arn = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:lockgate-local/notifier-AbCdEf"
  }
}

mock_resource "aws_dynamodb_table" {
  defaults = {
    arn = "arn:aws:dynamodb:eu-west-1:111111111111:table/mock"
  }
}
"""


def embedded_backend(endpoint: str, account: str, bucket: str, key: str) -> list[str]:
    """Arguments of `terraform init` for a state on an embedded AWS."""
    settings = {
        "access_key": account,
        "bucket": bucket,
        "endpoints": json.dumps(dict.fromkeys(("s3", "sts", "iam"), endpoint)),
        "key": key,
        "region": "eu-west-1",
        "secret_key": "local",
        "skip_credentials_validation": "true",
        "skip_metadata_api_check": "true",
        "skip_requesting_account_id": "true",
        "use_path_style": "true",
    }
    return [f"-backend-config={name}={value}" for name, value in settings.items()]


def plan_changes(copy: Copy, stack: str, *variables: str) -> dict[str, list[str]]:
    """What a plan would do, by address; without what stays as it is."""
    ran = copy.terraform(stack, "plan", "-input=false", "-no-color", *variables, "-out=tfplan")
    assert ran.code == 0, ran.output
    shown = json.loads(copy.terraform(stack, "show", "-json", "tfplan").output)
    changes = {
        item["address"]: item["change"]["actions"]
        for item in shown.get("resource_changes", [])
        if item["change"]["actions"] not in (["no-op"], ["read"])
    }
    outputs = {
        f"output.{name}": change["actions"]
        for name, change in shown.get("output_changes", {}).items()
        if change["actions"] != ["no-op"]
    }
    return changes | outputs


def add_mocks(copy: Copy, stack: str) -> None:
    """Gives a stack what `run_tests` needs: values that the provider's own validators accept."""
    tests = copy.root / "terraform" / stack / "tests"
    shutil.rmtree(tests, ignore_errors=True)
    (tests / "mocks").mkdir(parents=True)
    shutil.copy(copy.root / "terraform" / MOCKS, tests / "mocks")
    (tests / "mocks" / "stack.tfmock.hcl").write_text(_STACK_MOCKS)


def run_tests(copy: Copy, stack: str, runs: str, *arguments: str) -> Ran:
    """Runs `terraform test` in a stack with `run` blocks, and a mocked provider."""
    text = f'mock_provider "aws" {{\n  source = "./tests/mocks"\n}}\n\n{runs}\n'
    (copy.root / "terraform" / stack / "tests" / "case.tftest.hcl").write_text(text)
    return copy.terraform(stack, "test", "-no-color", *arguments)
