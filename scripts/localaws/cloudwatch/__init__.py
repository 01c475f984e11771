"""CloudWatch: metrics, metric math, alarms and dashboards; alarms are evaluated on the scaled clock."""

from __future__ import annotations

from localaws.clock import Clock
from localaws.cloudwatch.service import CloudWatch
from localaws.ministack_patches.gateway import put_event


def build(clock: Clock, endpoint: str) -> CloudWatch:
    """The CloudWatch service.

    Args:
        clock: real time of an alarm's periods.
        endpoint: URL of the server, where alarms call SNS and Lambda.
    """
    return CloudWatch(clock, endpoint, put_event)
