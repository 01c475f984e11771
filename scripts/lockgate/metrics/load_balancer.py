"""Series of the versions behind an application load balancer, each of which has a target group for itself.

A load balancer reports requests and errors by target group, so both sides of a canary are measured at the
same time (ELB user guide, "CloudWatch metrics for your Application Load Balancer").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from lockgate.metrics.reader import Series

NAMESPACE = "AWS/ApplicationELB"

_FAILED = ("HTTPCode_Target_5XX_Count", "TargetConnectionErrorCount")
"""What a version failed: its own 5XX answers, and connections that it refused. Answers that the load balancer
makes up itself (HTTPCode_ELB_5XX_Count) are not counted by target group."""


@dataclass(frozen=True)
class LoadBalancer:
    """A load balancer and the target group of each version that it sends requests to.

    It reports failures where there are any, and no zeros (ELB user guide, the metrics' reporting criteria).

    Args:
        name: value of the dimension `LoadBalancer`, `app/<name>/<id>`.
        target_groups: value of the dimension `TargetGroup`, `targetgroup/<name>/<id>`, by version.
    """

    name: str
    target_groups: Mapping[str, str] = field(default_factory=dict)
    reports_zero_errors: ClassVar[bool] = False

    def requests(self, version: str | None = None) -> Series:
        """Requests for which a target was chosen."""
        return self._series("RequestCount", "Sum", version)

    def errors(self, version: str | None = None) -> tuple[Series, ...]:
        """Requests that a target failed."""
        return tuple(self._series(metric, "Sum", version) for metric in _FAILED)

    def latency(self, stat: str, version: str) -> Series:
        """Time from the request leaving the load balancer to the target's answer, in seconds."""
        return self._series("TargetResponseTime", stat, version)

    def throttles(self, version: str) -> Series | None:  # noqa: ARG002
        """None: a container refuses by an answer of its own."""
        return None

    def _series(self, metric: str, stat: str, version: str | None) -> Series:
        dimensions = {"LoadBalancer": self.name}
        if version is not None:
            dimensions["TargetGroup"] = self.target_groups[version]
        return Series.of(NAMESPACE, metric, dimensions, stat)


def dimension_of(target_group: str) -> str:
    """What CloudWatch's dimension `TargetGroup` has: the last part of the ARN (ELB user guide, "Metric
    dimensions for Application Load Balancers").

    Args:
        target_group: its ARN.
    """
    return target_group.rpartition(":")[2]
