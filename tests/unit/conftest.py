"""Unit tests see no setting of whoever runs them: a build in CodeBuild has variables that they look at."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("AWS_", "LOCKGATE_")) and name != "LOCKGATE_PROVIDER_MIRROR":
            monkeypatch.delenv(name)
