"""Building: each artifact once, from what its bytes depend on, and only when that has changed."""

from __future__ import annotations

import base64
import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from lockgate.config import LambdaService, Project, Service
from lockgate.errors import LockgateError, UsageError
from lockgate.packaging import zips
from lockgate.packaging.bundle import FILE, Built, Bundle, Stored
from lockgate.packaging.dependencies import Dependencies, Installed, builder, installed
from lockgate.packaging.files import File, check_handler, sources
from lockgate.packaging.index import Index
from lockgate.packaging.provenance import provenance
from lockgate.packaging.requirements import read_lock
from lockgate.packaging.sbom import sbom
from lockgate.packaging.target import Target
from lockgate.packaging.writing import write_whole

_FORMAT = "1"
"""Raised when an artifact, or what is said of it in a bundle, is made differently from the same inputs."""

_MAX_UNZIPPED = 250 * 1024 * 1024
"""Lambda's quota for a function with its layers (Lambda developer guide, "Lambda quotas"). The other one,
50 MB zipped, is for uploads to Lambda itself, and not for code that it takes from S3."""

_MADE_OF = ("runtime", "architecture", "source_distributions")
"""Fields of a service that decide on the bytes of its artifact."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class _Job:
    """One service's artifact, before it is known whether it must be made."""

    service: str
    target: Target
    files: list[File]
    dependencies: Dependencies | None

    @property
    def fingerprint(self) -> str:
        """Digest of everything that the artifact's bytes depend on."""
        digest = hashlib.sha256(f"{_FORMAT}\0{builder()}\0{self.service}\0{self.target}\0".encode())
        digest.update((self.dependencies.key if self.dependencies else "").encode())
        for file in self.files:
            digest.update(f"\0{file.name}\0{file.executable:d}\0{file.sha256}".encode())
        return digest.hexdigest()


@dataclass(frozen=True)
class _Workshop:
    """Where artifacts are made and kept."""

    root: Path
    index: Index

    @property
    def artifacts(self) -> Path:
        return self.root / ".build/artifacts"

    @property
    def cache(self) -> Path:
        return self.root / ".build/cache"

    def kept(self, job: _Job) -> Built | None:
        """The artifact of an earlier build, if it is still what it was."""
        try:
            built = Built.model_validate_json(self._note(job).read_bytes())
        except (OSError, ValidationError):
            return None
        whole = all(self.index.holds(self.root / file.path, file.sha256) for file in (built, built.sbom))
        return built if whole else None

    def make(self, job: _Job, found: Installed) -> Built:
        """Makes an artifact and its bill of materials."""
        entries = _entries(job, found)
        unzipped = _check_size(job, entries)
        data = zips.written(entries)
        digest = hashlib.sha256(data)
        sha256 = digest.hexdigest()
        zipped = self._put(job, f"{sha256}.zip", data)
        materials = self._put(job, f"{sha256}.cdx.json", sbom(job.service, sha256, found.packages))
        built = Built(
            **zipped.model_dump(),
            runtime=job.target.runtime,
            architecture=job.target.architecture,
            code_sha256=base64.b64encode(digest.digest()).decode(),
            unzipped=unzipped,
            sbom=materials,
        )
        write_whole(self._note(job), built.model_dump_json().encode())
        return built

    def _put(self, job: _Job, name: str, data: bytes) -> Stored:
        path = self.artifacts / job.service / name
        write_whole(path, data)
        return Stored(
            path=path.relative_to(self.root).as_posix(),
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
            key=f"services/{job.service}/{name}",
        )

    def _note(self, job: _Job) -> Path:
        return self.cache / "built" / f"{job.fingerprint}.json"


def build(project: Project, environment: str | None, names: Iterable[str] = ()) -> Bundle:
    """Builds services into `.build`, and writes `.build/bundle.json`.

    Args:
        project: the repository.
        environment: whose declarations hold; None where one bundle is for all environments.
        names: services to build; empty builds all.

    Raises:
        UsageError: a service's sources or lock file are not fit to be built, or environments differ in what
            an artifact is made of.
        LockgateError: a dependency cannot be installed, or the result is too large.
    """
    services = _services(project, environment, names)
    workshop = _Workshop(project.root, Index.load(project.root / ".build/cache/index.json"))
    where = project.environment(environment) if environment else None
    jobs = [
        _job(project, name, service, Target.of(service, where), workshop.index)
        for name, service in services.items()
        if isinstance(service, LambdaService)
    ]
    done = {job.service: built for job in jobs if (built := workshop.kept(job))}
    missing = [job for job in jobs if job.service not in done]
    done |= _make(workshop, missing)
    commit, dirty = provenance(project.root)
    bundle = Bundle(
        root=project.root,
        commit=commit,
        dirty=dirty,
        services={name: done[name] for name in sorted(services)},
        made=frozenset(job.service for job in missing),
    )
    workshop.index.save()
    write_whole(project.root / FILE, bundle.content)
    return bundle


def _services(project: Project, environment: str | None, names: Iterable[str]) -> dict[str, Service]:
    if environment is not None:
        return project.services(environment, names)
    first, *others = [
        name for name, one in project.platform.environments.items() if one.build_for == "declared"
    ] or [next(iter(project.platform.environments))]
    chosen = project.services(first, names)
    for other in others:
        for name, service in project.services(other, chosen).items():
            for field in _MADE_OF:
                if getattr(service, field) != getattr(chosen[name], field):
                    raise UsageError(
                        f"{name}: {field} is {getattr(chosen[name], field)!r} in {first} and "
                        f"{getattr(service, field)!r} in {other}: one artifact cannot serve both",
                        hint=f"Make them the same, or build for one environment: make build ENV={first}",
                    )
    return chosen


def _job(project: Project, name: str, service: LambdaService, target: Target, index: Index) -> _Job:
    folder = project.declared[name].folder / "src"
    files = sources(name, folder, index)
    check_handler(name, folder, service.handler, {file.name for file in files})
    lock = read_lock(name, folder, target)
    dependencies = Dependencies.of(lock, target, service.source_distributions) if lock else None
    return _Job(name, target, files, dependencies)


def _make(workshop: _Workshop, jobs: list[_Job]) -> dict[str, Built]:
    """Makes artifacts: each distinct set of dependencies first, and once."""
    distinct = {job.dependencies.key: job.dependencies for job in jobs if job.dependencies}
    folder = workshop.cache / "dependencies"
    found = dict(
        zip(distinct, _at_once(lambda one: installed(folder, one), list(distinct.values())), strict=True)
    )
    nothing = Installed()

    def make(job: _Job) -> Built:
        return workshop.make(job, found[job.dependencies.key] if job.dependencies else nothing)

    return {job.service: built for job, built in zip(jobs, _at_once(make, jobs), strict=True)}


def _at_once(function: Callable[[Item], Result], items: list[Item]) -> list[Result]:
    """What a function gives for each item, as many at a time as there are processors."""
    if not items:
        return []
    with ThreadPoolExecutor(min(len(items), os.cpu_count() or 1)) as pool:
        return list(pool.map(function, items))


def _entries(job: _Job, found: Installed) -> list[zips.Entry]:
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


def _check_size(job: _Job, entries: list[zips.Entry]) -> int:
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
