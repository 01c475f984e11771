"""The judge on recorded looks, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lockgate.judge import Action, JudgePolicy, Look, Verdict
from lockgate.release.judgement import Conclusion, Judgement, concluded
from lockgate.release.judging import judge_of
from lockgate.release.looks import Recorded


@dataclass(frozen=True)
class Step:
    """One look, judged again.

    Attributes:
        number: counts from 1.
        row: the newest period of the look.
        verdict: on all rows that were known then.
        judgement: what it amounts to.
        recorded: what was said at the time.
    """

    number: int
    row: Look | None
    verdict: Verdict
    judgement: Judgement
    recorded: Action

    @property
    def differs(self) -> bool:
        """Whether another action follows than at the time."""
        return self.verdict.action is not self.recorded


def replayed(recorded: Recorded, policy: JudgePolicy | None = None) -> Iterator[Step]:
    """Every look of a judgement, with the rows that were known at it.

    Args:
        recorded: the judgement.
        policy: another policy; None for the recorded one.
    """
    judge = judge_of(recorded.setup, policy)
    judgement: Judgement | None = None
    for number, look in enumerate(recorded.looks, 1):
        rows = recorded.rows(number)
        known = [rows[at] for at in sorted(rows)]
        verdict = judge(known)
        judgement = concluded(verdict, known, recorded.setup, look.until, judgement, look.outage)
        yield Step(number, known[-1] if known else None, verdict, judgement, look.action)


def summary(recorded: Recorded, steps: list[Step], *, same_policy: bool) -> str:
    """How the looks came out, in a sentence or two."""
    setup = recorded.setup
    what = f"{setup.service}, {setup.stage} of version {setup.canary} against {setup.baseline}"
    if not steps:
        return f"{what}: no look was recorded"
    decided = next((step for step in steps if step.judgement.rollback), None)
    proven = next((step for step in steps if step.judgement.conclusion is Conclusion.PROVEN_GOOD), None)
    said = [f"{what}: {len(steps)} look{'s' * (len(steps) != 1)}", str((decided or steps[-1]).judgement)]
    if decided:
        said.append(f"roll-back at look {decided.number}")
    elif proven:
        said.append(f"first proven good at look {proven.number}")
    differing = [step.number for step in steps if step.differs]
    if same_policy:
        said.append(
            f"look {differing[0]} was judged otherwise at the time" if differing else "all as at the time"
        )
    return "; ".join(said)
