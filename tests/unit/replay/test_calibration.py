"""Settings from past good releases: right on releases whose scatter is known."""

from __future__ import annotations

import random

import pytest

from lockgate.judge import JudgePolicy, Look, Side, bin_counts
from lockgate.release.looks import Recorded
from lockgate.replay.calibration import Calibration, calibration_of
from lockgate.replay.files import one_look_a_row

BOUNDS = tuple(float(bound) for bound in range(10, 200, 10))


def release(rng: random.Random, cluster: int, slower: float, minutes: int = 20) -> Recorded:
    """A canary of 60 beside 540 requests a minute; errors come `cluster` at a time, on one side."""

    def side(requests: int, factor: float, bounds: list[float]) -> Side:
        errors = cluster * sum(rng.random() < 0.01 / cluster for _ in range(requests))
        latencies = [factor * rng.gauss(80, 15) for _ in range(requests)]
        return Side(requests, min(errors, requests), bin_counts(bounds, latencies))

    wider = [(1 + JudgePolicy().tau) * bound for bound in BOUNDS]
    looks = [Look(side(60, 1 + slower, wider), side(540, 1.0, list(BOUNDS))) for _ in range(minutes)]
    return one_look_a_row("a", 0.1, looks, BOUNDS, (1,) * (len(BOUNDS) + 1))


def calibration(cluster: int, spread: float, releases: int = 12) -> Calibration:
    rng = random.Random(7)
    return calibration_of([release(rng, cluster, rng.gauss(0.01, spread)) for _ in range(releases)])


@pytest.mark.parametrize("cluster", [1, 2, 3])
def test_the_dispersion_is_the_size_of_clusters(cluster: int) -> None:
    found = calibration(cluster, 0.0)
    assert found.dispersion == pytest.approx(cluster, rel=0.25)
    assert found.dispersion_90 is not None
    assert found.dispersion <= found.dispersion_90 <= 1.5 * cluster
    assert found.settings["dispersion"] >= found.dispersion


@pytest.mark.parametrize("spread", [0.01, 0.04])
def test_the_tolerance_covers_how_releases_differ_anyway(spread: float) -> None:
    found = calibration(1, spread, releases=40)
    assert found.latency_shift == pytest.approx(0.01, abs=spread)
    assert found.latency_spread == pytest.approx(spread, rel=0.6, abs=0.005)
    assert found.settings["latency_tolerance"] == pytest.approx(0.01 + 2 * spread, abs=0.5 * spread + 0.02)


def test_too_little_says_nothing() -> None:
    rng = random.Random(1)
    found = calibration_of([release(rng, 1, 0.0, minutes=3)])
    assert (found.dispersion, found.latency_shift, found.settings) == (None, None, {})
