"""Judges a canary against its baseline with anytime-valid tests; knows no AWS.

The stages, in order: `evidence` (rows), `errors`, `latency`, `latency_mean`, `traffic` (an e-value a minute
each), `mixing` (over alternatives and over the start of the regression), `noninferiority` (proof),
`verdict`, and `judge`, which folds looks through them. `policy` has all defaults, `shapes` the ways in which
latency gets worse, `bounds` the frozen latency bounds, `planner` what a canary can see at all. docs/judge.md
explains it.
"""

from lockgate.judge.bounds import bin_counts, latency_bounds, quantiles_of
from lockgate.judge.evidence import Look, Side
from lockgate.judge.judge import Judge
from lockgate.judge.policy import JudgePolicy
from lockgate.judge.verdict import Action, Evidence, Verdict, at_the_end

__all__ = [
    "Action",
    "Evidence",
    "Judge",
    "JudgePolicy",
    "Look",
    "Side",
    "Verdict",
    "at_the_end",
    "bin_counts",
    "latency_bounds",
    "quantiles_of",
]
