"""The schedule of traffic shifts, for every configuration that CodeDeploy takes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.codedeploy.configs import PREDEFINED, check, schedule
from localaws.codedeploy.traffic import Routing, is_foreign, next_step, routing
from localaws.wire import ServiceError

PERCENT = st.integers(1, 99)


@st.composite
def canaries(draw: st.DrawFn) -> dict[str, Any]:
    shape = {"canaryPercentage": draw(PERCENT), "canaryInterval": draw(st.integers(1, 2880))}
    return {"type": "TimeBasedCanary", "timeBasedCanary": shape}


@st.composite
def linears(draw: st.DrawFn) -> dict[str, Any]:
    percentage = draw(PERCENT)
    steps = -(-100 // percentage) - 1
    interval = draw(st.integers(1, 2880 // steps))
    shape = {"linearPercentage": percentage, "linearInterval": interval}
    return {"type": "TimeBasedLinear", "timeBasedLinear": shape}


ROUTINGS = st.one_of(canaries(), linears(), st.just({"type": "AllAtOnce"}))


@given(ROUTINGS)
def test_it_begins_at_once_grows_and_ends_with_everything(config: dict[str, Any]) -> None:
    check("mine", "Lambda", config)
    shifts = schedule(config)
    assert shifts[0].minutes == 0
    assert shifts[-1].percent == 100
    assert shifts[-1].minutes <= 2880
    assert all(a.percent < b.percent and a.minutes < b.minutes for a, b in pairwise(shifts))


@given(canaries())
def test_a_canary_has_exactly_two_shifts(config: dict[str, Any]) -> None:
    first, second = schedule(config)
    shape = config["timeBasedCanary"]
    assert (first.percent, second.minutes) == (shape["canaryPercentage"], shape["canaryInterval"])


@given(linears())
def test_linear_increments_are_equal_but_for_the_last(config: dict[str, Any]) -> None:
    shifts = schedule(config)
    shape = config["timeBasedLinear"]
    assert [shift.percent for shift in shifts[:-1]] == [
        shape["linearPercentage"] * number for number in range(1, len(shifts))
    ]
    assert {b.minutes - a.minutes for a, b in pairwise(shifts)} == {shape["linearInterval"]}


@given(linears())
def test_a_linear_shift_that_would_take_too_long_is_refused(config: dict[str, Any]) -> None:
    shape = config["timeBasedLinear"]
    steps = len(schedule(config)) - 1
    longer = {**shape, "linearInterval": 2880 // steps + 1}
    with pytest.raises(ServiceError):
        check("mine", "Lambda", {**config, "timeBasedLinear": longer})


@given(ROUTINGS, st.floats(0.01, 60), st.floats(0, 1e6))
def test_walking_through_the_schedule_makes_every_shift_when_it_is_due(
    config: dict[str, Any], minute: float, start: float
) -> None:
    """However often one looks, also after restarts: all that is kept is the count and the first time."""
    shifts = schedule(config)
    shifted, since, now = 0, None, start
    for _ in range(4 * len(shifts)):
        step = next_step(shifts, shifted, since, now, lambda seconds: seconds * minute / 60)
        if step is None:
            break
        if step.shift is None:
            assert step.wait > 0
            now += step.wait
            continue
        due = (since if since is not None else now) + 60.0 * step.shift.minutes * minute / 60
        assert now >= due
        assert step.shift == shifts[shifted]
        shifted += 1
        since = now if since is None else since
    assert shifted == len(shifts)


@given(st.floats(0.1, 99.9))
def test_the_aliass_own_version_stays_until_the_end(percent: float) -> None:
    found = routing("1", "2", percent)
    assert found.version == "1"
    assert found.extra == {"2": percent / 100}
    assert routing("1", "2", 100) == Routing("2", {})


@pytest.mark.parametrize(
    ("found", "foreign"),
    [
        (Routing("1", {}), False),
        (Routing("1", {"2": 0.1}), False),
        (Routing("2", {}), False),
        (Routing("2", {"1": 0.5}), False),
        (Routing("3", {}), True),
        (Routing("1", {"3": 0.1}), True),
    ],
)
def test_versions_of_somebody_else_are_noticed(found: Routing, foreign: bool) -> None:
    assert is_foreign(found, "1", "2") is foreign


def test_predefined_configurations_do_what_their_names_say() -> None:
    canary = schedule(PREDEFINED["CodeDeployDefault.LambdaCanary10Percent15Minutes"]["trafficRoutingConfig"])
    assert [(shift.minutes, shift.percent) for shift in canary] == [(0, 10), (15, 100)]
    linear = schedule(PREDEFINED["CodeDeployDefault.ECSLinear10PercentEvery3Minutes"]["trafficRoutingConfig"])
    assert [(shift.minutes, shift.percent) for shift in linear] == [(3 * n, 10 * n + 10) for n in range(10)]
