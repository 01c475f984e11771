"""Samples of a metric over some time: every value with how often it came."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Samples:
    """Samples of one metric over some time.

    Attributes:
        values: distinct values; `counts` has how often each came, at the same position.
        sample_count, total, minimum, maximum: over all samples.
        unlisted: how many samples came only as a statistic set, so that their values are unknown.
    """

    values: array[float] = field(default_factory=lambda: array("d"))
    counts: array[float] = field(default_factory=lambda: array("d"))
    sample_count: float = 0.0
    total: float = 0.0
    minimum: float = math.inf
    maximum: float = -math.inf
    unlisted: float = 0.0

    def add(self, value: float, count: float = 1.0) -> None:
        """Adds one value that came `count` times."""
        try:
            self.counts[self.values.index(value)] += count
        except ValueError:
            self.values.append(value)
            self.counts.append(count)
        self._summarize(count, value * count, value, value)

    def add_set(self, count: float, total: float, minimum: float, maximum: float) -> None:
        """Adds a statistic set; where all its values are the same they are known after all."""
        if minimum == maximum:
            self.add(minimum, count)
            return
        self.unlisted += count
        self._summarize(count, total, minimum, maximum)

    def merge(self, other: Samples) -> None:
        """Adds all of `other`, without looking for values that both have."""
        self.values.extend(other.values)
        self.counts.extend(other.counts)
        self.unlisted += other.unlisted
        self._summarize(other.sample_count, other.total, other.minimum, other.maximum)

    def _summarize(self, count: float, total: float, minimum: float, maximum: float) -> None:
        self.sample_count += count
        self.total += total
        self.minimum = min(self.minimum, minimum)
        self.maximum = max(self.maximum, maximum)

    def dump(self) -> list[Any]:
        """As JSON data."""
        summary = [self.sample_count, self.total, self.minimum, self.maximum, self.unlisted]
        return [list(self.values), list(self.counts), *summary]

    @classmethod
    def load(cls, data: list[Any]) -> Samples:
        """From what `dump` gave."""
        return cls(array("d", data[0]), array("d", data[1]), *data[2:])
