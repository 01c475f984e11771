"""What must not be planned at all, since planning it would run code that nobody chose, with credentials.

It is looked for in the sources, before Terraform is started. That makes visible what a review might
overlook, and is no sandbox: who may push a branch may change this check too. So a plan of a pull request gets
a role that can only read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lockgate.config.platform import TerraformSources
from lockgate.errors import RefusedError
from lockgate.plans.hcl import Block, blocks_of
from lockgate.plans.modules import Module, modules_of

LOCK_FILE = ".terraform.lock.hcl"

_BUILTIN = "terraform.io/builtin/terraform"
_REGISTRY = "registry.terraform.io/"

_PROVISIONERS = {
    "local-exec": "runs a command on the machine that applies, with its credentials",
    "remote-exec": "runs a command on another machine",
    "file": "copies files to another machine",
}

_FOREIGN_SETTINGS = ("credential_process", "shared_config_files", "shared_credentials_files")
"""Settings that name files in which a program can stand that is run for credentials (AWS SDKs and Tools
Reference Guide, "Process credential provider")."""

_USES_PROVIDER = ("resource", "data", "ephemeral", "action", "list")


@dataclass(frozen=True, order=True)
class Problem:
    """Something that must not be planned.

    Attributes:
        path: the file.
        line: the line in it.
        words: what is wrong.
    """

    path: Path
    line: int
    words: str


def refuse(root: Path, stack: Path, allowed: TerraformSources) -> None:
    """Refuses a stack that would run code nobody chose.

    Args:
        root: the repository.
        stack: folder of the root module.
        allowed: what platform.yaml lets it use.

    Raises:
        UsageError: a file cannot be read.
        RefusedError: with file and line of each reason.
    """
    problems = sorted(set(problems_in(root, stack, allowed)))
    if problems:
        lines = [f"{one.path.relative_to(root.resolve())}:{one.line}: {one.words}" for one in problems]
        raise RefusedError(
            "\n".join(lines),
            hint="Take it out. A provider or module that you trust goes into `terraform:` of platform.yaml.",
        )


def problems_in(root: Path, stack: Path, allowed: TerraformSources) -> Iterator[Problem]:
    """Everything in a stack, and in the modules that it calls, that must not be planned."""
    providers = frozenset(map(_full, [*allowed.providers, _BUILTIN]))
    check = _Check(root.resolve(), providers, frozenset(allowed.modules))
    for module in modules_of(stack):
        yield from check.module(module)
    lock = stack.resolve() / LOCK_FILE
    for block in blocks_of(lock) if lock.is_file() else ():
        if _full(block.label) not in check.providers:
            yield Problem(
                block.path, block.line, f"provider {block.label} is not one that platform.yaml allows"
            )


@dataclass(frozen=True)
class _Check:
    root: Path
    providers: frozenset[str]
    sources: frozenset[str]

    def module(self, module: Module) -> Iterator[Problem]:
        for path in sorted(module.folder.glob("*.tf.json")):
            yield Problem(path, 1, "Terraform in JSON is not looked into: write it as HCL")
        required = dict(_required(module.blocks))
        yield from self._required_providers(module)
        for block in module.blocks:
            if block.kind == "module":
                yield from self._call(module, block)
            elif block.kind in _USES_PROVIDER:
                yield from self._use(block, required)
            elif block.kind == "provider":
                yield from self._of_provider(block, block.label, required)
                yield from _settings(block)
            elif block.kind == "check":
                for inner in block.of("data"):
                    yield from self._use(inner, required)
            elif block.kind == "terraform":
                yield from _backend(block)

    def _required_providers(self, module: Module) -> Iterator[Problem]:
        for block in _inner(module.blocks, "terraform", "required_providers"):
            for name, value in block.attributes.items():
                wanted = value.literal if isinstance(value.literal, dict) else {}
                source = wanted.get("source", "")
                if value.literal is None or source is None:
                    yield Problem(block.path, value.line, f"provider {name}: its source cannot be read here")
                elif source and _full(source) not in self.providers:
                    yield Problem(
                        block.path, value.line, f"provider {source} is not one that platform.yaml allows"
                    )

    def _use(self, block: Block, required: dict[str, str]) -> Iterator[Problem]:
        if block.kind == "data" and block.label == "external":
            yield Problem(block.path, block.line, "data source external runs a program while planning")
            return
        chosen = block.attributes.get("provider")
        local = (chosen.reference or chosen.literal if chosen else None) or block.label.split("_")[0]
        yield from self._of_provider(block, str(local).split(".")[0], required)
        for provisioner in block.of("provisioner"):
            what = _PROVISIONERS.get(provisioner.label, "runs something besides the provider")
            yield Problem(provisioner.path, provisioner.line, f"provisioner {provisioner.label} {what}")

    def _of_provider(self, block: Block, local: str, required: dict[str, str]) -> Iterator[Problem]:
        """A provider that is not declared is HashiCorp's of that name (Terraform's documentation, "Provider
        Requirements", Implied Provider). What is declared was checked where that stands."""
        source = _BUILTIN if local == "terraform" else f"hashicorp/{local}"
        if local not in required and _full(source) not in self.providers:
            yield Problem(block.path, block.line, f"provider {source} is not one that platform.yaml allows")

    def _call(self, module: Module, call: Block) -> Iterator[Problem]:
        source = call.literal("source")
        line = call.attributes["source"].line if "source" in call.attributes else call.line
        folder = module.called(call)
        if not isinstance(source, str):
            yield Problem(call.path, line, f"module {call.label}: its source cannot be read here")
        elif folder is not None and not folder.is_relative_to(self.root):
            yield Problem(call.path, line, f"module {call.label}: {source} is not in this repository")
        elif folder is None and source not in self.sources:
            yield Problem(
                call.path, line, f"module {call.label}: {source} is not one that platform.yaml allows"
            )


def _full(source: str) -> str:
    """A provider's source without the host that is meant where there is none."""
    return source.lower().removeprefix(_REGISTRY)


def _required(blocks: Iterable[Block]) -> Iterator[tuple[str, str]]:
    """Names of the declared providers, with their sources."""
    for block in _inner(blocks, "terraform", "required_providers"):
        for name, value in block.attributes.items():
            source = value.literal.get("source") if isinstance(value.literal, dict) else None
            if source:
                yield name, source


def _inner(blocks: Iterable[Block], outer: str, kind: str) -> Iterator[Block]:
    return (inner for block in blocks if block.kind == outer for inner in block.of(kind))


def _settings(block: Block) -> Iterator[Problem]:
    for name in _FOREIGN_SETTINGS:
        if name in block.attributes:
            line = block.attributes[name].line
            yield Problem(block.path, line, f"{name} may name a program that is run for credentials")


def _backend(block: Block) -> Iterator[Problem]:
    for backend in block.of("backend", "cloud"):
        if backend.label != "s3":
            kind = f"backend {backend.label}" if backend.kind == "backend" else "cloud"
            yield Problem(backend.path, backend.line, f"{kind}: the state is in the account's S3 bucket only")
        yield from _settings(backend)
