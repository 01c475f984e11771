"""Sentences and lines about releases."""

import io
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from rich.console import Console

from lockgate.release.decide import decide
from lockgate.release.driver import Event, Observation, Outcome
from lockgate.release.model import Phase, Tally
from lockgate.report import words
from lockgate.report.progress import LineProgress, LiveProgress, progress_for
from tests.unit.release.world import a_release

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def engine(**seen: Observation) -> Any:
    return SimpleNamespace(seen=seen, now=lambda: NOW, minute=timedelta(minutes=1))


def test_shares_and_tallies_name_the_new_version_first() -> None:
    assert words.shares({"9": 0.9, "10": 0.1}) == "v10 10 %, v9 90 %"
    assert words.tally({"9": Tally(requests=430), "10": Tally(requests=48, errors=12)}) == (
        "v10 12/48 failed, v9 0/430 failed"
    )


def test_every_phase_has_words() -> None:
    deployment = a_release(NOW).deployments["a"]
    assert all(words.phase(deployment.enter(phase, NOW)) for phase in Phase)


def test_time_left_of_a_linear_deployment_counts_its_steps() -> None:
    deployment = a_release(NOW).deployments["a"].but(strategy="linear", percentage=30, to_version="2")
    seen = Observation(
        outcome=Outcome.RUNNING, weights={"1": 0.7, "2": 0.3}, shifted_at=NOW - timedelta(minutes=6)
    )
    canary = decide(deployment.enter(Phase.STARTED, NOW), seen, NOW, timedelta(minutes=1))
    assert words.time_left(canary, NOW) == timedelta(minutes=3 * 5 - 6)


def test_a_log_has_one_line_for_each_change_and_none_without() -> None:
    out = io.StringIO()
    progress = LineProgress(Console(file=out, width=200))
    release = a_release(NOW)
    canary = release.with_deployment(
        release.deployments["a"].but(from_version="1", to_version="2").enter(Phase.CANARY, NOW)
    )
    seen = Observation(
        outcome=Outcome.RUNNING,
        weights={"1": 0.9, "2": 0.1},
        events=(Event("AllowTraffic", "InProgress"),),
    )
    tallies = {"a": {"1": Tally(requests=9), "2": Tally(requests=1)}}
    for _ in range(3):
        progress.update(canary, engine(a=seen), tallies)
    assert out.getvalue().splitlines() == [
        "12:00:00 a: version 2 gets traffic",
        "12:00:00 a: AllowTraffic is at work",
        "12:00:00 a: traffic v2 10 %, v1 90 %",
        "12:00:00 a: v2 0/1 failed, v1 0/9 failed",
    ]


def test_a_terminal_gets_a_table_and_a_pipe_gets_lines() -> None:
    assert isinstance(progress_for(Console(force_terminal=True, file=io.StringIO())), LiveProgress)
    assert isinstance(progress_for(Console(file=io.StringIO())), LineProgress)


def test_the_live_table_shows_traffic_failures_and_time_left() -> None:
    out = io.StringIO()
    release = a_release(NOW)
    canary = release.with_deployment(
        release.deployments["a"]
        .but(from_version="1", to_version="2", canary_until=NOW + timedelta(minutes=5))
        .enter(Phase.CANARY, NOW)
    )
    seen = Observation(outcome=Outcome.RUNNING, weights={"1": 0.9, "2": 0.1})
    with LiveProgress(Console(file=out, force_terminal=True, width=120, no_color=True)) as progress:
        progress.update(canary, engine(a=seen), {"a": {"2": Tally(requests=48, errors=12)}})
    assert all(text in out.getvalue() for text in ("v2 10 %", "v2 12/48 failed", "5:00"))
