"""The judge on many runs of one scenario at once: the same arithmetic on arrays of runs and minutes.

It is about twenty times as fast, which is what a day of looks needs. `runner` compares
it with the judge itself on the first runs of every scenario.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lockgate.judge import JudgePolicy
from lockgate.judge.errors import DISPERSION_PRIOR
from lockgate.judge.latency import LatencyTest
from lockgate.judge.noninferiority import LARGEST_BET, SMALLEST_BET, Margin, margins
from lockgate.judge.shapes import History
from lockgate.judge.verdict import metric_weights
from tests.bench.judge.traffic import Run, Scenario, SideRun

Floats = NDArray[np.float64]

_CELLS = 8_000_000
"""Numbers in the largest array of a batch, so that it stays in memory."""


@dataclass(frozen=True)
class Rows:
    """The rows that count, of many runs, moved together to the left; what is right of them is all zeros.

    Attributes:
        minute: (runs, rows) minute of the run in which the row is seen, from 1; 0 for no row.
        requests, errors: (sides, runs, rows), the canary first.
        bins: (sides, runs, rows, bins), or None without latency.
        scores: (runs, shapes, bins).
        margins: of each run.
        weight: the canary's share.
    """

    minute: NDArray[np.int64]
    requests: Floats
    errors: Floats
    bins: Floats | None
    scores: Floats | None
    margins: tuple[tuple[Margin, ...], ...]
    weight: float


def batch_size(scenario: Scenario) -> int:
    """How many runs of a scenario are judged at once."""
    if scenario.latency is None:
        return max(1, _CELLS // (scenario.minutes * 20))
    return max(1, int(_CELLS // (scenario.minutes * max(400.0, scenario.rpm / 5))))


def rows_of(runs: Sequence[Run], policy: JudgePolicy) -> Rows:
    """The rows of runs of one scenario."""
    counted = [_counted(run) for run in runs]
    width = max(1, *(minutes.size for minutes in counted))
    minute = np.zeros((len(runs), width), dtype=np.int64)
    requests, errors = np.zeros((2, 2, len(runs), width))
    for number, (run, minutes) in enumerate(zip(runs, counted, strict=True)):
        minute[number, : minutes.size] = minutes + 1
        for side, of in enumerate((run.canary, run.baseline)):
            requests[side, number, : minutes.size] = of.requests[minutes]
            errors[side, number, : minutes.size] = of.errors[minutes]
    weight = runs[0].scenario.weight
    if runs[0].bounds is None:
        return Rows(minute, requests, errors, None, None, (), weight)
    histories = [History(run.bounds, run.history) for run in runs if run.bounds and run.history]
    most = max(len(history.counts) for history in histories)
    bins = np.zeros((2, len(runs), width, most))
    scores = np.zeros((len(runs), len(policy.latency_shapes), most))
    for number, (run, minutes, history) in enumerate(zip(runs, counted, histories, strict=True)):
        for side, (of, factor) in enumerate(((run.canary, 1.0 + policy.tau), (run.baseline, 1.0))):
            found = _bins(of, run, factor)[minutes]
            bins[side, number, : minutes.size, : found.shape[1]] = found
        for shape, scorer in enumerate(LatencyTest.of(history, weight, policy).scorers):
            scores[number, shape, : len(scorer.scores)] = scorer.scores
            scores[number, shape, len(scorer.scores) :] = scorer.scores[-1]
    compared = tuple(margins(history, policy) for history in histories)
    return Rows(minute, requests, errors, bins, scores, compared, weight)


def _counted(run: Run) -> NDArray[np.int64]:
    sides = (run.canary, run.baseline)
    return np.flatnonzero(np.all([side.present & (side.requests > 0) for side in sides], axis=0))


def _bins(side: SideRun, run: Run, factor: float) -> NDArray[np.int64]:
    found = side.bins(np.array(run.bounds) * factor)
    assert found is not None
    return found


def log_gamma(x: Floats) -> Floats:
    """log of the gamma function above 0: Stirling's series, eight further on."""
    far = x + 8.0
    below = np.log(x * (x + 1) * (x + 2) * (x + 3)) + np.log((x + 4) * (x + 5) * (x + 6) * (x + 7))
    square = 1.0 / (far * far)
    series = 1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)))
    return (far - 0.5) * np.log(far) - far + 0.5 * math.log(2 * math.pi) + series / far - below


def log_mean(logs: Floats, weights: Sequence[float]) -> Floats:
    """log of the weighted mean over the last axis."""
    top = logs.max(axis=-1, keepdims=True)
    return (top + np.log(np.exp(logs - top) @ np.array(weights)[:, None]))[..., 0]


