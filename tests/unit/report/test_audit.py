"""What ran at a time, from the ledger alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.commands.history_at import asked_about, tell
from lockgate.errors import UsageError
from lockgate.release.model import Phase, Release, Status, release_id_at
from lockgate.release.permission import Approval, Approvals, BreakGlass
from lockgate.report.audit import Period, Ran, audit, timeline

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(minutes: float) -> datetime:
    return START + minutes * MINUTE


def release(begun: float, phases: dict[Phase, float], versions: tuple[str, str], **changes: Any) -> Release:
    """A release of `x` that entered phases at these minutes; it stands in the last of them."""
    last = max(phases, key=lambda phase: phases[phase])
    artifact = {"key": "k", "sha256": versions[1] * 64, "code_sha256": "c"}
    deployment = {
        "service": "x",
        "phase": last,
        "strategy": changes.pop("strategy", "canary"),
        "percentage": 10,
        "interval_minutes": 5,
        "bake_minutes": 5,
        "artifact": None if changes.get("kind") == "rollback" else artifact,
        "from_version": versions[0],
        "to_version": versions[1],
        "times": {phase: at(minutes) for phase, minutes in phases.items()},
        "cause": changes.pop("cause", None),
    }
    over = last.is_over
    return Release.model_validate(
        {
            "release_id": f"{release_id_at(at(begun))}-{int(begun):04}",
            "environment": "prod",
            "status": {Phase.SUCCEEDED: Status.SUCCEEDED, Phase.FAILED: Status.FAILED}.get(
                last, Status.ROLLED_BACK if over else Status.RUNNING
            ),
            "created_at": at(begun),
            "ended_at": at(phases[last]) if over else None,
            "by": "ada",
            "commit": versions[1] * 40,
            "deployments": {"x": deployment},
            **changes,
        }
    )


P = Phase
FIRST = release(0, {P.PREPARED: 1, P.STARTED: 2, P.SUCCEEDED: 3}, ("1", "2"), strategy="all_at_once")
SECOND = release(10, {P.PREPARED: 11, P.STARTED: 12, P.CANARY: 13, P.BAKING: 18, P.SUCCEEDED: 23}, ("2", "3"))
WORSE = release(
    30,
    {P.PREPARED: 31, P.STARTED: 32, P.CANARY: 33, P.STOPPING: 35, P.ROLLING_BACK: 36, P.ROLLED_BACK: 37},
    ("3", "4"),
    cause="judge: worse: errors 8/8 against 0/89",
)
BAKED = release(
    40,
    {P.PREPARED: 41, P.STARTED: 42, P.CANARY: 43, P.BAKING: 48, P.ROLLING_BACK: 50, P.ROLLED_BACK: 51},
    ("3", "5"),
)
BACK = release(60, {P.PREPARED: 61, P.STARTED: 62, P.SUCCEEDED: 63}, ("3", "2"), kind="rollback")
LEDGER = [FIRST, SECOND, WORSE, BAKED, BACK]


def ran(minutes: float, *releases: Release) -> list[Ran]:
    moment = Period(at(minutes), at(minutes))
    return list(audit(releases or LEDGER, moment, moment, ["x"]).ran["x"])


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (2, []),
        (3, [("2", None, FIRST, None)]),
        (12.9, [("2", None, FIRST, None)]),
        (14, [("2", None, FIRST, None), ("3", 10, SECOND, None)]),
        (18, [("3", None, SECOND, None)]),
        (34, [("3", None, SECOND, None), ("4", 10, WORSE, None)]),
        (36.9, [("3", None, SECOND, None), ("4", 10, WORSE, None)]),
        (37, [("3", None, SECOND, None)]),
        (49, [("5", None, BAKED, None)]),
        (51, [("3", None, SECOND, BAKED)]),
        (62, [("3", None, SECOND, BAKED)]),
        (63, [("2", None, FIRST, BACK)]),
        (100_000, [("2", None, FIRST, BACK)]),
    ],
)
def test_what_ran_at_a_moment(minutes: float, expected: list[Any]) -> None:
    found = [(one.version, one.share, one.release, one.restored_by) for one in ran(minutes)]
    assert found == expected


def test_the_digest_and_the_commit_are_those_of_the_release_that_made_it() -> None:
    (one,) = ran(100)
    assert one.sha256 == "2" * 64
    assert one.release is not None
    assert one.release.commit == "2" * 40
    assert one.since == at(63)


def test_a_day_has_all_that_ran_on_it_and_its_releases() -> None:
    day = Period(at(17), at(48))
    found = audit(LEDGER, day, day, ["x", "y"])
    assert [(one.version, one.share) for one in found.ran["x"]] == [
        *(("2", None), ("3", 10)),
        *(("3", None), ("4", 10)),
        ("5", 10),
    ]
    assert found.ran["y"] == ()
    assert list(found.releases) == [SECOND, WORSE, BAKED]
    assert list(audit(LEDGER, day, day, ["y"]).releases) == []


def test_after_a_failed_release_it_is_not_known_until_the_next_one_has_looked() -> None:
    failed = release(70, {P.PREPARED: 71, P.STARTED: 72, P.CANARY: 73, P.FAILED: 75}, ("2", "6"))
    after = release(80, {P.PREPARED: 81, P.STARTED: 82, P.CANARY: 83}, ("6", "7"))
    ledger = [*LEDGER, failed, after]
    assert [one.version for one in ran(76, *ledger)] == [None]
    assert [(one.version, one.release, one.by_hand) for one in ran(82, *ledger)] == [("6", failed, False)]
    assert [(one.version, one.share) for one in ran(90, *ledger)] == [("6", None), ("7", 10)]


def test_one_that_was_never_started_changes_nothing() -> None:
    failed = release(70, {P.FAILED: 71}, ("2", "6"))
    assert [one.version for one in ran(72, *LEDGER, failed)] == ["2"]


def test_what_was_moved_by_hand_is_said_from_when_a_release_saw_it() -> None:
    after = release(80, {P.PREPARED: 81, P.STARTED: 82, P.CANARY: 83}, ("9", "10"))
    found = ran(82, *LEDGER, after)
    assert [(one.version, one.by_hand, one.release) for one in found] == [("9", True, None)]


def test_a_version_that_was_rolled_back_and_released_again_is_the_later_releases() -> None:
    """Lambda publishes no second version of the same code."""
    again = release(70, {P.PREPARED: 71, P.STARTED: 72, P.CANARY: 73, P.SUCCEEDED: 78}, ("2", "4"))
    assert [one.release for one in ran(80, *LEDGER, again)] == [again]


GOOD, WENT_BACK = [P.BAKING, P.SUCCEEDED], [P.ROLLING_BACK, P.ROLLED_BACK]
LIVES = {
    "good": [P.PREPARED, P.STARTED, P.CANARY, *GOOD],
    "canary": [P.PREPARED, P.STARTED, P.CANARY, *WENT_BACK],
    "bake": [P.PREPARED, P.STARTED, P.CANARY, P.BAKING, *WENT_BACK],
    "after": [P.PREPARED, P.STARTED, P.CANARY, *GOOD, *WENT_BACK],
    "never": [P.PREPARED, P.NOT_STARTED],
}


@st.composite
def ledgers(draw: st.DrawFn) -> tuple[list[Release], list[tuple[float, str]], dict[str, str]]:
    """Releases; what they left serving, and from when; and what became of each new version."""
    made: list[Release] = []
    truth: list[tuple[float, str]] = []
    ends: dict[str, str] = {}
    live, clock = "1", 0.0
    for number in range(draw(st.integers(0, 7))):
        back = bool(truth) and draw(st.booleans())
        end = "good" if back else draw(st.sampled_from(list(LIVES)))
        new = draw(st.sampled_from([version for _, version in truth])) if back else str(number + 2)
        if new == live:
            continue
        phases = {}
        for phase in LIVES[end]:
            clock += draw(st.integers(1, 20))
            phases[phase] = clock
        if P.BAKING in phases:
            truth.append((phases[P.BAKING], new))
        if P.BAKING in phases and P.ROLLED_BACK in phases:
            truth.append((phases[P.ROLLED_BACK], live))
        kind = "rollback" if back else "deploy"
        strategy = "all_at_once" if back else "canary"
        made.append(release(phases[P.PREPARED] - 0.5, phases, (live, new), kind=kind, strategy=strategy))
        if not back:
            ends[new] = end
        live = new if end == "good" else live
    return made, truth, ends


@given(ledgers())
def test_what_had_everything_is_what_releases_left(
    given: tuple[list[Release], list[tuple[float, str]], dict[str, str]],
) -> None:
    """A roll-back restores the former version, and a version serves until the next one does."""
    releases, truth, _ = given
    full = [one for one in timeline("x", releases) if one.share is None]
    assert [(one.since, one.version) for one in full] == [(at(when), version) for when, version in truth]
    ends = [one.until for one in full]
    assert ends == [*(one.since for one in full[1:]), *([None] if full else [])]


@given(ledgers())
def test_a_canary_that_was_rolled_back_never_ran_beyond_its_share(
    given: tuple[list[Release], list[tuple[float, str]], dict[str, str]],
) -> None:
    releases, _, ends = given
    for one in timeline("x", releases):
        if ends.get(one.version or "") == "canary":
            assert one.share == 10
            assert one.until is not None
        assert ends.get(one.version or "") != "never"


@given(ledgers(), st.integers(-10, 500), st.randoms())
def test_at_any_moment_one_version_has_everything_and_at_most_one_a_share(
    given: tuple[list[Release], list[tuple[float, str]], dict[str, str]], minutes: int, random: Any
) -> None:
    releases, truth, _ = given
    shuffled = releases[:]
    random.shuffle(shuffled)
    found = ran(minutes, *shuffled) if shuffled else []
    full = [one for one in found if one.share is None]
    assert len(full) == (1 if truth and minutes >= truth[0][0] else 0)
    assert sum(one.share or 0 for one in found) <= 10


class Ledger:
    """Answers as the ledger does, and notes up to when it was asked."""

    def __init__(self, releases: list[Release]) -> None:
        self.releases = releases
        self.before: list[datetime] = []

    def history(self, before: datetime) -> list[Release]:
        self.before.append(before)
        return [one for one in self.releases[::-1] if one.created_at < before]


def opened(*releases: Release) -> Any:
    contract = SimpleNamespace(services={"x": None, "y": None})
    return SimpleNamespace(name="prod", ledger=Ledger(list(releases)), contract=contract)


def test_it_is_said_who_why_and_with_which_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    approved = Approvals(run_url="https://github.com/x/y/actions/runs/1", given=(Approval(by="grace"),))
    broken = SECOND.but(break_glass=BreakGlass(reason="INC-7", overrode=("frozen",)), approvals=approved)
    at_noon = opened(FIRST, broken, WORSE, BAKED, BACK)
    tell(at_noon, (), "2026-11-24T08:55Z", as_json=False)
    said = capsys.readouterr().out
    assert at_noon.ledger.before == [datetime(2026, 11, 25, tzinfo=UTC)]
    for wanted in (
        "prod, at 2026-11-24 08:55:00 UTC, as the ledger has it:",
        "x: v3 since 2026-11-24 08:51:00 UTC until 2026-11-24 09:03:00 UTC",
        f"  brought back by release {BAKED.release_id} of ada (its own roll-back)",
        f"  release {SECOND.release_id} of ada; commit {'3' * 40}; artifact sha256:{'3' * 64}",
        "  Approved by grace: https://github.com/x/y/actions/runs/1",
        "  Break-glass by ada: INC-7 (past: frozen).",
        "y: nothing: its first release had not been promoted then",
        f"{WORSE.release_id}: deploy by ada, rolled_back, ended 2026-11-24 08:37:00 UTC",
        "    judge: worse: errors 8/8 against 0/89",
        f"{BACK.release_id}: rollback by ada, succeeded, ended 2026-11-24 09:03:00 UTC",
    ):
        assert wanted in said.splitlines(), said


def test_it_is_said_as_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    tell(opened(*LEDGER), ("x",), "2026-11-24", as_json=True)
    found = json.loads(capsys.readouterr().out)
    ran = found["services"]["x"]
    assert [(one["version"], one["share_percent"]) for one in ran] == [
        *(("2", 100), ("3", 10), ("3", 100), ("4", 10), ("5", 10), ("5", 100), ("3", 100), ("2", 100)),
    ]
    assert ran[-1]["release"]["release_id"] == FIRST.release_id
    assert ran[-1]["restored_by"]["release_id"] == BACK.release_id
    assert ran[-1]["until"] is None
    assert [one["release_id"] for one in found["releases"]] == [one.release_id for one in LEDGER]
    assert found["releases"][2]["deployments"]["x"]["cause"] == "judge: worse: errors 8/8 against 0/89"


def test_a_day_without_releases_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    tell(opened(*LEDGER), ("x",), "2026-11-26", as_json=False)
    said = capsys.readouterr().out
    assert "x: v2 since 2026-11-24 09:03:00 UTC" in said
    assert "No release was in progress on that day." in said


NOW = datetime(2026, 11, 28, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "since", "minutes", "day"),
    [
        ("2026-11-24T10:00Z", "2026-11-24T10:00", 0, "2026-11-24T00:00"),
        ("2026-11-24T10:00", "2026-11-24T10:00", 0, "2026-11-24T00:00"),
        ("2026-11-24T00:30+01:00", "2026-11-23T23:30", 0, "2026-11-23T23:00"),
        ("2026-11-24", "2026-11-24T00:00", 24 * 60, "2026-11-24T00:00"),
        ("2026-11-28", "2026-11-28T00:00", 24 * 60, "2026-11-28T00:00"),
    ],
)
def test_what_is_asked_about(given: str, since: str, minutes: int, day: str) -> None:
    period, whole = asked_about(given, NOW)
    assert period.since == datetime.fromisoformat(since).replace(tzinfo=UTC)
    assert period.until - period.since == minutes * MINUTE
    assert whole.since == datetime.fromisoformat(day).replace(tzinfo=UTC)
    assert whole.until - whole.since == timedelta(days=1)


@pytest.mark.parametrize(
    ("given", "expected"),
    [("yesterday", "is no time"), ("2026-11-31", "is no time"), ("2026-11-29", "is yet to come")],
)
def test_what_is_no_time_is_refused(given: str, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        asked_about(given, NOW)
