"""Fixtures of the tests around Terraform."""

from __future__ import annotations

from pathlib import Path

import pytest

from lockgate.plans.terraform import Terraform
from tests.unit.plans.fake import FakeTerraform


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeTerraform:
    """A fake that is found as the project's Terraform, with no provider mirror."""
    made = FakeTerraform(tmp_path / "fake")
    monkeypatch.setenv("LOCKGATE_TERRAFORM", str(made.path))
    monkeypatch.setenv("LOCKGATE_PROVIDER_MIRROR", "")
    return made


@pytest.fixture
def terraform(tmp_path: Path, fake: FakeTerraform) -> Terraform:
    """The adapter, over the fake."""
    (tmp_path / "stack").mkdir()
    return Terraform(project_root=tmp_path, folder=tmp_path / "stack", data_dir=tmp_path / "data")