def _earlier(values: Floats) -> Floats:
    """Sums over earlier rows."""
    return np.cumsum(values, axis=-1) - values


def mixture(log_s: Floats) -> Floats:
    """log E_t by alternative, of shape (runs, rows, alternatives), from log S of the same shape."""
    return limited(log_s, (), 0, 0.0)


def limited(log_s: Floats, weights: Sequence[float], first: int, most: float) -> Floats:
    """The same, with the weighted mean over alternatives at most exp(most) after each of the first rows."""
    found = np.empty_like(log_s)
    log_w = np.full((log_s.shape[0], log_s.shape[2]), -np.inf)
    for row in range(log_s.shape[1]):
        log_w = log_s[:, row] + np.logaddexp(log_w, -math.log((row + 1) * (row + 2)))
        found[:, row] = np.logaddexp(log_w, -math.log(row + 2))
        if row < first:
            late = 1.0 / (row + 2)
            reached = log_mean(log_w, weights)
            room = math.log(math.exp(most) - late) if late < math.exp(most) else -math.inf
            log_w -= np.maximum(reached - room, 0.0)[:, None]
            found[:, row] = np.logaddexp(log_w, math.log(late))
    return found


def log_error_values(rows: Rows, policy: JudgePolicy) -> Floats:
    """log of the error test's e-values; `errors.log_e_values`."""
    (n_c, n_b), (e_c, e_b) = np.maximum(rows.requests, 1.0), rows.errors
    variation, (before, after) = _variation(rows, policy), _tempering(rows, policy)
    found = np.zeros((*n_c.shape, len(policy.error_ratios)))
    some = (e_c + e_b > 0) | bool(policy.allowed_rate)
    n_c, n_b, e_c, e_b = n_c[some], n_b[some], e_c[some], e_b[some]
    r0 = policy.allowed_ratio
    share = r0 * n_c / (r0 * n_c + n_b)
    k = 1.0 / (2.0 * variation[some] ** 2 * share * (1.0 - share))

    def log_beta(p: Floats) -> Floats:
        left, right = p * k, (1.0 - p) * k
        return log_gamma(e_c + left) + log_gamma(e_b + right) - log_gamma(left) - log_gamma(right)

    null = log_beta(share)
    for place, ratio in enumerate(policy.error_ratios):
        b = (r0 * n_c + n_b) / (ratio * n_c + n_b)
        a = ratio / r0 * b
        free = e_c * np.log(a) + e_b * np.log(b) - n_c * policy.allowed_rate * (a - 1.0)
        guarded = log_beta(ratio * n_c / (ratio * n_c + n_b)) - null
        logs = np.minimum(free, guarded)
        found[some, place] = np.minimum(logs / before[some], logs / after[some])
    return found


def _variation(rows: Rows, policy: JudgePolicy) -> Floats:
    (n_c, n_b), (e_c, e_b) = np.maximum(rows.requests, 1.0), rows.errors
    enough = ((e_c >= 5) & (e_b >= 5)).astype(float)
    ratio = enough * (np.log((e_c + 0.5) / (e_b + 0.5)) - np.log(n_c / n_b))
    variance = enough * (1.0 / (e_c + 0.5) + 1.0 / (e_b + 0.5))
    minutes, sum_l, sum_ll = _earlier(enough), _earlier(ratio), _earlier(ratio**2)
    of = np.maximum(minutes, 1.0)
    scatter = sum_ll - sum_l**2 / of - _earlier(variance) * (1.0 - 1.0 / of)
    between = np.where(minutes > 0, np.maximum(scatter, 0.0) / 2.0, 0.0)
    prior, believed = policy.noise_prior_minutes, policy.noise_prior
    believed = np.where(e_c >= policy.many_errors, policy.noise_prior_many, believed)
    squared = (prior * believed**2 + between) / (prior + np.maximum(minutes - 1.0, 0.0))
    return np.clip(np.sqrt(squared), policy.noise_floor, 1.0)


def _tempering(rows: Rows, policy: JudgePolicy) -> tuple[Floats, Floats]:
    """What log evidence is divided by: from earlier rows, and from the row itself too."""
    (n_c, n_b), (e_c, e_b) = rows.requests, rows.errors
    reached_c, reached_b = np.cumsum(e_c, axis=-1), np.cumsum(e_b, axis=-1)
    seen_c, seen_b = np.maximum(np.cumsum(n_c, axis=-1), 1), np.maximum(np.cumsum(n_b, axis=-1), 1)
    lean = np.maximum(1.0, (reached_c + 0.5) / seen_c * seen_b / (reached_b + 0.5)) * n_c
    share, total = lean / np.maximum(lean + n_b, 1e-300), e_c + e_b
    squares, expected = (e_c - total * share) ** 2, total * share * (1.0 - share)

    def factor(of: Callable[[Floats], Floats]) -> Floats:
        return np.maximum(
            policy.dispersion, (DISPERSION_PRIOR + of(squares)) / (DISPERSION_PRIOR + of(expected))
        )

    return factor(_earlier), factor(lambda values: np.cumsum(values, axis=-1))


