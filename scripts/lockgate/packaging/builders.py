"""What builds images: Buildah, or Docker's BuildKit. Both are asked for an OCI archive without times."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lockgate.errors import LockgateError, UsageError

VARIABLE = "LOCKGATE_IMAGE_BUILDER"
"""Names the builder to take: `buildah` or `docker`."""

_TAIL = 20
"""Lines of a failed build that are shown."""


class Builder(Protocol):
    """Builds one image for one platform."""

    @property
    def version(self) -> str:
        """Its name and version: another one may give other bytes.

        Raises:
            LockgateError: it is there, but does not work.
        """

    def build(self, context: Path, platform: str, archive: Path) -> None:
        """Builds `context/Dockerfile`.

        Args:
            context: everything that may be copied into the image.
            platform: such as `linux/arm64`.
            archive: the OCI archive to write.

        Raises:
            LockgateError: with the end of what the builder said.
        """


@dataclass(frozen=True)
class Buildah:
    """Needs no daemon, and no root."""

    binary: str

    @property
    def version(self) -> str:
        """`buildah version 1.33.7 (image-spec ...)`."""
        return _said([self.binary, "--version"], "buildah")

    def build(self, context: Path, platform: str, archive: Path) -> None:
        """Builds with all times set to 0 (buildah-build(1), `--timestamp`)."""
        options = ["--timestamp", "0", "--format", "oci", "--platform", platform, "--layers=false"]
        _run([self.binary, "build", *options, "--tag", f"oci-archive:{archive}", "."], context)


@dataclass(frozen=True)
class Docker:
    """BuildKit behind Docker.

    Docker's classic image store cannot write an OCI archive; the containerd one can, and so can a builder
    made with `docker buildx create` (Docker docs, "OCI and Docker exporters").
    """

    binary: str

    @property
    def version(self) -> str:
        """`github.com/docker/buildx v0.17.1 ...`, and the server's."""
        server = _said([self.binary, "version", "--format", "{{.Server.Version}}"], "Docker")
        return f"{_said([self.binary, 'buildx', 'version'], 'Docker buildx')} with {server}"

    def build(self, context: Path, platform: str, archive: Path) -> None:
        """Builds with all times set to 0 (BuildKit docs, "Build reproducibility"), without attestations,
        which hold the time."""
        times = ["--build-arg", "SOURCE_DATE_EPOCH=0"]
        output = f"type=oci,dest={archive},rewrite-timestamp=true"
        options = ["--platform", platform, "--provenance=false", "--sbom=false", "--output", output]
        _run([self.binary, "buildx", "build", *times, *options, "."], context)


def find_builder() -> Builder:
    """Buildah where it is on the PATH, else Docker; the one that LOCKGATE_IMAGE_BUILDER names, where it does.

    Raises:
        UsageError: that variable names something else.
        LockgateError: there is none.
    """
    known: dict[str, Callable[[str], Builder]] = {"buildah": Buildah, "docker": Docker}
    wanted = os.environ.get(VARIABLE)
    if wanted and wanted not in known:
        raise UsageError(f"{VARIABLE} is {wanted!r}", hint=f"Say {' or '.join(known)}, or unset it.")
    for name in [wanted] if wanted else known:
        binary = shutil.which(name)
        if binary:
            return known[name](binary)
    raise LockgateError(
        f"an image needs {wanted or 'Buildah or Docker'}, and there is none on the PATH",
        hint="Install one of them, or leave containers out with SERVICE=; a build in CodeBuild has Docker: "
        "make build ARGS=--remote",
    )


def _said(command: list[str], name: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LockgateError(f"{name} does not answer: {error}", hint="Start or reinstall it.") from error
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise LockgateError(
            f"{name} does not work: {words[-1] if words else f'exit code {done.returncode}'}",
            hint=f"Start it, or take the other one with {VARIABLE}=.",
        )
    return done.stdout.strip()


def _run(command: list[str], context: Path) -> None:
    done = subprocess.run(
        command,
        cwd=context,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        tail = "\n".join(done.stdout.rstrip().splitlines()[-_TAIL:])
        raise LockgateError(
            f"{Path(command[0]).name} failed with exit code {done.returncode}:\n{tail}",
            hint=_hint(done.stdout),
        )


def _hint(said: str) -> str:
    if "OCI exporter is not supported" in said:
        return (
            "Turn on Docker's containerd image store, or make a builder that can: docker buildx create --use"
        )
    return "Mend what it says, then build again."
