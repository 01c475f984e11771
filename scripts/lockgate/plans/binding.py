"""What a plan was made from, so that it is applied only where all of that still holds.

Terraform itself compares the state's lineage and serial number alone: a new commit, another variable, another
lock file or another account it does not notice.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from lockgate.config import TOOLING
from lockgate.errors import LockgateError, RefusedError
from lockgate.plans.hcl import blocks_of
from lockgate.plans.modules import modules_of
from lockgate.plans.refusal import LOCK_FILE

_NOT_READ = (".terraform", "tests", "README.md")
"""Parts of a module's folder that Terraform does not read when it plans."""


@dataclass(frozen=True)
class State:
    """Which state a plan is for: of none yet, lineage is empty and the serial number 0."""

    lineage: str = ""
    serial: int = 0


@dataclass(frozen=True)
class Binding:
    """Everything that a plan depends on.

    Attributes:
        stack: name of the environment, or `tooling`.
        account_id: the account.
        commit: of the repository; None outside Git.
        files: SHA-256 of each file that Terraform reads, by its path in the repository.
        providers: versions in the lock file, by provider.
        variables: by name. None is a secret.
        terraform_version: what planned.
        state: what it was planned against.
        plan: SHA-256 of the plan's file.
    """

    stack: str
    account_id: str
    commit: str | None
    files: Mapping[str, str]
    providers: Mapping[str, str]
    variables: Mapping[str, str]
    terraform_version: str
    state: State
    plan: str

    @property
    def digest(self) -> str:
        """SHA-256 over all of it: what an approval is for."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def as_json(self) -> str:
        """For a file; `parse_binding` reads it."""
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"


_ADAPTER = TypeAdapter(Binding)


def parse_binding(text: bytes, origin: str) -> Binding:
    """Reads what `Binding.as_json` made.

    Raises:
        LockgateError: it is none.
    """
    try:
        return _ADAPTER.validate_json(text)
    except ValidationError as error:
        raise LockgateError(f"{origin} cannot be read: {error}", hint="Plan again.") from error


def files_of(root: Path, stack: Path) -> dict[str, str]:
    """SHA-256 of each file that Terraform reads to plan a stack: its own, those of the modules that it calls
    however deep, and the declarations.

    Args:
        root: the repository.
        stack: folder of the root module.
    """
    paths = [path for module in modules_of(stack) for path in _read_in(module.folder)]
    paths += declarations(root, stack.name)
    resolved = {path.resolve() for path in paths}
    return {
        path.relative_to(root.resolve()).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(resolved)
    }


def _read_in(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not set(path.relative_to(folder).parts) & set(_NOT_READ):
            yield path


def declarations(root: Path, kind: str) -> list[Path]:
    """The declarations that a stack reads; the tooling stack has no use for functions."""
    services = ["containers"] if kind == TOOLING else ["containers", "lambdas"]
    defaults = ["platform"] if kind == TOOLING else ["platform", "service"]
    found = [root / "platform.yaml", *(root / "schemas" / f"{name}.defaults.json" for name in defaults)]
    return found + [path for folder in services for path in sorted((root / folder).glob("*/service.yaml"))]


def providers_of(stack: Path) -> dict[str, str]:
    """Versions of the providers in a stack's lock file."""
    lock = stack / LOCK_FILE
    blocks = blocks_of(lock) if lock.is_file() else ()
    return {block.label: str(block.literal("version")) for block in blocks if block.kind == "provider"}


def planned_against(plan: Path) -> State:
    """The state that a plan's file was made from: it is a zip in which `tfstate` is that state.

    Raises:
        RefusedError: it is no such file.
    """
    try:
        with zipfile.ZipFile(plan) as packed:
            return parse_state(packed.read("tfstate"))
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise RefusedError(f"{plan} is not a plan of Terraform: {error}", hint="Plan again.") from error


def parse_state(text: bytes) -> State:
    """Lineage and serial number of a state's file."""
    found = json.loads(text)
    return State(str(found["lineage"]), int(found["serial"]))


def sha256_of(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def differences(bound: Binding, now: Binding) -> list[str]:
    """What has changed since a plan was made, a sentence each; nothing where it may be applied."""
    return [*_identity(bound, now), *_mappings(bound, now), *_state(bound.state, now.state)]


def _identity(bound: Binding, now: Binding) -> Iterator[str]:
    pairs = {
        "the plan is of stack {0}, and this is {1}": (bound.stack, now.stack),
        "the plan is for account {0}, and this is account {1}": (bound.account_id, now.account_id),
        "the plan was made from commit {0}, and this is commit {1}": (bound.commit, now.commit),
        "the plan was made by Terraform {0}, and this is Terraform {1}": (
            bound.terraform_version,
            now.terraform_version,
        ),
        "the plan's file is not the one that was reviewed: its SHA-256 was {0}, and is {1}": (
            bound.plan,
            now.plan,
        ),
    }
    for words, (before, after) in pairs.items():
        if before != after:
            yield words.format(before or "none", after or "none")


def _mappings(bound: Binding, now: Binding) -> Iterator[str]:
    for name in _changed(bound.variables, now.variables):
        before, after = bound.variables.get(name, "not set"), now.variables.get(name, "not set")
        yield f"variable {name} was {before} for the plan, and is {after}"
    for name in _changed(bound.providers, now.providers):
        before, after = bound.providers.get(name, "not there"), now.providers.get(name, "not there")
        yield f"provider {name} was {before} for the plan, and is {after}"
    for path in _changed(bound.files, now.files):
        what = "has changed" if path in bound.files and path in now.files else "was removed"
        yield f"{_kind(path)} {path} {what if path in bound.files else 'was added'} since the plan"


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def _kind(path: str) -> str:
    if path.endswith(LOCK_FILE):
        return "the lock file"
    kinds = {"terraform/modules/": "module file", "terraform/stacks/": "stack file"}
    return next((words for start, words in kinds.items() if path.startswith(start)), "declaration")


def _state(bound: State, now: State) -> Iterator[str]:
    if bound.lineage != now.lineage:
        was, is_ = bound.lineage or "none", now.lineage or "none"
        yield f"this is another state: the plan is for lineage {was}, and there is {is_}"
    elif bound.serial != now.serial:
        yield (
            f"somebody has applied since: the plan is for serial number {bound.serial} of the state, and "
            f"it has {now.serial}"
        )