def log_traffic_values(rows: Rows, policy: JudgePolicy) -> Floats:
    """log of the traffic test's e-values, from the first row after its warm-up on."""
    n_c, n_b = rows.requests[:, :, policy.traffic_warmup :, None]
    factors = np.array(policy.traffic_factors)
    least = policy.traffic_share * rows.weight
    return n_c * np.log(factors) + n_b * np.log((1.0 - least * factors) / (1.0 - least))


def log_latency_values(rows: Rows, policy: JudgePolicy) -> Floats:
    """log of the latency test's e-values from the first row after the warm-up on; `latency.log_e_value`."""
    assert rows.bins is not None and rows.scores is not None
    canary, baseline = rows.bins[:, :, policy.warmup :]
    scores, pooled = rows.scores, canary + baseline
    gains, losses = np.expm1(scores), np.expm1(-scores)
    n_c, n_b = canary.sum(-1)[..., None], baseline.sum(-1)[..., None]
    total = np.maximum(n_c + n_b, 1.0)

    def summed(counts: Floats, factors: Floats) -> Floats:
        return counts @ factors.transpose(0, 2, 1)

    least = np.zeros((*canary.shape[:2], scores.shape[1]))
    for column in range(canary.shape[2]):
        gained = np.log1p((n_c / total) * gains[:, None, :, column])
        least += pooled[:, :, column, None] * gained
    narrow = n_c * gains[:, None, :, -1] <= n_b + summed(baseline, gains)
    drawn = n_c * np.log1p(summed(pooled, gains) / total)
    others = summed(pooled, scores) + n_b * np.log1p(summed(pooled, losses) / total)
    logs = summed(canary, scores) - np.minimum(least, np.where(narrow, drawn, others))
    caps = np.array([shape.cap for shape in policy.latency_shapes])
    return np.where((n_c > 0) & (n_b > 0), np.minimum(logs, caps), 0.0)


def log_proofs(rows: Rows, policy: JudgePolicy) -> list[Floats]:
    """log evidence of each proof after each row, errors first."""
    (n_c, n_b), (e_c, e_b) = np.maximum(rows.requests, 1.0)[..., None], rows.errors[..., None]
    rate = (_earlier(rows.errors[1]) + 0.5) / (_earlier(rows.requests[1]) + 100.0)
    expected = np.clip(rate / (policy.margin_ratio * rate + policy.margin_rate), SMALLEST_BET, LARGEST_BET)
    a = np.concatenate(
        [
            expected[..., None],
            np.broadcast_to(policy.margin_errors, (*n_c.shape[:2], len(policy.margin_errors))),
        ],
        axis=-1,
    )
    gained = np.log1p(n_c * policy.margin_ratio / n_b * (1.0 - a))
    logs = e_c * np.log(a) + e_b * gained + rows.requests[0][..., None] * policy.margin_rate * (1.0 - a)
    shares = _shares(policy.margin_expected, len(policy.margin_errors))
    proofs = [log_mean(np.cumsum(logs, axis=1), shares)]
    if rows.bins is not None:
        reached = np.cumsum(rows.bins[..., ::-1], axis=-1)[..., ::-1]
        for place in range(len(policy.latency_margins)):
            bins = [
                [m[place].canary_bin for m in rows.margins],
                [m[place].baseline_bin for m in rows.margins],
            ]
            index = np.array(bins)[:, :, None, None]
            k_c, k_b = np.take_along_axis(reached, index, axis=-1)
            w = np.broadcast_to(policy.margin_odds, (k_c.shape[0], 1, len(policy.margin_odds)))
            w = np.concatenate(
                [np.array([m[place].expected for m in rows.margins])[:, None, None], w], axis=-1
            )
            logs = _log_tilt(k_c, k_b, reached[..., :1], w)
            late = logs.copy()
            late[:, : policy.cold_minutes] = 0.0
            both = np.cumsum(np.stack([logs, late]), axis=2)
            both = log_mean(both, _shares(policy.margin_expected, len(policy.margin_odds)))
            proofs.append(log_mean(both.transpose(1, 2, 0), (1 - policy.margin_late, policy.margin_late)))
    return proofs


