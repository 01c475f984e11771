"""A service's lock file: that it has hashes, and that it is the one of what the service asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from lockgate.errors import UsageError
from lockgate.packaging.target import Target

LOCK = "requirements.txt"
WANTED = "requirements.in"

_CONTINUED = re.compile(r"\\\n")
_COMMENT = re.compile(r"(^|\s)#.*")
_HASHES = re.compile(r"\s--hash=\S+")


@dataclass(frozen=True)
class Lock:
    """A lock file that is fit to be installed from.

    Attributes:
        path: where it is.
        text: its content.
    """

    path: Path
    text: str


def read_lock(service: str, source: Path, target: Target) -> Lock | None:
    """The lock file of a service, or None when it needs nothing.

    Raises:
        UsageError: there is none though something is asked for, it has no hashes, or it does not contain what
            `requirements.in` asks for.
    """
    path = source / LOCK
    wanted = list(_wanted(source / WANTED, target))
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    locked = {str(canonicalize_name(found.name)): found for _, found in _requirements(path, text)}
    _check(service, source, wanted, locked)
    if not locked:
        return None
    for line, found in _requirements(path, text):
        if "--hash=" not in line:
            raise UsageError(
                f"{path}: {found.name} has no hashes, so that what is installed could change from one build "
                "to the next",
                hint=_hint(service, source),
            )
    return Lock(path, text)


def locked_versions(source: Path) -> dict[str, str]:
    """Versions by package of a folder's lock file, as far as it pins them; none without a lock file.

    Raises:
        UsageError: a line of it is no requirement.
    """
    path = source / LOCK
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    pinned = ((found, _pin(found)) for _, found in _requirements(path, text))
    return {str(canonicalize_name(found.name)): version for found, version in pinned if version}


def _pin(requirement: Requirement) -> str | None:
    return next((clause.version for clause in requirement.specifier if clause.operator == "=="), None)


def _check(service: str, source: Path, wanted: list[Requirement], locked: Mapping[str, Requirement]) -> None:
    for requirement in wanted:
        found = locked.get(canonicalize_name(requirement.name))
        if found is None:
            raise UsageError(
                f"{source / LOCK}: {requirement.name} is missing, which {source / WANTED} asks for",
                hint=_hint(service, source),
            )
        version = _pin(found)
        if version and not requirement.specifier.contains(version, prereleases=True):
            raise UsageError(
                f"{source / LOCK}: {found.name} is {version}, but {source / WANTED} asks for {requirement}",
                hint=_hint(service, source),
            )


def _hint(service: str, source: Path) -> str:
    return f"Name the packages in {source / WANTED}, then run: make lock SERVICE={service}"


def _wanted(path: Path, target: Target) -> Iterator[Requirement]:
    if not path.is_file():
        return
    there = {
        "python_version": target.python,
        "python_full_version": f"{target.python}.0",
        "platform_machine": target.machine,
        "platform_system": "Linux",
        "sys_platform": "linux",
    }
    for _, requirement in _requirements(path, path.read_text(encoding="utf-8")):
        if requirement.marker is None or requirement.marker.evaluate(there):
            yield requirement


def _requirements(path: Path, text: str) -> Iterator[tuple[str, Requirement]]:
    """Lines that name a package, and what they say; options such as `-r` are the installer's."""
    for line in _CONTINUED.sub(" ", text).splitlines():
        stripped = _COMMENT.sub("", line).strip()
        if not stripped or stripped.startswith("-"):
            continue
        try:
            yield stripped, Requirement(_HASHES.sub("", stripped).strip())
        except InvalidRequirement as error:
            raise UsageError(
                f"{path}: {stripped!r} is not a requirement: {error}", hint="Correct it."
            ) from error
