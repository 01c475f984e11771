"""Building a Lambda function's zip: its own files over its dependencies."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Self

from lockgate.config import LambdaService, Project
from lockgate.errors import LockgateError, UsageError
from lockgate.packaging import zips
from lockgate.packaging.bundle import BuiltZip
from lockgate.packaging.dependencies import Dependencies, Installed, builder, installed
from lockgate.packaging.files import File, check_handler, sources
from lockgate.packaging.requirements import read_lock
from lockgate.packaging.sbom import sbom
from lockgate.packaging.target import Target
from lockgate.packaging.workshop import Workshop, at_once

_FORMAT = "1"
"""Raised when an artifact, or what is said of it in a bundle, is made differently from the same inputs."""

_MAX_UNZIPPED = 250 * 1024 * 1024
"""Lambda's quota for a function with its layers (Lambda developer guide, "Lambda quotas"). The other one,
50 MB zipped, is for uploads to Lambda itself, and not for code that it takes from S3."""


@dataclass(frozen=True)
class ZipJob:
    """One function's artifact, before it is known whether it must be made."""

    service: str
    target: Target
    files: list[File]
    dependencies: Dependencies | None

    @classmethod
    def of(
        cls, project: Project, name: str, service: LambdaService, target: Target, workshop: Workshop
    ) -> Self:
        """What a function is made of.

        Raises:
            UsageError: its sources or its lock file are not fit to be built.
        """
        folder = project.declared[name].folder / "src"
        files = sources(name, folder, workshop.index)
        check_handler(name, folder, service.handler, {file.name for file in files})
        lock = read_lock(name, folder, target)
        dependencies = Dependencies.of(lock, target, service.source_distributions) if lock else None
        return cls(name, target, files, dependencies)

    @property
    def fingerprint(self) -> str:
        """Digest of everything that the artifact's bytes depend on."""
        digest = hashlib.sha256(f"{_FORMAT}\0{builder()}\0{self.service}\0{self.target}\0".encode())
        digest.update((self.dependencies.key if self.dependencies else "").encode())
        for file in self.files:
            digest.update(f"\0{file.name}\0{file.executable:d}\0{file.sha256}".encode())
        return digest.hexdigest()


def kept(workshop: Workshop, job: ZipJob) -> BuiltZip | None:
    """The artifact of an earlier build, if it is still what it was."""
    built = workshop.noted(job.fingerprint, BuiltZip)
    if built is None:
        return None
    return built if all(workshop.holds(file) for file in (built, built.sbom)) else None


def make_all(workshop: Workshop, jobs: list[ZipJob]) -> dict[str, BuiltZip]:
    """Makes artifacts: each distinct set of dependencies first, and once.

    Raises:
        LockgateError: a dependency cannot be installed, or the result is too large.
    """
    distinct = {job.dependencies.key: job.dependencies for job in jobs if job.dependencies}
    folder = workshop.cache / "dependencies"
    found = dict(
        zip(distinct, at_once(lambda one: installed(folder, one), list(distinct.values())), strict=True)
    )
    nothing = Installed()

    def make(job: ZipJob) -> BuiltZip:
        return _make(workshop, job, found[job.dependencies.key] if job.dependencies else nothing)

    return {job.service: built for job, built in zip(jobs, at_once(make, jobs), strict=True)}


def _make(workshop: Workshop, job: ZipJob, found: Installed) -> BuiltZip:
    entries = _entries(job, found)
    unzipped = _check_size(job, entries)
    data = zips.written(entries)
    digest = hashlib.sha256(data)
    sha256 = digest.hexdigest()
    zipped = workshop.put(job.service, f"{sha256}.zip", data)
    materials = workshop.put(job.service, f"{sha256}.cdx.json", sbom(job.service, sha256, found.packages))
    built = BuiltZip(
        **zipped.model_dump(),
        runtime=job.target.runtime,
        architecture=job.target.architecture,
        code_sha256=base64.b64encode(digest.digest()).decode(),
        unzipped=unzipped,
        sbom=materials,
    )
    workshop.note(job.fingerprint, built)
    return built


def _entries(job: ZipJob, found: Installed) -> list[zips.Entry]:
    """A service's own files, over its dependencies."""
    entries = {entry.name: entry for entry in found.entries}
    for file in job.files:
        data = file.read()
        if hashlib.sha256(data).hexdigest() != file.sha256:
            raise LockgateError(f"{file.path} was changed while it was built", hint="Build again.")
        if not job.target.runs(file.name, data):
            raise UsageError(
                f"{job.service}: {file.path} cannot be loaded by {job.target}: it was built for another "
                "machine",
                hint="Replace it by one for that machine, or correct `architecture` in service.yaml.",
            )
        entries[file.name] = zips.Entry.of(file.name, file.executable, data)
    return list(entries.values())


def _check_size(job: ZipJob, entries: list[zips.Entry]) -> int:
    unzipped = sum(entry.size for entry in entries)
    if unzipped <= _MAX_UNZIPPED:
        return unzipped
    sizes = Counter[str]()
    for entry in entries:
        sizes[entry.name.partition("/")[0]] += entry.size
    largest = ", ".join(f"{package} {size // 1024:,} KiB" for package, size in sizes.most_common(10))
    raise LockgateError(
        f"{job.service}: {unzipped:,} bytes unzipped; Lambda takes {_MAX_UNZIPPED:,}. Largest: {largest}",
        hint="Remove a dependency, or ship it in a container.",
    )
