"""Zips that depend on nothing but names, contents and the executable bit of the files in them."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from lockgate.errors import LockgateError, UsageError

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold."""

_LEVEL = 6

_NOISE_FOLDERS = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache"}
_NOISE_SUFFIXES = {".pyc", ".pyo"}
_NOISE_OF_INSTALLERS = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"}
"""Files of a `.dist-info` folder that differ from one installer, or one machine, to the next."""

_NOISE_AT_THE_TOP = ("requirements*.txt", "requirements*.in", ".lock", ".DS_Store")
"""What is beside the code, or beside what was installed, but not of it."""

_MAX_ZIPPED = 50 * 1024 * 1024
_MAX_UNZIPPED = 250 * 1024 * 1024
"""Lambda's quotas for a deployment package (Lambda developer guide, "Lambda quotas")."""


def files_of(name: str, source: Path, handler: str, dependencies: Path | None) -> dict[str, Path]:
    """Files of a service's zip, by their name in it: its sources over its dependencies.

    Raises:
        UsageError: there is no `src`, or the handler's module is not in it.
    """
    if not source.is_dir():
        raise UsageError(f"{name}: there is no {source}", hint="Put the function's code there.")
    module = handler.rpartition(".")[0].replace(".", "/")
    if not (source / f"{module}.py").is_file() and not (source / module / "__init__.py").is_file():
        raise UsageError(
            f"{name}: the handler is {handler}, but {source}/{module}.py does not exist",
            hint="Add the module, or correct `handler` in service.yaml.",
        )
    found = dict(_walk(dependencies)) if dependencies else {}
    return found | dict(_walk(source))


def _walk(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        if path.is_file() and not _is_noise(relative):
            yield relative.as_posix(), path


def _is_noise(relative: Path) -> bool:
    if _NOISE_FOLDERS.intersection(relative.parts) or relative.suffix in _NOISE_SUFFIXES:
        return True
    if relative.parent.suffix == ".dist-info":
        return relative.name in _NOISE_OF_INSTALLERS
    return relative.parent == Path() and any(relative.match(pattern) for pattern in _NOISE_AT_THE_TOP)


def zipped(files: Mapping[str, Path]) -> bytes:
    """A zip of these files: sorted, with a fixed time, and 0755 or 0644 by the executable bit."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name in sorted(files):
            executable = files[name].stat().st_mode & 0o100
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3
            entry.external_attr = (0o100755 if executable else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name].read_bytes())
    return target.getvalue()


def check_size(name: str, data: bytes, files: Mapping[str, Path]) -> None:
    """Raises:
    LockgateError: Lambda would not take it; with the ten largest packages in it.
    """
    unzipped = sum(path.stat().st_size for path in files.values())
    if len(data) <= _MAX_ZIPPED and unzipped <= _MAX_UNZIPPED:
        return
    sizes = Counter[str]()
    for entry, path in files.items():
        sizes[entry.partition("/")[0]] += path.stat().st_size
    largest = ", ".join(f"{package} {size // 1024:,} KiB" for package, size in sizes.most_common(10))
    raise LockgateError(
        f"{name}: {len(data):,} bytes zipped, {unzipped:,} unzipped; Lambda takes {_MAX_ZIPPED:,} and "
        f"{_MAX_UNZIPPED:,}. Largest: {largest}",
        hint="Remove a dependency, or ship it in a container.",
    )
