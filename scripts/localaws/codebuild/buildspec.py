"""Buildspec files: what is in them, and whether it can be run (user guide, "Build specification reference").

Everything is read as text: `yes`, `0.2` and `007` are what is written, as the values of variables have to be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml

VERSIONS = ("0.1", "0.2")
SHELLS = ("sh", "bash", "/bin/sh", "/bin/bash")
REPORT_FORMATS = (
    "JUNITXML",
    "CUCUMBERJSON",
    "NUNITXML",
    "NUNIT3XML",
    "TESTNGXML",
    "VISUALSTUDIOTRX",
    "CLOVERXML",
    "COBERTURAXML",
    "JACOCOXML",
    "SIMPLECOV",
)
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""A variable that a shell can have."""

_PHASES = ("install", "pre_build", "build", "post_build")
_RETRIES = 3
"""How often RETRY without a number repeats a build (buildspec reference, `on-failure`)."""

_MOST_RETRIES = 100

Tree = Mapping[str, Any]


class BuildspecError(ValueError):
    """A buildspec that cannot be run; says what is wrong where."""


@dataclass(frozen=True)
class OnFailure:
    """What a phase says about its failure.

    Attributes:
        action: ABORT ends the build, CONTINUE goes on, RETRY starts it again.
        count: how often it is started again.
        pattern: what the error has to match for that.
    """

    action: Literal["ABORT", "CONTINUE", "RETRY"]
    count: int = 0
    pattern: str = ".*"

    def repeats(self, message: str) -> bool:
        """Whether this failure starts the build again."""
        return self.action == "RETRY" and re.search(self.pattern, message, re.DOTALL) is not None


@dataclass(frozen=True)
class PhaseSpec:
    """Commands of one phase."""

    commands: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    on_failure: OnFailure | None = None


@dataclass(frozen=True)
class FileSet:
    """Files that a build leaves behind.

    Attributes:
        files: patterns, relative to the base directory.
        base_directory: relative to the sources.
        discard_paths: whether only the names of files are kept.
        exclude: patterns of files that are left out.
        name: of the artifact; the shell expands it.
        file_format: of a report, as in the buildspec reference.
    """

    files: tuple[str, ...]
    base_directory: str = ""
    discard_paths: bool = False
    exclude: tuple[str, ...] = ()
    name: str = ""
    file_format: str = "JUNITXML"


@dataclass(frozen=True)
class Buildspec:
    """A whole buildspec.

    Attributes:
        version: "0.1" runs each command in a shell of its own, "0.2" keeps the environment.
        parameters: names of SSM parameters, by variable.
        secrets: references to secrets, by variable.
        exported: variables whose values the build's answer has.
        secondary: further artifacts, by identifier.
        reports: by the name or ARN of their group.
        batch: builds of a batch, as written.
        ignored: what it asks for and is not emulated.
    """

    version: str
    shell: str = "sh"
    variables: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    exported: tuple[str, ...] = ()
    phases: Mapping[str, PhaseSpec] = field(default_factory=dict)
    artifacts: FileSet | None = None
    secondary: Mapping[str, FileSet] = field(default_factory=dict)
    reports: Mapping[str, FileSet] = field(default_factory=dict)
    batch: Mapping[str, Any] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()


def parse(text: str) -> Buildspec:
    """Reads a buildspec.

    Raises:
        BuildspecError: it is not YAML, or not a buildspec that can be run.
    """
    tree = _tree(text)
    version = tree.get("version", "")
    if version not in VERSIONS:
        raise BuildspecError(f"version: {version or 'missing'}; it must be one of {', '.join(VERSIONS)}")
    env = _mapping(tree, "env")
    shell = env.get("shell", "sh")
    if shell not in SHELLS:
        raise BuildspecError(f"env/shell: {shell} is not emulated; use one of {', '.join(SHELLS)}")
    artifacts = _mapping(tree, "artifacts")
    return Buildspec(
        version=version,
        shell=shell,
        variables=_variables(env, "variables"),
        parameters=_variables(env, "parameter-store"),
        secrets=_variables(env, "secrets-manager"),
        exported=_exported(env),
        phases=_phases(tree),
        artifacts=_file_set(artifacts, "artifacts") if "files" in artifacts else None,
        secondary=_file_sets(artifacts, "secondary-artifacts"),
        reports=_file_sets(tree, "reports"),
        batch=_mapping(tree, "batch"),
        ignored=tuple(_ignored(tree, env)),
    )


def is_inline(buildspec: str) -> bool:
    """Whether a project's `buildspec` is the buildspec itself, and not where it lies: a path has one line."""
    return "\n" in buildspec.strip() or buildspec.lstrip().startswith("{")


