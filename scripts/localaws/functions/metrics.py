"""What Lambda sends to CloudWatch for one invocation.

Names and dimensions: "Types of metrics for Lambda functions" and "Viewing metrics for Lambda functions"
(AWS Lambda Developer Guide). That `ExecutedVersion` comes with every invocation of an alias, weighted or
not, is on record in the metrics that aws/aws-cdk issue 14248 lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

NAMESPACE = "AWS/Lambda"

Point = tuple[str, dict[str, str], float, str]
"""Name, dimensions, value, unit."""


@dataclass(frozen=True)
class Invocation:
    """One invocation that has ended.

    Attributes:
        function: name of the function.
        qualifier: alias or version that was asked for; empty where none was.
        version: the version that ran.
        seconds: how long its code ran, without what an execution environment needs to begin.
        failed: the function raised, timed out, or could not be loaded.
        throttled: it was not run for lack of concurrency.
    """

    function: str
    qualifier: str
    version: str
    seconds: float
    failed: bool = False
    throttled: bool = False

    def dimension_sets(self) -> list[dict[str, str]]:
        """Every combination of dimensions that Lambda reports it under."""
        by_name = {"FunctionName": self.function}
        resource = f"{self.function}:{self.qualifier}" if self.qualifier else self.function
        sets = [{}, by_name, {**by_name, "Resource": resource}]
        if self.qualifier and self.qualifier != self.version:
            sets.append({**sets[-1], "ExecutedVersion": self.version})
        return sets

    def points(self) -> Iterator[Point]:
        """Data points. A throttled request counts neither as an invocation nor as an error."""
        for dimensions in self.dimension_sets():
            yield "Throttles", dimensions, float(self.throttled), "Count"
            if not self.throttled:
                yield "Invocations", dimensions, 1.0, "Count"
                yield "Errors", dimensions, float(self.failed), "Count"
                yield "Duration", dimensions, self.seconds * 1000.0, "Milliseconds"


def qualifier_of(arn: str) -> str:
    """Version or alias at the end of a function's ARN; empty where there is none."""
    parts = arn.split(":", 7)
    return parts[7] if len(parts) == 8 else ""
