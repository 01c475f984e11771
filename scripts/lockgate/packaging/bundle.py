"""The bundle: what a build leaves behind. Immutable; every environment releases the same one."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from lockgate.config import Project, Service
from lockgate.packaging.dependencies import installed
from lockgate.packaging.zips import check_size, files_of, zipped


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)


class Built(_Frozen):
    """One artifact.

    Attributes:
        path: the file, relative to the repository.
        sha256: hexadecimal digest of the file.
        code_sha256: the same digest as Lambda reports it, in base64.
        size: bytes.
        key: where it goes in the artifact store.
    """

    kind: Literal["lambda"] = "lambda"
    path: str
    sha256: str
    code_sha256: str
    size: int
    key: str


class Bundle(_Frozen):
    """All artifacts of one build.

    Attributes:
        commit: the commit that was built, or None outside Git.
        dirty: whether the tree had changes that are not in that commit.
        created_at: when it was built, in UTC.
        services: the artifacts, by the name of their service.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    root: Path = Field(exclude=True)
    commit: str | None
    dirty: bool
    created_at: AwareDatetime
    services: dict[str, Built]

    def only(self, names: Iterable[str]) -> Bundle:
        """The same bundle with fewer services."""
        return self.model_copy(update={"services": {name: self.services[name] for name in names}})


def build(project: Project, environment: str, names: list[str]) -> Bundle:
    """Builds services into `.build`, and writes `.build/bundle.json`.

    Args:
        project: the repository.
        environment: whose declarations hold; architecture and runtime decide which wheels are taken.
        names: services to build; empty builds all.

    Raises:
        UsageError: a service's sources or lock file are not fit to be built.
        LockgateError: a dependency cannot be installed, or the result is too large.
    """
    folder = project.root / ".build"
    services = project.services(environment, names)
    built = {name: _build_one(project, folder, name, service) for name, service in services.items()}
    bundle = Bundle(
        root=project.root,
        commit=_commit(project.root),
        dirty=_dirty(project.root),
        created_at=datetime.now(UTC),
        services=built,
    )
    _write(folder / "bundle.json", bundle.model_dump_json(by_alias=True, indent=2).encode())
    return bundle


def _build_one(project: Project, folder: Path, name: str, service: Service) -> Built:
    source = project.declared[name].folder / "src"
    files = files_of(name, source, service.handler, installed(folder / "cache", name, source, service))
    data = zipped(files)
    check_size(name, data, files)
    digest = hashlib.sha256(data)
    path = folder / "artifacts" / f"{digest.hexdigest()}.zip"
    if not path.is_file():
        _write(path, data)
    return Built(
        path=str(path.relative_to(project.root)),
        sha256=digest.hexdigest(),
        code_sha256=base64.b64encode(digest.digest()).decode(),
        size=len(data),
        key=f"services/{name}/{digest.hexdigest()}.zip",
    )


def _write(path: Path, data: bytes) -> None:
    """Writes a file whole or not at all: two builds may run at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
    Path(file.name).replace(path)


def _commit(root: Path) -> str | None:
    return _git(root, "rev-parse", "--verify", "--quiet", "HEAD") or None


def _dirty(root: Path) -> bool:
    return bool(_git(root, "status", "--porcelain"))


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
