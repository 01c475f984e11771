"""Marks of releases on dashboards: what is marked and when, and that it stops no release."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from lockgate.notify.marks import FAILED, PROMOTED, ROLLED_BACK, STARTED, Mark, Marks, marks_of
from lockgate.release import lease
from lockgate.release.model import Phase, Release, Status

from .world import MINUTE, Clock, Killed, MemoryLedger, World, a_release, an_engine

DIMENSIONS = {"Environment": "prod", "Platform": "shop"}


class FakeAws:
    """CloudWatch as far as marks see it; while it is out it refuses each call."""

    def __init__(self) -> None:
        self.points: Counter[tuple[str, str | None, Any]] = Counter()
        self.calls = 0
        self.is_out = False

    @property
    def cloudwatch_marks(self) -> FakeAws:
        return self

    def put_metric_data(self, Namespace: str, MetricData: list[dict[str, Any]]) -> None:  # noqa: N803
        self.calls += 1
        if self.is_out:
            raise EndpointConnectionError(endpoint_url="https://monitoring.invalid")
        assert Namespace == "Lockgate"
        for datum in MetricData:
            dimensions = {one["Name"]: one["Value"] for one in datum["Dimensions"]}
            service = dimensions.pop("Service", None)
            assert dimensions == DIMENSIONS
            assert (datum["Value"], datum["Unit"]) == (1.0, "Count")
            self.points[datum["MetricName"], service, datum["Timestamp"]] += 1


def run(aws: FakeAws, *, kill_at: int = 0, **world: object) -> Release:
    """Releases to the end, with a new process after a death at the n-th write."""
    clock, writes = Clock(), 0

    def at(_: str) -> None:
        nonlocal writes
        writes += 1
        if writes == kill_at:
            raise Killed

    release = a_release(clock())
    ledger = MemoryLedger({release.release_id: release.model_dump_json()}, at)
    worlds = {"a": World(clock, at, **world)}  # type: ignore[arg-type]
    engine = an_engine(ledger, worlds, clock)
    engine.mark = Marks(aws, DIMENSIONS)  # type: ignore[arg-type]
    while release.status is Status.RUNNING:
        try:
            release = engine.advance(release.release_id)
        except Killed:
            engine = an_engine(ledger, worlds, clock)
            engine.mark = Marks(aws, DIMENSIONS)  # type: ignore[arg-type]
            clock.now += lease.LENGTH
        clock.now += MINUTE / 6
    return release


def marked(release: Release) -> list[str]:
    """Names of a release's marks, in order."""
    return [mark.metric for mark in marks_of(release)]


def test_a_good_release_is_started_and_promoted() -> None:
    aws = FakeAws()
    times = run(aws).deployments["a"].times
    assert aws.points == {
        (metric, service, at): 1
        for metric, at in ((STARTED, times[Phase.STARTED]), (PROMOTED, times[Phase.BAKING]))
        for service in ("a", None)
    }


def test_a_bad_one_is_rolled_back() -> None:
    assert marked(run(FakeAws(), verdict="bad")) == [STARTED, ROLLED_BACK]
    assert marked(run(FakeAws(), red_in_bake=True)) == [STARTED, PROMOTED, ROLLED_BACK]


def test_without_a_bake_success_is_the_promotion() -> None:
    at = Clock().now
    release = a_release(at)
    (deployment,) = release.deployments.values()
    done = deployment.enter(Phase.STARTED, at).enter(Phase.SUCCEEDED, at + MINUTE)
    assert list(marks_of(release.with_deployment(done))) == [
        Mark(STARTED, "a", at),
        Mark(PROMOTED, "a", at + MINUTE),
    ]
    failed = deployment.enter(Phase.STARTED, at).enter(Phase.FAILED, at + MINUTE)
    assert marked(release.with_deployment(failed)) == [STARTED, FAILED]


def test_what_was_not_deployed_has_no_mark() -> None:
    at = Clock().now
    release = a_release(at)
    (deployment,) = release.deployments.values()
    for phase in (Phase.SUCCEEDED, Phase.NOT_STARTED, Phase.FAILED):
        assert marked(release.with_deployment(deployment.enter(phase, at))) == []


@pytest.mark.parametrize("kill_at", range(1, 30))
def test_who_goes_on_marks_all_steps_at_their_times(kill_at: int) -> None:
    aws = FakeAws()
    release = run(aws, kill_at=kill_at)
    expected = {(mark.metric, service, mark.at) for mark in marks_of(release) for service in ("a", None)}
    assert set(aws.points) == expected, "a step of the same time twice is shown once"


def test_an_outage_is_said_and_neither_fails_a_release_nor_is_tried_at_each_look(
    caplog: pytest.LogCaptureFixture,
) -> None:
    aws = FakeAws()
    aws.is_out = True
    with caplog.at_level(logging.WARNING):
        assert run(aws).status is Status.SUCCEEDED
    assert aws.calls == 2, "started and promoted"
    assert len(caplog.records) == 2


def test_what_did_not_arrive_comes_with_the_next_step() -> None:
    aws = FakeAws()
    write = Marks(aws, DIMENSIONS)  # type: ignore[arg-type]
    at = Clock().now
    release = a_release(at)
    (deployment,) = release.deployments.values()
    started = deployment.enter(Phase.STARTED, at)
    aws.is_out = True
    write(release.with_deployment(started))
    aws.is_out = False
    write(release.with_deployment(started))
    assert not aws.points
    promoted = started.enter(Phase.BAKING, at + timedelta(minutes=5))
    write(release.with_deployment(promoted))
    assert {metric for metric, _, _ in aws.points} == {STARTED, PROMOTED}
