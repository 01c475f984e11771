"""The sources of a build elsewhere: one zip of what Git would take, named by its content."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from lockgate.errors import UsageError
from lockgate.packaging.zips import Entry, written


def packed(root: Path) -> bytes:
    """The bytes of a zip of the files that Git tracks, and of those that it would if they were added.

    What `.gitignore` names stays here. Links are followed; the same files give the same bytes.

    Raises:
        UsageError: the folder is no Git repository, or a link in it leads out of it.
    """
    return written(
        Entry.of(name, bool(path.stat().st_mode & stat.S_IXUSR), path.read_bytes())
        for name, path in sorted(set(_files(root)))
    )


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    for name in _listed(root):
        path = root / name
        _refuse_leading_out(root, path)
        if path.is_file():
            yield name, path
        elif path.is_dir():
            # A link to a folder, or another repository within this one.
            for folder, below, names in os.walk(path):
                below[:] = [each for each in below if each not in (".git", "__pycache__")]
                for each in names:
                    found = Path(folder) / each
                    _refuse_leading_out(root, found)
                    yield str(found.relative_to(root)), found


def _refuse_leading_out(root: Path, path: Path) -> None:
    if path.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
        raise UsageError(
            f"{path} is a link to {path.resolve()}, which does not belong to the repository",
            hint="Put what it leads to into the repository, or name the link in .gitignore.",
        )


def _listed(root: Path) -> list[str]:
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise UsageError(f"git cannot be run: {error.strerror}", hint="Install git.") from error
    if done.returncode:
        raise UsageError(
            f"{root} is no Git repository, so that it is not known which files belong to it: "
            f"{done.stderr.strip()}",
            hint="Run git init there, and commit.",
        )
    return [name for name in done.stdout.split("\0") if name]
