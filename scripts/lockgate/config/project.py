"""The whole repository as declared: the platform, and the services that its folders hold."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from lockgate.config.kinds import FOLDERS, model_of
from lockgate.config.loading import Document, parse, read
from lockgate.config.platform import Environment, Platform
from lockgate.config.service import Service
from lockgate.errors import UsageError


@dataclass(frozen=True)
class Declared:
    """A service's folder and its declaration as it stands in the file."""

    name: str
    folder: Path
    document: Document

    def service(self, environment: str) -> Service:
        """The service as one environment gets it: the file with that environment's overrides merged in.

        Raises:
            UsageError: the merged declaration is not valid.
        """
        data = merged(self.document.data, environment)
        context = f"for environment {environment}" if data is not self.document.data else ""
        return parse(self.document, model_of(self.document, data), data, context=context)


def merged(data: dict[str, Any], environment: str) -> dict[str, Any]:
    """A declaration with one environment's overrides: maps are merged one level deep, the rest replaced."""
    overrides = (data.get("overrides") or {}).get(environment)
    if not isinstance(overrides, dict):
        return data
    result = dict(data)
    for key, value in overrides.items():
        old = result.get(key)
        result[key] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
    return result


@dataclass(frozen=True)
class Project:
    """A Lockgate repository.

    Args:
        root: the folder that holds `platform.yaml`.
    """

    root: Path

    @classmethod
    def find(cls, start: Path) -> Project:
        """The repository that `start` lies in.

        Raises:
            UsageError: no parent folder holds a `platform.yaml`.
        """
        for folder in (start, *start.parents):
            if (folder / "platform.yaml").is_file():
                return cls(folder)
        raise UsageError(
            f"no platform.yaml in {start} or any folder above it",
            hint="Run inside a Lockgate repository.",
        )

    @cached_property
    def platform(self) -> Platform:
        """The parsed `platform.yaml`."""
        return parse(read(self.root / "platform.yaml"), Platform)

    @cached_property
    def declared(self) -> dict[str, Declared]:
        """Every folder with a `service.yaml`, by name; each is checked for every environment."""
        found: dict[str, Declared] = {}
        for path in self._service_files():
            folder = path.parent
            if folder.name in found:
                raise UsageError(
                    f"{path}: a service named {folder.name} stands in {found[folder.name].folder} too",
                    hint="Rename one of the folders.",
                )
            found[folder.name] = Declared(folder.name, folder, read(path))
        for declared in found.values():
            _check_overrides(declared, self.platform.environments)
            for environment in self.platform.environments:
                service = declared.service(environment)
                _check_references(declared, service, found)
                _check_rotations(declared, service, found)
                _check_permissions(declared, service, self.platform.runtime_services)
        return found

    def _service_files(self) -> list[Path]:
        return [
            path
            for folder in FOLDERS.values()
            for path in sorted((self.root / folder).glob("*/service.yaml"))
        ]

    def environment(self, name: str) -> Environment:
        """An environment by name.

        Raises:
            UsageError: there is none of that name.
        """
        environments = self.platform.environments
        if name not in environments:
            raise UsageError(
                f"unknown environment {name!r}: platform.yaml has {', '.join(environments)}",
                hint=_suggest(name, environments, "Pass one of them, as in ENV=local."),
            )
        return environments[name]

    def services(self, environment: str, only: Iterable[str] = ()) -> dict[str, Service]:
        """Services as one environment gets them.

        Args:
            environment: its name.
            only: names to keep; empty keeps all.

        Raises:
            UsageError: a name in `only` is not a service, or a declaration is not valid.
        """
        wanted = list(only) or list(self.declared)
        for name in wanted:
            if name not in self.declared:
                raise UsageError(
                    f"unknown service {name!r}: there are {', '.join(self.declared) or 'none'}",
                    hint=_suggest(name, self.declared, "Run `make new KIND=... NAME=...` to add one."),
                )
        return {name: self.declared[name].service(environment) for name in wanted}


def _check_overrides(declared: Declared, environments: Iterable[str]) -> None:
    overrides = declared.document.data.get("overrides") or {}
    if not isinstance(overrides, dict):
        return
    for name in overrides:
        if name not in environments:
            line = declared.document.line_of(("overrides", str(name)))
            raise UsageError(
                f"{declared.document.path}:{line}: overrides.{name}: unknown environment; platform.yaml has "
                f"{', '.join(environments)}",
                hint="Correct the name.",
            )


def _check_references(declared: Declared, service: Service, found: dict[str, Declared]) -> None:
    for key, name in ((key, name) for key, names in service.references.items() for name in names):
        if name == declared.name or name not in found:
            line = declared.document.line_of((key,))
            raise UsageError(
                f"{declared.document.path}:{line}: {key}: {name!r} is not another service; there are "
                f"{', '.join(sorted(set(found) - {declared.name})) or 'none'}",
                hint="Correct the name, or add the service.",
            )


def _check_permissions(declared: Declared, service: Service, within: Iterable[str]) -> None:
    """Refuses permissions outside of the permissions boundary, which AWS would deny without a word of why."""
    asked = {action.partition(":")[0] for one in service.permissions for action in one.actions}
    beyond = sorted(asked - set(within))
    if beyond:
        line = declared.document.line_of(("permissions",))
        raise UsageError(
            f"{declared.document.path}:{line}: permissions: {', '.join(beyond)} is outside of the "
            "permissions boundary: `runtime_services` in platform.yaml does not hold it",
            hint="Add it there, to those that are its default, then bring each account up to date: make "
            "bootstrap ACCOUNT=...",
        )


def _check_rotations(declared: Declared, service: Service, found: dict[str, Declared]) -> None:
    functions = sorted(name for name, one in found.items() if one.document.data.get("kind") == "lambda")
    for name, secret in service.secrets.items():
        if secret.rotation and secret.rotation.function not in functions:
            key = ("secrets", name, "rotation", "function")
            raise UsageError(
                f"{declared.document.path}:{declared.document.line_of(key)}: {'.'.join(key)}: "
                f"{secret.rotation.function!r} is no lambda service; there are "
                f"{', '.join(functions) or 'none'}",
                hint="Correct the name, or add the function: make new KIND=lambda NAME=...",
            )


def _suggest(name: str, among: Iterable[str], otherwise: str) -> str:
    close = difflib.get_close_matches(name, list(among), n=1)
    return f"Did you mean {close[0]!r}?" if close else otherwise
