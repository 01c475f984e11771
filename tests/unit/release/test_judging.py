"""A release that is judged: every look in the ledger, and what follows from it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from lockgate.config import LambdaService
from lockgate.contract import LambdaContract
from lockgate.metrics.reader import Reader
from lockgate.release.engine import Engine
from lockgate.release.judgement import Conclusion, Setup, Stage, Terms
from lockgate.release.judging import ROWS_A_LOOK, Judging, judge_of
from lockgate.release.looks import Looks, Recorded
from lockgate.release.model import Phase, Release, Status
from tests.unit.metrics.fake_cloudwatch import FakeCloudWatch

from .world import MINUTE, Clock, MemoryLedger, World, a_release, an_engine

Counts = Callable[[str, int], tuple[int, int] | None]
"""Requests and errors by version and minute of the clock's hour; None for no datapoint."""


@dataclass
class MemoryTable:
    """The part of DynamoDB that looks need; `fail` is how many writes will fail."""

    items: dict[tuple[str, str], Any] = field(default_factory=dict)
    fail: int = 0

    def put_item(self, TableName: str, Item: Any) -> None:  # noqa: N803
        if self.fail:
            self.fail -= 1
            raise ConnectionError("the table is out of reach")
        self.items[(Item["pk"]["S"], Item["sk"]["S"])] = json.loads(json.dumps(Item))

    def get_paginator(self, operation: str) -> MemoryTable:
        assert operation == "query"
        return self

    def paginate(self, **request: Any) -> list[Any]:
        wanted = request["ExpressionAttributeValues"][":pk"]["S"]
        return [{"Items": [item for key, item in sorted(self.items.items()) if key[0] == wanted]}]


@dataclass
class Trial:
    """One release of service `a` whose versions 1 and 2 do what `counts` says."""

    counts: Counts
    judge: dict[str, Any] | str = field(default_factory=dict)
    interval: int = 20
    bake: int = 4
    clock: Clock = field(default_factory=Clock)
    table: MemoryTable = field(default_factory=MemoryTable)

    def __post_init__(self) -> None:
        self.began = self.clock()
        self.cloudwatch = FakeCloudWatch(self._answer)
        self.world = World(self.clock, lambda _: None, interval=self.interval * MINUTE)
        terms = Terms.of(LambdaService.model_validate({"kind": "lambda", "judge": self.judge}))
        release = a_release(self.clock())
        deployment = release.deployments["a"].but(
            judge=terms, interval_minutes=self.interval, bake_minutes=self.bake
        )
        self.release = release.with_deployment(deployment)
        self.ledger = MemoryLedger({release.release_id: self.release.model_dump_json()})

    def _answer(self, metric: str, dimensions: dict[str, str], stat: str, at: datetime) -> float | None:
        counts = self.counts(dimensions["ExecutedVersion"], round((at - self.began) / MINUTE))
        if counts is None or at + MINUTE > self.clock():
            return None
        requests, errors = counts
        return {"Invocations": requests, "Errors": errors, "SampleCount": 0, "Average": 10.0}.get(
            metric if metric != "Duration" else stat
        )

    def engine(self) -> Engine:
        contract = LambdaContract.model_construct(function_name="a", alias="live")
        looks: Any = Looks(self.table, "ledger", "local")  # type: ignore[arg-type]
        reader: Any = Reader(self.cloudwatch)  # type: ignore[arg-type]
        judging = Judging(looks, reader, lambda _: contract, MINUTE)
        return an_engine(self.ledger, {"a": self.world}, self.clock, judging)

    def run(self, during: Callable[[Trial], bool] = lambda _: False) -> Release:
        """To the end; where `during` says so, another process takes over."""
        engine = self.engine()
        for _ in range(13_000):
            if during(self):
                engine = self.engine()
                self.clock.now += timedelta(minutes=2)
            try:
                release = engine.advance(self.release.release_id)
            except ConnectionError:
                continue
            if release.status is not Status.RUNNING:
                return release
            self.clock.now += MINUTE / 6
        raise AssertionError("not over")

    def recorded(self) -> list[Recorded]:
        return Looks(self.table, "ledger", "local").of(self.release.release_id)  # type: ignore[arg-type]


