"""What a prune deletes from an artifact store, and in which order."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from lockgate.errors import LockgateError, RefusedError
from lockgate.packaging import BuiltZip, Bundle
from lockgate.packaging.bundle import Stored
from lockgate.prune.artifacts import Artifacts, Released, Wanted, plan_artifacts, plan_bundles, plan_sources
from lockgate.prune.plan import Done, Item, Plan, Reason

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MONTH = timedelta(days=30)
OLD = NOW - 2 * MONTH
ACCOUNT = "111111111111"
OLD_COMMIT, GOOD_COMMIT, NEW_COMMIT = "0" * 40, "1" * 40, "2" * 40


def sha(number: int) -> str:
    return f"{number:064x}"


def code(number: int) -> str:
    """As Lambda writes it."""
    return base64.b64encode(bytes.fromhex(sha(number))).decode()


def zipped(number: int, service: str = "a") -> str:
    return f"services/{service}/{sha(number)}.zip"


def materials(number: int, service: str = "a") -> str:
    return f"services/{service}/{sha(number)}.cdx.json"


def bundle(commit: str, *numbers: int) -> tuple[str, bytes]:
    """A bundle of services a, b, ... with these zips; its key and content."""
    services = {
        name: BuiltZip(
            **Stored(path="", sha256=sha(number), size=1, key=zipped(number, name)).model_dump(),
            runtime="python3.12",
            architecture="arm64",
            code_sha256=code(number),
            unzipped=1,
            sbom=Stored(path="", sha256=sha(number), size=1, key=materials(number, name)),
        )
        for name, number in zip("abc", numbers, strict=False)
    }
    made = Bundle(commit=commit, dirty=False, services=services)
    return f"bundles/{commit}/{made.sha256}.json", made.content


@dataclass
class Store:
    """A bucket and a ledger, as far as `Artifacts` sees them. `then` is called by each delete, before it."""

    objects: dict[str, tuple[datetime, bytes]] = field(default_factory=dict)
    goods: dict[str, list[Any]] = field(default_factory=dict)
    held: dict[str, Any] = field(default_factory=dict)
    deletes: list[list[str]] = field(default_factory=list)
    fails: str | None = None
    owner: str = ACCOUNT
    others: tuple[Released, ...] = ()
    then: Callable[[], None] = lambda: None

    def add(self, *keys: str, at: datetime = OLD) -> None:
        self.objects |= dict.fromkeys(keys, (at, b""))

    def add_bundle(self, commit: str, *numbers: int, at: datetime = OLD) -> str:
        key, content = bundle(commit, *numbers)
        self.objects[key] = (at, content)
        return key

    def good(self, service: str, *numbers: int, commit: str | None = None) -> None:
        self.goods[service] = [
            SimpleNamespace(version=str(n), code_sha256=code(n), commit=commit) for n in numbers
        ]

    def runs(self, service: str, number: int, commit: str | None = None) -> None:
        artifact = SimpleNamespace(sha256=sha(number))
        self.held[service] = SimpleNamespace(
            commit=commit, deployments={service: SimpleNamespace(artifact=artifact)}
        )

    def artifacts(self, *only: str) -> Artifacts:
        no_such_key = type("NoSuchKey", (Exception,), {})
        s3: Any = SimpleNamespace(
            get_paginator=lambda _: SimpleNamespace(paginate=self._paginate),
            get_object=lambda **request: {"Body": io.BytesIO(self.objects[request["Key"]][1])},
            delete_objects=self._delete,
            exceptions=SimpleNamespace(NoSuchKey=no_such_key),
        )
        return Artifacts(s3, "store", ACCOUNT, (self.released, *self.others), only)

    @property
    def released(self) -> Released:
        ledger: Any = SimpleNamespace(
            holder=lambda service: service if service in self.held else None,
            release=lambda release_id: self.held[release_id],
            good=lambda service: self.goods.get(service, []),
        )
        return Released(ledger, {"a": {"40": code(40)}})

    def _paginate(self, **request: str) -> Iterator[Any]:
        if request["ExpectedBucketOwner"] != self.owner:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListObjectsV2")
        for key, (at, _) in sorted(self.objects.items()):
            if key.startswith(request["Prefix"]):
                yield {"Contents": [{"Key": key, "LastModified": at}]}

    def _delete(self, **request: Any) -> dict[str, Any]:
        self.then()
        keys = [entry["Key"] for entry in request["Delete"]["Objects"]]
        assert request["ExpectedBucketOwner"] == ACCOUNT
        if self.fails in keys:
            return {"Errors": [{"Key": self.fails, "Code": "AccessDenied", "Message": "no"}]}
        self.deletes.append(keys)
        for key in keys:
            self.objects.pop(key, None)
        return {}

    def prune(self, *only: str) -> list[Done]:
        artifacts = self.artifacts(*only)
        planned = artifacts.plans(NOW, MONTH)
        return [done for plan in planned for done in artifacts.delete(plan)]


def reasons(plan: Plan) -> dict[Reason, list[str]]:
    return {reason: [item.name for item in items] for reason, items in plan.kept.items()}


def items(*keys: str, at: datetime = OLD) -> list[Item]:
    return [Item(key, at) for key in keys]


def test_bundles_stay_while_a_rollback_may_go_to_what_they_brought() -> None:
    old, good, running, young, newest = (
        f"bundles/{c * 40}/{sha(n)}.json" for n, c in enumerate("abcde", start=1)
    )
    other = "bundles/notes.txt"
    found = [
        *items(old, good, running, other),
        *items(young, at=NOW - timedelta(days=29)),
        *items(newest, at=NOW),
    ]
    wanted = Wanted(running_commits=frozenset({"c" * 40}), good_commits=frozenset({"b" * 40}))
    planned = plan_bundles(found, wanted, NOW - MONTH)
    assert [item.name for item in planned.delete] == [old]
    assert reasons(planned) == {
        Reason.WINDOW: [good],
        Reason.IN_USE: [running],
        Reason.FOREIGN: [other],
        Reason.YOUNG: [young],
        Reason.NEWEST: [newest],
    }


def test_a_zip_stays_for_each_reason_and_its_bill_of_materials_with_it() -> None:
    foreign = ["services/a/README", f"services/a/b/{sha(1)}.zip", f"services/a/{sha(1)}.exe"]
    found = [
        *items(*(name(n) for n in (1, 2, 3, 4) for name in (zipped, materials)), *foreign),
        *items(zipped(5), at=NOW),
    ]
    wanted = Wanted(running=frozenset({sha(2)}), good=frozenset({sha(3)}))
    planned = plan_artifacts(found, frozenset({zipped(4), materials(4)}), wanted, NOW - MONTH)
    assert [item.name for item in planned.delete] == [zipped(1), materials(1)]
    assert reasons(planned) == {
        Reason.IN_USE: [zipped(2), materials(2)],
        Reason.WINDOW: [zipped(3), materials(3)],
        Reason.NAMED: [zipped(4), materials(4)],
        Reason.FOREIGN: foreign,
        Reason.YOUNG: [zipped(5)],
    }


def test_sources_go_by_their_age() -> None:
    old, young, other = f"sources/{sha(1)}.zip", f"sources/{sha(2)}.zip", "sources/mine.zip"
    planned = plan_sources([*items(old, other), *items(young, at=NOW)], NOW - MONTH)
    assert [item.name for item in planned.delete] == [old]


@given(
    ages=st.dictionaries(st.integers(0, 30), st.integers(0, 100)),
    running=st.frozensets(st.integers(0, 30).map(sha)),
    good=st.frozensets(st.integers(0, 30).map(sha)),
    named=st.frozensets(st.integers(0, 30).map(zipped)),
    days=st.integers(1, 90),
)
def test_nothing_that_anything_names_is_ever_deleted(
    ages: dict[int, int],
    running: frozenset[str],
    good: frozenset[str],
    named: frozenset[str],
    days: int,
) -> None:
    found = [Item(zipped(n), NOW - timedelta(days=age)) for n, age in ages.items()]
    planned = plan_artifacts(found, named, Wanted(running=running, good=good), NOW - timedelta(days=days))
    gone = {item.name for item in planned.delete}
    free = {n for n, age in ages.items() if age >= days and sha(n) not in running | good}
    assert gone == {zipped(n) for n in free} - named


def a_store() -> Store:
    """Zip 1 of an old bundle, 2 of a good release, 3 of the newest bundle, 4 of nothing; b has its own."""
    store = Store()
    store.add_bundle(OLD_COMMIT, 1, 11)
    store.add_bundle(NEW_COMMIT, 3, 13, at=NOW - MONTH)
    store.add(*(zipped(n) for n in (1, 2, 3, 4)), *(zipped(n, "b") for n in (11, 13, 14)))
    store.add("bootstrap/lambda-python.zip", f"sources/{sha(1)}.zip", zipped(99, "gone"))
    store.good("a", 2)
    store.good("gone", 99)
    return store


def test_bundles_go_first_and_what_only_they_named_goes_with_them() -> None:
    store = a_store()
    store.prune()
    key, _ = bundle(OLD_COMMIT, 1, 11)
    assert store.deletes == [
        [key],
        [zipped(1), zipped(4), zipped(11, "b"), zipped(14, "b")],
        [f"sources/{sha(1)}.zip"],
    ]
    assert "bootstrap/lambda-python.zip" in store.objects
    assert zipped(99, "gone") in store.objects, "of a service that is not provisioned any more, but was good"
    store.deletes.clear()
    assert store.prune() == []


def test_a_prune_of_one_service_leaves_bundles_and_what_they_name() -> None:
    store = a_store()
    store.prune("a")
    assert store.deletes == [[zipped(4)]]


def test_what_any_environment_that_shares_the_store_needs_stays() -> None:
    store, another = a_store(), Store()
    another.good("a", 4)
    another.runs("b", 14, commit=OLD_COMMIT)
    store.others = (another.released,)
    store.prune()
    assert store.deletes == [[f"sources/{sha(1)}.zip"]]


def test_a_good_version_without_a_digest_is_known_by_lambdas() -> None:
    """A roll-back to a version outside the window makes it good again, and the ledger has no digest then."""
    store = Store()
    store.add(zipped(40), zipped(41))
    store.goods["a"] = [SimpleNamespace(version="40", code_sha256=None, commit=None)]
    store.prune()
    assert store.deletes == [[zipped(41)]]


def test_what_a_running_release_brings_stays() -> None:
    store = a_store()
    store.runs("a", 4, commit=OLD_COMMIT)
    store.prune()
    assert store.deletes == [[zipped(14, "b")], [f"sources/{sha(1)}.zip"]]


def test_what_a_release_takes_meanwhile_stays() -> None:
    store = a_store()
    store.then = lambda: store.runs("a", 4)
    done = store.prune()
    assert Done(zipped(4), Reason.IN_USE) in done
    assert zipped(4) in store.objects
    assert zipped(1) not in store.objects


def test_what_is_published_meanwhile_stays() -> None:
    store = a_store()
    store.then = lambda: setattr(store, "added", store.add_bundle(GOOD_COMMIT, 4, 14, at=NOW))
    done = {one.name: one.spared for one in store.prune()}
    assert done[zipped(4)] == done[zipped(14, "b")] == Reason.NAMED
    assert done[zipped(1)] is None


def test_what_is_stored_again_meanwhile_stays() -> None:
    store = a_store()
    store.then = lambda: store.add(zipped(4), at=NOW)
    assert Done(zipped(4), "stored again meanwhile") in store.prune()
    assert zipped(4) in store.objects


def test_two_prunes_at_once() -> None:
    store = a_store()
    first, second = store.artifacts(), store.artifacts()
    plans = first.plans(NOW, MONTH), second.plans(NOW, MONTH)
    gone = [
        [done for plan in planned for done in one.delete(plan)]
        for one, planned in zip((first, second), plans, strict=True)
    ]
    assert gone[0] == gone[1]


@pytest.mark.parametrize("content", [b"not a bundle", b'{"schema": 2}'])
def test_a_bundle_that_cannot_be_read_ends_it_before_anything_is_deleted(content: bytes) -> None:
    store = a_store()
    key = store.add_bundle(GOOD_COMMIT, at=NOW)
    store.objects[key] = (NOW, content)
    with pytest.raises(RefusedError, match=f"{key} is not a bundle"):
        store.prune()
    assert store.deletes == []


def test_another_accounts_store_is_refused() -> None:
    store = a_store()
    store.owner = "999999999999"
    with pytest.raises(RefusedError, match=f"cannot be listed as account {ACCOUNT}'s own"):
        store.prune()


def test_what_s3_does_not_delete_is_an_error() -> None:
    store = a_store()
    store.fails = zipped(4)
    with pytest.raises(LockgateError, match=f"{zipped(4)} was not deleted: AccessDenied no"):
        store.prune()


def test_more_than_one_request_takes() -> None:
    store = Store()
    store.add(*(zipped(n) for n in range(2500)))
    assert len(store.prune()) == 2500
    assert [len(keys) for keys in store.deletes] == [1000, 1000, 500]
