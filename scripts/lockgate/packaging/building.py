"""Building: each artifact once, from what its bytes depend on, and only when that has changed."""

from __future__ import annotations

from collections.abc import Iterable

from lockgate.config import ContainerService, LambdaService, Project, Service
from lockgate.errors import UsageError
from lockgate.packaging import containers, functions
from lockgate.packaging.bundle import FILE, Built, Bundle
from lockgate.packaging.containers import ImageJob
from lockgate.packaging.functions import ZipJob
from lockgate.packaging.provenance import provenance
from lockgate.packaging.target import Target, architecture_of
from lockgate.packaging.workshop import Workshop
from lockgate.packaging.writing import write_whole

_MADE_OF = ("runtime", "architecture", "source_distributions")
"""Fields of a service that decide on the bytes of its artifact."""


def build(project: Project, environment: str | None, names: Iterable[str] = ()) -> Bundle:
    """Builds services into `.build`, and writes `.build/bundle.json`.

    Args:
        project: the repository.
        environment: whose declarations hold; None where one bundle is for all environments.
        names: services to build; empty builds all.

    Raises:
        UsageError: a service's sources or lock file are not fit to be built, or environments differ in what
            an artifact is made of.
        LockgateError: a dependency cannot be installed, the result is too large, or there is nothing to build
            an image with.
    """
    services = _services(project, environment, names)
    workshop = Workshop.open(project.root)
    where = project.environment(environment) if environment else None
    zips: list[ZipJob] = []
    images: list[ImageJob] = []
    for name, service in services.items():
        match service:
            case LambdaService():
                zips.append(ZipJob.of(project, name, service, Target.of(service, where), workshop))
            case ContainerService():
                images.append(ImageJob.of(project, name, architecture_of(service, where), workshop))
    done: dict[str, Built] = {job.service: one for job in zips if (one := functions.kept(workshop, job))}
    done |= {job.service: image for job in images if (image := containers.kept(workshop, job))}
    made = frozenset(services) - frozenset(done)
    done |= functions.make_all(workshop, [job for job in zips if job.service in made])
    done |= {job.service: containers.make(workshop, job) for job in images if job.service in made}
    commit, dirty = provenance(project.root)
    bundle = Bundle(
        root=project.root,
        commit=commit,
        dirty=dirty,
        services={name: done[name] for name in sorted(services)},
        made=made,
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
                one, another = (getattr(each, field, None) for each in (chosen[name], service))
                if one != another:
                    raise UsageError(
                        f"{name}: {field} is {one!r} in {first} and {another!r} in {other}: one artifact "
                        "cannot serve both",
                        hint=f"Make them the same, or build for one environment: make build ENV={first}",
                    )
    return chosen
