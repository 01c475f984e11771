"""The ledger: one DynamoDB table that holds every release, who may drive it, and what is good.

Items (`pk`, `sk`):
    `releases#<environment>`, `<release id>`: the release, as JSON; `revision` guards each write.
    `locks#<environment>`, `<service>`: the release that holds the service until it is over.
    `good#<environment>`, `<service>`: versions that succeeded releases left serving, the newest last.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lockgate.errors import LockgateError, RefusedError
from lockgate.release.model import Good, Phase, Release, Status, release_id_at

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

GOOD_KEPT = 20
"""Good versions remembered for each service: a roll-back goes back further only by hand."""

Item = dict[str, Any]


class LostLeaseError(LockgateError):
    """Another process drives the release."""


class StaleError(LockgateError):
    """The release was written since it was read, by somebody who does not drive it; read it again."""


class ServiceHeldError(RefusedError):
    """Another release holds one of the services.

    Attributes:
        release_id: the release that holds it.
    """

    def __init__(self, service: str, release_id: str, environment: str) -> None:
        super().__init__(
            f"service {service!r} is held by release {release_id}, which is not over",
            hint=f"Watch it with: make watch ENV={environment}.",
        )
        self.release_id = release_id


class Ledger:
    """The releases of one environment.

    Args:
        dynamodb: a client.
        table: name of the table, from the contract.
        environment: name of the environment.
    """

    def __init__(self, dynamodb: DynamoDBClient, table: str, environment: str) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._environment = environment

    def begin(self, release: Release) -> Release:
        """Writes a new release and takes its services, or does neither.

        Raises:
            ServiceHeldError: another release holds one of the services.
        """
        first = release.but(revision=1)
        items = [self._put(self._release_item(first), "attribute_not_exists(pk)")]
        items += [
            self._put(self._lock_item(service, release.release_id), "attribute_not_exists(pk)")
            for service in release.deployments
        ]
        try:
            self._dynamodb.transact_write_items(TransactItems=items)
        except self._dynamodb.exceptions.TransactionCanceledException as error:
            for service in release.deployments:
                holder = self.holder(service)
                if holder and holder != release.release_id:
                    raise ServiceHeldError(service, holder, self._environment) from error
            raise
        return first

    def save(self, release: Release) -> Release:
        """Writes a release if nobody has written it since; when it is over, its services are let go.

        Raises:
            LostLeaseError: another process drives it now.
            StaleError: it was written meanwhile, and is still this process's to drive.
        """
        following = release.but(revision=release.revision + 1)
        unchanged = {":read": {"N": str(release.revision)}}
        items = [self._put(self._release_item(following), "revision = :read", unchanged)]
        if release.status is not Status.RUNNING:
            items += [self._let_go(service, release.release_id) for service in release.deployments]
            items += self._good_items(release)
        try:
            self._dynamodb.transact_write_items(TransactItems=items)
        except self._dynamodb.exceptions.TransactionCanceledException as error:
            newer = self.release(release.release_id)
            if newer == following:
                return following
            if newer.lease and release.lease and newer.lease.token != release.lease.token:
                raise lost_lease(newer) from error
            raise StaleError(
                f"release {release.release_id} was written by somebody else meanwhile", hint="Run it again."
            ) from error
        return following

    def release(self, release_id: str) -> Release:
        """A release by its id, read consistently.

        Raises:
            RefusedError: the ledger has no such release.
        """
        item = self._get("releases", release_id)
        if item is None:
            raise RefusedError(
                f"environment {self._environment!r} has no release {release_id!r}",
                hint=f"List them with: make history ENV={self._environment}.",
            )
        return Release.model_validate_json(item["document"]["S"])

    def history(self, limit: int | None = None, before: datetime | None = None) -> Iterator[Release]:
        """Releases, the newest first, page by page.

        Args:
            limit: how many at most.
            before: only those that began before; their ids sort by that time, to the second.
        """
        condition, values = "pk = :pk", {":pk": {"S": self._pk("releases")}}
        if before is not None:
            condition += " AND sk < :before"
            values[":before"] = {"S": release_id_at(before)}
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ScanIndexForward=False,
            ConsistentRead=True,
            PaginationConfig={"PageSize": min(limit or 50, 50), **({"MaxItems": limit} if limit else {})},
        )
        for page in pages:
            for item in page["Items"]:
                yield Release.model_validate_json(item["document"]["S"])

    def request_stop(self, release_id: str, reason: str) -> Release:
        """Asks whoever drives a release to roll it back, without taking it over."""
        while True:
            release = self.release(release_id)
            if release.status is not Status.RUNNING or release.stop_reason:
                return release
            try:
                return self.save(release.but(stop_reason=reason))
            except StaleError:
                continue

    def holder(self, service: str) -> str | None:
        """Id of the release that holds a service, or None."""
        item = self._get("locks", service)
        return item["release_id"]["S"] if item else None

    def good(self, service: str) -> tuple[Good, ...]:
        """Versions that a roll-back of a service may go to; the last one is live."""
        item = self._get("good", service)
        return (
            tuple(Good.model_validate(entry) for entry in json.loads(item["versions"]["S"])) if item else ()
        )

    def _good_items(self, release: Release) -> list[Any]:
        return [
            self._put(self._good_item(service, self._good_after(release, service)))
            for service, deployment in release.deployments.items()
            if deployment.phase is Phase.SUCCEEDED
        ]

    def _good_after(self, release: Release, service: str) -> Iterable[Good]:
        deployment = release.deployments[service]
        before = self.good(service)
        versions = [good.version for good in before]
        assert deployment.to_version is not None
        if release.kind == "rollback" and deployment.to_version in versions:
            return before[: versions.index(deployment.to_version) + 1]
        new = Good(
            release_id=release.release_id,
            version=deployment.to_version,
            code_sha256=deployment.artifact.code_sha256 if deployment.artifact else None,
            commit=release.commit,
        )
        return (*before, new)[-GOOD_KEPT:]

    def _pk(self, kind: str) -> str:
        return f"{kind}#{self._environment}"

    def _get(self, kind: str, key: str) -> Item | None:
        answer = self._dynamodb.get_item(
            TableName=self._table,
            Key={"pk": {"S": self._pk(kind)}, "sk": {"S": key}},
            ConsistentRead=True,
        )
        return answer.get("Item")

    def _release_item(self, release: Release) -> Item:
        return {
            "pk": {"S": self._pk("releases")},
            "sk": {"S": release.release_id},
            "revision": {"N": str(release.revision)},
            "status": {"S": release.status},
            "document": {"S": release.model_dump_json()},
        }

    def _lock_item(self, service: str, release_id: str) -> Item:
        return {
            "pk": {"S": self._pk("locks")},
            "sk": {"S": service},
            "release_id": {"S": release_id},
        }

    def _good_item(self, service: str, versions: Iterable[Good]) -> Item:
        return {
            "pk": {"S": self._pk("good")},
            "sk": {"S": service},
            "versions": {"S": json.dumps([good.model_dump() for good in versions])},
        }

    def _put(self, item: Item, condition: str | None = None, values: Item | None = None) -> Any:
        put: Item = {"TableName": self._table, "Item": item}
        if condition:
            put["ConditionExpression"] = condition
        if values:
            put["ExpressionAttributeValues"] = values
        return {"Put": put}

    def _let_go(self, service: str, release_id: str) -> Any:
        return {
            "Delete": {
                "TableName": self._table,
                "Key": {"pk": {"S": self._pk("locks")}, "sk": {"S": service}},
                "ConditionExpression": "release_id = :mine OR attribute_not_exists(pk)",
                "ExpressionAttributeValues": {":mine": {"S": release_id}},
            }
        }


def lost_lease(release: Release) -> LostLeaseError:
    """The error for a process that finds somebody else driving."""
    holder = release.lease.holder if release.lease else "nobody any more"
    return LostLeaseError(
        f"release {release.release_id} is driven by {holder}",
        hint=f"Watch it with: make watch ENV={release.environment}.",
    )
