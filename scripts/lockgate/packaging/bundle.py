"""The bundle: what a build leaves behind. Immutable; every environment releases the same one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, ValidationError

from lockgate.errors import UsageError

FILE = Path(".build/bundle.json")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True, extra="forbid")


class Stored(_Frozen):
    """A file and where it goes.

    Attributes:
        path: the file, relative to the repository.
        sha256: hexadecimal digest of the file.
        size: bytes.
        key: where it goes in the artifact store: its name there follows from its content.
    """

    path: str
    sha256: str
    size: int
    key: str


class BuiltZip(Stored):
    """A function's artifact.

    Attributes:
        runtime: what it was built for, such as `python3.12`.
        architecture: `arm64` or `x86_64`.
        code_sha256: the digest as Lambda reports it, in base64.
        unzipped: bytes of all files in it.
        sbom: its bill of materials, CycloneDX.
    """

    kind: Literal["lambda"] = "lambda"
    runtime: str
    architecture: str
    code_sha256: str
    unzipped: int
    sbom: Stored

    @property
    def stored(self) -> list[Stored]:
        """What of it belongs into the artifact store."""
        return [self, self.sbom]

    @property
    def target(self) -> str:
        """What it runs on, for people."""
        return f"{self.runtime} on {self.architecture}"


class BuiltImage(_Frozen):
    """A container's artifact: an image, which goes to the registry.

    Attributes:
        path: the image as an OCI archive, relative to the repository.
        sha256: hexadecimal digest of the image's manifest, which is its name in every registry.
        size: bytes that are pulled: manifest, configuration and compressed layers.
        architecture: `arm64` or `x86_64`.
        tag: says from which content it was made.
        sbom: its bill of materials, CycloneDX.
    """

    kind: Literal["container"] = "container"
    path: str
    sha256: str
    size: int
    architecture: str
    tag: str
    sbom: Stored

    @property
    def digest(self) -> str:
        """The manifest's digest as registries write it."""
        return f"sha256:{self.sha256}"

    @property
    def code_sha256(self) -> str:
        """The same, which is how ECS reports what runs."""
        return self.digest

    @property
    def key(self) -> str:
        """Its name without that of a registry."""
        return f"{self.tag}@{self.digest}"

    @property
    def stored(self) -> list[Stored]:
        """What of it belongs into the artifact store."""
        return [self.sbom]

    @property
    def target(self) -> str:
        """What it runs on, for people."""
        return f"linux on {self.architecture}"


Built = Annotated[BuiltZip | BuiltImage, Discriminator("kind")]
"""One service's artifact."""


class Bundle(_Frozen):
    """All artifacts of one build. The same sources give the same bundle, wherever it is built.

    Attributes:
        commit: the commit that was built, or None outside Git.
        dirty: whether the tree had changes that are not in that commit.
        services: the artifacts, by the name of their service.
        root: the repository that `path` of an artifact is relative to; not written.
        made: services whose artifact was not there already; not written.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    commit: str | None
    dirty: bool
    services: dict[str, Built]
    root: Path = Field(default=Path(), exclude=True)
    made: frozenset[str] = Field(default=frozenset(), exclude=True)

    def only(self, names: Iterable[str]) -> Bundle:
        """The same bundle with fewer services."""
        return self.model_copy(update={"services": {name: self.services[name] for name in names}})

    @property
    def content(self) -> bytes:
        """The bundle as it is written."""
        return self.model_dump_json(by_alias=True, indent=2).encode() + b"\n"

    @property
    def sha256(self) -> str:
        """Hexadecimal digest of the bundle as it is written: its name."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def files(self) -> list[Stored]:
        """Everything that belongs into the artifact store, the bundle itself left out."""
        return [file for built in self.services.values() for file in built.stored]

    @property
    def images(self) -> dict[str, BuiltImage]:
        """What belongs into the registry, by service."""
        return {name: built for name, built in self.services.items() if isinstance(built, BuiltImage)}

    @property
    def provenance(self) -> str:
        """Where it comes from, for people."""
        return f"{self.commit or 'no commit'}{', with changes that are not in it' if self.dirty else ''}"


def parse_bundle(content: bytes, root: Path, where: str) -> Bundle:
    """A bundle from its JSON.

    Args:
        content: what `Bundle.content` gave.
        root: the repository.
        where: what it was read from, for errors.

    Raises:
        UsageError: it is not a bundle.
    """
    try:
        return Bundle.model_validate_json(content).model_copy(update={"root": root})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UsageError(
            f"{where} is not a bundle: {place}: {first['msg']}", hint="Make one: make build"
        ) from error
