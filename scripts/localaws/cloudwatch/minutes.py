"""A minute of samples that is over: columns of numbers, a tenth of what objects for each second take."""

from __future__ import annotations

import base64
import math
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from localaws.cloudwatch.samples import Samples

_SUMMARY = 5
_BIN = math.log(1.01)
_FEW = 64
"""Up to so many values stay as they are when a minute is made coarse."""


@dataclass(slots=True)
class Minute:
    """Samples of one metric and unit in one minute.

    Attributes:
        seconds: which seconds have samples, from 0 to 59; only 0 where the minute is coarse.
        ends: where the values of each second end.
        values, counts: of all seconds; counts is None where each value came once.
        summaries: five numbers a second, as `Samples.summarize` takes them.
        is_coarse: whether single seconds can no longer be told apart.
    """

    seconds: array[int]
    ends: array[int]
    values: array[float]
    counts: array[float] | None
    summaries: array[float]
    is_coarse: bool = False
    _coarse: Minute | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, seconds: Mapping[int, Samples]) -> Minute:
        """From samples by second of the minute."""
        whole, ends, summaries = Samples(), array("I"), array("d")
        for _, one in sorted(seconds.items()):
            whole.merge(one)
            ends.append(len(whole.values))
            summaries.extend((one.sample_count, one.total, one.minimum, one.maximum, one.unlisted))
        return cls(array("B", sorted(seconds)), ends, whole.values, whole.counts, summaries)

    def each(self) -> Iterator[tuple[int, int, int]]:
        """Position, first value and end of values of each second."""
        start = 0
        for position, end in enumerate(self.ends):
            yield position, start, end
            start = end

    def add_to(self, samples: Samples, position: int, start: int, end: int) -> None:
        """Adds one second, as `each` gives it."""
        counts = None if self.counts is None else self.counts[start:end]
        samples.extend(self.values[start:end], counts)
        samples.summarize(*self.summaries[position * _SUMMARY : (position + 1) * _SUMMARY])

    def whole(self) -> Samples:
        """All samples of the minute."""
        samples = Samples()
        for one in self.each():
            self.add_to(samples, *one)
        return samples

    def by_second(self) -> dict[int, Samples]:
        """Samples by second of the minute, to be added to."""
        found = {}
        for one in self.each():
            found[self.seconds[one[0]]] = samples = Samples()
            self.add_to(samples, *one)
        return found

    def coarse(self) -> Minute:
        """The minute in one piece, its values in bins 1 % wide; sums, minimum and maximum are exact."""
        if self.is_coarse:
            return self
        if self._coarse is None:
            whole = self.whole()
            if len(whole.values) > _FEW:
                whole.values, whole.counts = _binned(whole)
            self._coarse = Minute.of({0: whole})
            self._coarse.is_coarse = True
        return self._coarse


def _binned(samples: Samples) -> tuple[array[float], array[float]]:
    """Values and counts by bin; the mean of its values stands for a bin."""
    counts = samples.counts or array("d", [1.0]) * len(samples.values)
    bins: dict[tuple[float, int], list[float]] = {}
    for value, count in zip(samples.values, counts, strict=True):
        key = (math.copysign(1.0, value), round(math.log(abs(value)) / _BIN)) if value else (0.0, 0)
        one = bins.setdefault(key, [0.0, 0.0])
        one[0] += value * count
        one[1] += count
    kept = [(total / count, count) for total, count in bins.values() if count]
    return array("d", (value for value, _ in kept)), array("d", (count for _, count in kept))


_COLUMNS = {"numbers": "q", "lengths": "B", "coarse": "B", "counted": "B", "seconds": "B", "ends": "I"}
_COLUMNS |= {"values": "d", "counts": "d", "summaries": "d"}


def dump(minutes: Iterable[tuple[int, Minute]]) -> dict[str, str]:
    """Minutes by their number as JSON data: a few long columns, since lists of floats take far longer."""
    columns: dict[str, Any] = {name: array(kind) for name, kind in _COLUMNS.items()}
    for number, minute in minutes:
        columns["numbers"].append(number)
        columns["lengths"].append(len(minute.seconds))
        columns["coarse"].append(minute.is_coarse)
        columns["counted"].append(minute.counts is not None)
        columns["seconds"].extend(minute.seconds)
        columns["ends"].extend(minute.ends)
        columns["values"].extend(minute.values)
        columns["counts"].extend(minute.counts or ())
        columns["summaries"].extend(minute.summaries)
    return {name: base64.b64encode(column.tobytes()).decode() for name, column in columns.items()}


def load(packed: Mapping[str, str]) -> Iterator[tuple[int, Minute]]:
    """What `dump` was given."""
    columns = {name: _numbers(kind, packed[name]) for name, kind in _COLUMNS.items()}
    rows = zip(*(columns[name] for name in ("numbers", "lengths", "coarse", "counted")), strict=True)
    at = values_at = counts_at = 0
    for number, length, coarse, counted in rows:
        ends = columns["ends"][at : at + length]
        size = ends[-1] if length else 0
        counts = columns["counts"][counts_at : counts_at + size] if counted else None
        yield (
            number,
            Minute(
                columns["seconds"][at : at + length],
                ends,
                columns["values"][values_at : values_at + size],
                counts,
                columns["summaries"][at * _SUMMARY : (at + length) * _SUMMARY],
                bool(coarse),
            ),
        )
        at, values_at, counts_at = at + length, values_at + size, counts_at + size * counted


def _numbers(kind: str, text: str) -> Any:
    found: Any = array(kind)
    found.frombytes(base64.b64decode(text))
    return found
