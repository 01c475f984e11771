"""Freezes hold as clocks on the wall show, also where these are set forward and back."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.config import Platform
from lockgate.config.freezes import Freeze
from lockgate.release.freeze import frozen, instant, windows

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "UTC",
)
"""Lord Howe moves by half an hour, São Paulo has moved at midnight, Apia has left out a whole day."""


def platform(*freezes: dict[str, Any]) -> Platform:
    return Platform.model_validate(
        {
            "organisation": "acme",
            "region": "eu-west-1",
            "tooling": {"account_id": "5" * 12},
            "environments": {
                "local": {"account_id": "1" * 12, "endpoint_url": "http://127.0.0.1:1"},
                "dev": {"account_id": "2" * 12},
                "prod": {"account_id": "4" * 12},
            },
            "freezes": list(freezes),
        }
    )


def once(since: str, until: str, **more: Any) -> dict[str, Any]:
    return {"reason": "Christmas", "from": since, "until": until, **more}


def weekly(days: list[str], since: str, until: str, **more: Any) -> dict[str, Any]:
    window = {"days": days, "from": since, "until": until}
    return {"reason": "weekend", "weekly": window, "timezone": "Europe/Berlin", **more}


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def test_dates_alone_are_whole_days_where_the_clock_hangs() -> None:
    declared = platform(once("2026-12-18", "2027-01-03", timezone="Europe/Berlin"))
    first, last = at("2026-12-18T00:00"), at("2027-01-04T00:00")
    second = timedelta(seconds=1)
    assert frozen(declared, "prod", first - second) is None
    assert frozen(declared, "prod", first) is not None
    found = frozen(declared, "prod", last - second)
    assert str(found) == "Christmas; until Mon 2027-01-04 00:00 Europe/Berlin (2027-01-03 23:00 UTC)"
    assert frozen(declared, "prod", last) is None


def test_utc_is_not_said_twice() -> None:
    found = frozen(platform(once("2026-12-18", "2026-12-20")), "prod", datetime(2026, 12, 19, tzinfo=UTC))
    assert str(found) == "Christmas; until Mon 2026-12-21 00:00 UTC"


def test_an_offset_is_taken_as_it_is() -> None:
    declared = platform(once("2026-12-18T16:00+01:00", "2026-12-18T18:00Z", timezone="Asia/Tokyo"))
    found = frozen(declared, "prod", datetime(2026, 12, 18, 15, tzinfo=UTC))
    assert found is not None
    assert found.until == datetime(2026, 12, 18, 18, tzinfo=UTC)
    assert frozen(declared, "prod", datetime(2026, 12, 18, 14, 59, tzinfo=UTC)) is None


def test_all_but_what_is_embedded_unless_it_is_named() -> None:
    noon = datetime(2026, 12, 20, 12, tzinfo=UTC)
    declared = platform(once("2026-12-18", "2027-01-03"))
    held = {name for name in ("local", "dev", "prod", "tooling") if frozen(declared, name, noon)}
    assert held == {"dev", "prod", "tooling"}
    declared = platform(once("2026-12-18", "2027-01-03", environments=["local", "prod"]))
    held = {name for name in ("local", "dev", "prod", "tooling") if frozen(declared, name, noon)}
    assert held == {"local", "prod"}


def test_over_midnight_and_over_the_end_of_a_week() -> None:
    declared = platform(weekly(["sunday"], "22:00", "06:00"))
    # 2026-11-29 is a Sunday.
    assert frozen(declared, "prod", at("2026-11-29T21:59")) is None
    assert frozen(declared, "prod", at("2026-11-29T22:00")) is not None
    assert frozen(declared, "prod", at("2026-11-30T05:59")) is not None
    assert frozen(declared, "prod", at("2026-11-30T06:00")) is None
    assert frozen(declared, "prod", at("2026-11-29T05:00")) is None, "Saturday's evening does not count"


def test_windows_that_meet_are_one_until_the_last_ends() -> None:
    declared = platform(
        weekly(["friday"], "16:00", "24:00"),
        weekly(["saturday", "sunday"], "00:00", "24:00"),
        once("2026-11-29T17:00", "2026-11-30T07:00", timezone="America/New_York") | {"reason": "sale"},
    )
    found = frozen(declared, "prod", at("2026-11-27T17:00"))
    assert found is not None
    assert found.reason == "weekend", "the sale does not hold yet"
    assert found.until == at("2026-11-30T07:00", ZoneInfo("America/New_York")), "Sunday's end lies in it"
    assert found.zone.key == "America/New_York"
    assert frozen(declared, "prod", at("2026-11-27T15:59")) is None


def test_a_freeze_without_end_is_told_for_a_year() -> None:
    every = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    now = at("2026-11-27T17:00")
    found = frozen(platform(weekly(every, "00:00", "24:00")), "prod", now)
    assert found is not None
    assert timedelta(days=365) < found.until - now < timedelta(days=370)


@pytest.mark.parametrize(
    ("local", "last", "expected"),
    [
        # Set forward at 01:00 UTC on 29 March, from 02:00 to 03:00; back on 25 October, from 03:00 to 02:00.
        ("2026-03-29T01:59", False, "2026-03-29T00:59"),
        ("2026-03-29T02:30", False, "2026-03-29T01:00"),
        ("2026-03-29T02:30", True, "2026-03-29T01:00"),
        ("2026-03-29T03:00", True, "2026-03-29T01:00"),
        ("2026-10-25T02:30", False, "2026-10-25T00:30"),
        ("2026-10-25T02:30", True, "2026-10-25T01:30"),
    ],
)
def test_times_that_come_twice_or_never(local: str, last: bool, expected: str) -> None:
    found = instant(datetime.fromisoformat(local), BERLIN, last=last)
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_a_night_in_which_the_clock_is_set_back_is_an_hour_longer() -> None:
    declared = Freeze.model_validate(weekly(["saturday"], "20:00", "08:00"))
    lengths = [
        window.until - window.since
        for day in ("2026-03-28", "2026-06-27", "2026-10-24")
        for window in windows(declared, at(f"{day}T23:00"))
        if window.holds(at(f"{day}T23:00"))
    ]
    assert lengths == [timedelta(hours=hours) for hours in (11, 12, 13)]


moments = st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1)).map(lambda one: one.replace(microsecond=0))


def _transitions(zone: ZoneInfo, year: int) -> list[datetime]:
    """Hours of a year before which the offset was another one."""
    hours = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=count) for count in range(366 * 24)]
    offsets = [hour.astimezone(zone).utcoffset() for hour in hours]
    return [hours[at + 1] for at in range(len(hours) - 1) if offsets[at] != offsets[at + 1]]


NEAR = [
    (name, transition)
    for name in ZONES
    for year in (2011, 2017, 2026)
    for transition in _transitions(ZoneInfo(name), year)
]


@st.composite
def near_transitions(draw: st.DrawFn) -> tuple[ZoneInfo, datetime]:
    """A time zone, and a moment in the two days around a change of its offset."""
    name, transition = draw(st.sampled_from(NEAR))
    return ZoneInfo(name), transition + timedelta(minutes=draw(st.integers(-48 * 60, 48 * 60)))


@given(near_transitions(), st.booleans())
def test_what_a_clock_shows_is_found_again(given: tuple[ZoneInfo, datetime], last: bool) -> None:
    zone, moment = given
    local = moment.astimezone(zone).replace(tzinfo=None)
    found = instant(local, zone, last=last)
    assert found.astimezone(zone).replace(tzinfo=None) == local
    assert found >= moment if last else found <= moment


@given(near_transitions(), st.integers(0, 1439), st.integers(1, 1440), st.integers(0, 6))
def test_who_looks_at_the_clock_within_the_window_is_refused(
    given: tuple[ZoneInfo, datetime], opens: int, closes: int, weekday: int
) -> None:
    """And whoever is refused sees a clock within it, or one that comes twice, or the jump."""
    zone, moment = given
    if opens == closes:
        return
    days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    text = [f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (opens, closes)]
    declared = platform(weekly([days[weekday]], *text, timezone=zone.key))
    local = moment.astimezone(zone).replace(tzinfo=None)
    shown = local.hour * 60 + local.minute
    today, yesterday = local.weekday() == weekday, (local.weekday() - 1) % 7 == weekday
    if closes > opens:
        wanted = today and opens <= shown < closes
    else:
        wanted = (today and shown >= opens) or (yesterday and shown < closes)
    found = frozen(declared, "prod", moment)
    if wanted:
        assert found is not None
        assert found.until > moment
        assert frozen(declared, "prod", found.until) is None
    steady = moment.astimezone(zone).utcoffset()
    offsets = {(moment + timedelta(hours=hours)).astimezone(zone).utcoffset() for hours in range(-49, 50)}
    if found is not None and offsets == {steady}:
        assert wanted


@given(moments, st.integers(1, 100_000), st.sampled_from(ZONES))
def test_a_freeze_holds_from_its_beginning_to_its_end(since: datetime, minutes: int, name: str) -> None:
    zone = ZoneInfo(name)
    until = since + timedelta(minutes=minutes)
    declared = platform(once(since.isoformat(), until.isoformat(), timezone=name))
    first, last = instant(since, zone, last=False), instant(until, zone, last=True)
    if first >= last:
        return
    second = timedelta(seconds=1)
    assert frozen(declared, "prod", first - second) is None
    assert frozen(declared, "prod", first) is not None
    assert frozen(declared, "prod", last - second) is not None
    assert frozen(declared, "prod", last) is None


def test_a_machine_without_time_zones_has_those_of_the_package() -> None:
    """As in a small container: PYTHONTZPATH names no folder, so that nothing of the system is found."""
    code = "from zoneinfo import TZPATH, ZoneInfo; assert not TZPATH; print(ZoneInfo('Europe/Berlin'))"
    env = {**os.environ, "PYTHONTZPATH": ""}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.stdout == "Europe/Berlin\n", done.stderr
    assert "tzdata==" in (Path(__file__).parents[3] / "requirements/runtime.txt").read_text()
