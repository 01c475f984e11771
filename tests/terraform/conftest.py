"""Fixtures of the Terraform tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from lockgate.plans.toolchain import Toolchain
from tests.terraform.hcl import ROOT
from tests.terraform.toolchain import Copy, add_mocks


@pytest.fixture(scope="session")
def toolchain() -> Toolchain:
    """Terraform and its providers, as the project itself finds them."""
    return Toolchain.find(ROOT)


@pytest.fixture
def copy(tmp_path: Path, toolchain: Toolchain) -> Copy:
    """A copy of what Terraform reads, without services."""
    return Copy.make(tmp_path, toolchain)


@pytest.fixture
def mocked_workload(copy: Copy) -> Copy:
    """The workload stack with mocks, and without services."""
    return _mocked(copy, "stacks/workload")


@pytest.fixture
def mocked_tooling(copy: Copy) -> Copy:
    """The tooling stack with mocks."""
    return _mocked(copy, "stacks/tooling")


def _mocked(copy: Copy, stack: str) -> Copy:
    add_mocks(copy, stack)
    copy.init(stack)
    return copy
