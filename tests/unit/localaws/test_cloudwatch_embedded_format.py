"""Metrics in log lines: what counts, what is ignored, and that nonsense never does harm."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.cloudwatch.embedded_format import Measurement, measurements

from .cloudwatch_world import ACCOUNT, NOON, REGION, World

NOW = NOON.timestamp()
MILLISECONDS = int(NOW * 1000)


def document(
    metadata: dict[str, Any] | None = None, directive: dict[str, Any] | None = None, **members: Any
) -> str:
    """The example of the specification, or something near it; a member that is ... is left out."""
    named = {
        "Namespace": "Shop",
        "Dimensions": [["version"]],
        "Metrics": [{"Name": "Refused", "Unit": "Count", "StorageResolution": 60}],
        **(directive or {}),
    }
    stated = {"Timestamp": MILLISECONDS, "CloudWatchMetrics": [without(named)], **(metadata or {})}
    return json.dumps(without({"_aws": without(stated), "version": "7", "Refused": 2, **members}))


def without(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not ...}


def refused(**changes: Any) -> Measurement:
    expected = {"dimensions": {"version": "7"}, "values": (2.0,), "unit": "Count", "timestamp": NOW}
    return Measurement("Shop", "Refused", **(expected | changes))


def test_a_document_is_read() -> None:
    assert measurements(document(), NOW + 5) == [refused()]
    assert measurements(f" {document(requestId='x')}\n", NOW) == [refused()]


def test_each_metric_is_under_each_dimension_set() -> None:
    directive = {
        "Dimensions": [["version", "region"], ["version"], [], ["version"]],
        "Metrics": [{"Name": "Refused"}, {"Name": "Time", "Unit": "Milliseconds"}],
    }
    found = measurements(document(directive=directive, region="r", Time=[1, 2.5]), NOW)
    assert [(one.name, dict(one.dimensions), one.values, one.unit) for one in found] == [
        ("Refused", {"version": "7", "region": "r"}, (2.0,), "None"),
        ("Refused", {"version": "7"}, (2.0,), "None"),
        ("Refused", {}, (2.0,), "None"),
        ("Time", {"version": "7", "region": "r"}, (1.0, 2.5), "Milliseconds"),
        ("Time", {"version": "7"}, (1.0, 2.5), "Milliseconds"),
        ("Time", {}, (1.0, 2.5), "Milliseconds"),
    ]


def test_as_much_as_is_allowed() -> None:
    names = [f"d{number}" for number in range(30)]
    metrics = [{"Name": f"m{number}"} for number in range(100)]
    members = dict.fromkeys(names, "x" * 1024) | {metric["Name"]: [1] * 100 for metric in metrics}
    found = measurements(document(directive={"Dimensions": [names], "Metrics": metrics}, **members), NOW)
    assert len(found) == 100
    assert {(len(one.dimensions), len(one.values)) for one in found} == {(30, 100)}


@pytest.mark.parametrize("value", [7, None, "", "  ", "x" * 1025, "line\nline", "7\u00e9", "\ud800", [], ...])
def test_a_dimension_without_a_text_costs_all_dimensions(value: Any) -> None:
    directive = {"Dimensions": [["version", "region"]]}
    assert measurements(document(directive=directive, region=value), NOW) == [refused(dimensions={})]


def test_what_may_be_left_out() -> None:
    assert measurements(document(directive={"Dimensions": ...}), NOW) == [refused(dimensions={})]
    assert measurements(document({"Timestamp": ...}), NOW + 5) == [refused(timestamp=NOW + 5)]


@pytest.mark.parametrize("seconds", [-14 * 86400, 2 * 3600])
def test_a_document_is_neither_too_old_nor_too_new(seconds: int) -> None:
    assert measurements(document(), NOW - seconds) == [refused()]
    assert measurements(document(), NOW - seconds * 1.001) == []


@pytest.mark.parametrize(
    "line",
    [
        "",
        "refused 2",
        f"INFO {document()}",
        f"{document()} and more",
        document()[:-1],
        json.dumps([json.loads(document())]),
        json.dumps({"message": document()}),
        json.dumps({"message": json.loads(document())}),
        document(_aws=...),
        document(_aws=7),
        document({"Timestamp": "now"}),
        document({"Timestamp": True}),
        document({"Timestamp": 10**400}),
        document({"CloudWatchMetrics": ...}),
        document({"CloudWatchMetrics": {}}),
        document(directive={"Namespace": ...}),
        document(directive={"Namespace": ""}),
        document(directive={"Namespace": "\ud800"}),
        document(directive={"Dimensions": ["version"]}),
        document(directive={"Dimensions": [[7]]}),
        document(directive={"Dimensions": [[f"d{number}" for number in range(31)]]}),
        document(directive={"Metrics": ...}),
        document(directive={"Metrics": [{"Unit": "Count"}]}),
        document(directive={"Metrics": [{"Name": "Refused", "Unit": "Pieces"}]}),
        document(directive={"Metrics": [{"Name": "Refused", "StorageResolution": "1"}]}),
        document(directive={"Metrics": [{"Name": "Refused"}] * 101}),
        document(Refused=...),
        document(Refused="2"),
        document(Refused=None),
        document(Refused=True),
        document(Refused={"Values": [2]}),
        document(Refused=[2, "2"]),
        document(Refused=[2] * 101),
        document(Refused=10**400),
        document(Refused=float("inf")),
        document(other=float("nan")),
        document(other="x" * 1024 * 1024),
        '{"_aws": ' + "[" * 100_000,
    ],
)
def test_what_is_malformed_is_ignored(line: str) -> None:
    assert measurements(line, NOW) == []


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("Refused")
NONSENSE = st.recursive(
    SCALARS, lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=5), one, max_size=3)
)


@given(st.text() | NONSENSE.map(json.dumps))
def test_any_line_is_read_without_harm(line: str) -> None:
    measurements(line, NOW)
    measurements(f'{{"_aws": {line}}}', NOW)


@given(
    st.fixed_dictionaries({}, optional={"Timestamp": NONSENSE, "CloudWatchMetrics": st.lists(NONSENSE)}),
    st.fixed_dictionaries(
        {},
        optional={
            "Namespace": NONSENSE,
            "Dimensions": NONSENSE | st.lists(st.lists(NONSENSE, max_size=2), max_size=2),
            "Metrics": NONSENSE | st.lists(st.fixed_dictionaries({"Name": NONSENSE, "Unit": NONSENSE})),
        },
    ),
    NONSENSE,
    NONSENSE,
)
def test_documents_with_nonsense_inside_give_nothing_but_numbers_and_texts(
    metadata: dict[str, Any], directive: dict[str, Any], version: Any, value: Any
) -> None:
    for one in measurements(document(metadata, directive, version=version, Refused=value), NOW):
        assert all(isinstance(value, float) and abs(value) <= 2.0**360 for value in one.values)
        assert all(isinstance(text, str) for text in (one.namespace, one.name, one.unit))
        assert all(value.isascii() for pair in one.dimensions.items() for value in pair)


def test_the_metrics_of_a_log_event_are_kept_for_its_account_and_region() -> None:
    world = World()
    world.service.read_log(ACCOUNT, REGION, document(Refused=[1, 2]))
    world.service.read_log(ACCOUNT, REGION, "refused 2")
    (key,) = world.service.store.keys(ACCOUNT, REGION)
    assert (key.namespace, key.name, key.dimensions) == ("Shop", "Refused", (("version", "7"),))
    assert world.service.store.keys(ACCOUNT, "us-east-1") == []
