"""Who has built a bundle."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lockgate.commands.attested import arguments, check
from lockgate.errors import LockgateError, RefusedError, UsageError

BUNDLE: Any = SimpleNamespace(content=b"{}", commit="c" * 40, sha256="0" * 64)


def gh(folder: Path, script: str) -> None:
    path = folder / "gh"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/lockgate")
    return tmp_path


def test_it_asks_for_the_release_workflow_on_main_and_for_the_commit(tools: Path) -> None:
    gh(tools, f'printf "%s\\n" "$@" > {tools}/asked; cat "$3" > {tools}/file')
    check(BUNDLE)
    asked = (tools / "asked").read_text().split("\n")[:-1]
    assert asked == arguments(Path(asked[2]), "acme/lockgate", "c" * 40)
    assert "--source-ref refs/heads/main --source-digest " + "c" * 40 in " ".join(asked)
    assert (tools / "file").read_bytes() == b"{}"
    assert not Path(asked[2]).exists()


def test_what_nobody_attests_is_refused_with_the_reason(tools: Path) -> None:
    gh(tools, "echo 'no attestations found' >&2; exit 1")
    with pytest.raises(RefusedError, match="no attestations found"):
        check(BUNDLE)


def test_without_gh_or_a_repository_nothing_is_taken_for_attested(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tools))
    with pytest.raises(LockgateError, match="gh is not there"):
        check(BUNDLE)
    monkeypatch.delenv("GITHUB_REPOSITORY")
    with pytest.raises(UsageError, match="which repository"):
        check(BUNDLE)
