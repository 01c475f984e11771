"""Scenarios that nobody looked at while the defaults were tuned. Run once the defaults stand; a change that
is made because of them makes them ordinary scenarios, and wants a new file like this one.
"""

from __future__ import annotations

from tests.bench.judge.latency_models import Above, Humps, Plus, Some
from tests.bench.judge.traffic import Scenario

NARROW = Humps(((1.0, 30.0, 0.35),))
CACHE = Humps(((0.7, 8.0, 0.4), (0.3, 120.0, 0.5)))
LONG = Humps(((0.97, 80.0, 0.45), (0.03, 900.0, 0.5)))
HEAVY = Humps(((1.0, 40.0, 1.0),))

GOOD = [
    Scenario("held out: 100 rpm at 2 %", rpm=100, base=0.02),
    Scenario("held out: 10,000 rpm at 0.03 %", rpm=10_000, base=0.0003),
    Scenario("held out: weight 30 %", weight=0.3, base=0.005),
    Scenario("held out: weight 5 %, 2,000 rpm", weight=0.05, rpm=2000, base=0.005),
    Scenario("held out: outage ×100, latency ×5, 5 min at once", outage=(0, 5, 100.0, 5.0)),
    Scenario("held out: bursts ×100 in 2 %, 200 rpm", rpm=200, bursts=(0.02, 100.0)),
    Scenario("held out: a third of rows missing", missing=0.33, rpm=1500),
    Scenario("held out: cold start 4 min, 20 % ×8", cold=(4, 0.2, 8.0), rpm=1200),
    Scenario("held out: hosts +7 % slower, 1,500 rpm", host=1.07, rpm=1500),
    Scenario("held out: hosts ±8 % (sd), 600 rpm", host_sd=0.08),
    Scenario("held out: latency noise of one side sd 8 %, 1,200 rpm", side_sd=0.08, rpm=1200),
    Scenario("held out: noise cv 0.4, 10,000 rpm", noise=0.4, rpm=10_000, base=0.005, latency=None),
    Scenario("held out: cache latency", latency=CACHE, rpm=1200),
    Scenario("held out: heavy latency, load doubles and halves", latency=HEAVY, load_sd=0.5),
    Scenario("held out: clusters of mean size 1.5, 0.5 %", clusters=1.5, base=0.005, latency=None),
]

BAD = [
    Scenario("held out: ×3 from 2 %", base=0.02, ratio=3),
    Scenario("held out: ×8 from 0.5 %, 300 rpm", base=0.005, ratio=8, rpm=300),
    Scenario("held out: ×4 from 0.3 %, 5,000 rpm", base=0.003, ratio=4, rpm=5000),
    Scenario("held out: ×20 from 0.05 %", base=0.0005, ratio=20),
    Scenario(
        "held out: ×6 from 1 %, weight 20 %, bursts", base=0.01, ratio=6, weight=0.2, bursts=(0.05, 10.0)
    ),
    Scenario("held out: two thirds of requests lost, 300 rpm", lost=0.67, rpm=300),
    Scenario("held out: +25 %, narrow", slower=Above(0.0, 1.25), latency=NARROW),
    Scenario("held out: +40 %, heavy", slower=Above(0.0, 1.4), latency=HEAVY),
    Scenario("held out: above p95 ×2.5, 200 rpm", slower=Above(0.95, 2.5), rpm=200),
    Scenario("held out: above p90 ×1.5, narrow, 200 rpm", slower=Above(0.9, 1.5), latency=NARROW, rpm=200),
    Scenario("held out: above p98 ×3, long tail, 200 rpm", slower=Above(0.98, 3.0), latency=LONG, rpm=200),
    Scenario("held out: above p98 ×3, heavy, 3,000 rpm", slower=Above(0.98, 3.0), latency=HEAVY, rpm=3000),
    Scenario("held out: above p50 ×1.4, 200 rpm", slower=Above(0.5, 1.4), rpm=200),
    Scenario("held out: cache misses +10 %, 200 rpm", slower=Some(0.1, 12.0), latency=CACHE, rpm=200),
    Scenario("held out: slow hump ×1.6, cache, 200 rpm", slower=Above(0.7, 1.6), latency=CACHE, rpm=200),
    Scenario("held out: 3 % wait 1 s longer, 3,000 rpm", slower=Plus(0.03, 1000.0), rpm=3000),
    Scenario("held out: 10 % wait 150 ms longer, 200 rpm", slower=Plus(0.1, 150.0), rpm=200),
]
