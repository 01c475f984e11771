"""Which versions of a function a prune deletes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.prune.guards import Guards, plan
from lockgate.prune.plan import Done, Item, Plan, Reason
from lockgate.prune.versions import KIND, Versions

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MONTH = timedelta(days=30)
NUMBERS = st.integers(1, 30).map(str)


def versions(*numbers: int, age: timedelta = MONTH * 2) -> tuple[Item, ...]:
    return tuple(Item(str(number), NOW - age) for number in numbers)


def deleted(guards: Guards, *more: Item) -> list[str]:
    planned = plan("a", KIND, (*versions(1, 2, 3, 4, 5, 6), *more), guards, NOW - MONTH)
    return [item.name for item in planned.delete]


def test_what_nothing_names_is_deleted_and_the_newest_stays() -> None:
    guards = Guards(good=frozenset({"2"}), serving=frozenset({"4", "5"}))
    planned = plan("a", KIND, versions(1, 2, 3, 4, 5, 6), guards, NOW - MONTH)
    assert [item.name for item in planned.delete] == ["1", "3"]
    assert {reason: [item.name for item in items] for reason, items in planned.kept.items()} == {
        Reason.IN_USE: ["4", "5"],
        Reason.WINDOW: ["2"],
        Reason.NEWEST: ["6"],
    }


def test_the_newest_is_the_one_with_the_highest_number() -> None:
    assert deleted(Guards(), *versions(9, 10)) == ["1", "2", "3", "4", "5", "6", "9"]


def test_what_is_young_stays() -> None:
    young = versions(7, 8, age=MONTH - timedelta(seconds=1))
    assert deleted(Guards(), *young, *versions(9)) == ["1", "2", "3", "4", "5", "6"]


@pytest.mark.parametrize(
    ("guards", "words"),
    [
        (Guards(holder="r1"), "release r1 is not over"),
        (Guards(running=("d-1",)), "CodeDeploy d-1 is not over"),
    ],
)
def test_a_service_that_is_being_released_is_left_alone(guards: Guards, words: str) -> None:
    assert plan("a", KIND, versions(1, 2, 3), guards, NOW) == Plan("a", "versions", skipped=words)


@given(
    ages=st.dictionaries(st.integers(1, 30), st.integers(0, 100), min_size=1),
    good=st.frozensets(NUMBERS),
    serving=st.frozensets(NUMBERS),
    running=st.lists(st.just("d-1"), max_size=1),
    holder=st.none() | st.just("r1"),
    days=st.integers(1, 90),
)
def test_nothing_that_anything_names_is_ever_deleted(
    ages: dict[int, int],
    good: frozenset[str],
    serving: frozenset[str],
    running: list[str],
    holder: str | None,
    days: int,
) -> None:
    found = tuple(Item(str(number), NOW - timedelta(days=age)) for number, age in ages.items())
    guards = Guards(tuple(running), holder, good, serving)
    planned = plan("a", KIND, found, guards, NOW - timedelta(days=days))
    gone = {item.name for item in planned.delete}
    assert not gone & (good | serving | {str(max(ages))})
    assert not any(ages[int(name)] < days for name in gone)
    assert not gone or not (running or holder)
    kept = {item.name for items in planned.kept.values() for item in items}
    if planned.skipped is None:
        assert kept | gone == {item.name for item in found}
        free = {str(n) for n, age in ages.items() if age > days} - good - serving - {str(max(ages))}
        assert free <= gone, "what nothing names goes"


class ConflictError(Exception):
    """As botocore raises it."""

    def __init__(self) -> None:
        self.response = {"Error": {"Message": "the following aliases reference it: [live]"}}


class NotThereError(Exception):
    """As botocore raises it."""


class Function:
    """A function as `Versions` sees it: what can change between two looks is changed by `then`."""

    def __init__(self) -> None:
        self.holder: str | None = None
        self.good: list[str] = []
        self.serving = "9"
        self.answers: dict[str, Exception] = {}
        self.deleted: list[str] = []
        self.then: Any = lambda: None
        self.exceptions = SimpleNamespace(
            ResourceConflictException=ConflictError, ResourceNotFoundException=NotThereError
        )

    def delete_function(self, **request: str) -> None:
        self.then()
        assert request.pop("FunctionName") == "f"
        version = request.pop("Qualifier")
        if version in self.answers:
            raise self.answers[version]
        self.deleted.append(version)

    def get_paginator(self, name: str) -> Any:
        assert name == "list_aliases"
        weights = {"AdditionalVersionWeights": {"8": 0.1}}
        alias = {"FunctionVersion": self.serving, "RoutingConfig": weights}
        return SimpleNamespace(paginate=lambda **_: [{"Aliases": [alias]}])

    def versions(self) -> Versions:
        codedeploy = SimpleNamespace(list_deployments=lambda **_: {"deployments": []})
        aws: Any = SimpleNamespace(lambda_=self, codedeploy=codedeploy)
        contract: Any = SimpleNamespace(
            service="a", function_name="f", codedeploy_application="f", deployment_group="live"
        )
        ledger: Any = SimpleNamespace(
            holder=lambda _: self.holder, good=lambda _: [SimpleNamespace(version=v) for v in self.good]
        )
        return Versions(aws, contract, ledger)

    def delete(self, *numbers: int) -> list[Done]:
        return list(self.versions().delete(Plan("a", "versions", versions(*numbers))))


def test_what_is_gone_already_is_as_good_as_deleted() -> None:
    function = Function()
    function.answers = {"1": NotThereError()}
    assert function.delete(1, 2) == [Done("1"), Done("2")]


def test_what_lambda_refuses_to_delete_is_kept_and_said() -> None:
    function = Function()
    function.answers = {"1": ConflictError()}
    assert function.delete(1, 2) == [
        Done("1", "Lambda refuses: the following aliases reference it: [live]"),
        Done("2"),
    ]


def test_a_release_that_begins_meanwhile_ends_it() -> None:
    function = Function()
    function.then = lambda: setattr(function, "holder", "r7")
    assert function.delete(1, 2, 3) == [
        Done("1"),
        Done("2", "release r7 is not over"),
        Done("3", "release r7 is not over"),
    ]
    assert function.deleted == ["1"]


def test_what_became_needed_meanwhile_is_kept() -> None:
    function = Function()
    function.good = ["2"]
    function.serving = "3"
    assert function.delete(1, 2, 3, 8) == [
        Done("1"),
        Done("2", Reason.WINDOW),
        Done("3", Reason.IN_USE),
        Done("8", Reason.IN_USE),
    ]
