"""Runs judges over many releases of one scenario."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist, fmean

from lockgate.judge import Action, Judge, JudgePolicy
from tests.bench.judge import many
from tests.bench.judge.traffic import Run, Scenario, simulate

INGEST_DELAY = 1
"""Minutes from the end of a minute until anybody sees it; charged to every judge in failed requests."""

COMPARED = 2
"""Runs of each scenario that the judge itself judges too: `many` must say the same."""

JudgeFunction = Callable[[Run], int | None]


@dataclass
class Tally:
    """What one judge did in many runs."""

    runs: int = 0
    minutes: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    proofs: list[int] = field(default_factory=list)

    def add(self, run: Run, rolled_back: int | None, proven: int | None = None) -> None:
        """One run more: the minute in which it was rolled back, or proven, or neither."""
        self.runs += 1
        end = run.canary.errors.size
        if rolled_back is not None:
            self.minutes.append(rolled_back)
            end = rolled_back + INGEST_DELAY
        if proven is not None:
            self.proofs.append(proven)
        self.failed.append(int(run.canary.errors[:end].sum()))

    @property
    def found(self) -> float:
        """Share of runs that were rolled back."""
        return len(self.minutes) / self.runs

    @property
    def proven(self) -> float:
        """Share of runs that were proven good."""
        return len(self.proofs) / self.runs

    @property
    def median(self) -> float:
        """Median minute of the roll-back over all runs; infinite when fewer than half were."""
        return _median(self.minutes, self.runs)

    @property
    def median_proof(self) -> float:
        """Median minute of the proof over all runs."""
        return _median(self.proofs, self.runs)

    @property
    def mean_failed(self) -> float:
        """Mean number of failed canary requests until the roll-back, or in the whole canary."""
        return fmean(self.failed)

    def upper(self) -> float:
        """Upper 95 % bound of the share of runs that were rolled back (Clopper and Pearson)."""
        return upper_bound(len(self.minutes), self.runs)


def _median(minutes: Sequence[int], runs: int) -> float:
    half = (runs - 1) // 2
    return sorted(minutes)[half] if half < len(minutes) else math.inf


def upper_bound(hits: int, runs: int) -> float:
    """Share p at which `hits` or fewer have a probability of 5 %."""
    low, high = hits / runs, 1.0
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _at_most(hits, runs, middle) > 0.05 else (low, middle)
    return high


def _at_most(hits: int, runs: int, p: float) -> float:
    if p >= 1.0:
        return float(hits >= runs)
    log_p, log_q = math.log(p), math.log1p(-p)
    if hits > 200:
        return NormalDist(runs * p, math.sqrt(runs * p * (1.0 - p))).cdf(hits + 0.5)
    return sum(
        math.exp(math.log(math.comb(runs, k)) + k * log_p + (runs - k) * log_q) for k in range(hits + 1)
    )


def judged(run: Run, policy: JudgePolicy) -> tuple[int | None, int | None]:
    """Minute of the roll-back, or of the proof, by Lockgate's judge looking every minute."""
    judge = Judge(policy, run.scenario.weight, run.bounds, run.history)
    progress = judge.start()
    for minute, look in enumerate(run.looks(policy.tau), start=1):
        progress = judge.step(progress, look)
        action = judge.verdict(progress).action
        if action is Action.ROLLBACK:
            return minute, None
        if action is Action.PROMOTE and run.scenario.minutes <= policy.max_bake:
            return None, minute
    return None, None


def measure(
    scenario: Scenario,
    runs: int,
    seed: int,
    policy: JudgePolicy | None = None,
    others: dict[str, JudgeFunction] | None = None,
    other_runs: int | None = None,
) -> dict[str, Tally]:
    """Lockgate's judge, and others, on the same runs.

    A canary of at most `max_bake` minutes ends with its proof; a longer one is watched to its end.

    Args:
        scenario: what is simulated.
        runs: how many releases.
        seed: of the first; the others follow.
        policy: of Lockgate's judge.
        others: other judges by name.
        other_runs: how many of the releases they judge; all when None.
    """
    policy = policy or JudgePolicy()
    tallies = {"Lockgate": Tally(), **{name: Tally() for name in others or {}}}
    for first, batch in _batches(scenario, runs, seed):
        verdicts = many.judged(batch, policy)
        for number, (run, verdict) in enumerate(zip(batch, verdicts, strict=True), start=first):
            if number < COMPARED and verdict != (by_judge := judged(run, policy)):
                raise AssertionError(f"{scenario.name}, run {number}: {verdict}, but the judge {by_judge}")
            tallies["Lockgate"].add(run, *verdict)
            if other_runs is None or number < other_runs:
                for name, judge in (others or {}).items():
                    tallies[name].add(run, judge(run))
    return tallies


def _batches(scenario: Scenario, runs: int, seed: int) -> Iterator[tuple[int, list[Run]]]:
    """Runs as many at a time as are judged together, with the number of the first."""
    size = many.batch_size(scenario)
    for first in range(0, runs, size):
        yield first, [simulate(scenario, seed + number) for number in range(first, min(first + size, runs))]
