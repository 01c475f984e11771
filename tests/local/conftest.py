"""The embedded AWS that the tests of a file share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local.codedeploy_world import MINUTE, served


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where it answers; each test takes an account of its own."""
    with served(tmp_path_factory.mktemp("localaws"), MINUTE) as running:
        yield running
