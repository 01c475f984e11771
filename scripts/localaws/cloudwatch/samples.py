"""Samples of a metric over some time: every value with how often it came."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

_REPEATED = 8
"""How many values a new one is compared with: counts repeat, and durations never do."""


@dataclass(slots=True)
class Samples:
    """Samples of one metric over some time.

    Attributes:
        values: as they came.
        counts: how often each came, at the same position; None where each came once.
        sample_count, total, minimum, maximum: over all samples.
        unlisted: how many samples came only as a statistic set, so that their values are unknown.
    """

    values: array[float] = field(default_factory=lambda: array("d"))
    counts: array[float] | None = None
    sample_count: float = 0.0
    total: float = 0.0
    minimum: float = math.inf
    maximum: float = -math.inf
    unlisted: float = 0.0
    _distribution: Distribution | None = field(default=None, compare=False, repr=False)

    def add(self, value: float, count: float = 1.0) -> None:
        """Adds one value that came `count` times."""
        self._list(value, count)
        self.summarize(count, value * count, value, value)

    def _list(self, value: float, count: float) -> None:
        try:
            at = self.values.index(value, 0, _REPEATED)
        except ValueError:
            self.values.append(value)
            if self.counts is not None or count != 1.0:
                counts = self._counted(len(self.values) - 1)
                counts.append(count)
        else:
            self._counted(len(self.values))[at] += count

    def _counted(self, length: int) -> array[float]:
        if self.counts is None:
            self.counts = array("d", [1.0]) * length
        return self.counts

    def add_set(self, count: float, total: float, minimum: float, maximum: float) -> None:
        """Adds a statistic set; its values are known where they cannot but be the same."""
        if minimum == maximum and math.isclose(total, minimum * count):
            self.add(minimum, count)
            return
        self.summarize(count, total, minimum, maximum, count)

    def extend(self, values: array[float], counts: array[float] | None) -> None:
        """Adds values to the list only; `summarize` says what they amount to."""
        if counts is not None or self.counts is not None:
            own = self._counted(len(self.values))
            own.extend(array("d", [1.0]) * len(values) if counts is None else counts)
        self.values.extend(values)

    def merge(self, other: Samples) -> None:
        """Adds all of `other`."""
        self.extend(other.values, other.counts)
        self.summarize(other.sample_count, other.total, other.minimum, other.maximum, other.unlisted)

    def summarize(
        self, count: float, total: float, minimum: float, maximum: float, unlisted: float = 0.0
    ) -> None:
        """Adds to everything but the list of values."""
        self.sample_count += count
        self.total += total
        if minimum < self.minimum:
            self.minimum = minimum
        if maximum > self.maximum:
            self.maximum = maximum
        self.unlisted += unlisted
        self._distribution = None

    def distribution(self) -> Distribution:
        """The listed values in order; computed once for all statistics of a period."""
        if self._distribution is None:
            self._distribution = Distribution(self.values, self.counts)
        return self._distribution


class Distribution:
    """Values in order, each with how many samples there are up to it.

    Attributes:
        total: number of samples.
    """

    __slots__ = ("_up_to", "_values", "total")

    def __init__(self, values: Sequence[float], counts: Sequence[float] | None) -> None:
        if counts is None:
            self._values, self._up_to = sorted(values), None
            self.total = float(len(values))
            return
        pairs = sorted(zip(values, counts, strict=True))
        self._values = [value for value, _ in pairs]
        self._up_to = list(accumulate(count for _, count in pairs))
        self.total = self._up_to[-1] if pairs else 0.0

    def up_to(self, bound: float) -> float:
        """How many samples are not above a value."""
        position = bisect_right(self._values, bound)
        if self._up_to is None or not position:
            return float(position)
        return self._up_to[position - 1]

    def at_rank(self, rank: float) -> float:
        """The value of a sample by its rank, counted from 0."""
        position = int(rank) if self._up_to is None else bisect_right(self._up_to, rank)
        return self._values[min(position, len(self._values) - 1)]

    def between(self, low: float, high: float) -> Iterator[tuple[float, float]]:
        """Values above `low` up to `high`, each with its count."""
        start, end = bisect_right(self._values, low), bisect_right(self._values, high)
        return ((self._values[i], self._count(i)) for i in range(start, end))

    def ranked(self, start: float, end: float) -> Iterator[tuple[float, float]]:
        """Values of ranks from `start` to `end`; a value's count is split where a bound falls."""
        passed = 0.0
        for position, value in enumerate(self._values):
            count = self._count(position)
            inside = min(passed + count, end) - max(passed, start)
            passed += count
            if inside > 0:
                yield value, inside

    def _count(self, position: int) -> float:
        if self._up_to is None:
            return 1.0
        return self._up_to[position] - (self._up_to[position - 1] if position else 0.0)
