"""Old versions of Lambda functions.

Lambda keeps every version that was ever published, each with a copy of its code, until somebody deletes it or
the account's code storage is full (75 GB in a region; Lambda developer guide, "Lambda quotas").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lockgate.aws import Aws
from lockgate.contract import LambdaContract
from lockgate.prune.plan import Done, Item, Plan, Reason, decide
from lockgate.release.codedeploy import running_deployments
from lockgate.release.ledger import Ledger

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import FunctionConfigurationTypeDef

KIND = "versions"
LATEST = "$LATEST"


@dataclass(frozen=True)
class Guards:
    """What may not be deleted of a service at one moment.

    Attributes:
        running: ids of CodeDeploy deployments of the service that are not over.
        holder: the release that holds the service in the ledger.
        good: versions that a roll-back may go to.
        aliased: versions that serve: that any alias of a function names, weights included, or that tasks run.
    """

    running: tuple[str, ...] = ()
    holder: str | None = None
    good: frozenset[str] = frozenset()
    aliased: frozenset[str] = frozenset()

    @property
    def busy(self) -> str | None:
        """Why nothing of the service may be touched, or None."""
        if self.holder:
            return f"release {self.holder} is not over"
        if self.running:
            return f"CodeDeploy {', '.join(self.running)} is not over"
        return None

    def keeps(self, version: str) -> Reason | None:
        """Why a version is kept, whatever its age."""
        if version in self.aliased:
            return Reason.IN_USE
        return Reason.WINDOW if version in self.good else None


def plan(
    service: str, versions: tuple[Item, ...], guards: Guards, youngest: datetime, kind: str = KIND
) -> Plan:
    """What to delete of what releases have published, numbered in its order.

    The newest one is kept: PublishVersion gives it back where nothing has changed since (API reference,
    PublishVersion), and a release of a container takes the newest task definition where it says the same, so
    a release that starts now may be about to serve it.

    Args:
        service: whose they are.
        versions: all that are published; `$LATEST` is none of them.
        guards: what may not be deleted.
        youngest: what was published after this is kept.
        kind: what they are.
    """
    if guards.busy:
        return Plan(service, kind, skipped=guards.busy)
    newest = max((int(version.name) for version in versions), default=None)

    def keeps(version: Item) -> Reason | None:
        reason = guards.keeps(version.name)
        if reason is None and int(version.name) == newest:
            reason = Reason.NEWEST
        return reason or (Reason.YOUNG if version.created_at > youngest else None)

    return decide(service, kind, sorted(versions, key=lambda version: int(version.name)), keeps)


@dataclass(frozen=True)
class Versions:
    """The published versions of one service's function.

    Args:
        aws: clients of the environment.
        contract: the service, as Terraform provisioned it.
        ledger: what was released.
    """

    aws: Aws
    contract: LambdaContract
    ledger: Ledger

    def plan(self, now: datetime, age: timedelta) -> Plan:
        """What would be deleted. Writes nothing."""
        items = tuple(
            Item(found["Version"], datetime.strptime(found["LastModified"], "%Y-%m-%dT%H:%M:%S.%f%z"))
            for found in self.published
        )
        return plan(self.contract.service, items, self._guards(), now - age)

    @cached_property
    def published(self) -> list[FunctionConfigurationTypeDef]:
        """What was published when this was first asked, without `$LATEST`."""
        pages = self.aws.lambda_.get_paginator("list_versions_by_function").paginate(
            FunctionName=self.contract.function_name
        )
        return [found for page in pages for found in page["Versions"] if found["Version"] != LATEST]

    def delete(self, planned: Plan) -> Iterator[Done]:
        """Deletes, looking before each whether it still may; once a release begins, the rest stays."""
        for item in planned.delete:
            guards = self._guards()
            reason = guards.busy or guards.keeps(item.name)
            yield Done(item.name, reason) if reason else self._delete(item.name)

    def _delete(self, version: str) -> Done:
        # Without a qualifier the whole function would go.
        assert version.isdecimal()
        errors = self.aws.lambda_.exceptions
        try:
            self.aws.lambda_.delete_function(FunctionName=self.contract.function_name, Qualifier=version)
        except errors.ResourceConflictException as error:
            return Done(version, f"Lambda refuses: {error.response['Error'].get('Message')}")
        except errors.ResourceNotFoundException:
            pass
        return Done(version)

    def _guards(self) -> Guards:
        """What may not be deleted now.

        In this order: a release that ends meanwhile lets go of the service and makes its version good in one
        transaction, so that whoever sees the service free sees the good version after that.
        """
        running = running_deployments(self.aws, self.contract)
        holder = self.ledger.holder(self.contract.service)
        good = frozenset(entry.version for entry in self.ledger.good(self.contract.service))
        return Guards(tuple(running), holder, good, self._aliased())

    def _aliased(self) -> frozenset[str]:
        pages = self.aws.lambda_.get_paginator("list_aliases").paginate(
            FunctionName=self.contract.function_name
        )
        return frozenset(version for page in pages for alias in page["Aliases"] for version in _named(alias))


def _named(alias: Any) -> Iterator[str]:
    yield alias["FunctionVersion"]
    yield from (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
