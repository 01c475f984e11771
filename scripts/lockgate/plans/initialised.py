"""Whether `terraform init` would find everything as it left it.

It hashes a provider of 700 MB three times, whether it is there already or not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lockgate.plans.hcl import Block, Value
from lockgate.plans.modules import modules_of
from lockgate.plans.toolchain import Toolchain

_LOCK = ".terraform.lock.hcl"

_READ_OF_CALLS = ("source", "version")
"""Attributes of a call that say which module is installed; the others are its variables."""


class Initialised:
    """A note in a data folder of what it was initialised for.

    Args:
        data_dir: where Terraform keeps modules, providers and the backend's settings.
    """

    def __init__(self, data_dir: Path) -> None:
        self._note = data_dir / "lockgate.initialised"

    def is_for(self, fingerprint: str) -> bool:
        """Whether it was initialised for just that."""
        return self._note.is_file() and self._note.read_text(encoding="utf-8") == fingerprint

    def write(self, fingerprint: str) -> None:
        """Notes that it is now."""
        self._note.write_text(fingerprint, encoding="utf-8")

    def forget(self) -> None:
        """Has the next run initialise it again."""
        self._note.unlink(missing_ok=True)


def fingerprint(folder: Path, toolchain: Toolchain, backend: Mapping[str, Any]) -> str:
    """SHA-256 over all that `init` reads.

    Args:
        folder: the root module.
        toolchain: the binary, and where its providers come from.
        backend: settings of the backend.

    Raises:
        UsageError: a file of the module, or of one that it calls, cannot be read.
    """
    lock = folder / _LOCK
    read = [
        toolchain.version,
        toolchain.config.read_text(encoding="utf-8") if toolchain.config else "",
        lock.read_text(encoding="utf-8") if lock.is_file() else "",
        backend,
        [[str(module.folder), list(_said(module.blocks))] for module in modules_of(folder)],
    ]
    return hashlib.sha256(json.dumps(read, sort_keys=True).encode()).hexdigest()


def _said(blocks: tuple[Block, ...]) -> Iterator[Any]:
    """What `init` reads (Terraform's documentation, "terraform init": backend, providers, modules), wherever
    it stands."""
    for block in blocks:
        if block.kind == "terraform":
            yield _whole(block)
        elif block.kind == "module":
            yield [block.label, [_text(block.attributes.get(name)) for name in _READ_OF_CALLS]]


def _whole(block: Block) -> list[Any]:
    attributes = {name: _text(value) for name, value in block.attributes.items()}
    return [block.kind, block.labels, attributes, [_whole(inner) for inner in block.blocks]]


def _text(value: Value | None) -> Any:
    if value is None:
        return None
    return value.reference if value.literal is None else value.literal
