"""Metric math, evaluated over given time series."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.cloudwatch.math.parser import parse
from localaws.cloudwatch.math.values import Context, Line, MathError, Points, Value

SLOTS = [0.0, 60.0, 120.0, 180.0]
INVOCATIONS: Points = {0.0: 5.0, 60.0: 20.0, 120.0: 40.0}
ERRORS: Points = {0.0: 5.0, 60.0: 1.0}
ERROR_RATE = "IF(invocations >= 10, 100 * errors / invocations, 0)"


def evaluate(text: str, **series: Points) -> Value:
    metrics = series or {"invocations": INVOCATIONS, "errors": ERRORS}
    labels = {name: name for name in metrics}
    periods = dict.fromkeys(metrics, 60.0)
    return parse(text).evaluate(Context(metrics.__getitem__, metrics, labels, periods, SLOTS))


def sparse(text: str) -> Points:
    """`1 - 3` has values at the first and the third period."""
    return {at: float(word) for at, word in zip(SLOTS, text.split(), strict=False) if word != "-"}


def test_the_error_rate_is_zero_below_the_minimum_of_invocations() -> None:
    assert evaluate(ERROR_RATE) == {0.0: 0.0, 60.0: 5.0, 120.0: 0.0}


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
        ("errors / invocations", {0.0: 1.0, 60.0: 0.05, 120.0: 0.0}),
        ("invocations / errors", {0.0: 1.0, 60.0: 20.0}),
        ("FILL(errors, 0) / invocations", {0.0: 1.0, 60.0: 0.05, 120.0: 0.0}),
        ("FILL(errors, REPEAT)", {0.0: 5.0, 60.0: 1.0, 120.0: 1.0, 180.0: 1.0}),
        ("FILL(errors, invocations)", {0.0: 5.0, 60.0: 1.0, 120.0: 40.0}),
        ("SUM(METRICS())", {0.0: 10.0, 60.0: 21.0, 120.0: 40.0}),
        ("SUM(METRICS('err'))", ERRORS),
        ("MAX([errors, invocations])", INVOCATIONS),
        ("AVG([errors, invocations])", {0.0: 5.0, 60.0: 10.5, 120.0: 20.0}),
        ("ABS(errors - invocations)", {0.0: 0.0, 60.0: 19.0, 120.0: 40.0}),
        ("errors >= 5", {0.0: 1.0, 60.0: 0.0}),
        ("errors > 0 AND invocations < 10", {0.0: 1.0, 60.0: 0.0, 120.0: 0.0}),
        ("errors / 0", {}),
        ("2 + 3 * (4 - 1) - -1", 12.0),
        ("10 - 4 - 3", 3.0),
        ("1 < 2", 1.0),
        ("MIN(invocations)", 5.0),
        ("IF(errors, 1, 2)", {0.0: 1.0, 60.0: 1.0}),
        ("IF(invocations > 10, errors)", {60.0: 1.0, 120.0: 0.0}),
        ("DIFF(invocations)", {60.0: 15.0, 120.0: 20.0}),
        ("RATE(invocations)", {60.0: 0.25, 120.0: 20 / 60}),
        ("DIFF_TIME(invocations)", {60.0: 60.0, 120.0: 60.0}),
        ("RUNNING_SUM(invocations)", {0.0: 5.0, 60.0: 25.0, 120.0: 65.0}),
        ("invocations / PERIOD(invocations)", {0.0: 5 / 60, 60.0: 20 / 60, 120.0: 40 / 60}),
        ("TIME_SERIES(MAX(errors))", dict.fromkeys(SLOTS, 5.0)),
        ("DATAPOINT_COUNT(errors)", 2.0),
        ("DATAPOINT_COUNT(METRICS())", {0.0: 2.0, 60.0: 2.0, 120.0: 1.0}),
        ("METRIC_COUNT(METRICS())", 2.0),
        ("CEIL(invocations / 3)", {0.0: 2.0, 60.0: 7.0, 120.0: 14.0}),
        ("FLOOR(invocations / 3)", {0.0: 1.0, 60.0: 6.0, 120.0: 13.0}),
        ("LOG10(errors - 1)", {0.0: pytest.approx(0.60206)}),
        ("STDDEV(errors)", 2.0),
        ("FIRST(SORT(METRICS(), SUM, DESC))", INVOCATIONS),
        ("LAST(SORT(METRICS(), SUM, DESC))", ERRORS),
        ("SUM(SLICE(SORT(METRICS(), AVG, ASC), 1))", INVOCATIONS),
        ("SUM([METRICS('err'), METRICS('inv')])", {0.0: 10.0, 60.0: 21.0, 120.0: 40.0}),
        ("MINUTE(errors)", {0.0: 0.0, 60.0: 1.0, 120.0: 2.0, 180.0: 3.0}),
        ("DAY(errors)", dict.fromkeys(SLOTS, 4.0)),
        ("YEAR(errors)", dict.fromkeys(SLOTS, 1970.0)),
        ("-2 ^ 2", -4.0),
        ("2 ^ 3 ^ 2", 512.0),
        ("1 + 2 == 3 AND 2 > 1 OR 0", 1.0),
    ],
)
def test_expressions(text: str, expected: Value) -> None:
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("SEARCH('x', 'Sum')", "knows only SEARCH"),
        ("SEARCH('{AWS/Lambda} MetricName=\"Errors\" OR x', 'Sum')", "not OR x"),
        ("SEARCH('{AWS/Lambda}', 5)", "a text in quotes"),
        ("ANOMALY_DETECTION_BAND(errors)", "not supported by the local"),
        ("SELECT AVG(x) FROM y", "Metrics Insights"),
        ("MEDIAN(errors)", "there is no function MEDIAN"),
        ("NOT errors", "no NOT"),
        ("NOT(errors)", "no NOT"),
        ("PERIOD(1 + 1)", "PERIOD takes a metric|expected"),
        ("METRICS() + METRICS()", "two arrays"),
        ("ABS(1)", "not a number"),
        ("SORT(METRICS(), P99, ASC)", "SORT takes"),
        ("SLICE(errors, 1)", "array"),
        ("errors §", "§"),
        ("IF(errors)", "IF takes 2 to 3"),
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metric1 < metric2", "0 0 1 0"),
        ("metric1 >= 30", "1 0 0 0"),
        ("metric1 > 15 AND metric2 > 15", "1 0 0 0"),
    ],
)
def test_comparisons_of_the_user_guide(text: str, expected: str) -> None:
    """ "Comparison and logical operators": a missing value counts as 0."""
    assert evaluate(text, metric1=sparse("30 20 0 0"), metric2=sparse("20 - 20 -")) == sparse(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("IF(metric1, metric2, metric3)", "30 0 20 -"),
        ("IF(metric1, 5, metric3)", "5 5 20 -"),
        ("IF(metric1, metric2, 5)", "30 0 5 5"),
        ("IF(metric1, metric2)", "30 0 - -"),
        ("IF(1, metric2, metric3)", "30 - 0 0"),
        ("IF(0, metric2)", "- - - -"),
    ],
)
def test_conditions_of_the_user_guide(text: str, expected: str) -> None:
    """ "Using IF expressions"."""
    series = {"metric1": "1 1 0 0", "metric2": "30 - 0 0", "metric3": "0 0 20 -"}
    assert evaluate(text, **{name: sparse(values) for name, values in series.items()}) == sparse(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FILL(m, 7)", "7 2 7 6"),
        ("FILL(m, REPEAT)", "- 2 2 6"),
        ("FILL(m, LINEAR)", "- 2 4 6"),
        ("FILL(m, MIN(m))", "2 2 2 6"),
    ],
)
def test_fillers(text: str, expected: str) -> None:
    assert evaluate(text, m=sparse("- 2 - 6")) == sparse(expected)


def test_an_array_keeps_the_labels_of_its_members() -> None:
    assert evaluate("2 * [errors, invocations - 1]") == [
        Line("errors", {0.0: 10.0, 60.0: 2.0}),
        Line("", {0.0: 8.0, 60.0: 38.0, 120.0: 78.0}),
    ]


LEAVES = st.one_of(st.sampled_from(["errors", "invocations"]), st.integers(0, 99).map(str))
TERMS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "<", ">=", "==", "AND", "OR"]), inner).map(
            lambda parts: "({} {} {})".format(*parts)
        ),
        inner.map(lambda term: f"IF({term}, {term}, 0)"),
        inner.map(lambda term: f"-{term}"),
    ),
    max_leaves=12,
)


@given(TERMS, st.sampled_from(["", " ", "  "]))
def test_every_term_of_the_grammar_has_a_value(term: str, space: str) -> None:
    spaced = term.replace("(", f"({space}").replace(",", f"{space},{space}")
    assert evaluate(spaced) == evaluate(term)


@given(st.text("aB1_ +-*/^<>=!&|(),[]'", max_size=20))
def test_whatever_is_no_expression_is_a_math_error(text: str) -> None:
    try:
        expression = parse(text)
    except MathError:
        return
    assert expression.names or not any(letter.islower() for letter in text if letter == "a") or "'" in text
