"""Asks the judge about the deployments of a release, once a minute, and writes down every look.

A judgement is reproduced from the ledger alone: the setup has the policy and the frozen bounds, the looks
have the rows. So a process that takes a release over goes on with what the one before it saw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from lockgate.contract import ContainerContract, LambdaContract, ServiceContract
from lockgate.judge import Judge, JudgePolicy, Look
from lockgate.metrics.evidence import SideSeries, Source, rows
from lockgate.metrics.frozen import freeze
from lockgate.metrics.reader import MetricsOutageError, Reader, Readings, Series, Window, floor
from lockgate.release.bake import baked_policy, paired
from lockgate.release.judgement import (
    Conclusion,
    Judgement,
    LookedAt,
    LookRecord,
    Setup,
    Stage,
    Terms,
    concluded,
)
from lockgate.release.looks import Looks, Recorded
from lockgate.release.model import Deployment, Phase, Release

ROWS_A_LOOK = 360
"""Most rows that one look adds: a process that takes over after a day reads them in several looks, each of
which fits into a DynamoDB item (400 KB)."""

REREAD_MINUTES = 20
"""How far back rows are read again. Lambda counts a request in the minute in which it began, and reports it
when it ends, at most 15 minutes later."""

PAST_MINUTES = 360
"""Most minutes of the old version that a bake is compared with."""

SETTLED_MINUTES = 0.5
"""How long after its end a period is read for the first time: metrics take a while to arrive."""


@dataclass
class Case:
    """One case before the judge: what the ledger has of it, and the judge who hears it."""

    recorded: Recorded
    judge: Judge
    canary: SideSeries
    baseline: SideSeries

    @classmethod
    def of(cls, recorded: Recorded, terms: Terms) -> Case:
        """The case as the ledger has it."""
        setup = recorded.setup
        source = terms.source(setup.measured)
        return cls(recorded, judge_of(setup), *_sides(source, setup))

    @property
    def until(self) -> datetime:
        """End of the last period that was read."""
        return self.recorded.looks[-1].until if self.recorded.looks else self.recorded.setup.since

    def series(self) -> Iterator[Series]:
        """Everything that a look reads."""
        yield from self.baseline if self.recorded.setup.stage is Stage.CANARY else ()
        yield from self.canary

    def window(self, end: datetime) -> Window:
        """The periods that the next look reads, of those that are over."""
        setup = self.recorded.setup
        period = timedelta(seconds=setup.period)
        end = min(end, self.until + ROWS_A_LOOK * period)
        return Window(max(setup.since, min(self.until, end - REREAD_MINUTES * period)), end, setup.period)

    def look(self, readings: Readings, at: datetime, before: Judgement | None, window: Window) -> Judgement:
        """Judges all rows so far, and adds the look to what is recorded."""
        setup, known, end = self.recorded.setup, self.recorded.rows(), window.end
        found = {row.at: row.look for row in rows(self.canary, self.baseline, readings, window)}
        if setup.stage is Stage.BAKE:
            found = paired(found, setup.since, setup.period, setup.past)
        changed = {when: row for when, row in found.items() if known.get(when) != row}
        known.update(changed)
        ordered = [known[when] for when in sorted(known)]
        verdict = self.judge(ordered)
        judgement = concluded(verdict, ordered, setup, end, before, readings.outage_of(self.series()))
        self.recorded.looks.append(
            LookRecord(
                service=setup.service,
                stage=setup.stage,
                number=len(self.recorded.looks) + 1,
                at=at,
                until=end,
                rows=tuple(LookedAt(at=when, look=row) for when, row in sorted(changed.items())),
                action=verdict.action,
                reason=judgement.reason,
                evidence=dict(verdict.evidence),
                conclusion=judgement.conclusion,
                outage=judgement.outage,
            )
        )
        return judgement


@dataclass
class Judging:
    """Judges the deployments of one environment's releases.

    Args:
        looks: where every look is written.
        reader: reads CloudWatch.
        contract: a service's contract.
        minute: length of a CodeDeploy minute.
    """

    looks: Looks
    reader: Reader
    contract: Callable[[str], ServiceContract]
    minute: timedelta
    _cases: dict[tuple[str, str, Stage], Case] = field(default_factory=dict)

    def __call__(
        self, release: Release, deployments: Iterable[Deployment], now: datetime
    ) -> dict[str, Judgement]:
        """Judges the deployments of which a further period is over; one read of CloudWatch for all of them.

        Returns:
            new judgements by service.
        """
        end = floor(now - SETTLED_MINUTES * self.minute, self._period)
        judgements: dict[str, Judgement] = {}
        due: list[tuple[Deployment, Case]] = []
        for deployment in deployments:
            try:
                case = self._case(release, deployment)
            except MetricsOutageError as error:
                judgements[deployment.service] = _outage(deployment, error)
                continue
            if case is not None and end > case.until:
                due.append((deployment, case))
        while due:
            reached = [case.until for _, case in due]
            found = self._look(release, due, now, end)
            judgements |= found
            due = [
                (judged(deployment, found[deployment.service]), case)
                for before, (deployment, case) in zip(reached, due, strict=True)
                if before < case.until < end
            ]
        return judgements

    def _look(
        self, release: Release, due: list[tuple[Deployment, Case]], now: datetime, end: datetime
    ) -> dict[str, Judgement]:
        windows = [case.window(end) for _, case in due]
        whole = Window(
            min(window.start for window in windows), max(window.end for window in windows), self._period
        )
        try:
            readings = self.reader.read((one for _, case in due for one in case.series()), whole)
        except MetricsOutageError as error:
            return {deployment.service: _outage(deployment, error) for deployment, _ in due}
        return {
            deployment.service: self._record(release, deployment, case, readings, now, end)
            for deployment, case in due
        }

    def _record(
        self,
        release: Release,
        deployment: Deployment,
        case: Case,
        readings: Readings,
        now: datetime,
        end: datetime,
    ) -> Judgement:
        """One look, in the ledger. A case whose look could not be written is opened anew from there."""
        stage = case.recorded.setup.stage
        del self._cases[(release.release_id, deployment.service, stage)]
        judgement = case.look(readings, now, deployment.judgements.get(stage), case.window(end))
        self.looks.add(release.release_id, case.recorded.looks[-1])
        self._cases[(release.release_id, deployment.service, stage)] = case
        return judgement

    def _case(self, release: Release, deployment: Deployment) -> Case | None:
        stage, terms = stage_of(deployment), deployment.judge
        if stage is None or terms is None:
            return None
        key = release.release_id, deployment.service, stage
        if key not in self._cases:
            recorded = self.looks.find(*key)
            if recorded is None or not recorded.looks:
                recorded = Recorded(self._setup(deployment, stage, terms))
                self.looks.open(release.release_id, recorded.setup)
            self._cases[key] = Case.of(recorded, terms)
        return self._cases[key]

    def _setup(self, deployment: Deployment, stage: Stage, terms: Terms) -> Setup:
        contract = self.contract(deployment.service)
        canary, baseline = deployment.to_version, deployment.from_version
        assert canary is not None
        assert baseline is not None
        bake = stage is Stage.BAKE
        policy = baked_policy(terms.policy) if bake else terms.policy
        begun = deployment.times[Phase.BAKING if bake else Phase.STARTED]
        setup = Setup(
            service=deployment.service,
            stage=stage,
            since=floor(begun, self._period),
            period=self._period,
            weight=0.5 if bake else deployment.percentage / 100.0,
            canary=canary,
            baseline=baseline,
            policy=policy,
            **_where(contract, deployment),
        )
        source = terms.source(setup.measured)
        frozen = freeze(self.reader, source, baseline, begun, self.minute, policy)
        if frozen:
            setup = setup.but(bounds=frozen.bounds, history=frozen.counts, history_since=frozen.since)
        sides = _sides(source, setup)
        if bake:
            setup = setup.but(
                past=self._past(sides[1], begun),
                since=floor(begun, self._period) + timedelta(seconds=self._period),
            )
        return setup.but(queries=tuple(dict.fromkeys(str(one) for side in sides for one in side)))

    def _past(self, baseline: SideSeries, until: datetime) -> tuple[Look, ...]:
        window = Window.whole(until - PAST_MINUTES * self.minute, until, self._period)
        readings = self.reader.read(baseline, window)
        sides = (baseline.at(at, readings) for at in reversed(list(window)))
        return tuple(Look(None, side) for side in sides if side and side.requests)

    @property
    def _period(self) -> int:
        return max(1, int(self.minute.total_seconds()))


def stage_of(deployment: Deployment) -> Stage | None:
    """What of a deployment is to be judged now, if anything."""
    if deployment.phase is Phase.CANARY and deployment.strategy != "all_at_once":
        return Stage.CANARY
    return Stage.BAKE if deployment.phase is Phase.BAKING else None


def judged(deployment: Deployment, judgement: Judgement | None) -> Deployment:
    """The deployment with a new judgement of the stage that it is in, if there is one."""
    stage = stage_of(deployment)
    if judgement is None or stage is None:
        return deployment
    return deployment.but(judgements={**deployment.judgements, stage: judgement})


def judge_of(setup: Setup, policy: JudgePolicy | None = None) -> Judge:
    """The judge that a setup describes; with another policy, to judge the same rows again."""
    return Judge(policy or setup.policy, setup.weight, setup.bounds, setup.history)


def _where(contract: ServiceContract, deployment: Deployment) -> dict[str, Any]:
    """Where a deployment's traffic is measured, as a setup has it."""
    match contract:
        case LambdaContract():
            return {"function": contract.function_name, "alias": contract.alias}
        case ContainerContract():
            return {"load_balancer": contract.load_balancer, "target_groups": deployment.target_groups}
    raise TypeError(type(contract))


def _sides(source: Source, setup: Setup) -> tuple[SideSeries, SideSeries]:
    """Series of the canary, whose latency bins are wider by what is tolerated, and of the baseline."""
    wider = tuple((1.0 + setup.policy.tau) * bound for bound in setup.bounds) if setup.bounds else None
    return source.side(setup.canary, wider), source.side(setup.baseline, setup.bounds)


def _outage(deployment: Deployment, error: MetricsOutageError) -> Judgement:
    stage = stage_of(deployment)
    before = deployment.judgements.get(stage) if stage else None
    nothing = Judgement(conclusion=Conclusion.NO_METRICS, reason="nothing could be read yet")
    return (before or nothing).but(outage=error.message)
