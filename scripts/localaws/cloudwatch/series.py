"""One metric over time: seconds while they are new, packed minutes after that, coarse ones in the end."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from localaws.cloudwatch.minutes import Minute, dump, load
from localaws.cloudwatch.samples import Samples

FULL_SECONDS = 3 * 3600
"""How long single seconds are kept (GetMetricStatistics, "CloudWatch retains metric data as follows")."""

RETENTION_SECONDS = 15 * 86400
"""How long minutes are kept (the same)."""

_SAVED_FULL_SECONDS = 3600
_STILL_NEW_MINUTES = 1


@dataclass(frozen=True, slots=True)
class Window:
    """Periods of one length, one after the other.

    Attributes:
        start, end: seconds since the epoch, without `end`.
        period: real seconds; may be a fraction, samples then fall by their second.
    """

    start: float
    end: float
    period: float

    def number(self, second: int) -> int | None:
        """Number of the period that a second is in, counted from the start."""
        if not self.start <= second < self.end:
            return None
        # A multiple of a fraction is seldom exactly one.
        return math.floor(round((second - self.start) / self.period, 6))

    @property
    def of_minutes(self) -> bool:
        """Whether every minute is within one period."""
        return self.period % 60 == 0 and self.start % 60 == 0


@dataclass(slots=True)
class Column:
    """Samples of one metric and unit.

    Attributes:
        seconds: new samples by second since the epoch.
        minutes: packed samples by minute since the epoch.
        full_from: no minute before this one is in full any more.
    """

    seconds: dict[int, Samples] = field(default_factory=dict)
    minutes: dict[int, Minute] = field(default_factory=dict)
    full_from: int = 0

    def at(self, second: int) -> Samples:
        """The samples of one second, to be added to."""
        found = self.seconds.get(second)
        if found is None:
            found = self.seconds[second] = Samples()
        return found

    def settle(self, now: float) -> None:
        """Packs what is over, makes coarse what is older than three hours, forgets what is too old."""
        over = math.floor(now / 60) - _STILL_NEW_MINUTES
        for number, minute in _by_minute(self.seconds, over):
            self._take(number, minute)
            for second in minute.seconds:
                del self.seconds[number * 60 + second]
        limit = math.floor((now - FULL_SECONDS) / 60)
        if limit > self.full_from:
            for number in [n for n in self.minutes if self.full_from <= n < limit]:
                self.minutes[number] = self.minutes[number].coarse()
            self.full_from = limit
            self._forget(math.floor((now - RETENTION_SECONDS) / 60))

    def _take(self, number: int, minute: Minute) -> None:
        known = self.minutes.get(number)
        if known is not None:
            together = known.by_second()
            for second, samples in minute.by_second().items():
                together.setdefault(second, Samples()).merge(samples)
            minute = Minute.of(together)
        self.minutes[number] = minute.coarse() if number < self.full_from else minute

    def _forget(self, oldest: int) -> None:
        for number in [n for n in self.minutes if n < oldest]:
            del self.minutes[number]

    def read(self, found: dict[int, Samples], window: Window) -> None:
        """Adds all samples of a window to those found by number of their period."""
        for number in _within(self.minutes, window.start / 60, window.end / 60):
            self._read_minute(found, number, self.minutes[number], window)
        for second in _within(self.seconds, window.start, window.end):
            slot = window.number(second)
            if slot is not None:
                found.setdefault(slot, Samples()).merge(self.seconds[second])

    def _read_minute(self, found: dict[int, Samples], number: int, minute: Minute, window: Window) -> None:
        if minute.is_coarse and not window.of_minutes:
            return  # as on AWS: periods below a minute have no data after three hours
        for position, start, end in minute.each():
            slot = window.number(number * 60 + minute.seconds[position])
            if slot is not None:
                samples = found.get(slot)
                if samples is None:
                    samples = found[slot] = Samples()
                minute.add_to(samples, position, start, end)

    def saved(self, now: float) -> Iterator[tuple[int, Minute]]:
        """What is worth saving: the last hour in full, what is older coarsely."""
        full = math.floor((now - _SAVED_FULL_SECONDS) / 60)
        for number, minute in self.minutes.items():
            yield number, minute if number >= full else minute.coarse()
        yield from _by_minute(self.seconds, math.inf)


def _by_minute(seconds: Mapping[int, Samples], before: float) -> Iterator[tuple[int, Minute]]:
    groups: dict[int, dict[int, Samples]] = {}
    for second, samples in seconds.items():
        number, offset = divmod(second, 60)
        if number < before:
            groups.setdefault(number, {})[offset] = samples
    for number, group in groups.items():
        yield number, Minute.of(group)


def _within(keys: Mapping[int, object], start: float, end: float) -> Iterable[int]:
    """Keys from `start` to `end`, in order, with the one that `start` is in."""
    first, last = math.floor(start), math.ceil(end)
    if last - first < len(keys):
        return [key for key in range(first, last) if key in keys]
    return sorted(key for key in keys if first <= key < last)


@dataclass(slots=True)
class Series:
    """Samples of one metric, by unit.

    Attributes:
        newest: second of the newest sample since the epoch; 0 where there is none.
    """

    units: dict[str, Column] = field(default_factory=dict)
    newest: int = 0

    def at(self, unit: str, second: int) -> Samples:
        """The samples of one second, to be added to."""
        self.newest = max(self.newest, second)
        column = self.units.get(unit)
        if column is None:
            column = self.units[unit] = Column()
        return column.at(second)

    def read(self, window: Window, unit: str | None) -> dict[int, Samples]:
        """Samples by number of their period; of one unit, or of all of them where it is None."""
        found: dict[int, Samples] = {}
        for name, column in self.units.items():
            if unit in (None, name):
                column.read(found, window)
        return found

    def settle(self, now: float) -> None:
        """Packs and forgets what is old enough."""
        for column in self.units.values():
            column.settle(now)

    def save(self, now: float) -> list[list[object]]:
        """As JSON data: for each unit its name and its minutes."""
        return [[unit, dump(column.saved(now))] for unit, column in self.units.items()]

    @classmethod
    def restore(cls, saved: Iterable[tuple[str, Mapping[str, str]]]) -> Series:
        """From what `save` gave."""
        series = cls()
        for unit, packed in saved:
            column = series.units[unit] = Column()
            for number, minute in load(packed):
                column._take(number, minute)
                series.newest = max(series.newest, number * 60 + max(minute.seconds, default=0))
        return series
