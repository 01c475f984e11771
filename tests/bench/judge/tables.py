"""The tables, as Markdown."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from statistics import median

from lockgate.judge import Judge, JudgePolicy
from tests.bench.judge import holdout, scenarios
from tests.bench.judge.incumbents import alarm, argo, flagger, kayenta
from tests.bench.judge.runner import JudgeFunction, Tally, measure
from tests.bench.judge.traffic import Scenario, simulate

SEED = 20_260_000
"""Of the first run of every scenario, unless told otherwise; run n has the seed SEED + n."""


def _others(scenario: Scenario) -> dict[str, JudgeFunction]:
    """Other judges; the tuned alarm knows the base rate, which the others do not."""
    return {
        "Kayenta/5": kayenta(5),
        "Kayenta/10": kayenta(10),
        "Flagger": flagger(),
        "Argo": argo(),
        "alarm 1 of 1": alarm(0.01, 1, 1),
        "alarm 2 of 3": alarm(0.01, 2, 3),
        "alarm tuned": alarm(3.0 * scenario.base, 2, 3),
    }


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _percent(share: float) -> str:
    return f"{100.0 * share:.3g}"


def _minute(minute: float) -> str:
    return "–" if math.isinf(minute) else f"{minute:g}"


def false_rollbacks(found: Sequence[Scenario], runs: int, other_runs: int, seed: int) -> str:
    """Good releases that are rolled back, in percent."""
    rows = []
    for scenario in found:
        others = _others(scenario) if scenario.minutes <= 60 and other_runs else {}
        tallies = measure(scenario, runs, seed, others=others, other_runs=other_runs)
        ours = tallies.pop("Lockgate")
        row = [scenario.name, _percent(ours.found), _percent(ours.upper())]
        row += [_percent(ours.proven), _minute(ours.median_proof)]
        rows.append(row + [_percent(tally.found) for tally in tallies.values()])
    heads = ["good release", "rolled back %", "upper 95 % bound", "proven %", "median min"]
    names = list(_others(found[0])) if len(rows[0]) > len(heads) else []
    return _table([*heads, *names], rows)


def detection(found: Sequence[Scenario], runs: int, other_runs: int, seed: int) -> str:
    """Bad releases: share found in percent, median minute, mean number of failed canary requests."""
    rows = []
    for scenario in found:
        others = _others(scenario) if other_runs else {}
        tallies = measure(scenario, runs, seed, others=others, other_runs=other_runs)
        ours = tallies.pop("Lockgate")
        row = [scenario.name, _percent(ours.found), _percent(ours.proven)]
        row += [_minute(ours.median), f"{ours.mean_failed:.3g}"]
        rows.append(row + [_cell(tally) for tally in tallies.values()])
    heads = ["bad release", "found %", "proven good %", "median min", "failed"]
    names = list(_others(found[0])) if other_runs else []
    return _table([*heads, *names], rows)


def _cell(tally: Tally) -> str:
    return f"{_percent(tally.found)}, {_minute(tally.median)}, {tally.mean_failed:.3g}"


def margin(runs: int, seed: int) -> str:
    """Releases whose error rate is exactly at the margin of the proof."""
    rows = []
    for base in (0.001, 0.01):
        ratio = 1.25 + 0.005 / base
        scenario = Scenario(
            f"errors at the margin, base {100 * base:g} %", base=base, ratio=ratio, latency=None
        )
        ours = measure(scenario, runs, seed)["Lockgate"]
        rows.append([scenario.name, _percent(ours.proven), _percent(ours.found)])
    return _table(["release", "proven good %", "rolled back %"], rows)


def look_time(seed: int) -> str:
    """Milliseconds of one further look, by how long the canary has been looked at."""
    looks = simulate(scenarios.DAY_LATENCY[1], seed)
    rows, judge = looks.looks(JudgePolicy().tau), Judge(None, 0.1, looks.bounds, looks.history)
    table = []
    for hours in (1, 6, 24):
        minutes = 60 * hours
        taken = []
        for last in range(minutes - 39, minutes + 1):
            judge(rows[: last - 1])
            begun = time.perf_counter()
            judge(rows[:last])
            taken.append(1000.0 * (time.perf_counter() - begun))
        table.append([f"{hours} h", f"{median(taken):.2f}", f"{max(taken):.2f}"])
    return _table(["canary", "median ms", "largest ms"], table)


Table = Callable[[int, int, int], str]

TABLES: dict[str, tuple[str, Table]] = {
    "day": ("False roll-backs over 24 hours", partial(false_rollbacks, scenarios.DAY)),
    "day-latency": (
        "False roll-backs over 24 hours, with latency",
        partial(false_rollbacks, scenarios.DAY_LATENCY),
    ),
    "good": ("Good releases under disturbances, 60 minutes", partial(false_rollbacks, scenarios.GOOD)),
    "errors": ("Errors and traffic", partial(detection, scenarios.ERRORS)),
    "latency": ("Latency", partial(detection, scenarios.LATENCY)),
    "shapes": ("Tails and humps", partial(detection, scenarios.SHAPES)),
    "margin": ("Wrong proof", lambda runs, _, seed: margin(runs, seed)),
    "look-time": ("Time of a look", lambda _, __, seed: look_time(seed)),
    "stretch-good": ("Beyond the guarantee", partial(false_rollbacks, scenarios.STRETCH[:-1])),
    "stretch-bad": ("Little traffic", partial(detection, scenarios.STRETCH[-1:])),
    "holdout-good": ("Held out: good releases", partial(false_rollbacks, holdout.GOOD)),
    "holdout-bad": ("Held out: bad releases", partial(detection, holdout.BAD)),
}
