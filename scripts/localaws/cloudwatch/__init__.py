"""CloudWatch: metrics, metric math and alarms, evaluated on the scaled clock."""

from __future__ import annotations

from localaws.clock import Clock
from localaws.cloudwatch.service import CloudWatch


def build(clock: Clock, endpoint: str) -> CloudWatch:
    """The CloudWatch service.

    Args:
        clock: real time of an alarm's periods.
        endpoint: URL of the server, where alarms publish to SNS.
    """
    return CloudWatch(clock, endpoint)
