"""The release as a resumable state machine, in a small world of its own."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.release import lease
from lockgate.release.ledger import LostLeaseError
from lockgate.release.model import Phase, Release, Status

from .world import MINUTE, Clock, Killed, MemoryLedger, World, a_release, an_engine


@dataclass
class Setting:
    clock: Clock = field(default_factory=Clock)
    kill_at: set[int] = field(default_factory=set)
    points: int = 0

    def at(self, _: str) -> None:
        self.points += 1
        if self.points in self.kill_at:
            raise Killed

    def run(self, release: Release, worlds: dict[str, World], asks: dict[int, str] | None = None) -> Release:
        """Advances to the end, as a new process after each death; `asks` asks for a stop at a step."""
        ledger = MemoryLedger({release.release_id: release.model_dump_json()}, self.at)
        engine = an_engine(ledger, worlds, self.clock)
        for step in range(400):
            if asks and step in asks:
                current = ledger.release(release.release_id)
                ledger.documents[release.release_id] = current.but(
                    stop_reason=asks[step], revision=current.revision + 1
                ).model_dump_json()
            try:
                release = engine.advance(release.release_id)
            except Killed:
                engine = an_engine(ledger, worlds, self.clock)
                self.clock.now += lease.LENGTH
            if release.status is not Status.RUNNING:
                return ledger.release(release.release_id)
            self.clock.now += MINUTE / 6
        raise AssertionError(f"not over after 400 steps: {release}")


def one(setting: Setting, asks: dict[int, str] | None = None, **world: object) -> tuple[Release, World]:
    it = World(setting.clock, setting.at, **world)  # type: ignore[arg-type]
    return setting.run(a_release(setting.clock()), {"a": it}, asks), it


def test_a_good_version_is_promoted_and_baked() -> None:
    release, world = one(Setting())
    deployment = release.deployments["a"]
    assert release.status is Status.SUCCEEDED
    assert world.shares() == {"2": 1.0}
    assert list(deployment.times) == ["prepared", "started", "canary", "baking", "succeeded"]
    assert deployment.times[Phase.SUCCEEDED] - deployment.times[Phase.BAKING] >= 2 * MINUTE
    assert release.lease is None


@pytest.mark.parametrize("own_rollback", [True, False])
@pytest.mark.parametrize("rollback_fails", [True, False])
def test_a_bad_version_ends_on_the_old_one_with_the_numbers(own_rollback: bool, rollback_fails: bool) -> None:
    release, world = one(Setting(), verdict="bad", own_rollback=own_rollback, rollback_fails=rollback_fails)
    assert release.status is Status.ROLLED_BACK
    assert world.shares() == {"1": 1.0}
    assert release.reason == (
        "a: ALARM_ACTIVE; version 2: 12 errors in 48 requests (25.0 %); "
        "version 1: 0 errors in 430 requests (0.0 %)"
    )
    assert ("repair" in world.events) == (rollback_fails or not own_rollback)


@pytest.mark.parametrize("rollback_fails", [True, False])
def test_an_alarm_in_the_bake_moves_traffic_back(rollback_fails: bool) -> None:
    release, world = one(Setting(), red_in_bake=True, rollback_fails=rollback_fails)
    assert release.status is Status.ROLLED_BACK
    assert world.shares() == {"1": 1.0}
    assert "alarm error-rate went red during the bake" in (release.reason or "")
    assert world.events == ["start", "undo", *(["repair"] if rollback_fails else [])]


@settings(max_examples=300, deadline=None)
@given(
    kill_at=st.sets(st.integers(1, 40), max_size=6),
    verdict=st.sampled_from(["good", "bad"]),
    own_rollback=st.booleans(),
    rollback_fails=st.booleans(),
    red_in_bake=st.booleans(),
    stop_at=st.one_of(st.none(), st.integers(0, 60)),
)
def test_killed_anywhere_it_is_ended_properly_and_nothing_is_deployed_twice(
    kill_at: set[int],
    verdict: str,
    own_rollback: bool,
    rollback_fails: bool,
    red_in_bake: bool,
    stop_at: int | None,
) -> None:
    asks = {} if stop_at is None else {stop_at: "asked for"}
    release, world = one(
        Setting(kill_at=kill_at),
        asks,
        verdict=verdict,
        own_rollback=own_rollback,
        rollback_fails=rollback_fails,
        red_in_bake=red_in_bake,
    )
    assert world.events.count("start") <= 1
    assert world.events.count("undo") <= 1
    expected = {"2": 1.0} if release.status is Status.SUCCEEDED else {"1": 1.0}
    assert world.shares() == expected
    assert release.status in (Status.SUCCEEDED, Status.ROLLED_BACK)
    if verdict == "bad" or red_in_bake:
        assert release.status is Status.ROLLED_BACK
    if verdict == "good" and not red_in_bake and stop_at is None:
        assert release.status is Status.SUCCEEDED


def test_a_wave_waits_for_the_one_before() -> None:
    setting = Setting()
    worlds = {name: World(setting.clock, setting.at) for name in ("a", "b")}
    release = setting.run(a_release(setting.clock(), "a", "b"), worlds)
    times = {name: deployment.times for name, deployment in release.deployments.items()}
    assert times["b"][Phase.PREPARED] >= times["a"][Phase.SUCCEEDED]


@pytest.mark.parametrize("keep", [False, True])
def test_a_bad_second_wave_takes_the_first_one_back_unless_told_otherwise(keep: bool) -> None:
    setting = Setting()
    worlds = {
        "a": World(setting.clock, setting.at),
        "b": World(setting.clock, setting.at, verdict="bad"),
        "c": World(setting.clock, setting.at),
    }
    release = setting.run(a_release(setting.clock(), "a", "b", "c", keep_promoted=keep), worlds)
    assert release.status is Status.ROLLED_BACK
    assert worlds["a"].shares() == ({"2": 1.0} if keep else {"1": 1.0})
    assert worlds["b"].shares() == {"1": 1.0}
    assert release.deployments["c"].phase is Phase.NOT_STARTED
    assert worlds["c"].events == []
    assert "b: ALARM_ACTIVE" in (release.reason or "")


def test_a_second_process_cannot_drive_what_a_living_one_drives() -> None:
    setting = Setting()
    release = a_release(setting.clock())
    ledger = MemoryLedger({release.release_id: release.model_dump_json()}, setting.at)
    worlds = {"a": World(setting.clock, setting.at)}
    first, second = (an_engine(ledger, worlds, setting.clock) for _ in range(2))
    first.advance(release.release_id)
    with pytest.raises(LostLeaseError, match="is driven by"):
        second.advance(release.release_id)
    setting.clock.now += lease.LENGTH
    second.advance(release.release_id)
    with pytest.raises(LostLeaseError):
        first.advance(release.release_id)
