"""Bundles: the same artifacts from the same sources, and what else a bundle says."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from lockgate.config import Project
from lockgate.errors import UsageError
from lockgate.packaging import Bundle, build

PLATFORM = """
organisation: acme
name: lockgate
region: eu-west-1
environments:
  dev:
    account_id: "222222222222"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "platform.yaml").write_text(PLATFORM)
    (tmp_path / ".gitignore").write_text(".build/\n")
    for name in ("orders", "users"):
        source = tmp_path / "lambdas" / name / "src"
        source.mkdir(parents=True)
        (source.parent / "service.yaml").write_text("kind: lambda\n")
        (source / "app.py").write_text(f"def handler(event, context): return {name!r}\n")
    return tmp_path


def git(root: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def make(root: Path, *names: str) -> Bundle:
    return build(Project(root), "dev", list(names))


def test_an_artifact_is_named_by_its_content(root: Path) -> None:
    bundle = make(root)
    assert list(bundle.services) == ["orders", "users"]
    for name, built in bundle.services.items():
        data = (root / built.path).read_bytes()
        digest = hashlib.sha256(data)
        assert built.sha256 == digest.hexdigest()
        assert built.code_sha256 == base64.b64encode(digest.digest()).decode()
        assert built.size == len(data)
        assert built.key == f"services/{name}/{built.sha256}.zip"
        assert built.path == f".build/artifacts/{built.sha256}.zip"


def test_building_again_gives_the_same_and_a_change_changes_one(root: Path) -> None:
    first = make(root).services
    assert make(root).services == first
    (root / "lambdas/orders/src/app.py").chmod(0o755)
    second = make(root).services
    assert second["orders"].sha256 != first["orders"].sha256
    assert second["users"] == first["users"]


def test_only_what_is_named_is_built(root: Path) -> None:
    assert list(make(root, "users").services) == ["users"]
    assert list(make(root).only(["orders"]).services) == ["orders"]
    with pytest.raises(UsageError, match="unknown service 'user'"):
        make(root, "user")


def test_what_is_written_is_what_was_returned(root: Path) -> None:
    bundle = make(root)
    written = json.loads((root / ".build/bundle.json").read_text())
    assert written["schema"] == 1
    assert Bundle.model_validate({**written, "root": root}) == bundle
    assert bundle.created_at.utcoffset() is not None
    assert {path.suffix for path in (root / ".build").rglob("*") if path.is_file()} == {".json", ".zip"}


def test_outside_git_and_before_the_first_commit_there_is_no_commit(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(root.parent))
    assert (make(root).commit, make(root).dirty) == (None, False)
    git(root, "init")
    assert (make(root).commit, make(root).dirty) == (None, True)
    monkeypatch.setenv("PATH", "")
    assert (make(root).commit, make(root).dirty) == (None, False)


def test_the_commit_and_what_is_not_in_it_are_said(root: Path) -> None:
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "x")
    bundle = make(root)
    assert (bundle.commit, bundle.dirty) == (git(root, "rev-parse", "HEAD"), False)
    (root / "lambdas/orders/src/new.py").touch()
    assert make(root).dirty
