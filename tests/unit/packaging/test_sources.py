"""What a build elsewhere gets: what Git would take, and the same bytes each time."""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path

import pytest

from lockgate.errors import UsageError
from lockgate.packaging.sources import packed


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    (folder / ".gitignore").write_text("secret.env\n.build/\n")
    (folder / "secret.env").write_text("PASSWORD=1")
    (folder / ".build").mkdir()
    (folder / ".build/old.zip").write_text("old")
    (folder / "tracked.py").write_text("tracked")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    subprocess.run(["git", "add", "."], cwd=folder, check=True)
    (folder / "new.py").write_text("new")
    return folder


def names(data: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(data)).namelist()


def test_it_has_what_git_would_take_and_nothing_that_is_ignored(root: Path) -> None:
    assert names(packed(root)) == [".gitignore", "new.py", "run.sh", "tracked.py"]


def test_what_was_deleted_since_is_left_out(root: Path) -> None:
    (root / "tracked.py").unlink()
    assert "tracked.py" not in names(packed(root))


def test_the_executable_bit_goes_along(root: Path) -> None:
    archive = zipfile.ZipFile(io.BytesIO(packed(root)))
    assert archive.getinfo("run.sh").external_attr >> 16 & 0o777 == 0o755
    assert archive.getinfo("new.py").external_attr >> 16 & 0o777 == 0o644


def test_times_and_commits_do_not_count_and_content_does(root: Path) -> None:
    before = packed(root)
    (root / "new.py").touch()
    subprocess.run(["git", "add", "."], cwd=root, check=True)
    assert packed(root) == before
    (root / "new.py").write_text("newer")
    assert packed(root) != before


def test_a_link_to_a_folder_of_the_repository_is_followed(root: Path) -> None:
    (root / "common").mkdir()
    (root / "common/shared.py").write_text("shared")
    (root / "linked").symlink_to("common")
    found = zipfile.ZipFile(io.BytesIO(packed(root)))
    assert found.read("linked/shared.py") == found.read("common/shared.py") == b"shared"


def test_a_link_out_of_the_repository_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("key")
    (root / "leak").symlink_to("../credentials")
    with pytest.raises(UsageError, match="does not belong to the repository"):
        packed(root)


@pytest.mark.parametrize(
    ("target", "problem"),
    [("secret.env", "which Git does not take"), (".build", "takes nothing"), (".", "a link again")],
)
def test_a_link_to_what_is_ignored_takes_nothing_along(root: Path, target: str, problem: str) -> None:
    (root / "leak").symlink_to(target)
    with pytest.raises(UsageError, match=problem):
        packed(root)


def test_a_link_to_a_file_is_that_file_and_one_to_nothing_is_nothing(root: Path) -> None:
    (root / "again.sh").symlink_to("run.sh")
    (root / "dangling").symlink_to("nowhere")
    archive = zipfile.ZipFile(io.BytesIO(packed(root)))
    assert archive.read("again.sh") == b"#!/bin/sh\n"
    assert archive.getinfo("again.sh").external_attr >> 16 & 0o777 == 0o755
    assert "dangling" not in archive.namelist()


def test_what_is_ignored_beside_linked_files_stays_here(root: Path) -> None:
    (root / "common").mkdir()
    (root / "common/shared.py").write_text("shared")
    (root / "common/secret.env").write_text("PASSWORD=2")
    (root / "linked").symlink_to("common")
    assert [name for name in names(packed(root)) if "secret" in name] == []


def test_a_repository_within_says_itself_what_belongs_to_it(root: Path) -> None:
    inner = root / "inner"
    subprocess.run(["git", "init", "--quiet", inner], check=True)
    (inner / ".gitignore").write_text("local.cfg\n")
    (inner / "local.cfg").write_text("TOKEN=1")
    (inner / "code.py").write_text("code")
    assert [name for name in names(packed(root)) if name.startswith("inner/")] == [
        "inner/.gitignore",
        "inner/code.py",
    ]


def test_a_folder_that_git_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no Git repository"):
        packed(tmp_path)
