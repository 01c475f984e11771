"""Marks of releases on dashboards: a data point of 1 for each step that people want to see beside traffic.

CloudWatch has no annotations that come and go, so that dashboards show these metrics
(terraform/modules/dashboards/releases.tf, which has the same names). Each step is marked for its service and
for the environment, at the time that the ledger has for it. Who goes on with a release marks all of its steps
again: twice the same point has the same Maximum, which is what the dashboards show.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lockgate.aws import Aws
from lockgate.release.model import Deployment, Phase, Release

log = logging.getLogger(__name__)

NAMESPACE: Final = "Lockgate"

STARTED: Final = "ReleaseStarted"
PROMOTED: Final = "ReleasePromoted"
ROLLED_BACK: Final = "ReleaseRolledBack"
FAILED: Final = "ReleaseFailed"

_DATA_A_CALL = 1000
"""Metrics of a PutMetricData call (API reference)."""


@dataclass(frozen=True)
class Mark:
    """A step of a service's release.

    Args:
        metric: what happened.
        service: to which service.
        at: when.
    """

    metric: str
    service: str
    at: datetime


def marks_of(release: Release) -> Iterator[Mark]:
    """All steps so far, of services whose traffic was to move; those where nothing changed have none."""
    for deployment in release.deployments.values():
        for metric, at in _steps(deployment):
            yield Mark(metric, deployment.service, at)


def _steps(deployment: Deployment) -> Iterator[tuple[str, datetime]]:
    times = deployment.times
    if Phase.STARTED not in times:
        return
    yield STARTED, times[Phase.STARTED]
    # Without a bake it succeeds at the moment in which it serves everything.
    promoted = times.get(Phase.BAKING) or times.get(Phase.SUCCEEDED)
    if promoted:
        yield PROMOTED, promoted
    for phase, metric in ((Phase.ROLLED_BACK, ROLLED_BACK), (Phase.FAILED, FAILED)):
        if phase in times:
            yield metric, times[phase]


@dataclass
class Marks:
    """Writes marks to CloudWatch, each once in the life of this process.

    Args:
        aws: clients of the environment.
        dimensions: of the environment, by name.
    """

    aws: Aws
    dimensions: Mapping[str, str]
    _tried: set[Mark] = field(default_factory=set)
    _written: set[Mark] = field(default_factory=set)

    def __call__(self, release: Release) -> None:
        """Writes what is new, if anything is.

        A release neither fails nor waits because nobody could be shown it: there is one try of a few seconds
        for each step, and what did not arrive comes with the next one.
        """
        missing = [mark for mark in marks_of(release) if mark not in self._written]
        if self._tried.issuperset(missing):
            return
        self._tried.update(missing)
        data = [datum for mark in missing for datum in self._data(mark)]
        try:
            for first in range(0, len(data), _DATA_A_CALL):
                self.aws.cloudwatch_marks.put_metric_data(
                    Namespace=NAMESPACE, MetricData=data[first : first + _DATA_A_CALL]
                )
        except (BotoCoreError, ClientError) as error:
            log.warning("dashboards do not show this step of the release: %s", error)
            return
        self._written.update(missing)

    def _data(self, mark: Mark) -> Iterator[Any]:
        for dimensions in ({**self.dimensions, "Service": mark.service}, self.dimensions):
            yield {
                "MetricName": mark.metric,
                "Dimensions": [{"Name": name, "Value": dimensions[name]} for name in sorted(dimensions)],
                "Timestamp": mark.at,
                "Unit": "Count",
                "Value": 1.0,
            }
