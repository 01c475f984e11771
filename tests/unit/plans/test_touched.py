"""A change touches the stacks whose plan could be another one for it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lockgate.config import Project
from lockgate.errors import UsageError
from lockgate.plans.touched import touched

ROOT = Path(__file__).parents[3]
ENVIRONMENTS = ["local", "dev", "staging", "prod"]
ALL = ["tooling", *ENVIRONMENTS]
SERVICE = "lambdas/hello-api/service.yaml"


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    subprocess.run(["git", "-C", root, *identity, *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("repository")
    for name in ("terraform", "schemas", "lambdas"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns(".terraform", "__pycache__"))
    shutil.copy(ROOT / "platform.yaml", root)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    return root


def append(path: str, text: str = "\n# more\n") -> Callable[[Path], None]:
    def change(root: Path) -> None:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text((file.read_text() if file.is_file() else "") + text)

    return change


def edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        text = (root / path).read_text()
        assert old in text
        (root / path).write_text(text.replace(old, new, 1))

    return change


CONTAINER = "kind: container\n"
CHANGES: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "nothing": (append("platform.yaml", ""), []),
    "documentation": (append("docs/x.md"), []),
    "code of a function": (append("lambdas/hello-api/src/app.py"), []),
    "a comment in a declaration": (append(SERVICE), []),
    "a module of both": (append("terraform/modules/encryption-key/main.tf"), ALL),
    "a module of environments": (append("terraform/modules/lambda-service/main.tf"), ENVIRONMENTS),
    "tests of a module": (append("terraform/modules/lambda-service/tests/x.tftest.hcl"), []),
    "the tooling stack": (append("terraform/stacks/tooling/main.tf"), ["tooling"]),
    "a new file": (append("terraform/stacks/workload/new.tf"), ENVIRONMENTS),
    "defaults of services": (append("schemas/service.defaults.json", "\n"), ENVIRONMENTS),
    "overrides of prod": (
        append(SERVICE, "overrides:\n  prod:\n    memory_mb: 1024\n"),
        ["prod"],
    ),
    "a service": (append(SERVICE, "memory_mb: 1024\n"), ENVIRONMENTS),
    "one environment": (edit("platform.yaml", "dirty_builds: true", "dirty_builds: false"), ["dev"]),
    "an account": (edit("platform.yaml", '"333333333333"', '"666666666666"'), ["tooling", "staging", "prod"]),
    "where prod promotes from": (
        edit("platform.yaml", "from: staging", "from: dev"),
        ["dev", "staging", "prod"],
    ),
    "a freeze": (
        append("platform.yaml", "freezes:\n  - {reason: x, from: 2026-12-18, until: 2027-01-03}\n"),
        [],
    ),
    "the organisation": (edit("platform.yaml", "acme", "other"), ALL),
    "a container": (append("containers/web/service.yaml", CONTAINER), ALL),
}


@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=CHANGES)
def test_a_change_touches(committed: Path, change: Callable[[Path], None], expected: list[str]) -> None:
    change(committed)
    try:
        found = touched(Project(committed), "HEAD")
    finally:
        git(committed, "checkout", "-q", ".")
        git(committed, "clean", "-qfd")
    assert [one.stack for one in found] == expected
    assert [one.wave for one in found] == sorted(one.wave for one in found)
    assert all(one.because for one in found)


def test_what_was_committed_since_counts_too(committed: Path) -> None:
    git(committed, "checkout", "-qb", "change")
    append("terraform/stacks/tooling/main.tf")(committed)
    git(committed, "commit", "-qam", "second")
    (found,) = touched(Project(committed), "HEAD~1")
    assert (found.stack, found.because) == ("tooling", ("terraform/stacks/tooling/main.tf",))


def test_a_commit_that_is_not_there_is_said(committed: Path) -> None:
    with pytest.raises(UsageError, match="git merge-base"):
        touched(Project(committed), "origin/none")
