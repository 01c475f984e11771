"""What a platform measures of the traffic that the versions of a service get: one tiny seam to CloudWatch."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from lockgate.metrics.reader import Reader, Series, Window


class Measured(Protocol):
    """Series of a service's traffic, by version; without a version, of everything."""

    @property
    def reports_zero_errors(self) -> bool:
        """Whether a period with requests and no failed one has a datapoint for them: without it, a missing
        datapoint means none, and with it, that it is not known yet."""

    def requests(self, version: str | None = None) -> Series:
        """Number of requests."""

    def errors(self, version: str | None = None) -> tuple[Series, ...]:
        """Numbers of failed requests; they are added up."""

    def latency(self, stat: str, version: str) -> Series:
        """A statistic of the time that requests took, in the metric's own unit."""

    def throttles(self, version: str) -> Series | None:
        """Number of requests that were refused for want of capacity, where the platform counts them apart."""


def tallies(
    reader: Reader, measured: Measured, versions: Iterable[str], window: Window
) -> dict[str, tuple[int, int]]:
    """Requests and errors by version; a version without datapoints has none.

    Raises:
        MetricsOutageError: CloudWatch does not answer.
    """
    wanted = {version: (measured.requests(version), measured.errors(version)) for version in versions}
    readings = reader.read(
        (one for requests, errors in wanted.values() for one in (requests, *errors)), window
    )
    return {
        version: (round(readings.total(requests)), round(sum(readings.total(one) for one in errors)))
        for version, (requests, errors) in wanted.items()
    }


def minutes(reader: Reader, measured: Measured, window: Window) -> list[tuple[datetime, int, int]]:
    """Start, requests and errors of each period; a period without a datapoint had no requests.

    Raises:
        MetricsOutageError: CloudWatch does not answer.
    """
    requests, errors = measured.requests(), measured.errors()
    readings = reader.read((requests, *errors), window)
    return [
        (
            at,
            round(readings.of(requests).get(at, 0.0)),
            round(sum(readings.of(one).get(at, 0.0) for one in errors)),
        )
        for at in window
    ]
