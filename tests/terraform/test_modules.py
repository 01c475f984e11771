"""Runs each module's own tests, with a mocked provider."""

from __future__ import annotations

import pytest

from tests.terraform.hcl import ROOT, TERRAFORM, folders
from tests.terraform.toolchain import Copy

pytestmark = pytest.mark.terraform

TESTED = [str(folder.relative_to(TERRAFORM)) for folder in folders() if folder.parent.name == "modules"]


@pytest.mark.parametrize("folder", TESTED)
def test_module(copy: Copy, folder: str) -> None:
    copy.init(folder)
    ran = copy.terraform(folder, "test", "-no-color")
    assert ran.code == 0, ran.output


def test_formatted(copy: Copy) -> None:
    ran = copy.terraform(".", "fmt", "-check", "-recursive", "-diff", "-no-color")
    assert ran.code == 0, ran.output


def test_every_module_has_tests() -> None:
    for folder in TESTED:
        assert list((ROOT / "terraform" / folder / "tests").glob("*.tftest.hcl")), folder