def _tree(text: str) -> Tree:
    try:
        tree = yaml.load(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise BuildspecError(f"it is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(tree, dict):
        raise BuildspecError("it is not a YAML mapping")
    return tree


def _mapping(tree: Tree, name: str) -> Tree:
    found = tree.get(name) or {}
    if not isinstance(found, dict):
        raise BuildspecError(f"{name}: must be a mapping")
    return found


def _texts(tree: Tree, name: str, where: str) -> tuple[str, ...]:
    found = tree.get(name) or []
    if not isinstance(found, list):
        raise BuildspecError(f"{where}/{name}: must be a sequence")
    for position, item in enumerate(found):
        if not isinstance(item, str):
            raise BuildspecError(
                f"{where}: Expected {name.capitalize()}[{position}] to be of string type: found subkeys "
                f"instead; put the command in quotation marks"
            )
    return tuple(found)


def _variables(env: Tree, name: str) -> Mapping[str, str]:
    found = _mapping(env, name)
    for key, value in found.items():
        if not isinstance(value, str):
            raise BuildspecError(f"env/{name}/{key}: must be a text")
        if not NAME.fullmatch(key) or key.startswith("CODEBUILD_"):
            raise BuildspecError(f"env/{name}/{key}: a variable cannot be called so")
    return found


def _exported(env: Tree) -> tuple[str, ...]:
    names = _texts(env, "exported-variables", "env")
    wrong = [name for name in names if not NAME.fullmatch(name) or name.startswith("AWS_")]
    if wrong:
        raise BuildspecError(f"env/exported-variables: {', '.join(wrong)} cannot be exported")
    return names


def _phases(tree: Tree) -> Mapping[str, PhaseSpec]:
    phases = _mapping(tree, "phases")
    unknown = [name for name in phases if name not in _PHASES]
    if unknown:
        raise BuildspecError(
            f"Invalid buildspec phase name(s): {', '.join(unknown)}. Expecting: {','.join(_PHASES)}"
        )
    return {name: _phase(_mapping(phases, name), name) for name in phases}


def _phase(tree: Tree, name: str) -> PhaseSpec:
    said = tree.get("on-failure")
    return PhaseSpec(
        commands=_texts(tree, "commands", f"phases/{name}"),
        last=_texts(tree, "finally", f"phases/{name}"),
        on_failure=None if said is None else on_failure(said, f"phases/{name}/on-failure"),
    )


def on_failure(said: str, where: str) -> OnFailure:
    """ABORT, CONTINUE, RETRY, RETRY-<count>, RETRY-<regex> or RETRY-<count>-<regex> (buildspec reference).

    Raises:
        BuildspecError: it is none of them.
    """
    if said in ("ABORT", "CONTINUE"):
        return OnFailure("ABORT" if said == "ABORT" else "CONTINUE")
    matched = re.fullmatch(r"RETRY(?:-(?P<count>\d+))?(?:-(?P<pattern>.+))?", said)
    if matched is None:
        raise BuildspecError(f"{where}: {said} is none of ABORT, CONTINUE, RETRY[-count][-regex]")
    count = int(matched["count"] or _RETRIES)
    pattern = matched["pattern"] or ".*"
    try:
        re.compile(pattern)
    except re.error as error:
        raise BuildspecError(f"{where}: {pattern} is no regular expression: {error}") from error
    if count > _MOST_RETRIES:
        raise BuildspecError(f"{where}: at most {_MOST_RETRIES} repetitions, not {count}")
    return OnFailure("RETRY", count, pattern)


def _file_sets(tree: Tree, name: str) -> Mapping[str, FileSet]:
    return {
        key: _file_set(_mapping(_mapping(tree, name), key), f"{name}/{key}") for key in _mapping(tree, name)
    }


def _file_set(tree: Tree, where: str) -> FileSet:
    files = _texts(tree, "files", where)
    if not files:
        raise BuildspecError(f"{where}/files: must name at least one file")
    file_format = tree.get("file-format", "JUNITXML").upper()
    if file_format not in REPORT_FORMATS:
        raise BuildspecError(f"{where}/file-format: {file_format} is none of {', '.join(REPORT_FORMATS)}")
    return FileSet(
        files=files,
        base_directory=tree.get("base-directory", ""),
        discard_paths=tree.get("discard-paths", "no").lower() in ("yes", "true"),
        exclude=_texts(tree, "exclude-paths", where),
        name=tree.get("name", ""),
        file_format=file_format,
    )


def _ignored(tree: Tree, env: Tree) -> list[str]:
    found = [name for name in ("run-as", "proxy") if name in tree]
    if _mapping(tree, "cache"):
        found.append("cache")
    if env.get("git-credential-helper", "no") == "yes":
        found.append("env/git-credential-helper")
    for name, phase in _mapping(tree, "phases").items():
        found += [f"phases/{name}/{key}" for key in ("run-as", "runtime-versions") if key in (phase or {})]
    return found
