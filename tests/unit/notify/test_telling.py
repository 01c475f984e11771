"""What is said about a release: each thing once where nobody dies, at least once where somebody does."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.notify.events import Kind, ReleaseEvent, Severity
from lockgate.notify.telling import events_of, refused
from lockgate.release import lease
from lockgate.release.judgement import Conclusion, Judgement, Stage
from lockgate.release.model import Phase, Release, Status
from lockgate.release.permission import BreakGlass
from tests.unit.release.world import MINUTE, Clock, Killed, MemoryLedger, World, a_release, an_engine

SCHEMA = json.loads((Path(__file__).parents[3] / "schemas/release-event.schema.json").read_text())


@dataclass
class Bus:
    """Notes what it is told, while it answers.

    Args:
        answers: whether it takes events at a certain call.
    """

    silent: frozenset[int] = frozenset()
    heard: list[ReleaseEvent] = field(default_factory=list)
    calls: int = 0

    def tell(self, events: Sequence[ReleaseEvent]) -> Collection[str]:
        self.calls += 1
        if self.calls in self.silent:
            return ()
        self.heard += events
        return [event.id for event in events]

    def kinds(self) -> list[str]:
        return [str(event.kind) for event in self.heard]


class Broken:
    def tell(self, events: Sequence[ReleaseEvent]) -> Collection[str]:
        raise RuntimeError("a defect")


def run(
    bus: Bus | Broken, *, kill_at: Collection[int] = (), services: tuple[str, ...] = ("a",), **world: object
) -> Release:
    """A release to its end, by a new process after each death."""
    clock = Clock()
    points = iter(range(1, 10_000))

    def at(_: str) -> None:
        if next(points) in kill_at:
            raise Killed

    worlds = {name: World(clock, at, **world) for name in services}  # type: ignore[arg-type]
    release = a_release(clock(), *services)
    ledger = MemoryLedger({release.release_id: release.model_dump_json()}, at)
    engine = an_engine(ledger, worlds, clock)
    for _ in range(400):
        engine.notifier = bus
        try:
            release = engine.advance(release.release_id)
        except Killed:
            engine = an_engine(ledger, worlds, clock)
            clock.now += lease.LENGTH
        if release.status is not Status.RUNNING:
            return ledger.release(release.release_id)
        clock.now += MINUTE / 6
    raise AssertionError(f"not over after 400 steps: {release}")


def test_a_good_release_is_told_in_order_each_step_once() -> None:
    bus = Bus()
    release = run(bus)
    assert bus.kinds() == ["started", "canary", "promoted", "ended"]
    assert [event.id for event in bus.heard] == list(release.told)
    assert bus.heard[0].id == f"{release.release_id}/a/started"
    assert bus.heard[1].text == "a: version 2 gets 10 % of the traffic; it is judged beside the old one."
    ended = bus.heard[-1]
    assert (ended.severity, ended.status, ended.service) == (Severity.INFO, Status.SUCCEEDED, None)


def test_a_bad_release_says_why_with_numbers() -> None:
    bus = Bus()
    run(bus, verdict="bad")
    assert bus.kinds() == ["started", "canary", "rolled_back", "ended"]
    back, ended = bus.heard[-2:]
    assert (back.severity, ended.severity) == (Severity.WARNING, Severity.WARNING)
    assert "12 errors in 48 requests (25.0 %)" in (back.reason or "")
    assert back.tallies["2"].errors == 12
    assert "a: ALARM_ACTIVE" in (ended.reason or "")


@settings(max_examples=100, deadline=None)
@given(
    kill_at=st.sets(st.integers(1, 40), max_size=6),
    silent=st.sets(st.integers(1, 6), max_size=4),
    verdict=st.sampled_from(["good", "bad"]),
    red_in_bake=st.booleans(),
)
def test_killed_anywhere_nothing_that_was_written_is_left_unsaid(
    kill_at: set[int], silent: set[int], verdict: str, red_in_bake: bool
) -> None:
    bus = Bus(frozenset(silent))
    release = run(bus, kill_at=kill_at, verdict=verdict, red_in_bake=red_in_bake)
    counts = Counter(event.id for event in bus.heard)
    due = {event.id for event in events_of(release)}
    if bus.calls in silent:  # It was out when the release ended: then the topic is told instead.
        due -= {event.id for event in events_of(release) if event.id not in release.told}
    assert due <= set(counts)
    if not kill_at:
        assert max(counts.values(), default=1) == 1


def test_a_defect_in_what_tells_does_not_fail_a_release(caplog: pytest.LogCaptureFixture) -> None:
    release = run(Broken())
    assert release.status is Status.SUCCEEDED
    assert release.told == ()
    assert "cannot be told" in caplog.text


def judged(conclusion: Conclusion, phase: Phase) -> ReleaseEvent | None:
    """What is said of a judgement of the canary, in a later phase."""
    clock = Clock()
    release = a_release(clock())
    judgement = Judgement(
        conclusion=conclusion,
        rollback=conclusion is Conclusion.WORSE,
        reason="errors 8/8 against 0/89 in 1 minute; evidence 140,673 of 100 needed",
        minutes=1,
        judged_until=clock(),
    )
    deployment = release.deployments["a"].but(judgements={Stage.CANARY: judgement}, deployment_id="d-1")
    deployment = deployment.enter(Phase.STARTED, clock()).enter(Phase.CANARY, clock()).enter(phase, clock())
    found = [e for e in events_of(release.with_deployment(deployment)) if e.kind is Kind.VERDICT]
    return found[0] if found else None


@pytest.mark.parametrize(
    ("conclusion", "severity"),
    [
        (Conclusion.PROVEN_GOOD, Severity.INFO),
        (Conclusion.NOT_PROVEN, Severity.INFO),
        (Conclusion.NO_METRICS, Severity.INFO),
        (Conclusion.TRAFFIC_MISMATCH, Severity.WARNING),
        (Conclusion.WORSE, Severity.WARNING),
    ],
)
def test_a_verdict_has_the_judges_numbers(conclusion: Conclusion, severity: Severity) -> None:
    event = judged(conclusion, Phase.BAKING)
    assert event is not None
    assert event.severity is severity
    assert event.verdict is not None
    assert event.verdict.conclusion == conclusion
    assert "evidence 140,673 of 100 needed" in event.verdict.reason
    assert event.id.endswith("/a/verdict/canary")


def test_there_is_no_verdict_before_the_canary_is_over() -> None:
    assert judged(Conclusion.NOT_PROVEN, Phase.CANARY) is None


def test_a_release_past_red_alarms_is_break_glass() -> None:
    release = a_release(Clock()()).but(ignore_alarms="the alarm is for another thing")
    (event,) = events_of(release)
    assert (event.kind, event.severity) == (Kind.BREAK_GLASS, Severity.CRITICAL)
    assert event.reason == "the alarm is for another thing"
    assert not events_of(release.but(kind="rollback"))


def test_the_end_of_a_release_names_by_whose_word_it_ran() -> None:
    broken = BreakGlass(reason="prod is down, INC-7", overrode=("prod is frozen",))
    ended = a_release(Clock()()).but(status=Status.SUCCEEDED, break_glass=broken)
    (event,) = [one for one in events_of(ended) if one.kind is Kind.ENDED]
    assert "prod is down, INC-7" in (event.reason or "")


def test_a_refusal_has_an_id_of_its_time_and_words() -> None:
    at = Clock()()
    event = refused("prod", "alice", "alarm error-rate is red", at)
    assert event.id == refused("prod", "alice", "alarm error-rate is red", at).id
    assert event.id != refused("prod", "alice", "another", at).id
    assert event.reason == "alarm error-rate is red"


@pytest.mark.parametrize("world", [{}, {"verdict": "bad"}, {"red_in_bake": True}])
def test_every_event_fits_the_schema(world: dict[str, object]) -> None:
    bus = Bus()
    run(bus, **world)
    verdict = judged(Conclusion.WORSE, Phase.STOPPING)
    assert verdict is not None
    for event in [*bus.heard, verdict, refused("prod", "alice", "no", Clock()())]:
        detail = json.loads(event.model_dump_json(exclude_none=True))
        assert detail["schema"] == 1
        jsonschema.validate(detail, SCHEMA, format_checker=jsonschema.FormatChecker())
        assert ReleaseEvent.model_validate(detail) == event
