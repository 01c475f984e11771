"""Alarm states as a function of data points, and rules of composite alarms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.cloudwatch.alarms import rules
from localaws.cloudwatch.alarms.criteria import ALARM, INSUFFICIENT_DATA, OK, Criteria
from localaws.cloudwatch.alarms.evaluation import Verdict, judge
from localaws.cloudwatch.alarms.evaluator import last_windows
from localaws.cloudwatch.alarms.missing import Datapoint, evaluation_range, evidence

NOON = 1_700_000_000.0 // 60 * 60


def points(text: str) -> list[Datapoint]:
    """`X` is breaching, `0` is not, `-` is missing; the oldest first."""
    values = {"X": 9.0, "0": 1.0, "-": None}
    return [Datapoint(NOON + 60 * number, values[letter]) for number, letter in enumerate(text)]


def criteria(missing: str, periods: int, to_alarm: int | None = None) -> Criteria:
    return Criteria("GreaterThanThreshold", 5.0, periods, to_alarm, missing)


def verdict(
    text: str, missing: str, to_alarm: int | None = None, current: str = "none", periods: int | None = None
) -> Verdict | None:
    return judge(criteria(missing, periods or len(text), to_alarm), points(text), current)


RETAIN = None
"""The guide's "retain current state"."""


@pytest.mark.parametrize(
    ("to_alarm", "data", "filled", "missing", "ignore", "breaching", "not_breaching"),
    [
        (3, "0-X-X", 0, OK, OK, OK, OK),
        (3, "0----", 2, OK, OK, OK, OK),
        (3, "-----", 3, INSUFFICIENT_DATA, RETAIN, ALARM, OK),
        (3, "0XX-X", 0, ALARM, ALARM, ALARM, ALARM),
        (3, "--X--", 2, ALARM, RETAIN, ALARM, OK),
        (2, "0-X-X", 0, ALARM, ALARM, ALARM, ALARM),
        (2, "00X0X", 0, ALARM, ALARM, ALARM, ALARM),
        (2, "0-X--", 1, OK, OK, ALARM, OK),
        (2, "----0", 2, OK, OK, ALARM, OK),
        (2, "---X-", 2, ALARM, RETAIN, ALARM, OK),
    ],
)
def test_the_tables_of_the_user_guide(
    to_alarm: int,
    data: str,
    filled: int,
    missing: str | None,
    ignore: str | None,
    breaching: str | None,
    not_breaching: str | None,
) -> None:
    """Both tables of "Configuring how CloudWatch alarms treat missing data": three evaluation periods."""
    assert len(evidence(points(data), 3).missing) == filled
    treatments = {"missing": missing, "ignore": ignore, "breaching": breaching, "notBreaching": not_breaching}
    found = {name: verdict(data, name, to_alarm, periods=3) for name in treatments}
    assert {name: one.state if one else None for name, one in found.items()} == treatments


@pytest.mark.parametrize("data", ["----X", "---X-"])
def test_an_alarm_is_not_premature(data: str) -> None:
    assert verdict(data, "missing", 3, periods=3) is None


def test_the_range_of_the_example_in_the_user_guide() -> None:
    assert evaluation_range(3) == 5


def test_only_the_newest_data_points_count_where_there_are_enough() -> None:
    found = evidence(points("X0X-0X-"), 3)
    assert [value for _, value in found.present] == [9.0, 1.0, 9.0]
    assert found.missing == ()


@pytest.mark.parametrize(
    ("data", "missing", "ignore", "breaching", "not_breaching"),
    [
        ("XXX", ALARM, ALARM, ALARM, ALARM),
        ("0XX", OK, OK, OK, OK),
        ("0--", OK, OK, OK, OK),
        ("---", INSUFFICIENT_DATA, None, ALARM, OK),
        ("X--", ALARM, None, ALARM, OK),
        ("-X-", None, None, ALARM, OK),
        ("--X", None, None, ALARM, OK),
        ("XX-", ALARM, None, ALARM, OK),
    ],
)
def test_missing_data_is_treated_as_the_alarm_says(
    data: str, missing: str | None, ignore: str | None, breaching: str | None, not_breaching: str | None
) -> None:
    treatments = {"missing": missing, "ignore": ignore, "breaching": breaching, "notBreaching": not_breaching}
    found = {name: verdict(data, name) for name in treatments}
    assert {name: one.state if one else None for name, one in found.items()} == treatments


@pytest.mark.parametrize(
    ("data", "state"), [("XX0", ALARM), ("X0X", ALARM), ("X00", OK), ("X-X", ALARM), ("0-X", OK), ("--0", OK)]
)
def test_two_of_three_data_points_are_enough(data: str, state: str) -> None:
    found = verdict(data, "missing", to_alarm=2)
    assert found is not None
    assert found.state == state


