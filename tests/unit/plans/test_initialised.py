"""`terraform init` runs again just where it would find something else than before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lockgate.errors import LockgateError
from lockgate.plans.terraform import Terraform
from tests.unit.plans.fake import FakeTerraform, add_mirror

MAIN = """\
terraform {
  required_version = ">= 1.11"
  backend "s3" {}
}

module "one" {
  source = "./one"
  name   = "a"
}
"""
REQUIRED = """\
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
"""


@pytest.fixture
def ready(terraform: Terraform, fake: FakeTerraform) -> Callable[..., bool]:
    """Makes it ready for a backend; whether that initialised it."""
    stack = terraform.folder
    (stack / "one").mkdir()
    (stack / "main.tf").write_text(MAIN)
    (stack / ".terraform.lock.hcl").write_text("one lock\n")
    (stack / "one" / "main.tf").write_text('variable "name" {}\n')

    def initialises(bucket: str = "b") -> bool:
        called = fake.folder / "called.json"
        called.unlink(missing_ok=True)
        terraform.ready({"bucket": bucket})
        return called.is_file() and fake.arguments[0] == "init"

    return initialises


def edited(path: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(stack: Path) -> None:
        file = stack / path
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))

    return edit


@pytest.mark.parametrize(
    "edit",
    [
        edited("main.tf", '"./one"', '"./two"'),
        edited("main.tf", ">= 1.11", ">= 1.12"),
        edited("main.tf", 'backend "s3"', 'backend "gcs"'),
        edited("main.tf", 'module "one"', 'module "two"'),
        edited(".terraform.lock.hcl", "one lock", "another lock"),
        edited("one/main.tf", 'variable "name" {}', REQUIRED),
    ],
)
def test_what_it_reads_has_changed(
    terraform: Terraform, ready: Callable[..., bool], edit: Callable[[Path], None]
) -> None:
    assert ready()
    assert not ready()
    edit(terraform.folder)
    assert ready()


def test_what_it_does_not_read_has_changed(terraform: Terraform, ready: Callable[..., bool]) -> None:
    assert ready()
    edited("main.tf", '= "a"', '= "b"')(terraform.folder)
    edited("one/main.tf", "{}", '{\n  default = "c"\n}')(terraform.folder)
    (terraform.folder / "more.tf").write_text("# a comment\n")
    assert not ready()


def test_the_state_is_elsewhere(ready: Callable[..., bool]) -> None:
    assert ready()
    assert ready("other")
    assert ready()


def test_another_terraform(terraform: Terraform, fake: FakeTerraform, ready: Callable[..., bool]) -> None:
    assert ready()
    del terraform.__dict__["toolchain"]
    fake.tell(version="1.12.0")
    fake.path.touch()
    assert ready()


def test_providers_come_from_elsewhere(
    terraform: Terraform, ready: Callable[..., bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ready()
    for name in ("one", "two"):
        monkeypatch.setenv("LOCKGATE_PROVIDER_MIRROR", str(add_mirror(tmp_path / name)))
        del terraform.__dict__["toolchain"]
        assert ready()
        assert not ready()


def test_after_a_failure_it_is_initialised_again(
    terraform: Terraform, fake: FakeTerraform, ready: Callable[..., bool]
) -> None:
    assert ready()
    fake.tell(stderr="Required plugins are not installed", code=1)
    with pytest.raises(LockgateError, match="not installed") as raised:
        terraform.plan(terraform.data_dir / "x.tfplan", {})
    assert raised.value.hint.startswith("Run it again")
    fake.tell(stderr="", code=0)
    assert ready()


def test_an_init_that_fails_is_done_again(fake: FakeTerraform, ready: Callable[..., bool]) -> None:
    fake.tell(stderr="no", code=1)
    with pytest.raises(LockgateError):
        ready()
    fake.tell(stderr="", code=0)
    assert ready()
