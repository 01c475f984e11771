"""Which bundle a release takes: one that is named, or one that is built now."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lockgate.commands.opened import Opened
from lockgate.config import LambdaService, Service
from lockgate.errors import RefusedError
from lockgate.packaging import Bundle, build, parse_bundle
from lockgate.packaging.target import Target, architecture_of


def choose(opened: Opened, services: Mapping[str, Service], reference: str | None) -> Bundle:
    """The bundle to release, with the wanted services in it.

    Args:
        opened: the environment.
        services: the wanted services, as the environment declares them.
        reference: a file, a commit, or a bundle's digest; None builds one from the tree.

    Raises:
        UsageError: the reference is none of these.
        RefusedError: the bundle does not fit the environment, or must not be released there.
    """
    if reference is None:
        bundle = build(opened.project, opened.name, services)
    else:
        bundle = _named(opened, reference)
        _check_services(opened, services, bundle, reference)
    _check_provenance(opened, bundle)
    return bundle.only(services)


def _named(opened: Opened, reference: str) -> Bundle:
    path = Path(reference)
    if path.is_file():
        return parse_bundle(path.read_bytes(), opened.project.root, reference)
    return opened.store.fetch(reference, opened.project.root)


def _check_services(opened: Opened, services: Mapping[str, Service], bundle: Bundle, reference: str) -> None:
    for name, service in services.items():
        built = bundle.services.get(name)
        if built is None:
            raise RefusedError(
                f"bundle {reference} has no {name}; it has {', '.join(bundle.services)}",
                hint="Name the services that it has with SERVICE=, or build all of them.",
            )
        target = _target(opened, service)
        if built.target != target:
            raise RefusedError(
                f"bundle {reference}: {name} was built for {built.target}, but {opened.name} runs {target}",
                hint=f"Build it anew for that: make build ENV={opened.name}",
            )


def _target(opened: Opened, service: Service) -> str:
    """What a service runs on in an environment, as a bundle has it."""
    if isinstance(service, LambdaService):
        target = Target.of(service, opened.environment)
        return f"{target.runtime} on {target.architecture}"
    return f"linux on {architecture_of(service, opened.environment)}"


def _check_provenance(opened: Opened, bundle: Bundle) -> None:
    if bundle.dirty and not (opened.environment.is_embedded or opened.environment.dirty_builds):
        raise RefusedError(
            f"the bundle is of {bundle.provenance}: {opened.name} takes only what a commit holds",
            hint="Commit, and build again; or allow it with `dirty_builds` in platform.yaml.",
        )
