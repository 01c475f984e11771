"""Where artifacts are made and kept between builds."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from lockgate.packaging.bundle import Stored
from lockgate.packaging.index import Index
from lockgate.packaging.writing import write_whole

Item = TypeVar("Item")
Result = TypeVar("Result")
Note = TypeVar("Note", bound=BaseModel)


@dataclass(frozen=True)
class Workshop:
    """The folder `.build` of a repository.

    Args:
        root: the repository.
        index: digests of files.
    """

    root: Path
    index: Index

    @classmethod
    def open(cls, root: Path) -> Workshop:
        """The workshop of a repository, with what is known from earlier builds."""
        return cls(root, Index.load(root / ".build/cache/index.json"))

    @property
    def artifacts(self) -> Path:
        """What was made."""
        return self.root / ".build/artifacts"

    @property
    def cache(self) -> Path:
        """What makes the next build quicker; it can be deleted."""
        return self.root / ".build/cache"

    def put(self, service: str, name: str, data: bytes) -> Stored:
        """Keeps a file of a service's artifact."""
        path = self.artifacts / service / name
        write_whole(path, data)
        return Stored(
            path=path.relative_to(self.root).as_posix(),
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
            key=f"services/{service}/{name}",
        )

    def holds(self, file: Stored) -> bool:
        """Whether a file is still what it was."""
        return self.index.holds(self.root / file.path, file.sha256)

    def note(self, fingerprint: str, built: BaseModel) -> None:
        """Notes what was made from something."""
        write_whole(self._note(fingerprint), built.model_dump_json().encode())

    def noted(self, fingerprint: str, model: type[Note]) -> Note | None:
        """What was made from something, or None."""
        try:
            return model.model_validate_json(self._note(fingerprint).read_bytes())
        except (OSError, ValidationError):
            return None

    def _note(self, fingerprint: str) -> Path:
        return self.cache / "built" / f"{fingerprint}.json"


def at_once(function: Callable[[Item], Result], items: list[Item]) -> list[Result]:
    """What a function gives for each item, as many at a time as there are processors."""
    if not items:
        return []
    with ThreadPoolExecutor(min(len(items), os.cpu_count() or 1)) as pool:
        return list(pool.map(function, items))
