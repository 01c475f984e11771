"""Which bundle a release takes, and where it must not go."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lockgate.commands.chosen import choose
from lockgate.config import Project
from lockgate.errors import RefusedError

PLATFORM = """
organisation: acme
name: lockgate
region: eu-west-1
environments:
  local:
    account_id: "111111111111"
    endpoint_url: http://127.0.0.1:4566
  dev:
    account_id: "222222222222"
    dirty_builds: true
  prod:
    account_id: "333333333333"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "platform.yaml").write_text(PLATFORM)
    source = tmp_path / "lambdas/orders/src"
    source.mkdir(parents=True)
    (source.parent / "service.yaml").write_text(
        "kind: lambda\noverrides:\n  prod:\n    architecture: x86_64\n"
    )
    (source / "app.py").write_text("")
    return Project(tmp_path)


def opened(project: Project, name: str) -> Any:
    return SimpleNamespace(project=project, name=name, environment=project.environment(name))


def choose_for(project: Project, name: str, reference: str | None = None) -> Any:
    return choose(opened(project, name), project.services(name), reference)


@pytest.mark.parametrize("name", ["local", "dev"])
def test_changes_that_no_commit_has_may_go_where_that_is_allowed(project: Project, name: str) -> None:
    assert choose_for(project, name).dirty


def test_changes_that_no_commit_has_do_not_go_to_prod(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RefusedError, match="changes that are not in it: prod takes only what a commit holds"):
        choose_for(project, "prod")
    monkeypatch.setenv("LOCKGATE_COMMIT", "c" * 40)
    monkeypatch.setenv("LOCKGATE_DIRTY", "false")
    assert choose_for(project, "prod").commit == "c" * 40


def test_a_file_is_taken_as_it_is_and_nothing_is_built(project: Project) -> None:
    built = choose_for(project, "dev")
    file = project.root / ".build/bundle.json"
    before = file.stat()
    assert choose_for(project, "dev", str(file)).services == built.services
    assert file.stat() == before


def test_a_bundle_for_another_machine_is_refused(project: Project) -> None:
    choose_for(project, "dev")
    message = r"built for python3\.12 on arm64, but prod runs python3\.12 on x86_64"
    with pytest.raises(RefusedError, match=message):
        choose_for(project, "prod", str(project.root / ".build/bundle.json"))
