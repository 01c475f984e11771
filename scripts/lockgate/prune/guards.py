"""What keeps the numbered versions of a service: of a function, or of a container's task definition."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from lockgate.aws import Aws
from lockgate.contract import ServiceContract
from lockgate.prune.plan import Done, Item, Plan, Reason, decide
from lockgate.release.codedeploy import running_deployments
from lockgate.release.ledger import Ledger


@dataclass(frozen=True)
class Guards:
    """What may not be deleted of a service at one moment.

    Attributes:
        running: ids of CodeDeploy deployments of the service that are not over.
        holder: the release that holds the service in the ledger.
        good: versions that a roll-back may go to.
        serving: versions that any alias of a function names, weights included, or that tasks run.
    """

    running: tuple[str, ...] = ()
    holder: str | None = None
    good: frozenset[str] = frozenset()
    serving: frozenset[str] = frozenset()

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
        if version in self.serving:
            return Reason.IN_USE
        return Reason.WINDOW if version in self.good else None


def plan(service: str, kind: str, versions: tuple[Item, ...], guards: Guards, youngest: datetime) -> Plan:
    """What to delete of what releases have published, numbered in its order.

    The newest one is kept: PublishVersion gives it back where nothing has changed since (API reference,
    PublishVersion), and a release of a container takes the newest task definition where it says the same, so
    a release that starts now may be about to serve it.

    Args:
        service: whose they are.
        kind: what they are.
        versions: all that are published; `$LATEST` is none of them.
        guards: what may not be deleted.
        youngest: what was published after this is kept.
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


def look(
    aws: Aws, contract: ServiceContract, ledger: Ledger, serving: Callable[[], frozenset[str]]
) -> Guards:
    """What may not be deleted now.

    In this order: a release that ends meanwhile lets go of the service and makes its version good in one
    transaction, so that whoever sees the service free sees the good version after that.
    """
    running = running_deployments(aws, contract)
    holder = ledger.holder(contract.service)
    good = frozenset(entry.version for entry in ledger.good(contract.service))
    return Guards(tuple(running), holder, good, serving())


def carry_out(planned: Plan, looks: Callable[[], Guards], delete: Callable[[str], Done]) -> Iterator[Done]:
    """Deletes, looking before each whether it still may; once a release begins, the rest stays."""
    for item in planned.delete:
        guards = looks()
        reason = guards.busy or guards.keeps(item.name)
        yield Done(item.name, reason) if reason else delete(item.name)
