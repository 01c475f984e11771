"""What a load balancer sends to CloudWatch.

Names, dimensions and when they are reported: Elastic Load Balancing user guide, "CloudWatch metrics for your
Application Load Balancer". What counts for a target group also counts for its load balancer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from localaws.balancing.addresses import full_name

NAMESPACE = "AWS/ApplicationELB"

Point = tuple[str, dict[str, str], float, str]
"""Name, dimensions, value, unit."""


@dataclass
class Passage:
    """One request on its way through a load balancer.

    Attributes:
        balancer: ARN of the load balancer.
        group: ARN of the target group that was chosen.
        status: of the answer that the target gave; None where none did.
        seconds: from the request's leaving the load balancer to the first byte of the answer.
    """

    balancer: str
    group: str | None = None
    status: int | None = None
    seconds: float = 0.0

    def points(self, answered: int) -> Iterator[Point]:
        """Data points, once the client has its answer.

        Args:
            answered: status that the client got.
        """
        balancer = {"LoadBalancer": full_name(self.balancer, "loadbalancer")}
        if self.group and self.status is not None:
            for dimensions in (balancer, self._group(self.group)):
                yield "RequestCount", dimensions, 1.0, "Count"
                yield f"HTTPCode_Target_{self.status // 100}XX_Count", dimensions, 1.0, "Count"
                yield "TargetResponseTime", dimensions, self.seconds, "Seconds"
            return
        if self.group and answered == 502:
            for dimensions in (balancer, self._group(self.group)):
                yield "RequestCount", dimensions, 1.0, "Count"
                yield "TargetConnectionErrorCount", dimensions, 1.0, "Count"
        if answered >= 500:
            yield "HTTPCode_ELB_5XX_Count", balancer, 1.0, "Count"
            if answered in (500, 502, 503, 504):
                yield f"HTTPCode_ELB_{answered}_Count", balancer, 1.0, "Count"

    def _group(self, group: str) -> dict[str, str]:
        return dimensions_of(group, self.balancer)


def dimensions_of(group: str, balancer: str) -> dict[str, str]:
    """Dimensions of a target group's metrics."""
    return {
        "TargetGroup": full_name(group, "targetgroup"),
        "LoadBalancer": full_name(balancer, "loadbalancer"),
    }


def host_counts(group: str, balancer: str, healthy: int, unhealthy: int) -> Iterator[Point]:
    """Data points of one look at the targets of a group."""
    dimensions = dimensions_of(group, balancer)
    yield "HealthyHostCount", dimensions, float(healthy), "Count"
    yield "UnHealthyHostCount", dimensions, float(unhealthy), "Count"
