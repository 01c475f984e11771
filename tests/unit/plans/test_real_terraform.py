"""The adapter over the real binary, with its builtin provider only: no network, no AWS."""

from __future__ import annotations

import dataclasses
import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from lockgate.errors import LockgateError, RefusedError
from lockgate.plans.terraform import Terraform

pytestmark = pytest.mark.terraform

MODULE = """
terraform {
  backend "local" {}
}

variable "environment" {
  type = string
}

resource "terraform_data" "this" {
  input = var.environment
}

output "environment" {
  value = terraform_data.this.output
}
"""

SLOW = """
resource "terraform_data" "slow" {
  provisioner "local-exec" {
    command = "sleep 600"
  }
}
"""


@pytest.fixture
def real(tmp_path: Path) -> Terraform:
    (tmp_path / "stack").mkdir()
    (tmp_path / "stack" / "main.tf").write_text(MODULE)
    it = Terraform(project_root=tmp_path, folder=tmp_path / "stack", data_dir=tmp_path / "data")
    it.init({"path": str(tmp_path / "terraform.tfstate")})
    return it


def left_in(folder: Path, patience: float = 5.0) -> list[int]:
    """Processes whose current folder is this one, and that do not end either."""
    end = time.monotonic() + patience
    while (found := _processes_in(folder)) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def _processes_in(folder: Path) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder) and process.pid != os.getpid():
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def test_from_plan_to_output(real: Terraform, tmp_path: Path) -> None:
    plan, told = tmp_path / "x.tfplan", []
    it = dataclasses.replace(real, on_line=told.append)
    it.validate()
    assert it.plan(plan, {"environment": "dev"})
    assert plan.stat().st_mode & 0o777 == 0o600
    (change,) = it.show(plan).document["resource_changes"]
    assert change["change"]["actions"] == ["create"]
    it.apply(plan)
    assert it.output() == {"environment": "dev"}
    assert not it.plan(plan, {"environment": "dev"})
    assert "terraform_data.this: to create" in told
    assert any("create done after" in line for line in told)


def test_its_own_diagnostics_are_the_error(real: Terraform, tmp_path: Path) -> None:
    (tmp_path / "stack" / "wrong.tf").write_text('output "x" {\n  value = local.missing\n}\n')
    with pytest.raises(LockgateError, match=r"Reference to undeclared local value \(wrong\.tf:2\)"):
        real.plan(tmp_path / "x.tfplan", {"environment": "dev"})


def test_files_that_are_not_formatted_are_named_and_can_be_formatted(real: Terraform, tmp_path: Path) -> None:
    file = tmp_path / "stack" / "ugly.tf"
    file.write_text("locals {\na=1\n}\n")
    assert "ugly.tf" in real.fmt_check()
    real.fmt()
    assert real.fmt_check() == ""
    assert file.read_text() == "locals {\n  a = 1\n}\n"


@pytest.mark.parametrize("error", [KeyboardInterrupt, BrokenPipeError])
def test_an_apply_whose_reader_leaves_leaves_no_process_and_no_lock(
    real: Terraform, tmp_path: Path, error: type[BaseException]
) -> None:
    (tmp_path / "stack" / "slow.tf").write_text(SLOW)
    plan = tmp_path / "x.tfplan"
    real.plan(plan, {"environment": "dev"})

    def leave(line: str) -> None:
        if "slow: create begins" in line:
            raise error

    with pytest.raises(error):
        dataclasses.replace(real, on_line=leave).apply(plan)
    assert left_in(tmp_path / "stack") == []
    assert real.plan(plan, {"environment": "dev"})


def test_an_apply_that_hangs_is_ended_with_all_that_it_started(real: Terraform, tmp_path: Path) -> None:
    (tmp_path / "stack" / "slow.tf").write_text(SLOW)
    plan = tmp_path / "x.tfplan"
    real.plan(plan, {"environment": "dev"})
    with pytest.raises(LockgateError, match="took longer than 2 s and was ended"):
        dataclasses.replace(real, timeout=2).apply(plan)
    assert left_in(tmp_path / "stack") == []


def test_a_terraform_that_is_killed_leaves_nothing_that_it_started(real: Terraform, tmp_path: Path) -> None:
    (tmp_path / "stack" / "slow.tf").write_text(SLOW)
    plan = tmp_path / "x.tfplan"
    real.plan(plan, {"environment": "dev"})

    def kill(line: str) -> None:
        if "slow: create begins" in line:
            end = time.monotonic() + 30
            while len(started := _processes_in(tmp_path / "stack")) < 2 and time.monotonic() < end:
                time.sleep(0.05)
            os.kill(min(started, key=lambda pid: psutil.Process(pid).create_time()), signal.SIGKILL)

    with pytest.raises(LockgateError, match="exit code -9"):
        dataclasses.replace(real, on_line=kill).apply(plan)
    assert left_in(tmp_path / "stack") == []


def test_a_state_that_is_locked_says_by_whom(real: Terraform, tmp_path: Path) -> None:
    (tmp_path / "stack" / "slow.tf").write_text(SLOW)
    first, second = tmp_path / "first.tfplan", tmp_path / "second.tfplan"
    real.plan(first, {"environment": "dev"})
    refused: list[RefusedError] = []

    def try_too(line: str) -> None:
        if "slow: create begins" in line:
            with pytest.raises(RefusedError) as raised:
                real.plan(second, {"environment": "dev"})
            refused.append(raised.value)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dataclasses.replace(real, on_line=try_too).apply(first)
    (error,) = refused
    assert "the state is locked by " in error.message
    assert ", for apply (lock " in error.message
