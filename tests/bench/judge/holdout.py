"""Scenarios that nobody looked at while the defaults were tuned. Run once the defaults stand; a change that
is made because of them makes them ordinary scenarios, and wants a new file like this one.
"""

from __future__ import annotations

from tests.bench.judge.latency_models import Above, Humps, Plus, Some
from tests.bench.judge.traffic import Scenario

STEEP = Humps(((1.0, 12.0, 0.25),))
DISK = Humps(((0.85, 25.0, 0.35), (0.15, 250.0, 0.6)))
TIMEOUTS = Humps(((0.985, 55.0, 0.4), (0.015, 2000.0, 0.2)))
FAT = Humps(((1.0, 70.0, 0.9),))

GOOD = [
    Scenario("held out: 150 rpm at 0.7 %", rpm=150, base=0.007),
    Scenario("held out: 30,000 rpm at 0.02 %", rpm=30_000, base=0.0002, latency=None),
    Scenario("held out: weight 20 %, 400 rpm at 1.5 %", weight=0.2, rpm=400, base=0.015),
    Scenario("held out: weight 3 %, 4,000 rpm", weight=0.03, rpm=4000, base=0.002),
    Scenario("held out: outage ×200, latency ×4, 3 min after 20", outage=(20, 3, 200.0, 4.0), rpm=900),
    Scenario("held out: bursts ×30 in 8 %, 1,000 rpm", rpm=1000, bursts=(0.08, 30.0)),
    Scenario("held out: a quarter of rows missing, 300 rpm", missing=0.25, rpm=300),
    Scenario("held out: split off by +30 %", split=1.3, rpm=800),
    Scenario("held out: split off by -15 %, 2,000 rpm", split=0.85, rpm=2000),
    Scenario("held out: cold start 5 min, 15 % ×6", cold=(5, 0.15, 6.0), rpm=900),
    Scenario("held out: cold start 2 min, all ×4", cold=(2, 1.0, 4.0), rpm=300),
    Scenario("held out: hosts +4 % slower, 2,500 rpm", host=1.04, rpm=2500),
    Scenario("held out: hosts ±6 % (sd), 900 rpm", host_sd=0.06, rpm=900),
    Scenario("held out: latency noise of one side sd 7 %, 900 rpm", side_sd=0.07, rpm=900),
    Scenario("held out: noise cv 0.3, 20,000 rpm", noise=0.3, rpm=20_000, base=0.01, latency=None),
    Scenario("held out: disk latency", latency=DISK, rpm=800),
    Scenario("held out: time-outs, load doubles and halves", latency=TIMEOUTS, load_sd=0.5, rpm=1000),
    Scenario("held out: clusters of mean size 1.7, 0.3 %", clusters=1.7, base=0.003, latency=None),
]

BAD = [
    Scenario("held out: ×4 from 1.5 %", base=0.015, ratio=4),
    Scenario("held out: ×7 from 0.4 %, 400 rpm", base=0.004, ratio=7, rpm=400),
    Scenario("held out: ×3 from 0.5 %, 8,000 rpm", base=0.005, ratio=3, rpm=8000),
    Scenario("held out: ×30 from 0.03 %", base=0.0003, ratio=30),
    Scenario(
        "held out: ×5 from 1 %, weight 25 %, outage", base=0.01, ratio=5, weight=0.25, outage=(2, 8, 8, 2)
    ),
    Scenario("held out: ×8 from 1 % after 12 min", base=0.01, ratio=8, starts=12),
    Scenario("held out: 60 % of requests lost, 400 rpm", lost=0.6, rpm=400),
    Scenario("held out: +35 %, steep", slower=Above(0.0, 1.35), latency=STEEP),
    Scenario("held out: +45 %, fat, 400 rpm", slower=Above(0.0, 1.45), latency=FAT, rpm=400),
    Scenario("held out: above p95 ×3, 150 rpm", slower=Above(0.95, 3.0), rpm=150),
    Scenario("held out: above p85 ×1.6, disk, 300 rpm", slower=Above(0.85, 1.6), latency=DISK, rpm=300),
    Scenario("held out: above p97 ×2.5, fat, 300 rpm", slower=Above(0.97, 2.5), latency=FAT, rpm=300),
    Scenario("held out: above p97 ×2.5, steep, 2,000 rpm", slower=Above(0.97, 2.5), latency=STEEP, rpm=2000),
    Scenario("held out: above p60 ×1.5, 250 rpm", slower=Above(0.6, 1.5), rpm=250),
    Scenario("held out: 12 % of requests ×4, 250 rpm", slower=Some(0.12, 4.0), rpm=250),
    Scenario("held out: 4 % of requests ×5, disk, 2,000 rpm", slower=Some(0.04, 5.0), latency=DISK, rpm=2000),
    Scenario("held out: 5 % wait 600 ms longer, 300 rpm", slower=Plus(0.05, 600.0), rpm=300),
    Scenario(
        "held out: 20 % wait 80 ms longer, steep, 400 rpm", slower=Plus(0.2, 80.0), latency=STEEP, rpm=400
    ),
]