def _shares(expected: float, others: int) -> tuple[float, ...]:
    return (expected, *([(1.0 - expected) / others] * others))


def _log_tilt(k_c: Floats, k_b: Floats, requests: Floats, w: Floats) -> Floats:
    n_c, n_b = requests
    pooled, total = k_c + k_b, np.maximum(n_c + n_b, 1.0)

    def drawn(draws: Floats, mean: Floats, odds: Floats) -> Floats:
        return draws * np.log1p(mean / np.maximum(draws, 1.0) * (odds - 1.0))

    bound = np.minimum.reduce(
        [
            drawn(np.minimum(n_c, pooled), n_c * pooled / total, w),
            pooled * np.log(w) + drawn(np.minimum(n_b, pooled), n_b * pooled / total, 1.0 / w),
            n_c * np.log(w) + drawn(np.minimum(n_c, total - pooled), n_c * (total - pooled) / total, 1.0 / w),
        ]
    )
    return np.where((n_c > 0) & (n_b > 0) & (pooled > 0), k_c * np.log(w) - bound, 0.0)


@dataclass(frozen=True)
class Weighed:
    """Evidence after each row, of shape (runs, rows), as logs."""

    total: Floats
    traffic: Floats
    proofs: list[Floats]
    doubt: Floats


def weigh(rows: Rows, policy: JudgePolicy) -> Weighed:
    """All evidence after each row; `Judge.weigh`."""
    values = {"errors": mixture(log_error_values(rows, policy))}
    late = _delayed(
        mixture(log_traffic_values(rows, policy)), rows, policy.traffic_warmup + policy.traffic_age
    )
    values["traffic"] = late
    shares = {"errors": _even(policy.error_ratios), "traffic": policy.traffic_weights}
    if rows.bins is not None:
        sizes = [shape.weight for shape in policy.latency_shapes]
        shares["latency"] = tuple(size / sum(sizes) for size in sizes)
        first, most = policy.cold_minutes - policy.warmup, math.log(policy.cold_evidence)
        logs = limited(log_latency_values(rows, policy), shares["latency"], first, most)
        values["latency"] = _delayed(logs, rows, policy.warmup)
    evidence = {metric: log_mean(logs, shares[metric]) for metric, logs in values.items()}
    nothing = np.zeros_like(evidence["errors"])
    parts = [
        np.exp(np.minimum(evidence.get(metric, nothing), 600.0)) * weight
        for metric, weight in metric_weights(policy).items()
    ]
    doubt = np.maximum.reduce([logs.max(axis=-1) for logs in values.values()])
    with np.errstate(divide="ignore"):
        total = np.log(sum(parts))
    return Weighed(total, evidence["traffic"], log_proofs(rows, policy), doubt)


def _even(alternatives: Sequence[float]) -> tuple[float, ...]:
    return (1.0 / len(alternatives),) * len(alternatives)


def _delayed(logs: Floats, rows: Rows, by: int) -> Floats:
    """Evidence that comes this many rows late; nothing before."""
    found = np.zeros((*rows.minute.shape, logs.shape[2]))
    width = max(rows.minute.shape[1] - by, 0)
    found[:, by:] = logs[:, :width]
    return found


def judged(runs: Sequence[Run], policy: JudgePolicy) -> list[tuple[int | None, int | None]]:
    """For each run the minute of the roll-back, or of the proof; `runner.judged`."""
    return decided(rows_of(runs, policy), policy, runs[0].scenario.minutes <= policy.max_bake)


def decided(rows: Rows, policy: JudgePolicy, ends: bool) -> list[tuple[int | None, int | None]]:
    """The same from rows. `ends`: whether a proof ends the canary."""
    found = weigh(rows, policy)
    there = rows.minute > 0
    bad = there & (found.total >= -math.log(policy.alpha))
    good = np.logical_and.reduce([proof >= -math.log(policy.alpha_promote) for proof in found.proofs])
    good &= (found.doubt < math.log(policy.max_doubt)) & there
    good &= (np.arange(1, there.shape[1] + 1) >= policy.min_bake)[None, :]
    alone = -math.log(policy.alpha * policy.traffic_weight) if policy.traffic_weight else math.inf
    good &= found.traffic < alone
    good &= ends
    return [_first(b, g, minute) for b, g, minute in zip(bad, good, rows.minute, strict=True)]


def _first(
    bad: NDArray[np.bool_], good: NDArray[np.bool_], minute: NDArray[np.int64]
) -> tuple[int | None, int | None]:
    either = bad | good
    if not either.any():
        return None, None
    place = int(either.argmax())
    seen = int(minute[place])
    return (seen, None) if bad[place] else (None, seen)
