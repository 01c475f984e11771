"""Old images of a container service's repository.

Only what Lockgate has tagged is ever deleted. What no tag names goes by the repository's own lifecycle policy
(`terraform/modules/container-registry`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from lockgate.prune.plan import Done, Item, Plan, Reason, decide
from lockgate.release.ledger import Ledger

if TYPE_CHECKING:
    from mypy_boto3_ecr.client import ECRClient
    from mypy_boto3_ecr.type_defs import ImageDetailTypeDef

KIND = "images"

_TAG = re.compile(r"[0-9a-f]{16}-[0-9a-f]{16}")

_MOST = 100
"""Images in a call of BatchDeleteImage (API reference)."""


@dataclass(frozen=True)
class Needed:
    """What may not be deleted of a repository at one moment: digests, `sha256:...` each.

    Attributes:
        holder: a release that holds the service in a ledger.
        defined: what task definitions name.
        good: what a roll-back may go to.
        named: what bundles name.
    """

    holder: str | None = None
    defined: frozenset[str] = frozenset()
    good: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()


def plan(service: str, images: Iterable[ImageDetailTypeDef], needed: Needed, youngest: datetime) -> Plan:
    """What to delete of a repository's images.

    Args:
        service: whose they are.
        images: all of them, as DescribeImages gives them.
        needed: what may not be deleted.
        youngest: what was pushed or pulled after this is kept.
    """
    if needed.holder:
        return Plan(service, KIND, skipped=f"release {needed.holder} is not over")
    ours = {image["imageDigest"] for image in images if _is_ours(image)}
    items = sorted((_item(image) for image in images), key=lambda item: (item.created_at, item.name))
    newest = next((item.name for item in reversed(items) if item.name in ours), None)

    def keeps(item: Item) -> Reason | None:
        reasons = {
            Reason.FOREIGN: item.name not in ours,
            Reason.WINDOW: item.name in needed.good,
            Reason.DEFINED: item.name in needed.defined,
            Reason.NAMED: item.name in needed.named,
            Reason.NEWEST: item.name == newest,
            Reason.YOUNG: item.created_at > youngest,
        }
        return next((reason for reason, holds in reasons.items() if holds), None)

    return decide(service, KIND, items, keeps)


def _is_ours(image: ImageDetailTypeDef) -> bool:
    tags = image.get("imageTags", [])
    return bool(tags) and all(_TAG.fullmatch(tag) for tag in tags)


def _item(image: ImageDetailTypeDef) -> Item:
    """When it was last pushed or pulled; ECR notes pulls once a day (API reference, ImageDetail)."""
    pushed = image["imagePushedAt"]
    return Item(image["imageDigest"], max(pushed, image.get("lastRecordedPullTime", pushed)))


@dataclass(frozen=True)
class Images:
    """The repository of one container service, of one environment or of several.

    Args:
        ecr: a client.
        registry_id: account of the registry.
        repository: its name.
        service: whose it is.
        ledgers: what was released, of each environment that takes from it.
        defined: gives the digests that active task definitions name now.
        named: gives the digests that bundles name now.
    """

    ecr: ECRClient
    registry_id: str
    repository: str
    service: str
    ledgers: tuple[Ledger, ...]
    defined: Callable[[], frozenset[str]]
    named: Callable[[], frozenset[str]]

    def plan(self, now: datetime, age: timedelta, defined: frozenset[str], named: frozenset[str]) -> Plan:
        """What would be deleted. Writes nothing.

        Args:
            now: this moment.
            age: from which something may go.
            defined: digests that the task definitions name that the same prune leaves.
            named: digests that the bundles name that it leaves.
        """
        return plan(self.service, self._images(), self._needed(defined, named), now - age)

    def delete(self, planned: Plan) -> Iterator[Done]:
        """Deletes as many at a time as ECR takes, looking before each time what is needed now."""
        for position in range(0, len(planned.delete), _MOST):
            batch = planned.delete[position : position + _MOST]
            needed = self._needed(self.defined(), self.named())
            # At this age nothing is young: that was decided before.
            again = plan(self.service, self._images(), needed, max(item.created_at for item in batch))
            if again.skipped:
                yield from (Done(item.name, again.skipped) for item in batch)
                continue
            spared = {item.name: str(reason) for reason, items in again.kept.items() for item in items}
            free = [item.name for item in batch if item.name not in spared]
            spared |= self._delete(free) if free else {}
            yield from (Done(item.name, spared.get(item.name)) for item in batch)

    def _delete(self, digests: list[str]) -> dict[str, str]:
        """Deletes images with all their tags; those that ECR keeps, with its reason."""
        answer = self.ecr.batch_delete_image(
            registryId=self.registry_id,
            repositoryName=self.repository,
            imageIds=[{"imageDigest": digest} for digest in digests],
        )
        return {
            failure["imageId"].get("imageDigest", ""): f"ECR refuses: {failure.get('failureReason')}"
            for failure in answer.get("failures", [])
            if failure.get("failureCode") != "ImageNotFound"
        }

    def _images(self) -> list[ImageDetailTypeDef]:
        pages = self.ecr.get_paginator("describe_images").paginate(
            registryId=self.registry_id, repositoryName=self.repository
        )
        return [image for page in pages for image in page["imageDetails"]]

    def _needed(self, defined: frozenset[str], named: frozenset[str]) -> Needed:
        """Who holds the service is read before its good versions, as in `Versions`; and a release that begins
        after this pushes or verifies its image before any traffic moves."""
        holders = [ledger.holder(self.service) for ledger in self.ledgers]
        goods = [good for ledger in self.ledgers for good in ledger.good(self.service)]
        good = frozenset(entry.code_sha256 for entry in goods if entry.code_sha256)
        return Needed(next(filter(None, holders), None), defined, good, named)
