"""Argo Rollouts' background analysis as in its documentation: every 5 minutes a success rate of at least 95
% over the last 5; the analysis fails with the third such measurement that is below.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.bench.judge.traffic import Run


def argo(success: float = 0.95, interval: int = 5, failures: int = 3) -> Callable[[Run], int | None]:
    """Argo Rollouts with these limits."""

    def judge(run: Run) -> int | None:
        failed = 0
        for end in range(interval, run.canary.requests.size + 1, interval):
            window = slice(end - interval, end)
            there = run.canary.present[window]
            requests = int(run.canary.requests[window][there].sum())
            errors = int(run.canary.errors[window][there].sum())
            failed += errors > (1.0 - success) * requests
            if failed >= failures:
                return end
        return None

    return judge
