"""Building a container's image, from what lies in its folder and nothing else."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from lockgate.config import Project
from lockgate.errors import LockgateError, UsageError
from lockgate.packaging.base_images import base_images
from lockgate.packaging.builders import Builder, find_builder
from lockgate.packaging.bundle import BuiltImage
from lockgate.packaging.dependencies import Package
from lockgate.packaging.files import File, sources
from lockgate.packaging.oci import Image, read_image
from lockgate.packaging.requirements import locked_versions
from lockgate.packaging.sbom import sbom
from lockgate.packaging.workshop import Workshop

_FORMAT = "1"
"""Raised when an image, or what is said of it in a bundle, is made differently from the same inputs."""

_LEFT_OUT = ("tests", "service.yaml", "README.md", ".DS_Store")
"""What lies at the top of a container's folder and is not for its image."""

_PLATFORMS = {"arm64": "linux/arm64", "x86_64": "linux/amd64"}
_ROOT = ("", "0", "root")


@dataclass(frozen=True)
class ImageJob:
    """One container's image, before it is known whether it must be made."""

    service: str
    folder: Path
    architecture: str
    files: list[File]
    bases: list[str]

    @classmethod
    def of(cls, project: Project, name: str, architecture: str, workshop: Workshop) -> Self:
        """What a container is made of.

        Raises:
            UsageError: its folder is not fit to be built.
        """
        folder = project.declared[name].folder
        files = sources(name, folder, workshop.index, left_out=_LEFT_OUT)
        return cls(name, folder, architecture, files, base_images(folder / "Dockerfile"))

    @cached_property
    def builder(self) -> Builder:
        """What builds it here."""
        return find_builder()

    @cached_property
    def fingerprint(self) -> str:
        """Digest of everything that the image's bytes depend on, as far as its Dockerfile lets them."""
        known = (_FORMAT, self.builder.version, self.service, self.architecture)
        digest = hashlib.sha256("\0".join(known).encode())
        for file in self.files:
            digest.update(f"\0{file.name}\0{file.executable:d}\0{file.sha256}".encode())
        return digest.hexdigest()


def kept(workshop: Workshop, job: ImageJob) -> BuiltImage | None:
    """The image of an earlier build, if it is still there; its blobs are checked when it is pushed."""
    built = workshop.noted(job.fingerprint, BuiltImage)
    if built is None or not (workshop.root / built.path).is_file():
        return None
    return built if workshop.holds(built.sbom) else None


def make(workshop: Workshop, job: ImageJob) -> BuiltImage:
    """Builds an image and its bill of materials.

    Raises:
        LockgateError: the builder fails, or gives an image for another machine.
        UsageError: the image would run as root.
    """
    workshop.cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=workshop.cache, prefix=f"{job.service}-") as name:
        context, archive = Path(name) / "context", Path(name) / "image.tar"
        _lay_out(job, context)
        job.builder.build(context, _PLATFORMS[job.architecture], archive)
        image = read_image(archive)
        _check(job, image)
        sha256 = image.digest.removeprefix("sha256:")
        path = workshop.artifacts / job.service / f"{sha256}.tar"
        path.parent.mkdir(parents=True, exist_ok=True)
        archive.replace(path)
    materials = sbom(job.service, sha256, _packages(job), job.bases)
    built = BuiltImage(
        path=path.relative_to(workshop.root).as_posix(),
        sha256=sha256,
        size=image.size,
        architecture=image.architecture,
        tag=f"{job.fingerprint[:16]}-{sha256[:16]}",
        sbom=workshop.put(job.service, f"{sha256}.cdx.json", materials),
    )
    workshop.note(job.fingerprint, built)
    return built


def _lay_out(job: ImageJob, context: Path) -> None:
    """Exactly the files that the fingerprint counts, whatever else lies in the folder."""
    for file in job.files:
        target = context / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.path, target)
        target.chmod(0o755 if file.executable else 0o644)
        if hashlib.sha256(target.read_bytes()).hexdigest() != file.sha256:
            raise LockgateError(f"{file.path} was changed while it was built", hint="Build again.")


def _check(job: ImageJob, image: Image) -> None:
    dockerfile = job.folder / "Dockerfile"
    if image.architecture != job.architecture:
        raise LockgateError(
            f"{job.service}: the image is for {image.architecture}, but the service runs on "
            f"{job.architecture}",
            hint=f"Start {dockerfile} from an image that is for both, and name no --platform there.",
        )
    if image.user.partition(":")[0] in _ROOT:
        raise UsageError(
            f"{dockerfile}: the image would run as root",
            hint="End it with a USER that is not root, such as `USER 10001:10001`.",
        )


def _packages(job: ImageJob) -> list[Package]:
    """What the lock file in `src/` names; what a base image holds is its own publisher's to say."""
    return [
        Package(name=name, version=version) for name, version in locked_versions(job.folder / "src").items()
    ]
