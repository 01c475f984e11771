"""The files of a folder that belong into an artifact: what they are called, their mode, and their digest."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from lockgate.errors import UsageError
from lockgate.packaging.index import Index

_NOISE_FOLDERS = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".git"}
_NOISE_SUFFIXES = (".pyc", ".pyo")
_NOISE_AT_THE_TOP = ("requirements*.txt", "requirements*.in", ".DS_Store")
"""What is beside the code, but not of it."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of an artifact.

    Attributes:
        name: its path in the artifact, with `/`.
        path: where it is.
        executable: whether its owner may execute it; no other bit of its mode counts.
        sha256: hexadecimal digest of its content.
    """

    name: str
    path: str
    executable: bool
    sha256: str

    def read(self) -> bytes:
        """Its content."""
        return Path(self.path).read_bytes()


def sources(
    service: str, folder: Path, index: Index, left_out: Sequence[str] = _NOISE_AT_THE_TOP
) -> list[File]:
    """Files of a service, sorted by name. Links are followed, so that services can share code.

    Args:
        service: its name, for errors.
        folder: where they are.
        index: digests of files.
        left_out: patterns of names at the top of the folder that do not belong to it.

    Raises:
        UsageError: there is no such folder, or something in it cannot be part of an artifact.
    """
    if not folder.is_dir():
        raise UsageError(f"{service}: there is no {folder}", hint="Put the service's code there.")
    walk = _Walk(service, index, tuple(left_out))
    return sorted(walk.files(str(folder), "", ()), key=lambda file: file.name)


@dataclass(frozen=True)
class _Walk:
    service: str
    index: Index
    left_out: tuple[str, ...]

    def files(self, folder: str, prefix: str, above: tuple[str, ...]) -> Iterator[File]:
        real = os.path.realpath(folder)
        if real in above:
            raise UsageError(
                f"{self.service}: {folder} is a link to a folder that it stands in", hint="Remove the link."
            )
        with os.scandir(folder) as entries:
            for entry in entries:
                if self._is_noise(entry.name, at_the_top=not prefix):
                    continue
                if entry.is_dir():
                    yield from self.files(entry.path, f"{prefix}{entry.name}/", (*above, real))
                else:
                    yield self._file(entry, f"{prefix}{entry.name}")

    def _file(self, entry: os.DirEntry[str], name: str) -> File:
        try:
            found = entry.stat()
            if not stat.S_ISREG(found.st_mode):
                raise UsageError(
                    f"{self.service}: {entry.path} is neither a file nor a folder", hint="Move it elsewhere."
                )
            name.encode()
            sha256 = self.index.sha256(entry.path, found)
            return File(name, entry.path, bool(found.st_mode & stat.S_IXUSR), sha256)
        except OSError as error:
            target = f" (a link to {Path(entry.path).readlink()})" if entry.is_symlink() else ""
            raise UsageError(
                f"{self.service}: {entry.path}{target} cannot be read: {error.strerror}",
                hint="Mend or remove it.",
            ) from error
        except UnicodeEncodeError as error:
            raise UsageError(
                f"{self.service}: {entry.path!r} is not UTF-8", hint="Rename the file."
            ) from error

    def _is_noise(self, name: str, *, at_the_top: bool) -> bool:
        if name in _NOISE_FOLDERS or name.endswith(_NOISE_SUFFIXES):
            return True
        return at_the_top and any(fnmatch(name, pattern) for pattern in self.left_out)


def check_handler(service: str, folder: Path, handler: str, names: set[str]) -> None:
    """Raises:
    UsageError: the handler's module is not among the files.
    """
    module = handler.rpartition(".")[0].replace(".", "/")
    if f"{module}.py" not in names and f"{module}/__init__.py" not in names:
        raise UsageError(
            f"{service}: the handler is {handler}, but {folder}/{module}.py does not exist",
            hint="Add the module, or correct `handler` in service.yaml.",
        )
