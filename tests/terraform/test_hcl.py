"""What holds for all modules and stacks, read from their files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.terraform.hcl import TERRAFORM, Block, blocks, folders
from tests.terraform.readmes import with_tables

LAMBDA_SERVICE = TERRAFORM / "modules" / "lambda-service"
EACH_FOLDER = pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)


def _ignored(block: Block) -> list[str]:
    found = re.search(r"^    ignore_changes = \[(.*?)\]", block.body, re.M | re.S)
    return re.findall(r"\w+", found[1]) if found else []


def test_what_the_release_owns_is_ignored_and_nothing_else() -> None:
    ignored = {
        block.labels[0]: _ignored(block) for block in blocks(LAMBDA_SERVICE, "resource") if _ignored(block)
    }
    assert ignored == {
        "aws_lambda_function": [
            "filename",
            "image_uri",
            "s3_bucket",
            "s3_key",
            "s3_object_version",
            "source_code_hash",
        ],
        "aws_lambda_alias": ["function_version", "routing_config"],
    }


def test_configurations_are_made_once_and_before_the_old_ones_go() -> None:
    configurations = {
        (folder.name, block.labels[1]): block
        for folder in folders()
        for block in blocks(folder, "resource")
        if block.labels[0].endswith("_deployment_config")
    }
    assert set(configurations) == {("deployment-configs", "canary"), ("deployment-configs", "linear")}
    for block in configurations.values():
        assert "create_before_destroy = true" in block.body, block.labels


@EACH_FOLDER
def test_variables_are_typed_described_and_sorted(folder: Path) -> None:
    variables = blocks(folder, "variable")
    names = [block.labels[0] for block in variables]
    assert names == sorted(names)
    for block in variables:
        assert block.text("description"), f"{folder.name}: variable {block.labels[0]} has no description"
        assert block.attribute("type"), f"{folder.name}: variable {block.labels[0]} has no type"


@EACH_FOLDER
def test_outputs_are_described_and_sorted(folder: Path) -> None:
    outputs = blocks(folder, "output")
    assert [block.labels[0] for block in outputs] == sorted(block.labels[0] for block in outputs)
    assert all(block.text("description") for block in outputs)


@EACH_FOLDER
def test_terraform_and_provider_are_pinned_alike(folder: Path) -> None:
    text = (folder / "versions.tf").read_text()
    assert 'required_version = ">= 1.11"' in text
    assert re.search(r'source  = "hashicorp/aws"\n\s+version = "~> 5\.100"', text)


@EACH_FOLDER
def test_readme_is_current(folder: Path) -> None:
    assert (folder / "README.md").read_text() == with_tables(folder), "run python -m tests.terraform.readmes"


def test_every_log_group_has_an_end_and_a_key() -> None:
    groups = {
        (folder.name, block.labels[1]): block
        for folder in folders()
        for block in blocks(folder, "resource")
        if block.labels[0] == "aws_cloudwatch_log_group"
    }
    assert len(groups) >= 5
    for where, block in groups.items():
        assert block.attribute("retention_in_days") not in (None, "0", "null"), where
        assert block.attribute("kms_key_id") not in (None, "null"), where


@EACH_FOLDER
def test_nothing_runs_code_while_planning(folder: Path) -> None:
    text = "".join(path.read_text() for path in folder.glob("*.tf"))
    for forbidden in ('data "external"', "local-exec", "remote-exec", 'resource "null_resource"'):
        assert forbidden not in text


def test_partition_is_never_written_out() -> None:
    for path in TERRAFORM.glob("*/*/*.tf"):
        assert "arn:aws:" not in path.read_text(), f"{path}: use the partition that is given"


def test_modules_do_not_call_each_other() -> None:
    for path in TERRAFORM.glob("modules/*/*.tf"):
        assert not re.search(r'^module "', path.read_text(), re.MULTILINE), (
            f"{path}: a stack puts them together"
        )


def test_each_skipped_check_has_a_reason() -> None:
    for path in TERRAFORM.glob("*/*/*.tf"):
        for line in re.findall(r"#checkov:skip.*", path.read_text()):
            assert re.fullmatch(r"#checkov:skip=CKV2?_AWS_\d+:.{20,}", line), f"{path}: {line}"


def test_lock_file_knows_every_platform_and_no_address() -> None:
    text = (TERRAFORM / "stacks" / "workload" / ".terraform.lock.hcl").read_text()
    assert re.search(r'version +?= "5\.100\.0"', text)
    assert len(re.findall(r'"h1:', text)) >= 14
    assert len(re.findall(r'"zh:', text)) >= 15
    assert "://" not in text
