"""Metric math, evaluated over given time series."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.cloudwatch.expressions import parse
from localaws.cloudwatch.functions import Context, MathError, Points, Value

SLOTS = [0.0, 60.0, 120.0, 180.0]
INVOCATIONS: Points = {0.0: 5.0, 60.0: 20.0, 120.0: 40.0}
ERRORS: Points = {0.0: 5.0, 60.0: 1.0}
ERROR_RATE = "IF(invocations >= 10, 100 * errors / invocations, 0)"


def evaluate(text: str, **series: Points) -> Value:
    metrics = series or {"invocations": INVOCATIONS, "errors": ERRORS}
    return parse(text).evaluate(Context(metrics.__getitem__, metrics, SLOTS))


def test_the_error_rate_is_zero_below_the_minimum_of_invocations() -> None:
    assert evaluate(ERROR_RATE) == {0.0: 0.0, 60.0: 5.0}


@given(
    st.dictionaries(
        st.sampled_from(SLOTS),
        st.integers(0, 1000).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))),
    )
)
def test_the_error_rate_is_that_of_every_period(traffic: dict[float, tuple[int, int]]) -> None:
    invocations = {at: float(calls) for at, (calls, _) in traffic.items()}
    errors = {at: float(failed) for at, (_, failed) in traffic.items()}
    expected = {at: 100 * failed / calls if calls >= 10 else 0.0 for at, (calls, failed) in traffic.items()}
    assert evaluate(ERROR_RATE, invocations=invocations, errors=errors) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("errors / invocations", {0.0: 1.0, 60.0: 0.05}),
        ("FILL(errors, 0) / invocations", {0.0: 1.0, 60.0: 0.05, 120.0: 0.0}),
        ("FILL(errors, REPEAT)", {0.0: 5.0, 60.0: 1.0, 120.0: 1.0, 180.0: 1.0}),
        ("FILL(errors, invocations)", {0.0: 5.0, 60.0: 1.0, 120.0: 40.0}),
        ("SUM(METRICS())", {0.0: 10.0, 60.0: 21.0, 120.0: 40.0}),
        ("SUM(METRICS('err'))", ERRORS),
        ("MAX([errors, invocations])", INVOCATIONS),
        ("AVG([errors, invocations])", {0.0: 5.0, 60.0: 10.5, 120.0: 40.0}),
        ("ABS(errors - invocations)", {0.0: 0.0, 60.0: 19.0}),
        ("errors >= 5", {0.0: 1.0, 60.0: 0.0}),
        ("errors > 0 AND invocations < 10", {0.0: 1.0, 60.0: 0.0}),
        ("errors / 0", {}),
        ("2 + 3 * (4 - 1) - -1", 12.0),
        ("10 - 4 - 3", 3.0),
        ("1 < 2", 1.0),
        ("MIN(invocations)", 5.0),
        ("IF(errors, 1, 2)", {0.0: 1.0, 60.0: 1.0}),
    ],
)
def test_expressions(text: str, expected: Value) -> None:
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("RATE(errors)", "RATE"),
        ("SEARCH('x', 'Sum')", "SEARCH"),
        ("SELECT AVG(x) FROM y", "SELECT"),
        ("errors §", "§"),
        ("IF(errors)", "IF takes 3"),
        ("(errors", r"\)"),
        ("errors errors", "errors"),
        ("", "the end"),
        ("1 / 0", "has no value"),
        ("[1, 2]", "array"),
    ],
)
def test_what_is_not_understood_is_named(text: str, named: str) -> None:
    with pytest.raises(MathError, match=named):
        evaluate(text)


def test_an_expression_knows_what_it_refers_to() -> None:
    expression = parse("IF(calls > 1, SUM(METRICS()), failures)")
    assert expression.names == {"calls", "failures"}
    assert expression.uses_metrics
