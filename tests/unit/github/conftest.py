"""A GitHub that is asked for real, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lockgate.github.api import GitHub
from tests.workflows.runner.github import REPOSITORY, TOKEN, State, github


@pytest.fixture
def state() -> State:
    return State()


@pytest.fixture
def asked(state: State) -> Iterator[GitHub]:
    with github(state) as url:
        yield GitHub(REPOSITORY, TOKEN, url)
