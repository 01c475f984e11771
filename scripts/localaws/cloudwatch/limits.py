"""What CloudWatch takes of a data point, whichever way it comes in (API reference, MetricDatum)."""

from __future__ import annotations

LARGEST = 2.0**360
"""No value is above this, or below its negative."""

_OLDEST_SECONDS = 14 * 86400
_NEWEST_SECONDS = 2 * 3600


def in_time(at: float, now: float) -> bool:
    """Whether a data point is at most two weeks old, and at most two hours ahead.

    Args:
        at, now: seconds since the epoch.
    """
    return now - _OLDEST_SECONDS <= at <= now + _NEWEST_SECONDS
