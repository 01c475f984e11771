"""A CloudWatch alarm on the canary's error rate: M of N datapoints above a threshold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.bench.judge.traffic import Run


def alarm(threshold: float, datapoints: int, periods: int) -> Callable[[Run], int | None]:
    """An alarm on errors per request above `threshold`; a missing datapoint is not breaching."""

    def judge(run: Run) -> int | None:
        side = run.canary
        breaching = side.present & (side.errors > threshold * side.requests)
        within = np.convolve(breaching, np.ones(periods, dtype=int))[: breaching.size]
        minutes = np.flatnonzero(within >= datapoints)
        return int(minutes[0]) + 1 if minutes.size else None

    return judge
