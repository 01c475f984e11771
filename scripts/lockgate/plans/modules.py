"""Which folders a root module is made of: itself, and the modules that it calls, and those that they call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lockgate.plans.hcl import Block, blocks_of


@dataclass(frozen=True)
class Module:
    """A folder that Terraform reads as one module.

    Attributes:
        folder: where it is.
        blocks: what stands in its files.
    """

    folder: Path
    blocks: tuple[Block, ...]

    def calls(self) -> Iterator[tuple[Block, Path]]:
        """Calls of local modules, each with the folder that it leads to."""
        for block in self.blocks:
            if block.kind == "module" and (folder := self.called(block)) is not None:
                yield block, folder

    def called(self, call: Block) -> Path | None:
        """The folder that a call leads to; None where its source is not a local one (Terraform's
        documentation, "Module Sources": a local path begins with ./ or ../)."""
        source = call.literal("source")
        if not isinstance(source, str) or not source.startswith(("./", "../")):
            return None
        return (self.folder / source).resolve()


def modules_of(root_module: Path) -> tuple[Module, ...]:
    """The root module and every local module that it calls, each once.

    Raises:
        UsageError: a file of them cannot be read.
    """
    found: dict[Path, Module] = {}
    waiting = [root_module.resolve()]
    while waiting:
        folder = waiting.pop()
        if folder in found or not folder.is_dir():
            continue
        blocks = [block for path in sorted(folder.glob("*.tf")) for block in blocks_of(path)]
        found[folder] = Module(folder, tuple(blocks))
        waiting += [called for _, called in found[folder].calls()]
    return tuple(found[folder] for folder in sorted(found))
