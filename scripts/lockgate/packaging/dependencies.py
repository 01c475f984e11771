"""A service's dependencies: wheels for the platform that it runs on, installed once for each lock file.

Exactly what the lock file names is installed, and nothing that it needs besides: a lock file may leave out
what Lambda's runtime has. What was installed is kept as one zip, from which the services that share the lock
file take the compressed entries as they are.
"""

from __future__ import annotations

import functools
import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import HeaderParser
from importlib.metadata import version
from pathlib import Path
from typing import Self

import uv
from packaging.utils import canonicalize_name
from pydantic import BaseModel, ConfigDict, ValidationError

from lockgate.errors import LockgateError
from lockgate.packaging import zips
from lockgate.packaging.requirements import Lock
from lockgate.packaging.target import Target
from lockgate.packaging.writing import write_whole

FORMAT = "1"
"""Raised when what is taken from a folder of dependencies, or how it is kept, changes."""

_NOISE_OF_INSTALLERS = {
    "RECORD",
    "INSTALLER",
    "REQUESTED",
    "direct_url.json",
    "uv_cache.json",
    "uv_build.json",
}
"""Files of a `.dist-info` folder that differ from one installer, or one machine, to the next."""


class Package(BaseModel):
    """One installed package.

    Attributes:
        name: normalised, as the Python packaging guide does.
        license: as its metadata says it, an SPDX expression where `is_spdx`.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    version: str
    license: str | None = None
    is_spdx: bool = False


class _Kept(BaseModel):
    """What stands beside a kept zip: its digest, and what is in it."""

    sha256: str
    packages: tuple[Package, ...]


@dataclass(frozen=True)
class Dependencies:
    """What one lock file gives on one target.

    Attributes:
        key: digest of all that they are made from.
        lock: the lock file.
        target: where they run.
        from_source: packages that may be built here, when there is no wheel.
    """

    key: str
    lock: Lock
    target: Target
    from_source: tuple[str, ...]

    @classmethod
    def of(cls, lock: Lock, target: Target, from_source: list[str]) -> Self:
        """Dependencies of a service. Services with the same text in their lock file share them."""
        allowed = tuple(sorted(canonicalize_name(name) for name in from_source))
        made_from = (FORMAT, builder(), str(target), " ".join(allowed), lock.text)
        return cls(hashlib.sha256("\0".join(made_from).encode()).hexdigest(), lock, target, allowed)


@dataclass(frozen=True)
class Installed:
    """Installed dependencies, compressed.

    Attributes:
        entries: their files.
        packages: what they are.
    """

    entries: tuple[zips.Entry, ...] = ()
    packages: tuple[Package, ...] = ()


@functools.cache
def builder() -> str:
    """What determines an artifact besides its inputs: versions of the installer and of the compressor."""
    return f"uv {version('uv')}, deflate {version('deflate')} level {zips.LEVEL}"


def installed(cache: Path, dependencies: Dependencies) -> Installed:
    """Dependencies from the cache, or installed now. What the cache holds is compared with its digest first.

    Raises:
        LockgateError: they cannot be installed, or cannot run on the target.
    """
    path = cache / f"{dependencies.key}.zip"
    return _kept(path) or _install(path, dependencies)


def _kept(path: Path) -> Installed | None:
    try:
        kept = _Kept.model_validate_json(path.with_suffix(".json").read_bytes())
        data = path.read_bytes()
    except (OSError, ValidationError):
        return None
    if hashlib.sha256(data).hexdigest() != kept.sha256:
        return None
    return Installed(tuple(zips.entries_of(data)), kept.packages)


def _install(path: Path, dependencies: Dependencies) -> Installed:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".unfinished-") as temporary:
        folder = Path(temporary) / "installed"
        _run_uv(folder, dependencies)
        files = sorted(_files(folder))
        entries = tuple(
            zips.Entry.of(name, os.access(file, os.X_OK), _checked(name, file.read_bytes(), dependencies))
            for name, file in files
        )
        packages = tuple(_package(file) for name, file in files if _is_metadata(name))
    data = zips.written(entries)
    write_whole(path, data)
    kept = _Kept(sha256=hashlib.sha256(data).hexdigest(), packages=packages)
    write_whole(path.with_suffix(".json"), kept.model_dump_json().encode())
    return Installed(entries, packages)


def _run_uv(folder: Path, dependencies: Dependencies) -> None:
    command = [uv.find_uv_bin(), "pip", "install", "--quiet"]
    command += ["--require-hashes", "--no-deps", "--no-compile-bytecode", "--only-binary", ":all:"]
    for name in dependencies.from_source:
        command += ["--no-binary", name]
    command += ["--target", str(folder), *dependencies.target.installer_options]
    command += ["--requirement", str(dependencies.lock.path)]
    environment = {**os.environ, "UV_NO_CONFIG": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    folder.mkdir(exist_ok=True)
    if done.returncode:
        raise LockgateError(
            f"the dependencies of {dependencies.lock.path} cannot be installed for {dependencies.target}:\n"
            f"{done.stderr.strip()}",
            hint="Correct the lock file; every package needs a wheel for that platform. A package that has "
            "none, and no compiled code, can be named under `source_distributions` in service.yaml.",
        )


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        if path.is_file() and not _is_noise(relative):
            yield relative.as_posix(), path


def _is_noise(relative: Path) -> bool:
    if relative.parts[0] in ("bin", ".lock") or "__pycache__" in relative.parts or relative.suffix == ".pyc":
        return True
    return relative.parent.suffix == ".dist-info" and relative.name in _NOISE_OF_INSTALLERS


def _checked(name: str, data: bytes, dependencies: Dependencies) -> bytes:
    if dependencies.target.runs(name, data):
        return data
    raise LockgateError(
        f"{dependencies.lock.path}: {name} cannot be loaded by {dependencies.target}: it was built for "
        "another machine",
        hint="A package with compiled code needs a wheel for that platform; take it out of "
        "`source_distributions`, or choose another version.",
    )


def _is_metadata(name: str) -> bool:
    folder, _, file = name.partition("/")
    return file == "METADATA" and folder.endswith(".dist-info")


def _package(metadata: Path) -> Package:
    """Source: Python packaging user guide, "Core metadata specifications"."""
    headers = HeaderParser().parsestr(metadata.read_text(encoding="utf-8", errors="replace"))
    expression = headers.get("License-Expression")
    named = expression or _short(headers.get("License")) or _classified(headers.get_all("Classifier") or [])
    return Package(
        name=canonicalize_name(headers["Name"]),
        version=headers["Version"],
        license=named,
        is_spdx=expression is not None,
    )


def _short(text: str | None) -> str | None:
    """Some put the whole text of their licence there."""
    return text if text and len(text) < 80 and "\n" not in text and text != "UNKNOWN" else None


def _classified(classifiers: list[str]) -> str | None:
    found = [line.rpartition(" :: ")[2] for line in classifiers if line.startswith("License ::")]
    return found[0] if found else None
