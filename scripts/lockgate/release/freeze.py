"""Whether a freeze of `platform.yaml` holds at a moment, and until when: pure, by wall clocks of time zones.

A window is never shorter than the clock on the wall shows. Where a clock is set back, times between come
twice: the window begins with the first and ends with the second one. Where it is set forward, times between
never come: a window that begins or ends there does so as the clock jumps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lockgate.config import Platform
from lockgate.config.freezes import Freeze

_DAY = timedelta(days=1)
_FAR = timedelta(days=366)
"""How far the end of windows that meet is looked for."""

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Window:
    """One occurrence of a freeze, in UTC: from `since` on, no more from `until` on."""

    freeze: Freeze
    since: datetime
    until: datetime

    def holds(self, at: datetime) -> bool:
        """Whether a moment lies in it."""
        return self.since <= at < self.until


@dataclass(frozen=True)
class Frozen:
    """A freeze that holds.

    Attributes:
        reason: of each freeze that holds at that moment.
        until: when nothing is frozen any more, in UTC: windows that meet or overlap are one.
        zone: time zone of the one that ends last.
    """

    reason: str
    until: datetime
    zone: ZoneInfo

    def __str__(self) -> str:
        local = self.until.astimezone(self.zone)
        utc = "" if self.zone.key == "UTC" else f" ({self.until:%Y-%m-%d %H:%M} UTC)"
        return f"{self.reason}; until {local:%a %Y-%m-%d %H:%M} {self.zone.key}{utc}"


def frozen(platform: Platform, name: str, at: datetime) -> Frozen | None:
    """Whether an environment, or `tooling`, is frozen at a moment."""
    freezes = [freeze for freeze in platform.freezes if _concerns(platform, freeze, name)]
    holding = _holding(freezes, at)
    if not holding:
        return None
    last, reached = _last(holding), at
    while last.until > reached and last.until - at < _FAR:
        reached = last.until
        last = _last([last, *_holding(freezes, reached)])
    reasons = dict.fromkeys(window.freeze.reason for window in holding)
    return Frozen("; ".join(reasons), last.until, last.freeze.zone)


def instant(local: datetime, zone: ZoneInfo, *, last: bool) -> datetime:
    """When a clock shows a time, in UTC.

    Args:
        local: what it shows, without a time zone.
        zone: where it hangs.
        last: which time, where the clock shows it twice. Where it never does, both mean the jump.
    """
    found = local.replace(tzinfo=zone, fold=int(last)).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == local:
        return found
    # With the offset from after the jump it lies before, and the other way round (PEP 495, "the gap").
    early = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    late = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
        if middle.astimezone(zone).replace(tzinfo=None) < local:
            early = middle
        else:
            late = middle
    return late


def windows(freeze: Freeze, around: datetime) -> Iterator[Window]:
    """The occurrences of a freeze that may hold at a moment."""
    zone = freeze.zone
    if freeze.weekly is None:
        assert freeze.since is not None
        assert freeze.until is not None
        yield Window(freeze, _begin(freeze.since, zone), _end(freeze.until, zone))
        return
    today = around.astimezone(zone).date()
    opens, closes = (_minutes(clock) for clock in (freeze.weekly.opens, freeze.weekly.closes))
    length = closes if closes > opens else closes + _DAY
    # It may have begun the day before, and days are not all of 24 hours.
    for day in (today + days * _DAY for days in range(-2, 2)):
        if _WEEKDAYS[day.weekday()] in freeze.weekly.days:
            midnight = datetime.combine(day, time.min)
            since = instant(midnight + opens, zone, last=False)
            yield Window(freeze, since, instant(midnight + length, zone, last=True))


def _concerns(platform: Platform, freeze: Freeze, name: str) -> bool:
    if freeze.environments is None:
        return not platform.account_of(name).is_embedded
    return name in freeze.environments


def _holding(freezes: Sequence[Freeze], at: datetime) -> list[Window]:
    return [window for freeze in freezes for window in windows(freeze, at) if window.holds(at)]


def _last(found: Sequence[Window]) -> Window:
    return max(found, key=lambda window: window.until)


def _begin(moment: date, zone: ZoneInfo) -> datetime:
    if not isinstance(moment, datetime):
        return instant(datetime.combine(moment, time.min), zone, last=False)
    return moment.astimezone(UTC) if moment.tzinfo else instant(moment, zone, last=False)


def _end(moment: date, zone: ZoneInfo) -> datetime:
    if not isinstance(moment, datetime):
        return instant(datetime.combine(moment + _DAY, time.min), zone, last=True)
    return moment.astimezone(UTC) if moment.tzinfo else instant(moment, zone, last=True)


def _minutes(clock: str) -> timedelta:
    hours, _, minutes = clock.partition(":")
    return timedelta(hours=int(hours), minutes=int(minutes))
