"""Which stacks a change touches: those whose plan could be another one for it, and no others."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from lockgate.config import TOOLING, Project
from lockgate.config.kinds import FOLDERS
from lockgate.config.project import merged
from lockgate.errors import UsageError
from lockgate.plans.modules import modules_of

_STACKS = "terraform/stacks"
_NOT_PLANNED = ("tests", "README.md")


@dataclass(frozen=True)
class Touched:
    """A stack that a change touches.

    Attributes:
        stack: name of the environment, or `tooling`.
        wave: stacks of a lower number are planned and applied before it.
        because: what in it changed, for people.
    """

    stack: str
    wave: int
    because: tuple[str, ...]


@dataclass(frozen=True)
class _Tree:
    """Declarations as one tree has them: a commit, or the folder as it is.

    Args:
        root: the repository.
        commit: the commit; None means the folder.
    """

    root: Path
    commit: str | None

    def platform(self) -> dict[str, Any]:
        return self._yaml("platform.yaml")

    def services(self) -> dict[str, dict[str, Any]]:
        """Declarations by path of the file."""
        patterns = [f"{folder}/*/service.yaml" for folder in FOLDERS.values()]
        if self.commit is None:
            paths = [path.relative_to(self.root).as_posix() for p in patterns for path in self.root.glob(p)]
        else:
            listed = _git(self.root, "ls-tree", "-r", "--name-only", "-z", self.commit).split("\0")
            paths = [path for path in listed if any(PurePosixPath(path).match(p) for p in patterns)]
        return {path: self._yaml(path) for path in sorted(paths)}

    def _yaml(self, path: str) -> dict[str, Any]:
        if self.commit is None:
            text = (self.root / path).read_text(encoding="utf-8")
        else:
            text = _git(self.root, "show", f"{self.commit}:{path}")
        found = yaml.safe_load(text)
        return found if isinstance(found, dict) else {}


def touched(project: Project, since: str) -> tuple[Touched, ...]:
    """What has changed since this tree and another commit went apart, with what is in no commit yet.

    Files of Terraform touch the stacks that they are part of, through modules however deep. Declarations
    touch the stacks for which they say something else than before: one environment's overrides touch only
    that one.

    Args:
        project: the repository.
        since: a branch or commit, such as origin/main.

    Raises:
        UsageError: Git does not know it.
    """
    base = _git(project.root, "merge-base", since, "HEAD").strip()
    files = _changed_files(project.root, base)
    old, new = _Tree(project.root, base), _Tree(project.root, None)
    kinds = {kind: _of_kind(project.root, kind, files) for kind in (TOOLING, "workload")}
    names = [*([TOOLING] if project.platform.tooling else []), *project.platform.environments]
    before, after = (_declared(tree, names) for tree in (old, new))
    found = []
    for name in names:
        reasons = [*kinds[TOOLING if name == TOOLING else "workload"], *_differing(before[name], after[name])]
        if reasons:
            found.append(Touched(name, 0 if name == TOOLING else 1, tuple(reasons)))
    return tuple(found)


def _changed_files(root: Path, base: str) -> list[str]:
    """Paths that differ from a commit, and those that Git does not know yet but would add."""
    tracked = _git(root, "diff", "--name-only", "--no-renames", "-z", base)
    new = _git(root, "ls-files", "--others", "--exclude-standard", "-z")
    return sorted({path for path in (tracked + new).split("\0") if path})


def _of_kind(root: Path, kind: str, files: list[str]) -> list[str]:
    """Changed files that the plan of a kind of stack reads, besides declarations."""
    stack = root / _STACKS / kind
    changed = any(path.startswith("terraform/") for path in files)
    modules = modules_of(stack) if changed else ()
    folders = [module.folder.relative_to(root.resolve()).as_posix() for module in modules]
    defaults = ["schemas/platform.defaults.json"]
    defaults += [] if kind == TOOLING else ["schemas/service.defaults.json"]
    return [path for path in files if path in defaults or any(_belongs(path, folder) for folder in folders)]


def _belongs(path: str, folder: str) -> bool:
    if not path.startswith(f"{folder}/"):
        return False
    return not set(PurePosixPath(path.removeprefix(f"{folder}/")).parts) & set(_NOT_PLANNED)


def _declared(tree: _Tree, names: list[str]) -> Mapping[str, dict[str, Any]]:
    """What the declarations say to each stack, by the file and the key that say it."""
    platform, services = tree.platform(), tree.services()
    return {name: dict(_said_to(name, platform, services)) for name in names}


def _said_to(
    name: str, platform: dict[str, Any], services: dict[str, dict[str, Any]]
) -> Iterator[tuple[str, Any]]:
    environments = platform.get("environments") or {}
    for key, value in platform.items():
        if key not in ("environments", "freezes", "terraform"):
            yield f"platform.yaml: {key}", value
    if name == TOOLING:
        for other, environment in environments.items():
            where = {key: environment.get(key) for key in ("account_id", "region", "endpoint_url")}
            yield f"platform.yaml: environments.{other}", where
        for path in services:
            if path.startswith(f"{FOLDERS['container']}/"):
                yield path, True
        return
    yield f"platform.yaml: environments.{name}", environments.get(name)
    yield from _promotions(name, environments)
    for path, service in services.items():
        yield path, {key: value for key, value in merged(service, name).items() if key != "overrides"}


def _promotions(name: str, environments: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Accounts of the environments that an environment promotes from, or that promote from it."""
    source = (environments.get(name) or {}).get("promotes_from")
    if source is not None:
        account = (environments.get(source) or {}).get("account_id")
        yield f"platform.yaml: environments.{source}.account_id", account
    for other, environment in environments.items():
        if environment.get("promotes_from") == name:
            yield f"platform.yaml: environments.{other}.promotes_from", environment.get("account_id")


def _differing(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return sorted(key for key in {*before, *after} if before.get(key) != after.get(key))


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise UsageError(
            f"git {arguments[0]}: {done.stderr.strip() or 'it said nothing'}",
            hint="Name a commit that is here: git fetch, then --since origin/main. A shallow clone has none.",
        )
    return done.stdout
