"""Series of the versions behind a Lambda alias.

Lambda's metrics carry `Resource=<function>:<alias>` and `ExecutedVersion`, so both sides of a canary are
measured at the same time (Lambda developer guide, "Types of metrics for Lambda functions").
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from lockgate.metrics.reader import Reader, Series, Window

NAMESPACE = "AWS/Lambda"


@dataclass(frozen=True)
class Alias:
    """An alias of a function."""

    function: str
    name: str

    def series(self, metric: str, stat: str, version: str | None = None) -> Series:
        """A metric of what one version behind the alias served, or of everything."""
        dimensions = {"FunctionName": self.function, "Resource": f"{self.function}:{self.name}"}
        if version is not None:
            dimensions["ExecutedVersion"] = version
        return Series.of(NAMESPACE, metric, dimensions, stat)


def tallies(
    reader: Reader, alias: Alias, versions: Iterable[str], window: Window
) -> dict[str, tuple[int, int]]:
    """Requests and errors by version; a version without datapoints has none.

    Raises:
        MetricsOutageError: CloudWatch does not answer.
    """
    wanted = {
        version: (alias.series("Invocations", "Sum", version), alias.series("Errors", "Sum", version))
        for version in versions
    }
    readings = reader.read((one for pair in wanted.values() for one in pair), window)
    return {
        version: (round(readings.total(requests)), round(readings.total(errors)))
        for version, (requests, errors) in wanted.items()
    }


def minutes(reader: Reader, alias: Alias, window: Window) -> list[tuple[datetime, int, int]]:
    """Start, requests and errors of each period of the alias; a period without a datapoint had no requests.

    Raises:
        MetricsOutageError: CloudWatch does not answer.
    """
    requests, errors = alias.series("Invocations", "Sum"), alias.series("Errors", "Sum")
    readings = reader.read((requests, errors), window)
    return [
        (at, round(readings.of(requests).get(at, 0.0)), round(readings.of(errors).get(at, 0.0)))
        for at in window
    ]
