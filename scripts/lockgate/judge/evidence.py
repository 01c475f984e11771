"""What the judge looks at: one row a period, with what each side did in it."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import SupportsIndex


def _count(value: SupportsIndex | float, name: str) -> int:
    """A count as an int; integers of other libraries and floats without a fraction are taken too."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        if not isinstance(value, float) or not value.is_integer():
            raise ValueError(
                f"{name} is {value!r}, not a whole number; round what CloudWatch interpolates"
            ) from None
        number = int(value)
    if number < 0:
        raise ValueError(f"{name} is {number}; a count cannot be negative")
    return number


@dataclass(frozen=True, slots=True)
class Side:
    """What one version did in one period.

    Args:
        requests: requests served.
        errors: how many of them failed.
        latency: requests per latency bin, one more than there are bounds; None where it was not measured.
            The baseline's bins lie between the judge's bounds, the canary's between (1 + tau) times them.
        latency_mean: mean latency, for sources that have no bins; used only by a judge without bounds.

    Raises:
        ValueError: a count is negative, not whole or not a number, or there are more errors than requests.
    """

    requests: int
    errors: int = 0
    latency: tuple[int, ...] | None = None
    latency_mean: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "requests", _count(self.requests, "requests"))
        object.__setattr__(self, "errors", _count(self.errors, "errors"))
        if self.errors > self.requests:
            raise ValueError(f"errors ({self.errors}) exceed requests ({self.requests})")
        if self.latency is not None:
            counts = tuple(_count(count, "a latency count") for count in self.latency)
            object.__setattr__(self, "latency", counts)
        if self.latency_mean is not None and not (
            math.isfinite(self.latency_mean) and self.latency_mean >= 0.0
        ):
            raise ValueError(f"latency_mean is {self.latency_mean}; it must be finite and not negative")


@dataclass(frozen=True, slots=True)
class Look:
    """One period of both sides. None is a missing datapoint, which is not the same as zero errors."""

    canary: Side | None
    baseline: Side | None


@dataclass(frozen=True, slots=True)
class Row:
    """A look that counts: both sides have a datapoint and served requests."""

    canary: Side
    baseline: Side


def counted(look: Look) -> Row | None:
    """The look as a row, or None when it says nothing: a datapoint is missing, or a side served nothing."""
    if look.canary is None or look.baseline is None:
        return None
    if look.canary.requests == 0 or look.baseline.requests == 0:
        return None
    return Row(look.canary, look.baseline)
