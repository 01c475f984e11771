"""Scenarios that the defaults were tuned on."""

from __future__ import annotations

from tests.bench.judge.latency_models import Above, Humps, Some
from tests.bench.judge.traffic import Scenario

WIDE = Humps(((1.0, 100.0, 0.8),))
TWO = Humps(((0.9, 60.0, 0.3), (0.1, 400.0, 0.4)))

DAY = [
    Scenario(f"{rate:g} %, {rpm:,} rpm", rpm=rpm, base=rate / 100, minutes=1440, latency=None)
    for rate in (0.01, 0.1, 1.0, 3.0)
    for rpm in (20, 600, 60_000)
]

DAY_LATENCY = [Scenario(f"latency, {rpm} rpm", rpm=rpm, minutes=1440) for rpm in (20, 600)]

GOOD = [
    Scenario("quiet"),
    Scenario("shared outage ×30 for 10 min, latency ×3", outage=(15, 10, 30.0, 3.0)),
    Scenario("bursts ×50 in 5 % of minutes", bursts=(0.05, 50.0)),
    Scenario("bursts ×20 in 10 % of minutes, 3,000 rpm", rpm=3000, bursts=(0.1, 20.0)),
    Scenario("a tenth of rows missing", missing=0.1),
    Scenario("split off by +20 %", split=1.2),
    Scenario("split off by -20 %", split=0.8),
    Scenario("cold start 3 min, 30 % ×5", cold=(3, 0.3, 5.0)),
    Scenario("cold start 6 min, 10 % ×5", cold=(6, 0.1, 5.0)),
    Scenario("cold start 6 min, 10 % ×5, 3,000 rpm", cold=(6, 0.1, 5.0), rpm=3000),
    Scenario("cold start 6 min, 5 % ×10", cold=(6, 0.05, 10.0)),
    Scenario("cold start 5 min, all ×2", cold=(5, 1.0, 2.0)),
    Scenario("hosts +5 % slower", host=1.05),
    Scenario("hosts -5 % faster", host=0.95),
    Scenario("hosts ±5 % (sd), 3,000 rpm", host_sd=0.05, rpm=3000),
    Scenario("noise of one side cv 0.2, 6,000 rpm", noise=0.2, rpm=6000, base=0.01),
    Scenario("latency noise of one side sd 5 %, 3,000 rpm", side_sd=0.05, rpm=3000),
    Scenario("two-humped latency", latency=TWO),
    Scenario("wide latency, 3,000 rpm", latency=WIDE, rpm=3000),
]

ERRORS = [
    Scenario("×5 from 1 %", base=0.01, ratio=5),
    Scenario("×2 from 1 %", base=0.01, ratio=2),
    Scenario("×10 from 0.1 %", base=0.001, ratio=10),
    Scenario("×5 from 0.1 %, 60,000 rpm", base=0.001, ratio=5, rpm=60_000, latency=None),
    Scenario("×5 from 1 % after 30 min", base=0.01, ratio=5, starts=30),
    Scenario("everything fails, 40 rpm", base=0.001, ratio=1000, rpm=40),
    Scenario("half of the requests lost", lost=0.5),
]

LATENCY = [
    Scenario("latency +20 %", slower=Above(0.0, 1.2)),
    Scenario("latency +30 %", slower=Above(0.0, 1.3)),
    Scenario("latency +50 %", slower=Above(0.0, 1.5)),
    Scenario("above p99 ×2", slower=Above(0.99, 2.0)),
    Scenario("above p95 ×2", slower=Above(0.95, 2.0)),
    Scenario("above p90 ×2", slower=Above(0.90, 2.0)),
]

SHAPES = [
    Scenario(f"{name}, {rpm:,} rpm", rpm=rpm, slower=change, latency=base)
    for rpm in (200, 3000)
    for name, change, base in (
        ("above p90 ×1.5", Above(0.9, 1.5), Humps()),
        ("above p98 ×3", Above(0.98, 3.0), Humps()),
        ("above p90 ×1.5, wide", Above(0.9, 1.5), WIDE),
        ("above p98 ×3, wide", Above(0.98, 3.0), WIDE),
        ("5 % of requests ×3", Some(0.05, 3.0), Humps()),
        ("two-humped, slow hump ×1.5", Above(0.9, 1.5), TWO),
        ("two-humped, 8 % more slow", Some(0.08, 7.0), TWO),
    )
]

STRETCH = [
    Scenario("clusters of mean size 2, 0.1 %", clusters=2.0, latency=None),
    Scenario("clusters of mean size 2, 1 %", clusters=2.0, base=0.01, latency=None),
    Scenario("clusters of mean size 2, 3 %", clusters=2.0, base=0.03, latency=None),
    Scenario("noise cv 0.7, 60,000 rpm, 1 %", noise=0.7, rpm=60_000, base=0.01, latency=None),
    Scenario("noise cv 0.7, 60,000 rpm, 0.1 %", noise=0.7, rpm=60_000, base=0.001, latency=None),
    Scenario("latency +30 %, 20 rpm", rpm=20, slower=Above(0.0, 1.3)),
]
