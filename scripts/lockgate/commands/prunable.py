"""What `lockgate prune` looks at: of an environment, and of the account with what environments share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from lockgate.commands.opened import Opened, OpenedAccount
from lockgate.contract import ContainerContract, LambdaContract
from lockgate.errors import RefusedError
from lockgate.prune.artifacts import BUNDLES, Artifacts, Released
from lockgate.prune.images import Images
from lockgate.prune.plan import Done, Plan
from lockgate.prune.task_definitions import TaskDefinitions
from lockgate.prune.versions import Versions


class Deleter(Protocol):
    """Carries out a plan of its kind."""

    def delete(self, planned: Plan) -> Iterator[Done]:
        """Deletes one thing after another, unless it has been needed since."""


Planned = Iterator[tuple[Plan, Deleter]]


@dataclass(frozen=True)
class _Needs:
    """What one environment needs of a store and a registry.

    Attributes:
        released: what it has released.
        definitions: of each container, its task definitions.
        planned: what the same prune does with them; nothing where it leaves them alone.
    """

    released: Released
    definitions: Mapping[str, TaskDefinitions]
    planned: Mapping[str, Plan]

    def images(self, service: str, *, left: bool = False) -> frozenset[str]:
        """Digests that a service's task definitions name, or only those that the same prune leaves."""
        if service not in self.definitions:
            return frozenset()
        return self.definitions[service].images(left_by=self.planned.get(service) if left else None)


def of_environment(opened: Opened, services: tuple[str, ...], age: timedelta, now: datetime) -> Planned:
    """Versions and task definitions of an environment first, then what they and the bundles that are left
    need no more, where it shares that with nobody."""
    opened.project.services(opened.name, services)
    opened.checked()
    versions, definitions = _numbered(opened, services)
    for one in versions.values():
        yield one.plan(now, age), one
    planned = {name: one.plan(now, age) for name, one in definitions.items()}
    yield from ((planned[name], one) for name, one in definitions.items())
    needs = _Needs(_released(opened, versions), definitions, planned)
    artifacts = _artifacts(opened, (needs,), services)
    if opened.project.platform.shares_tooling(opened.name):
        yield _shared(f"s3://{artifacts.bucket}", "artifacts"), artifacts
        if definitions:
            yield _shared(f"registry {opened.registry.account_id}", "images"), artifacts
        return
    yield from _stored(opened, artifacts, (needs,), age, now)


def of_tooling(opened: OpenedAccount, services: tuple[str, ...], age: timedelta, now: datetime) -> Planned:
    """What environments share and none of them needs; what each needs is read as a role of its own account.

    Raises:
        UsageError: there is no service of that name.
        RefusedError: what one of them needs cannot be read, or none is known, so that nothing may go.
    """
    platform = opened.project.platform
    sharing = [name for name in platform.environments if platform.shares_tooling(name)]
    if not sharing:
        raise RefusedError(
            "no environment of platform.yaml takes anything from the tooling account: all of it would go",
            hint="Correct platform.yaml; what nobody will ever need again, delete by hand.",
        )
    for name in sharing:
        opened.project.services(name, services)
    opened.checked()
    needs = tuple(_needs(_assumed(opened, name), services) for name in sharing)
    artifacts = _artifacts(opened, needs, services)
    yield from _stored(opened, artifacts, needs, age, now)


def _assumed(tooling: OpenedAccount, name: str) -> Opened:
    """An environment, seen as the role that its account has for this."""
    platform = tooling.project.platform
    environment = platform.environments[name]
    try:
        aws = tooling.aws.assuming(platform.role_arn_of(name, "prune"), platform.region_of(name))
        opened = Opened(tooling.project, name, environment, aws, environment)
        opened.checked()
        opened.contract  # noqa: B018
    except RefusedError as error:
        raise RefusedError(
            f"what {name} needs of the tooling account cannot be read, so nothing may go: {error.message}",
            hint=f"make apply ENV={name} gives its account the role {platform.role_of(name, 'prune')}; "
            "these credentials need sts:AssumeRole for it. Take an environment that is no more out of "
            "platform.yaml.",
        ) from error
    return opened


def _needs(opened: Opened, services: tuple[str, ...]) -> _Needs:
    versions, definitions = _numbered(opened, services)
    return _Needs(_released(opened, versions), definitions, {})


def _numbered(
    opened: Opened, services: tuple[str, ...]
) -> tuple[dict[str, Versions], dict[str, TaskDefinitions]]:
    contracts = [one for name, one in opened.contract.services.items() if not services or name in services]
    versions = {
        one.service: Versions(opened.aws, one, opened.ledger)
        for one in contracts
        if isinstance(one, LambdaContract)
    }
    definitions = {
        one.service: TaskDefinitions(opened.aws, one, opened.ledger)
        for one in contracts
        if isinstance(one, ContainerContract)
    }
    return versions, definitions


def _released(opened: Opened, versions: Mapping[str, Versions]) -> Released:
    code = {
        name: {found["Version"]: found.get("CodeSha256", "") for found in one.published}
        for name, one in versions.items()
    }
    return Released(opened.ledger, code)


def _stored(
    opened: OpenedAccount, artifacts: Artifacts, needs: tuple[_Needs, ...], age: timedelta, now: datetime
) -> Planned:
    found = artifacts.plans(now, age)
    yield from ((plan, artifacts) for plan in found)
    named = artifacts.named(left_by=next((plan for plan in found if plan.kind == BUNDLES), None))
    for service in sorted({name for one in needs for name in one.definitions}):
        repository = _images(opened, service, artifacts, needs)
        left = frozenset(digest for one in needs for digest in one.images(service, left=True))
        yield repository.plan(now, age, left, named), repository


def _artifacts(opened: OpenedAccount, needs: tuple[_Needs, ...], services: tuple[str, ...]) -> Artifacts:
    platform = opened.project.platform
    return Artifacts(
        s3=opened.aws.s3,
        bucket=platform.artifact_bucket_of(opened.name),
        account_id=opened.account.account_id,
        released=tuple(one.released for one in needs),
        only=services,
    )


def _images(opened: OpenedAccount, service: str, artifacts: Artifacts, needs: tuple[_Needs, ...]) -> Images:
    registry = opened.registry
    return Images(
        ecr=opened.aws.ecr,
        registry_id=registry.account_id,
        repository=registry.repository(service),
        service=service,
        ledgers=tuple(one.released.ledger for one in needs),
        defined=lambda: frozenset(digest for one in needs for digest in one.images(service)),
        named=artifacts.named,
    )


def _shared(subject: str, kind: str) -> Plan:
    return Plan(
        subject,
        kind,
        skipped="environments share it: make prune STACK=tooling looks at what each of them needs",
    )
