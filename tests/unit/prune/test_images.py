"""Which images of a repository a prune deletes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.prune.images import Images, Needed, plan
from lockgate.prune.plan import Done, Plan, Reason

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MONTH = timedelta(days=30)


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


def image(number: int, *, days: float = 60, tags: tuple[str, ...] | None = None, pulled: float = 0) -> Any:
    found = {
        "imageDigest": digest(number),
        "imagePushedAt": NOW - timedelta(days=days),
        "imageTags": list(tags if tags is not None else (f"{number:016x}-{number:016x}",)),
    }
    return {**found, "lastRecordedPullTime": NOW - timedelta(days=pulled)} if pulled else found


def test_what_nothing_needs_is_deleted() -> None:
    images = [
        *(image(number, days=100 - number) for number in range(1, 6)),
        image(6, tags=("latest",)),
        image(7, tags=()),
        image(8, days=90, pulled=3),
        image(9, days=29),
        image(10, days=28),
    ]
    needed = Needed(defined=frozenset({digest(1)}), good=frozenset({digest(2)}), named=frozenset({digest(3)}))
    planned = plan("web", images, needed, NOW - MONTH)
    assert [item.name for item in planned.delete] == [digest(4), digest(5)]
    assert {reason: {item.name for item in items} for reason, items in planned.kept.items()} == {
        Reason.DEFINED: {digest(1)},
        Reason.WINDOW: {digest(2)},
        Reason.NAMED: {digest(3)},
        Reason.FOREIGN: {digest(6), digest(7)},
        Reason.YOUNG: {digest(9), digest(10)},
        Reason.NEWEST: {digest(8)},
    }


def test_a_service_that_is_being_released_is_left_alone() -> None:
    planned = plan("web", [image(1)], Needed(holder="r1"), NOW)
    assert planned == Plan("web", "images", skipped="release r1 is not over")


@given(
    days=st.lists(st.integers(0, 100), min_size=1, max_size=12),
    needs=st.tuples(*(st.frozensets(st.integers(0, 11).map(digest)) for _ in range(3))),
    older=st.integers(1, 90),
)
def test_nothing_that_anything_names_is_ever_deleted(
    days: list[int], needs: tuple[frozenset[str], ...], older: int
) -> None:
    images = [image(number, days=age) for number, age in enumerate(days)]
    defined, good, named = needs
    planned = plan("web", images, Needed(None, defined, good, named), NOW - timedelta(days=older))
    gone = {item.name for item in planned.delete}
    assert not gone & (defined | good | named)
    assert len(gone) < len(images), "the newest stays"
    assert all(item.created_at <= NOW - timedelta(days=older) for item in planned.delete)
    kept = {item.name for items in planned.kept.values() for item in items}
    assert gone | kept == {one["imageDigest"] for one in images}


class Registry:
    """ECR as far as a prune sees it."""

    def __init__(self, *images: Any) -> None:
        self.images = list(images)
        self.refused: dict[str, dict[str, str]] = {}

    def get_paginator(self, operation: str) -> Registry:
        assert operation == "describe_images"
        return self

    def paginate(self, **where: str) -> list[Any]:
        assert where == {"registryId": "1", "repositoryName": "lockgate/web"}
        return [{"imageDetails": self.images}]

    def batch_delete_image(self, imageIds: list[dict[str, str]], **where: str) -> Any:  # noqa: N803
        self.paginate(**where)
        asked = [one["imageDigest"] for one in imageIds]
        self.images = [
            one
            for one in self.images
            if one["imageDigest"] not in asked or one["imageDigest"] in self.refused
        ]
        failures = [
            {"imageId": {"imageDigest": name}, **why} for name, why in self.refused.items() if name in asked
        ]
        return {"failures": failures}


@pytest.fixture
def registry() -> Registry:
    return Registry(*(image(number, days=100 - number) for number in range(1, 5)))


def a_ledger(**needed: Any) -> Any:
    return SimpleNamespace(
        holder=lambda _: needed.get("holder"),
        good=lambda _: [SimpleNamespace(code_sha256=digest(number)) for number in needed.get("good", ())],
    )


def images(registry: Registry, **needed: Any) -> Images:
    client: Any = registry
    return Images(
        client,
        "1",
        "lockgate/web",
        "web",
        (a_ledger(**needed), *needed.get("others", ())),
        lambda: frozenset(needed.get("defined", ())),
        lambda: frozenset(needed.get("named", ())),
    )


def planned(registry: Registry) -> Plan:
    return images(registry).plan(NOW, MONTH, frozenset(), frozenset())


def test_what_has_come_into_use_since_is_spared(registry: Registry) -> None:
    found = planned(registry)
    now = images(registry, good=(1,), defined={digest(2)})
    assert list(now.delete(found)) == [
        Done(digest(1), Reason.WINDOW),
        Done(digest(2), Reason.DEFINED),
        Done(digest(3)),
    ]
    assert [one["imageDigest"] for one in registry.images] == [digest(1), digest(2), digest(4)]


def test_what_another_environment_needs_is_spared(registry: Registry) -> None:
    found = planned(registry)
    now = images(registry, good=(1,), others=(a_ledger(good=(2,)),))
    assert [one.spared for one in now.delete(found)] == [Reason.WINDOW, Reason.WINDOW, None]
    done = list(images(registry, others=(a_ledger(holder="r3"),)).delete(found))
    assert {one.spared for one in done} == {"release r3 is not over"}


def test_once_a_release_begins_all_is_spared(registry: Registry) -> None:
    found = planned(registry)
    done = list(images(registry, holder="r2").delete(found))
    assert {one.spared for one in done} == {"release r2 is not over"}
    assert len(registry.images) == 4


def test_what_ecr_refuses_is_said_and_what_is_gone_is_gone(registry: Registry) -> None:
    found = planned(registry)
    registry.refused = {
        digest(1): {"failureCode": "ImageReferencedByManifestList", "failureReason": "a list names it"},
        digest(2): {"failureCode": "ImageNotFound", "failureReason": "Requested image not found"},
    }
    assert list(images(registry).delete(found)) == [
        Done(digest(1), "ECR refuses: a list names it"),
        Done(digest(2)),
        Done(digest(3)),
    ]
