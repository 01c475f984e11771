"""Fixtures of the Terraform tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.terraform.toolchain import Copy


@pytest.fixture(scope="session")
def terraform_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What Terraform needs in its environment; skips where there is no Terraform."""
    if shutil.which("terraform") is None:
        pytest.skip("needs terraform on PATH: make setup")
    return {}


@pytest.fixture
def copy(tmp_path: Path, terraform_environment: dict[str, str]) -> Copy:
    """A copy of what Terraform reads, without services."""
    return Copy.make(tmp_path, terraform_environment)
