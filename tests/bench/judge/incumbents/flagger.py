"""Flagger's analysis as in its documentation: every minute the canary's success rate of at least 99 % and
p99 of at most 500 ms; the release is rolled back when the number of failed checks reaches the threshold.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.bench.judge.traffic import Run


def flagger(success: float = 0.99, p99: float = 500.0, threshold: int = 5) -> Callable[[Run], int | None]:
    """Flagger with these limits; a minute without requests is no failed check."""

    def judge(run: Run) -> int | None:
        side = run.canary
        failed = side.errors > (1.0 - success) * side.requests
        if side.latency is not None:
            failed |= np.nan_to_num(side.latency[:, 1]) > p99
        minutes = np.flatnonzero(np.cumsum(failed & side.present) >= threshold)
        return int(minutes[0]) + 1 if minutes.size else None

    return judge