def steady(canary_errors: int, baseline_errors: int = 0) -> Counts:
    """600 requests a minute, 10 % of them the new version's while it is a canary."""

    def counts(version: str, minute: int) -> tuple[int, int] | None:
        if minute < 0:
            return (600, baseline_errors) if version == "1" else None
        return (60, canary_errors) if version == "2" else (540, baseline_errors)

    return counts


def test_a_worse_version_is_stopped_long_before_the_interval_is_over() -> None:
    trial = Trial(steady(3))
    release = trial.run()
    deployment = release.deployments["a"]
    assert release.status is Status.ROLLED_BACK
    assert trial.world.events == ["start", "stop"]
    assert deployment.times[Phase.STOPPING] - deployment.times[Phase.CANARY] < 4 * MINUTE
    assert deployment.judgements[Stage.CANARY].conclusion is Conclusion.WORSE
    assert "a: judge: worse: Errors: errors 6/120 against 0/1,080 in 2 minutes" in (release.reason or "")
    assert "version 2: 12 errors in 48 requests" in (release.reason or "")


def test_an_observing_judge_only_writes_down() -> None:
    trial = Trial(steady(3), "observe")
    release = trial.run()
    assert release.status is Status.SUCCEEDED
    assert release.deployments["a"].judgements[Stage.CANARY].conclusion is Conclusion.WORSE
    assert len(trial.recorded()[0].looks) > 10


def test_no_judge_looks_at_nothing() -> None:
    trial = Trial(steady(30), "off")
    assert trial.run().status is Status.SUCCEEDED
    assert trial.cloudwatch.calls == []


def test_a_good_version_is_proven_and_every_look_is_in_the_ledger() -> None:
    trial = Trial(steady(0))
    release = trial.run()
    assert release.status is Status.SUCCEEDED
    canary, bake = (release.deployments["a"].judgements[stage] for stage in Stage)
    assert (canary.conclusion, bake.conclusion) == (Conclusion.PROVEN_GOOD, Conclusion.NOT_PROVEN)
    recorded = {one.setup.stage: one for one in trial.recorded()}
    assert [look.number for look in recorded[Stage.CANARY].looks] == list(range(1, 20))
    assert len(recorded[Stage.CANARY].rows()) == 19
    assert recorded[Stage.CANARY].looks[-1].evidence["total"].needed == pytest.approx(100)
    assert recorded[Stage.BAKE].setup.past[0].baseline is not None
    dimensions = "{{'FunctionName': 'a', 'Resource': 'a:live', 'ExecutedVersion': '{}'}}"
    assert recorded[Stage.CANARY].setup.queries == tuple(
        f"AWS/Lambda/{metric} {dimensions.format(version)}"
        for version in ("2", "1")
        for metric in ("Invocations Sum", "Errors Sum", "Duration Average")
    )