@given(st.text("X0-", min_size=1, max_size=6), st.sampled_from(["missing", "ignore", "notBreaching"]))
def test_enough_breaching_data_points_are_always_an_alarm(data: str, missing: str) -> None:
    breaching = data.count("X")
    for needed in range(1, len(data) + 1):
        found = verdict(data, missing, to_alarm=needed)
        if breaching >= needed:
            assert found is not None
            assert found.state == ALARM
        elif "0" in data:
            assert found is not None
            assert found.state == OK


@given(
    st.text("X0-", min_size=1, max_size=6),
    st.sampled_from(["missing", "ignore", "breaching", "notBreaching"]),
)
def test_a_state_that_stays_is_no_verdict(data: str, missing: str) -> None:
    found = verdict(data, missing)
    if found:
        assert verdict(data, missing, current=found.state) is None


@pytest.mark.parametrize(
    ("data", "missing", "to_alarm", "reason"),
    [
        (
            "X",
            "missing",
            1,
            "Threshold Crossed: 1 out of the last 1 datapoints [9.0 (14/11/23 22:13:00)] was greater than "
            "the threshold (5.0) (minimum 1 datapoint for OK -> ALARM transition).",
        ),
        (
            "X",
            "missing",
            None,
            "Threshold Crossed: 1 datapoint [9.0 (14/11/23 22:13:00)] was greater than the threshold (5.0).",
        ),
        (
            "X0X",
            "missing",
            2,
            "Threshold Crossed: 2 out of the last 3 datapoints [9.0 (14/11/23 22:15:00), 9.0 (14/11/23 22:1"
            "3:00)] were greater than the threshold (5.0) (minimum 2 datapoints for OK -> ALARM transition).",
        ),
        (
            "0",
            "missing",
            1,
            "Threshold Crossed: 1 out of the last 1 datapoints [1.0 (14/11/23 22:13:00)] was not greater "
            "than the threshold (5.0) (minimum 1 datapoint for ALARM -> OK transition).",
        ),
        (
            "-",
            "notBreaching",
            1,
            "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated "
            "as [NonBreaching].",
        ),
        ("--", "missing", None, "Insufficient Data: 2 datapoints were unknown."),
        (
            "0--",
            "breaching",
            2,
            "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints were treated "
            "as [Breaching].",
        ),
        (
            "-X-",
            "notBreaching",
            1,
            "Threshold Crossed: 1 out of the last 3 datapoints [9.0 (14/11/23 22:14:00)] was greater than "
            "the threshold (5.0) and 2 missing datapoints were treated as [NonBreaching] (minimum 1 "
            "datapoint for OK -> ALARM transition).",
        ),
    ],
)
def test_reasons_are_worded_as_cloudwatch_does(
    data: str, missing: str, to_alarm: int | None, reason: str
) -> None:
    found = verdict(data, missing, to_alarm)
    assert found is not None
    assert found.reason == reason


@pytest.mark.parametrize(
    ("comparison", "value", "breaches"),
    [
        ("GreaterThanOrEqualToThreshold", 5.0, True),
        ("GreaterThanThreshold", 5.0, False),
        ("LessThanThreshold", 5.0, False),
        ("LessThanOrEqualToThreshold", 5.0, True),
    ],
)
def test_comparisons_differ_at_the_threshold(comparison: str, value: float, breaches: bool) -> None:
    assert Criteria(comparison, 5.0, 1, None, "missing").breaches(value) is breaches


@given(st.floats(1e9, 2e9), st.floats(0.5, 600), st.integers(1, 10))
def test_windows_are_complete_aligned_and_recent(now: float, period: float, count: int) -> None:
    within = last_windows(now, period, count)
    assert len(within.slots(period)) == count
    assert within.end <= now
    assert now - within.end <= period + min(1.0, period / 10) + 1e-3
    assert within.end / period == pytest.approx(round(within.end / period), abs=1e-6)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("ALARM(a)", True),
        ('ALARM("b with space")', False),
        ("ALARM(a) AND OK(c)", True),
        ("NOT ALARM(a) OR INSUFFICIENT_DATA(d)", True),
        ("NOT (ALARM(a) OR OK(c))", False),
        ("ALARM(arn:aws:cloudwatch:eu-west-1:111111111111:alarm:a)", True),
        ("FALSE OR TRUE", True),
        ("FALSE AND TRUE OR FALSE", False),
    ],
)
def test_rules_of_composite_alarms(rule: str, expected: bool) -> None:
    states = {"a": ALARM, "b with space": OK, "c": OK, "d": INSUFFICIENT_DATA}
    assert rules.parse(rule).test(states.get) is expected


@pytest.mark.parametrize("rule", ["", "ALARM", "ALARM(a) OK(b)", "(ALARM(a)", "BROKEN(a)", "ALARM(a) AND"])
def test_rules_that_are_not_understood(rule: str) -> None:
    with pytest.raises(rules.RuleError):
        rules.parse(rule)
