"""A seeded simulator of one canary beside its baseline, minute by minute."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from lockgate.judge import Look, Side, latency_bounds
from lockgate.judge.policy import JudgePolicy
from tests.bench.judge.latency_models import Change, Humps, Rng, Values

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Scenario:
    """One kind of release under one kind of traffic.

    Args:
        name: in the tables.
        rpm: requests a minute of both sides together.
        weight: share that the canary is meant to get.
        base: error rate of the baseline.
        ratio: canary's error rate over it, from minute `starts` on.
        starts: minute (from 0) in which a regression begins.
        minutes: how long the canary lasts.
        outage: (first minute, minutes, factor of the error rate, factor of latency) that both sides share.
        bursts: (probability of a minute, factor of the error rate) that both sides share.
        missing: probability that a side's datapoint is missing.
        split: factor of the canary's share that the router really gives.
        lost: share of the canary's requests that leave no datapoint.
        cold: (minutes, share of requests, factor) of the canary's cold start.
        noise: coefficient of variation, by minute, of each side's error rate on its own.
        clusters: mean size of clusters of errors on one side (geometric); 1 is independent errors.
        latency: the baseline's latency; None leaves latency out.
        slower: the canary's change of latency.
        shared_sd: standard deviation of log latency, by minute, that both sides share.
        side_sd: the same of each side on its own.
        host: factor of the canary's latency for the whole canary.
        host_sd: standard deviation of log of such a factor, drawn anew for each run.
        load_sd: standard deviation of log load, by minute.
    """

    name: str
    rpm: float = 600.0
    weight: float = 0.1
    base: float = 0.001
    ratio: float = 1.0
    starts: int = 0
    minutes: int = 60
    outage: tuple[int, int, float, float] | None = None
    bursts: tuple[float, float] | None = None
    missing: float = 0.0
    split: float = 1.0
    lost: float = 0.0
    cold: tuple[int, float, float] | None = None
    noise: float = 0.0
    clusters: float = 1.0
    latency: Humps | None = field(default_factory=Humps)
    slower: Change | None = None
    shared_sd: float = 0.05
    side_sd: float = 0.0
    host: float = 1.0
    host_sd: float = 0.0
    load_sd: float = 0.1

    @property
    def bad(self) -> bool:
        """Whether the canary is worse than the baseline."""
        return self.ratio > 1.0 or self.slower is not None or self.lost > 0.0


@dataclass(frozen=True)
class SideRun:
    """One side of one run: counts by minute, whether the datapoint is there, and all latencies in order."""

    requests: Counts
    errors: Counts
    present: NDArray[np.bool_]
    values: Values | None

    @cached_property
    def latency(self) -> NDArray[np.float64] | None:
        """Mean and p99 of latency by minute, of shape (minutes, 2); NaN without requests."""
        if self.values is None:
            return None
        parts = np.split(self.values, np.cumsum(self.requests)[:-1])
        nothing = (np.nan, np.nan)
        return np.array([(p.mean(), np.quantile(p, 0.99)) if p.size else nothing for p in parts])

    def bins(self, bounds: Values) -> Counts | None:
        """Requests per bin, of shape (minutes, bounds + 1)."""
        if self.values is None:
            return None
        width = bounds.size + 1
        minute = np.repeat(np.arange(self.requests.size), self.requests)
        place = minute * width + np.searchsorted(bounds, self.values, side="left")
        return np.bincount(place, minlength=self.requests.size * width).reshape(-1, width)


@dataclass(frozen=True)
class Run:
    """One release: both sides, and what is known of the baseline from before."""

    scenario: Scenario
    canary: SideRun
    baseline: SideRun
    bounds: tuple[float, ...] | None
    history: tuple[int, ...] | None

    def looks(self, tau: float) -> list[Look]:
        """What the judge sees, one look a minute."""
        sides = []
        for side, factor in ((self.canary, 1.0 + tau), (self.baseline, 1.0)):
            bins = None if self.bounds is None else side.bins(np.array(self.bounds) * factor)
            sides.append(_sides(side, bins))
        return [Look(canary, baseline) for canary, baseline in zip(*sides, strict=True)]


def _sides(side: SideRun, bins: Counts | None) -> list[Side | None]:
    requests, errors = side.requests.tolist(), side.errors.tolist()
    rows = [None] * len(requests) if bins is None else [tuple(row) for row in bins.tolist()]
    return [
        Side(n, e, row) if there else None
        for n, e, row, there in zip(requests, errors, rows, side.present.tolist(), strict=True)
    ]


def simulate(scenario: Scenario, seed: int) -> Run:
    """One run; the same scenario and seed give the same run."""
    rng = np.random.default_rng([seed, *scenario.name.encode()])
    s, t = scenario, np.arange(scenario.minutes)
    total = rng.poisson(s.rpm * np.exp(s.load_sd * rng.standard_normal(s.minutes) - s.load_sd**2 / 2))
    n_c = rng.binomial(total, s.weight * s.split)
    n_b = total - n_c
    begun = t >= s.starts
    if s.lost:
        n_c = rng.binomial(n_c, np.where(begun, 1.0 - s.lost, 1.0))
    rate = _shared_rate(s, rng)
    e_c = _errors(rng, n_c, rate * np.where(begun, s.ratio, 1.0), s)
    e_b = _errors(rng, n_b, rate, s)
    values = _latencies(s, rng, n_c, n_b) if s.latency else (None, None)
    there = rng.random((2, s.minutes)) >= s.missing
    bounds, history = _before(s, seed) if s.latency else (None, None)
    canary, baseline = SideRun(n_c, e_c, there[0], values[0]), SideRun(n_b, e_b, there[1], values[1])
    return Run(s, canary, baseline, bounds, history)


def _shared_rate(s: Scenario, rng: Rng) -> Values:
    rate = np.full(s.minutes, s.base)
    if s.outage:
        first, length, factor, _ = s.outage
        rate[first : first + length] *= factor
    if s.bursts:
        probability, factor = s.bursts
        rate[rng.random(s.minutes) < probability] *= factor
    return rate


def _errors(rng: Rng, requests: Counts, rate: Values, s: Scenario) -> Counts:
    if s.noise:
        sigma = np.sqrt(np.log1p(s.noise**2))
        rate = rate * np.exp(sigma * rng.standard_normal(rate.size) - sigma**2 / 2)
    rate = np.minimum(rate, 0.95)
    if s.clusters == 1.0:
        return rng.binomial(requests, rate)
    clusters = rng.poisson(requests * rate / s.clusters)
    extra = rng.negative_binomial(np.maximum(clusters, 1), 1.0 / s.clusters)
    return np.minimum(np.where(clusters > 0, clusters + extra, 0), requests)


def _latencies(s: Scenario, rng: Rng, n_c: Counts, n_b: Counts) -> tuple[Values, Values]:
    assert s.latency
    shared = np.exp(s.shared_sd * rng.standard_normal(s.minutes))
    if s.outage:
        first, length, _, factor = s.outage
        shared[first : first + length] *= factor
    own = np.exp(s.side_sd * rng.standard_normal((2, s.minutes)))
    canary = s.latency.sample(rng, int(n_c.sum()))
    minute = np.repeat(np.arange(s.minutes), n_c)
    if s.slower:
        canary = np.where(minute >= s.starts, s.slower(canary, rng, s.latency), canary)
    if s.cold:
        length, share, factor = s.cold
        hit = (minute < length) & (rng.random(canary.size) < share)
        canary = np.where(hit, canary * factor, canary)
    host = s.host * np.exp(s.host_sd * rng.standard_normal())
    canary = canary * (host * shared * own[0])[minute]
    baseline = s.latency.sample(rng, int(n_b.sum())) * np.repeat(shared * own[1], n_b)
    return canary, baseline


@lru_cache(maxsize=256)
def _before(s: Scenario, seed: int) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Frozen bounds and history from half an hour of the baseline."""
    assert s.latency
    rng = np.random.default_rng([seed, 99, *s.name.encode()])
    count = int(min(s.rpm * 30, 300_000))
    values = s.latency.sample(rng, count) * np.exp(s.shared_sd * rng.standard_normal(count))
    values.sort()
    bounds = latency_bounds(lambda level: float(np.quantile(values, level)), JudgePolicy())
    counts = np.bincount(np.searchsorted(bounds, values, side="left"), minlength=len(bounds) + 1)
    return bounds, tuple(counts.tolist())
