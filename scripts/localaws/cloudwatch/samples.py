"""Samples of a metric over some time: every value with how often it came."""

from __future__ import annotations

import base64
import math
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

_BLOCK_SECONDS = 300


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


@dataclass(slots=True)
class Series:
    """Samples of one metric by unit and second since the epoch.

    Attributes:
        packed: by unit and number of a block of seconds, what was saved of it and is still true.
    """

    units: dict[str, dict[int, Samples]] = field(default_factory=dict)
    newest: int = 0
    packed: dict[tuple[str, int], dict[str, str]] = field(default_factory=dict)

    def at(self, unit: str, second: int) -> Samples:
        """The samples of one second, to be added to."""
        self.newest = max(self.newest, second)
        if self.packed:
            self.packed.pop((unit, second // _BLOCK_SECONDS), None)
        seconds = self.units.setdefault(unit, {})
        found = seconds.get(second)
        if found is None:
            found = seconds[second] = Samples()
        return found

    def drop(self, oldest: int) -> None:
        """Forgets what is older than a second."""
        for seconds in self.units.values():
            for second in [s for s in seconds if s < oldest]:
                del seconds[second]
        for block in [block for block in self.packed if (block[1] + 1) * _BLOCK_SECONDS <= oldest]:
            del self.packed[block]

    def pack(self) -> list[tuple[str, dict[str, str]]]:
        """All samples as JSON data, block by block with their units."""
        blocks: dict[tuple[str, int], dict[int, Samples]] = {}
        for unit, seconds in self.units.items():
            for second, one in seconds.items():
                if (block := (unit, second // _BLOCK_SECONDS)) not in self.packed:
                    blocks.setdefault(block, {})[second] = one
        self.packed |= {block: pack(seconds) for block, seconds in blocks.items()}
        return [(unit, packed) for (unit, _), packed in self.packed.items()]

    @classmethod
    def unpack(cls, blocks: Iterable[tuple[str, Mapping[str, str]]]) -> Series:
        """From what `pack` gave."""
        series = cls()
        for unit, packed in blocks:
            series.units.setdefault(unit, {}).update(unpack(packed))
        series.newest = max((s for seconds in series.units.values() for s in seconds), default=0)
        return series


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
