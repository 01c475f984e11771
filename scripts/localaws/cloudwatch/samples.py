"""Samples of a metric over some time: every value with how often it came."""

from __future__ import annotations

import base64
import math
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


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


def pack(seconds: Mapping[int, Samples]) -> dict[str, str]:
    """Samples by second as JSON data: columns of numbers, since lists of floats take far longer."""
    parts = list(seconds.values())
    values, counts = array("d"), array("d")
    for part in parts:
        values.extend(part.values)
        counts.extend(part.counts)
    rows = ((p.sample_count, p.total, p.minimum, p.maximum, p.unlisted) for p in parts)
    return {
        "seconds": _text(array("q", seconds)),
        "lengths": _text(array("q", (len(part.values) for part in parts))),
        "values": _text(values),
        "counts": "" if set(counts) == {1.0} else _text(counts),
        "summaries": _text(array("d", (number for row in rows for number in row))),
    }


def unpack(packed: Mapping[str, str]) -> dict[int, Samples]:
    """Samples by second from what `pack` gave."""
    values, summaries = _numbers("d", packed["values"]), _numbers("d", packed["summaries"])
    counts = _numbers("d", packed["counts"]) or array("d", [1.0]) * len(values)
    found, start = {}, 0
    for row, (second, length) in enumerate(
        zip(_numbers("q", packed["seconds"]), _numbers("q", packed["lengths"]), strict=True)
    ):
        end = start + int(length)
        summary = summaries[row * 5 : row * 5 + 5]
        found[int(second)] = Samples(values[start:end], counts[start:end], *summary)
        start = end
    return found


def _text(numbers: array[Any]) -> str:
    return base64.b64encode(numbers.tobytes()).decode()


def _numbers(kind: Literal["d", "q"], text: str) -> array[Any]:
    found: array[Any] = array(kind)
    found.frombytes(base64.b64decode(text))
    return found
