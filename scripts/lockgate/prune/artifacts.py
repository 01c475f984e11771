"""Old objects of an artifact store: bundles, what they name, and sources of builds.

Only what is named as Lockgate names it is ever deleted, and nothing under `bootstrap/`. Bundles go first: a
prune that dies leaves artifacts that no bundle names, never a bundle that names what is gone.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lockgate.errors import LockgateError, RefusedError, UsageError
from lockgate.packaging.bundle import parse_bundle
from lockgate.prune.plan import Done, Item, Plan, Reason, decide
from lockgate.release.ledger import Ledger

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

BUNDLES, ARTIFACTS, SOURCES = "bundles", "artifacts", "sources"
SUBJECT = "artifact store"

_BUNDLE = re.compile(r"bundles/([0-9a-f]{40}|no-commit)/[0-9a-f]{64}\.json")
_ARTIFACT = re.compile(r"services/([^/]+)/([0-9a-f]{64})\.(?:zip|cdx\.json)")
_SOURCE = re.compile(r"sources/[0-9a-f]{64}\.zip")

_AT_ONCE = 8
"""Bundles that are read at a time; botocore keeps ten connections."""

_MOST = 1000
"""Keys in one request (S3 API reference, DeleteObjects)."""


@dataclass(frozen=True)
class Wanted:
    """What ledgers say that is needed of a store.

    Attributes:
        running_commits: commits of releases that are not over.
        running: hexadecimal SHA-256 of the zips of releases that are not over.
        good_commits: commits of the releases that a roll-back may go to.
        good: hexadecimal SHA-256 of the zips of the versions that a roll-back may go to.
    """

    running_commits: frozenset[str] = frozenset()
    running: frozenset[str] = frozenset()
    good_commits: frozenset[str] = frozenset()
    good: frozenset[str] = frozenset()

    def __or__(self, other: Wanted) -> Wanted:
        return Wanted(
            self.running_commits | other.running_commits,
            self.running | other.running,
            self.good_commits | other.good_commits,
            self.good | other.good,
        )


def plan_bundles(bundles: Iterable[Item], wanted: Wanted, youngest: datetime) -> Plan:
    """What to delete of the bundles.

    Args:
        bundles: everything under `bundles/`.
        wanted: what is needed.
        youngest: what was made after this is kept.
    """
    found = sorted(bundles, key=lambda item: (item.created_at, item.name))
    newest = next((item for item in reversed(found) if _BUNDLE.fullmatch(item.name)), None)

    def keeps(item: Item) -> Reason | None:
        match = _BUNDLE.fullmatch(item.name)
        if match is None:
            return Reason.FOREIGN
        if match[1] in wanted.running_commits:
            return Reason.IN_USE
        if match[1] in wanted.good_commits:
            return Reason.WINDOW
        if item == newest:
            return Reason.NEWEST
        return _young(item, youngest)

    return decide(SUBJECT, BUNDLES, found, keeps)


def plan_artifacts(
    artifacts: Iterable[Item], named: frozenset[str], wanted: Wanted, youngest: datetime
) -> Plan:
    """What to delete of zips and their bills of materials, which are named after the zip.

    Args:
        artifacts: everything under `services/`.
        named: keys that are named by the bundles that are kept.
        wanted: what is needed.
        youngest: what was made after this is kept.
    """

    def keeps(item: Item) -> Reason | None:
        match = _ARTIFACT.fullmatch(item.name)
        if match is None:
            return Reason.FOREIGN
        if match[2] in wanted.running:
            return Reason.IN_USE
        if match[2] in wanted.good:
            return Reason.WINDOW
        return Reason.NAMED if item.name in named else _young(item, youngest)

    return decide(SUBJECT, ARTIFACTS, artifacts, keeps)


def plan_sources(sources: Iterable[Item], youngest: datetime) -> Plan:
    """What to delete of the sources of builds.

    A build takes its source when it begins, at most eight hours after it was asked for (CodeBuild API
    reference, CreateProject, queuedTimeoutInMinutes).
    """

    def keeps(item: Item) -> Reason | None:
        return _young(item, youngest) if _SOURCE.fullmatch(item.name) else Reason.FOREIGN

    return decide(SUBJECT, SOURCES, sources, keeps)


def _young(item: Item, youngest: datetime) -> Reason | None:
    return Reason.YOUNG if item.created_at > youngest else None


@dataclass(frozen=True)
class _Seen:
    """A store and what is needed of it, looked at in this order."""

    bundles: tuple[Item, ...]
    artifacts: tuple[Item, ...]
    wanted: Wanted


@dataclass(frozen=True)
class Released:
    """What one environment knows of what it needs of a store.

    Attributes:
        ledger: what was released.
        versions: for each service, the code of each published version, as Lambda reports it.
    """

    ledger: Ledger
    versions: Mapping[str, Mapping[str, str]]

    def wanted(self, named: Iterable[str]) -> Wanted:
        """What the ledger says of every service that is provisioned, or that something in the store is named
        after. Who holds a service is read before its good versions: a release that ends meanwhile goes from
        the one to the other."""
        names = sorted({*named, *self.versions})
        holders = {holder for name in names if (holder := self.ledger.holder(name))}
        running = [self.ledger.release(holder) for holder in sorted(holders)]
        goods = [(name, good) for name in names for good in self.ledger.good(name)]
        codes = (good.code_sha256 or self.versions.get(name, {}).get(good.version) for name, good in goods)
        artifacts = (one.artifact for release in running for one in release.deployments.values())
        return Wanted(
            running_commits=frozenset(release.commit for release in running if release.commit),
            running=frozenset(artifact.sha256 for artifact in artifacts if artifact),
            good_commits=frozenset(good.commit for _, good in goods if good.commit),
            good=frozenset(_hex(code) for code in codes if code),
        )


@dataclass(frozen=True)
class Artifacts:
    """An artifact store, of one environment or of several.

    Args:
        s3: a client.
        bucket: its name.
        account_id: the account that it is in; S3 refuses if the bucket is another's.
        released: what each environment that takes from it needs.
        only: services whose artifacts are looked at; empty looks at the whole store.
    """

    s3: S3Client
    bucket: str
    account_id: str
    released: tuple[Released, ...]
    only: tuple[str, ...] = ()

    def plans(self, now: datetime, age: timedelta) -> list[Plan]:
        """What would be deleted, in the order in which it is. Writes nothing.

        Where services are named, only their artifacts: bundles and sources are everybody's.

        Raises:
            RefusedError: the store cannot be listed as the account's own, or a bundle that is kept cannot be
                read, so that it is not known what it names.
        """
        youngest = now - age
        seen = self._look()
        if self.only:
            named = self._named(seen.bundles)
            return [plan_artifacts(seen.artifacts, named, seen.wanted, youngest)]
        bundles = plan_bundles(seen.bundles, seen.wanted, youngest)
        return [
            bundles,
            plan_artifacts(seen.artifacts, self.named(left_by=bundles), seen.wanted, youngest),
            plan_sources(self._list("sources/"), youngest),
        ]

    def named(self, left_by: Plan | None = None) -> frozenset[str]:
        """What bundles name: keys, and digests of images.

        Args:
            left_by: a plan for the bundles: those that it keeps; None for all that are there now.
        """
        if left_by is None:
            return self._named(self._list("bundles/"))
        return self._named(item for items in left_by.kept.values() for item in items)

    def delete(self, planned: Plan) -> Iterator[Done]:
        """Deletes as many at a time as S3 takes, looking before each time what is needed now.

        The store keeps versions of its objects: what is deleted here gets a delete marker, and its bytes stay
        for as long as the bucket's lifecycle says.

        Raises:
            LockgateError: S3 has not deleted something, or what is needed cannot be read any more.
        """
        for position in range(0, len(planned.delete), _MOST):
            batch = planned.delete[position : position + _MOST]
            try:
                needed = self._needed(planned.kind, batch)
            except RefusedError as error:
                raise LockgateError(error.message, hint=error.hint) from error
            free = [item.name for item in batch if item.name not in needed]
            if free:
                self._delete(free)
            yield from (Done(item.name, needed.get(item.name)) for item in batch)

    def _needed(self, kind: str, batch: tuple[Item, ...]) -> Mapping[str, str]:
        """What of a batch has come into use since it was planned, with the reason."""
        planned = {item.name: item for item in batch}
        # At this age nothing is young: that was decided before.
        youngest = max(item.created_at for item in batch)
        if kind == SOURCES:
            now = self._list("sources/")
            again = plan_sources(now, youngest)
        else:
            seen = self._look()
            now = seen.bundles if kind == BUNDLES else seen.artifacts
            again = (
                plan_bundles(now, seen.wanted, youngest)
                if kind == BUNDLES
                else plan_artifacts(now, self._named(seen.bundles), seen.wanted, youngest)
            )
        needed: dict[str, str] = {item.name: reason for reason, items in again.kept.items() for item in items}
        stored_again = {item.name for item in now if planned.get(item.name, item) != item}
        return needed | dict.fromkeys(stored_again, "stored again meanwhile")

    def _look(self) -> _Seen:
        bundles = self._list("bundles/")
        prefixes = [f"services/{name}/" for name in self.only] or ["services/"]
        artifacts = tuple(item for prefix in prefixes for item in self._list(prefix))
        return _Seen(bundles, artifacts, self._wanted(artifacts))

    def _delete(self, keys: list[str]) -> None:
        answer = self.s3.delete_objects(
            Bucket=self.bucket,
            Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True},
            ExpectedBucketOwner=self.account_id,
        )
        for error in answer.get("Errors", []):
            raise LockgateError(
                f"s3://{self.bucket}/{error.get('Key')} was not deleted: {error.get('Code')} "
                f"{error.get('Message')}",
                hint="Correct that, and prune again: it goes on with what is left.",
            )

    def _list(self, prefix: str) -> tuple[Item, ...]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix, ExpectedBucketOwner=self.account_id
        )
        try:
            found = [item for page in pages for item in page.get("Contents", [])]
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDenied":
                raise
            raise RefusedError(
                f"s3://{self.bucket}/{prefix} cannot be listed as account {self.account_id}'s own: {error}",
                hint="Prune a store with its own account's credentials, which must allow s3:ListBucket.",
            ) from error
        return tuple(Item(item["Key"], item["LastModified"]) for item in found)

    def _named(self, bundles: Iterable[Item]) -> frozenset[str]:
        """Keys, and digests of images, that bundles name, also those whose own names are not Lockgate's."""
        keys = [item.name for item in bundles if item.name.endswith(".json")]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return frozenset(key for named in pool.map(self._names, keys) for key in named)

    def _names(self, key: str) -> list[str]:
        where = f"s3://{self.bucket}/{key}"
        try:
            content = self.s3.get_object(Bucket=self.bucket, Key=key, ExpectedBucketOwner=self.account_id)[
                "Body"
            ].read()
            bundle = parse_bundle(content, Path(), where)
            images = [image.digest for image in bundle.images.values()]
            return [*(file.key for file in bundle.files), *images]
        except self.s3.exceptions.NoSuchKey:
            return []
        except UsageError as error:
            raise RefusedError(
                f"{error.message}; what it names is not known",
                hint="Prune with the version of Lockgate that wrote it, or move away what is no bundle.",
            ) from error

    def _wanted(self, items: Iterable[Item]) -> Wanted:
        matches = (_ARTIFACT.fullmatch(item.name) for item in items)
        named = {match[1] for match in matches if match}
        return reduce(Wanted.__or__, (one.wanted(named) for one in self.released), Wanted())


def _hex(code: str) -> str:
    """Hexadecimal digest of what Lambda reports in base64, and ECS as `sha256:<hex>`."""
    prefix, _, digest = code.rpartition(":")
    return digest if prefix else base64.b64decode(code).hex()
