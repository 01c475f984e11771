"""The embedded AWS that the tests of a file share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.codedeploy_world import MINUTE, served


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of its state."""
    return tmp_path_factory.mktemp("localaws")


@pytest.fixture(scope="module")
def endpoint(home: Path) -> Iterator[str]:
    """Where it answers; each test takes an account of its own."""
    with served(home, MINUTE) as running:
        yield running