@pytest.mark.parametrize("on_inconclusive", ["promote", "rollback"])
def test_what_is_not_proven_follows_the_policy_before_the_interval_is_over(on_inconclusive: str) -> None:
    few = steady(0)
    trial = Trial(
        lambda version, minute: tuple(n // 10 for n in few(version, minute) or ()) or None,  # type: ignore[arg-type]
        {"on_inconclusive": on_inconclusive},
    )
    release = trial.run()
    deployment = release.deployments["a"]
    assert deployment.judgements[Stage.CANARY].conclusion is Conclusion.NOT_PROVEN
    if on_inconclusive == "promote":
        assert release.status is Status.SUCCEEDED
    else:
        assert release.status is Status.ROLLED_BACK
        assert trial.world.events == ["start", "stop"]
        assert "on_inconclusive says rollback: Not proven: errors 0/" in (release.reason or "")


@pytest.mark.parametrize("on_metrics_outage", ["promote", "rollback"])
def test_an_outage_of_metrics_is_no_bad_canary(on_metrics_outage: str) -> None:
    trial = Trial(steady(0), {"on_metrics_outage": on_metrics_outage, "on_inconclusive": "rollback"})

    def down(trial: Trial) -> bool:
        trial.cloudwatch.down = trial.clock() - trial.began > 5 * MINUTE
        return False

    release = trial.run(down)
    judgement = release.deployments["a"].judgements[Stage.CANARY]
    assert judgement.outage is not None
    assert "CloudWatch does not give metrics" in judgement.outage
    assert judgement.minutes == 4
    if on_metrics_outage == "promote":
        assert release.status is Status.SUCCEEDED
    else:
        assert release.status is Status.ROLLED_BACK
        assert "the metrics are out" in (release.reason or "")


def test_metrics_that_never_come_are_said_to_be_out() -> None:
    trial = Trial(steady(0))
    trial.cloudwatch.down = True
    release = trial.run()
    judgement = release.deployments["a"].judgements[Stage.CANARY]
    assert (release.status, judgement.conclusion) == (Status.SUCCEEDED, Conclusion.NO_METRICS)
    assert trial.recorded() == []


@pytest.mark.parametrize("policy", ["rollback", "hold"])
def test_a_canary_that_loses_its_requests_is_an_outcome_of_its_own(policy: str) -> None:
    def lost(version: str, minute: int) -> tuple[int, int] | None:
        return (10, 0) if version == "2" else (540, 0)

    trial = Trial(lost, {"on_traffic_mismatch": policy})
    release = trial.run()
    judgement = release.deployments["a"].judgements[Stage.CANARY]
    assert judgement.conclusion is Conclusion.TRAFFIC_MISMATCH
    assert release.status is (Status.ROLLED_BACK if policy == "rollback" else Status.SUCCEEDED)
    if policy == "rollback":
        assert "judge: traffic mismatch: Traffic: the canary got" in (release.reason or "")


@pytest.mark.parametrize("policy", ["rollback", "hold"])
def test_a_canary_of_which_nothing_is_seen_is_not_waved_through(policy: str) -> None:
    trial = Trial(lambda version, _: None if version == "2" else (540, 0), {"on_traffic_mismatch": policy})
    release = trial.run()
    judgement = release.deployments["a"].judgements[Stage.CANARY]
    assert judgement.conclusion is Conclusion.TRAFFIC_MISMATCH
    assert judgement.reason.startswith("CloudWatch has no request of version 2")
    assert release.status is (Status.ROLLED_BACK if policy == "rollback" else Status.SUCCEEDED)


def test_a_bake_is_judged_against_the_old_versions_last_hours() -> None:
    def counts(version: str, minute: int) -> tuple[int, int] | None:
        if version == "1":
            return (600, 0) if minute < 5 else None
        return (60, 0) if minute < 5 else (600, 30)

    trial = Trial(counts, interval=5, bake=10)
    release = trial.run()
    deployment = release.deployments["a"]
    assert release.status is Status.ROLLED_BACK
    assert trial.world.events == ["start", "undo"]
    assert deployment.judgements[Stage.BAKE].conclusion is Conclusion.WORSE
    assert deployment.times[Phase.ROLLING_BACK] - deployment.times[Phase.BAKING] < 6 * MINUTE


def test_a_process_that_takes_over_goes_on_with_what_was_seen() -> None:
    whole = Trial(steady(0))
    whole.run()
    shared = Trial(steady(0))
    deaths = iter(range(1, 1000))
    shared.run(lambda _: next(deaths) % 25 == 0)
    last = [trial.recorded()[0].looks[-1] for trial in (whole, shared)]
    assert last[0].conclusion is last[1].conclusion
    assert len(shared.recorded()[0].rows()) == 19
    numbers = [look.number for look in shared.recorded()[0].looks]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_look_that_could_not_be_written_is_looked_again() -> None:
    trial = Trial(steady(0))

    def flaky(trial: Trial) -> bool:
        trial.table.fail = 1 if trial.clock().minute % 3 == 0 and trial.clock().second < 10 else 0
        return False

    assert trial.run(flaky).status is Status.SUCCEEDED
    numbers = [look.number for look in trial.recorded()[0].looks]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(trial.recorded()[0].rows()) == 19


def test_rows_that_are_revised_late_are_read_again() -> None:
    trial = Trial(steady(0))

    def late(version: str, minute: int) -> tuple[int, int] | None:
        requests, errors = steady(0)(version, minute) or (0, 0)
        grown = (trial.clock() - trial.began) / MINUTE >= 9
        return (requests, errors) if minute != 3 or grown else (requests // 2, errors)

    trial.counts = late
    trial.run()
    recorded = trial.recorded()[0]
    at = trial.began + 3 * MINUTE
    seen = [row.look for look in recorded.looks for row in look.rows if row.at == at]
    assert [look.baseline.requests for look in seen if look.baseline] == [270, 540]


def test_the_ledger_alone_gives_every_verdict_again() -> None:
    trial = Trial(steady(1))
    trial.run()
    for recorded in trial.recorded():
        judge = judge_of(Setup.model_validate_json(recorded.setup.model_dump_json()))
        for number, look in enumerate(recorded.looks, 1):
            rows = recorded.rows(number)
            verdict = judge(rows[at] for at in sorted(rows))
            assert (verdict.action, dict(verdict.evidence)) == (look.action, look.evidence)


def test_terms_survive_the_ledger() -> None:
    declared = {"latency_tolerance": 0.03, "mode": "observe", "throttles": True}
    metrics = [{"namespace": "S", "name": "F", "dimensions": {"v": "{version}"}, "kind": "errors"}]
    terms = Terms.of(LambdaService.model_validate({"kind": "lambda", "judge": declared, "metrics": metrics}))
    assert terms is not None
    assert Terms.model_validate_json(terms.model_dump_json()) == terms
    assert terms.model_dump()["policy"] == {"tau": 0.03}


def unwatched(trial: Trial, phase: Phase, minutes: float) -> Callable[[Trial], bool]:
    """Nobody watches for some minutes once the release has come to a phase."""

    def once(_: Trial) -> bool:
        release = trial.ledger.release(trial.release.release_id)
        if release.deployments["a"].phase is phase and not trial.table.items.get(("slept", "")):
            trial.table.items[("slept", "")] = {"sk": {"S": ""}}
            trial.clock.now += minutes * MINUTE
            return True
        return False

    return once


@pytest.mark.parametrize("phase", [Phase.STARTED, Phase.CANARY])
def test_evidence_counts_though_nobody_watched_until_everything_had_moved(phase: Phase) -> None:
    trial = Trial(steady(3))
    release = trial.run(unwatched(trial, phase, 30))
    assert release.status is Status.ROLLED_BACK
    assert trial.world.events == ["start", "undo"]
    assert "judge: worse: Errors" in (release.reason or "")


@pytest.mark.parametrize("phase", [Phase.STARTED, Phase.CANARY])
@pytest.mark.parametrize("on_inconclusive", ["promote", "rollback"])
def test_the_policy_counts_though_nobody_watched(phase: Phase, on_inconclusive: str) -> None:
    def few(version: str, minute: int) -> tuple[int, int]:
        return (6, 0) if version == "2" else (54, 0)

    trial = Trial(few, {"on_inconclusive": on_inconclusive})
    release = trial.run(unwatched(trial, phase, 30))
    assert release.status is (Status.SUCCEEDED if on_inconclusive == "promote" else Status.ROLLED_BACK)
    assert trial.world.shares() == ({"2": 1.0} if on_inconclusive == "promote" else {"1": 1.0})


def test_a_day_that_nobody_watched_is_read_in_looks_that_fit_into_the_ledger() -> None:
    trial = Trial(steady(0), interval=2000)
    trial.run(unwatched(trial, Phase.CANARY, 2500))
    recorded = trial.recorded()[0]
    assert max(len(look.rows) for look in recorded.looks) == ROWS_A_LOOK
    assert len(recorded.rows()) >= 2000
