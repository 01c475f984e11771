"""Series of the versions behind a Lambda alias.

Lambda's metrics carry `Resource=<function>:<alias>` and `ExecutedVersion`, so both sides of a canary are
measured at the same time (Lambda developer guide, "Types of metrics for Lambda functions").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lockgate.metrics.reader import Series

NAMESPACE = "AWS/Lambda"


@dataclass(frozen=True)
class Alias:
    """An alias of a function.

    Lambda reports an error count of zero with every invocation (Lambda developer guide, "Types of metrics for
    Lambda functions").
    """

    function: str
    name: str
    reports_zero_errors: ClassVar[bool] = True

    def requests(self, version: str | None = None) -> Series:
        """Invocations."""
        return self._series("Invocations", "Sum", version)

    def errors(self, version: str | None = None) -> tuple[Series, ...]:
        """Invocations that failed."""
        return (self._series("Errors", "Sum", version),)

    def latency(self, stat: str, version: str) -> Series:
        """Time that invocations took, in milliseconds."""
        return self._series("Duration", stat, version)

    def throttles(self, version: str) -> Series | None:
        """Invocations that Lambda refused."""
        return self._series("Throttles", "Sum", version)

    def _series(self, metric: str, stat: str, version: str | None) -> Series:
        dimensions = {"FunctionName": self.function, "Resource": f"{self.function}:{self.name}"}
        if version is not None:
            dimensions["ExecutedVersion"] = version
        return Series.of(NAMESPACE, metric, dimensions, stat)
