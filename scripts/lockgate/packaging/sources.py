"""The sources of a build elsewhere: one zip of what Git would take, named by its content."""

from __future__ import annotations

import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from lockgate.errors import UsageError
from lockgate.packaging.zips import Entry, written


def packed(root: Path) -> bytes:
    """The bytes of a zip of the files that Git tracks, and of those that it would if they were added.

    What `.gitignore` names stays here, also where a link leads to it. Links become what they lead to; the
    same files give the same bytes.

    Raises:
        UsageError: the folder is no Git repository, or a link in it leads to what Git does not take.
    """
    return written(
        Entry.of(name, bool(path.stat().st_mode & stat.S_IXUSR), path.read_bytes())
        for name, path in sorted(set(_files(root)))
    )


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    listed = git_files(root)
    for name in listed:
        path = root / name
        if path.is_symlink():
            yield from _behind_link(root, name, listed)
        elif path.is_file():
            yield name, path
        elif (path / ".git").exists():
            # Another repository within this one knows itself what belongs to it.
            yield from ((f"{name.rstrip('/')}/{inner}", found) for inner, found in _files(path))


def _behind_link(root: Path, name: str, listed: list[str]) -> Iterator[tuple[str, Path]]:
    """What a link leads to, as far as that goes along itself; nothing, where it leads nowhere."""
    link = root / name
    target = link.resolve()
    if not target.is_relative_to(root.resolve()):
        raise _leading_to(link, target, "which does not belong to the repository")
    inner = target.relative_to(root.resolve()).as_posix()
    if target.is_file():
        if inner not in listed:
            raise _leading_to(link, target, "which Git does not take")
        yield name, target
    elif target.is_dir():
        yield from _in_linked_folder(root, name, "" if inner == "." else f"{inner}/", listed)


def _in_linked_folder(root: Path, name: str, prefix: str, listed: list[str]) -> Iterator[tuple[str, Path]]:
    below = [each for each in listed if each.startswith(prefix)]
    if not below:
        raise _leading_to(root / name, root / prefix, "of which Git takes nothing")
    for each in below:
        path = root / each
        if path.is_symlink():
            raise _leading_to(root / name, path, "which is a link again")
        if path.is_file():
            yield f"{name}/{each.removeprefix(prefix)}", path


def _leading_to(link: Path, target: Path, problem: str) -> UsageError:
    return UsageError(
        f"{link} is a link to {target}, {problem}",
        hint="Put what it leads to into the repository in its place, or name the link in .gitignore.",
    )


def git_files(root: Path) -> list[str]:
    """Names of the files that Git tracks, and of those that it would if they were added.

    Raises:
        UsageError: the folder is no Git repository.
    """
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
