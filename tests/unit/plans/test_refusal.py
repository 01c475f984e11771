"""What would run code with the credentials of a plan is refused from the sources, with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from lockgate.config.platform import TerraformSources
from lockgate.errors import RefusedError, UsageError
from lockgate.plans.hcl import blocks_of
from lockgate.plans.modules import modules_of
from lockgate.plans.refusal import LOCK_FILE, problems_in, refuse

ROOT = Path(__file__).parents[3]
DEFAULT = TerraformSources()

BAD = {
    'data "external" "x" {\n  program = ["sh"]\n}': (1, "data source external runs a program"),
    'check "c" {\n  data "external" "x" {}\n}': (2, "data source external"),
    'resource "terraform_data" "x" {\n  provisioner "local-exec" {\n    command = "id"\n  }\n}': (
        2,
        "provisioner local-exec runs a command on the machine that applies",
    ),
    'resource "aws_instance" "x" {\n\n  provisioner "remote-exec" {}\n}': (3, "provisioner remote-exec"),
    'resource aws_instance x {\n  provisioner "file" {}\n}': (2, "provisioner file copies"),
    'data "http" "x" {}': (1, "provider hashicorp/http is not"),
    'resource "null_resource" "x" {}': (1, "provider hashicorp/null is not"),
    'ephemeral "random_password" "x" {}': (1, "provider hashicorp/random is not"),
    'resource "aws_x" "x" {\n  provider = other.one\n}': (1, "provider hashicorp/other is not"),
    'provider "tls" {}': (1, "provider hashicorp/tls is not"),
    'terraform {\n  required_providers {\n    aws = { source = "evil/aws" }\n  }\n}': (
        3,
        "provider evil/aws is",
    ),
    'terraform {\n  required_providers {\n    aws = { source = "ev\\u0069l/aws" }\n  }\n}': (
        3,
        "cannot be read",
    ),
    'module "x" {\n  source = "terraform-aws-modules/vpc/aws"\n}': (
        2,
        "terraform-aws-modules/vpc/aws is not",
    ),
    'module "x" {\n  source = "git::https://example.com/x.git"\n}': (
        2,
        "git::https://example.com/x.git is not",
    ),
    'module "x" {\n  source = "../../elsewhere"\n}': (2, "../../elsewhere is not in this repository"),
    'module "x" {}': (1, "its source cannot be read"),
    'provider "aws" {\n  shared_config_files = ["x"]\n}': (2, "shared_config_files may name a program"),
    'terraform {\n  backend "http" {}\n}': (2, "backend http"),
    "terraform {\n  cloud {}\n}": (2, "cloud: the state is in"),
}

GOOD = """
terraform {
  required_providers {
    aws = { source = "registry.terraform.io/hashicorp/aws" }
  }
  backend "s3" {}
}

provider "aws" {}

# provisioner "local-exec" {}
resource "aws_s3_bucket" "x" {
  provider = aws
  bucket   = <<-EOT
    data "external" "x" {}
  EOT
}

resource "terraform_data" "x" {}
"""


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    folder = tmp_path / "stack"
    folder.mkdir()
    return folder


def found(stack: Path, allowed: TerraformSources = DEFAULT) -> list[tuple[str, int, str]]:
    problems = problems_in(stack.parent, stack, allowed)
    return [(one.path.name, one.line, one.words) for one in problems]


@pytest.mark.parametrize(("text", "expected"), BAD.items(), ids=range(len(BAD)))
def test_what_runs_code_is_refused_with_its_line(stack: Path, text: str, expected: tuple[int, str]) -> None:
    (stack / "main.tf").write_text(text)
    ((name, line, words),) = found(stack)
    assert (name, line) == ("main.tf", expected[0])
    assert expected[1] in words


def test_usual_terraform_is_not(stack: Path) -> None:
    (stack / "main.tf").write_text(GOOD)
    assert found(stack) == []


def test_modules_are_looked_into_however_deep(stack: Path) -> None:
    (stack / "main.tf").write_text('module "a" {\n  source = "../a"\n}\n')
    for name, text in [("a", 'module "b" {\n  source = "../b"\n}\n'), ("b", 'data "external" "x" {}\n')]:
        (stack.parent / name).mkdir()
        (stack.parent / name / f"{name}.tf").write_text(text)
    with pytest.raises(RefusedError, match=r"^b/b\.tf:1: data source external"):
        refuse(stack.parent, stack, DEFAULT)


def test_the_lock_file_and_json_are_looked_at(stack: Path) -> None:
    (stack / LOCK_FILE).write_text(
        '\nprovider "registry.terraform.io/hashicorp/null" {\n  version = "3.2.0"\n}\n'
    )
    (stack / "more.tf.json").write_text("{}")
    assert [(name, line) for name, line, _ in found(stack)] == [("more.tf.json", 1), (LOCK_FILE, 2)]


def test_what_platform_yaml_allows_is_not_refused(stack: Path) -> None:
    module = 'module "vpc" {\n  source  = "terraform-aws-modules/vpc/aws"\n  version = "5.0"\n}\n'
    (stack / "main.tf").write_text(f'data "http" "x" {{}}\n{module}')
    allowed = TerraformSources(
        providers=["hashicorp/aws", "hashicorp/http"], modules=["terraform-aws-modules/vpc/aws"]
    )
    assert found(stack, allowed) == []


def test_what_hides_or_cannot_be_read_is_an_error(stack: Path) -> None:
    for text, words in [
        ('data "exter\\u006eal" "x" {}', "written with escapes"),
        ("resource {{", "read as HCL"),
    ]:
        (stack / "main.tf").write_text(text)
        with pytest.raises(UsageError, match=rf"main\.tf:1: .*{words}"):
            found(stack)


@pytest.mark.parametrize("name", ["tooling", "workload"])
def test_the_repositorys_own_stacks_may_be_planned(name: str) -> None:
    stack = ROOT / "terraform" / "stacks" / name
    refuse(ROOT, stack, DEFAULT)
    folders = {module.folder.name for module in modules_of(stack)}
    called = {
        block.label for path in stack.glob("*.tf") for block in blocks_of(path) if block.kind == "module"
    }
    assert {name, "encryption-key"} <= folders
    assert len(folders) > 4
    assert called


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "main.tf"
    path.write_text('data "aws_region" "x" {}')
    before = blocks_of(path)
    assert blocks_of(path) is before
    path.write_text('data "external" "x" {}')
    assert [block.label for block in blocks_of(path)] == ["external"]
