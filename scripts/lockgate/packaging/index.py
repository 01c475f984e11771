"""Digests of files, remembered by what the file system says of them: an unchanged file is not read again."""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from lockgate.packaging.writing import write_whole

_SETTLED_NS = 2_000_000_000
"""A file that was changed within the last two seconds is read again the next time: a second change could
leave its times as they are, since FAT keeps them in steps of two seconds and others in ticks of the clock."""

_Stat = tuple[int, int, int, int]


@dataclass
class Index:
    """SHA-256 of files by path, as long as size, times and inode stay the same.

    The time of the last change of the inode counts as well, which no tool can set back. What cannot be read
    in the index's own file is as if it was not there.

    Args:
        path: where the index is kept between builds.
    """

    path: Path
    _known: dict[str, tuple[_Stat, str]] = field(default_factory=dict)
    _changed: bool = False

    @classmethod
    def load(cls, path: Path) -> Self:
        """The index of an earlier build, or an empty one."""
        try:
            entries = json.loads(path.read_bytes())
            known = {name: (_stat(entry[:4]), str(entry[4])) for name, entry in entries.items()}
        except (OSError, ValueError, TypeError, AttributeError, IndexError):
            known = {}
        return cls(path, known)

    def sha256(self, path: str, found: os.stat_result) -> str:
        """Hexadecimal digest of a file.

        Args:
            path: the file.
            found: what `os.stat` says of it.
        """
        stat = (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
        known = self._known.get(path)
        if known and known[0] == stat:
            return known[1]
        with open(path, "rb") as file:  # noqa: PTH123 - a string: there are thousands of them
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns) > _SETTLED_NS:
            self._known[path] = (stat, digest)
            self._changed = True
        return digest

    def holds(self, path: Path, sha256: str) -> bool:
        """Whether a file is there with this digest."""
        try:
            return self.sha256(str(path), path.stat()) == sha256
        except OSError:
            return False

    def save(self) -> None:
        """Keeps what is known of files that are still there, if there is anything new."""
        if self._changed:
            kept = {path: (*stat, digest) for path, (stat, digest) in self._known.items() if _is_there(path)}
            write_whole(self.path, json.dumps(kept).encode())


def _is_there(path: str) -> bool:
    return os.path.exists(path)  # noqa: PTH110


def _stat(values: list[int]) -> _Stat:
    size, modified, changed, inode = (int(value) for value in values)
    return size, modified, changed, inode
