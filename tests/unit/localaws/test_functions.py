"""Which version an alias runs, which aliases are refused, and what one invocation reports."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.functions.aliases import check_alias, choose_version
from localaws.functions.metrics import Invocation, qualifier_of
from localaws.wire import ServiceError

ARN = "arn:aws:lambda:eu-west-1:111111111111:function:hello"


def alias(main: str, extra: dict[str, float]) -> dict[str, Any]:
    return {"FunctionVersion": main, "RoutingConfig": {"AdditionalVersionWeights": extra}}


def function(**configs: dict[str, Any]) -> dict[str, Any]:
    versions = {"1": {"config": {"Role": "role"}}, "2": {"config": {"Role": "role"}}}
    return {"versions": versions | {number[1:]: {"config": config} for number, config in configs.items()}}


@given(weight=st.floats(0, 1), draw=st.floats(0, 1, exclude_max=True))
def test_a_version_runs_as_often_as_its_weight_says(weight: float, draw: float) -> None:
    assert choose_version(alias("1", {"2": weight}), draw) == ("2" if draw < weight else "1")


@given(draw=st.floats(0, 1, exclude_max=True))
def test_an_alias_without_weights_runs_its_main_version(draw: float) -> None:
    assert choose_version({"FunctionVersion": "7"}, draw) == "7"
    assert choose_version({"FunctionVersion": "7", "RoutingConfig": None}, draw) == "7"


@pytest.mark.parametrize(
    ("wanted", "code", "words"),
    [
        (alias("9", {}), "ResourceNotFoundException", f"{ARN}:9"),
        (alias("1", {"9": 0.1}), "ResourceNotFoundException", f"{ARN}:9"),
        (alias("1", {"2": 0.1, "3": 0.1}), "InvalidParameterValueException", "at most two versions"),
        (alias("$LATEST", {"2": 0.1}), "InvalidParameterValueException", "LATEST"),
        (alias("2", {"2": 0.1}), "InvalidParameterValueException", "main version already"),
        (alias("1", {"2": 1.1}), "InvalidParameterValueException", "from 0.0 to 1.0"),
        (alias("1", {"3": 0.1}), "InvalidParameterValueException", "same execution role"),
        (alias("1", {"4": 0.1}), "InvalidParameterValueException", "same dead-letter queue"),
    ],
)
def test_aliases_that_lambda_refuses(wanted: dict[str, Any], code: str, words: str) -> None:
    known = function(_3={"Role": "other"}, _4={"Role": "role", "DeadLetterConfig": {"TargetArn": "queue"}})
    with pytest.raises(ServiceError, match=words) as refused:
        check_alias(known, ARN, wanted)
    assert refused.value.code == code


@pytest.mark.parametrize("wanted", [alias("1", {}), alias("$LATEST", {}), alias("1", {"2": 0.1})])
def test_aliases_that_lambda_takes(wanted: dict[str, Any]) -> None:
    check_alias(function(), ARN, wanted)


def reported(invocation: Invocation) -> dict[tuple[str, ...], dict[str, float]]:
    found: dict[tuple[str, ...], dict[str, float]] = {}
    for name, dimensions, value, _ in invocation.points():
        found.setdefault(tuple(dimensions.values()), {})[name] = value
    return found


def test_an_alias_reports_under_every_dimension_set() -> None:
    values = {"Throttles": 0.0, "Invocations": 1.0, "Errors": 1.0, "Duration": 250.0}
    assert reported(Invocation("hello", "live", "3", 0.25, failed=True)) == {
        (): values,
        ("hello",): values,
        ("hello", "hello:live"): values,
        ("hello", "hello:live", "3"): values,
    }


@pytest.mark.parametrize(
    ("qualifier", "version", "resource"), [("", "$LATEST", "hello"), ("3", "3", "hello:3")]
)
def test_a_version_or_none_has_no_executed_version(qualifier: str, version: str, resource: str) -> None:
    assert list(reported(Invocation("hello", qualifier, version, 0.1))) == [
        (),
        ("hello",),
        ("hello", resource),
    ]


def test_a_throttled_request_is_no_invocation() -> None:
    for values in reported(Invocation("hello", "live", "3", 0.0, failed=True, throttled=True)).values():
        assert values == {"Throttles": 1.0}


def test_the_qualifier_is_what_follows_the_name() -> None:
    assert qualifier_of(ARN) == ""
    assert qualifier_of(f"{ARN}:live") == "live"
