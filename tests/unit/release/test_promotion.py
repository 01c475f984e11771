"""What may be promoted, by what the ledger of the environment before says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.release.model import Artifact, Deployment, Phase, Release, Status
from lockgate.release.promotion import Standing, proofs

START = datetime(2026, 11, 24, tzinfo=UTC)
A, B = "a" * 64, "b" * 64


def artifact(sha256: str) -> Artifact:
    return Artifact(key=f"services/x/{sha256}.zip", sha256=sha256, code_sha256=sha256[:8])


def release(number: int, phase: Phase, **changes: object) -> Release:
    """A release of the service `x`; with `sha256` of that artifact, with `of` of services by that name."""
    sha256, service = changes.pop("sha256", None), str(changes.pop("service", "x"))
    status = changes.pop("status", Status.SUCCEEDED if phase is Phase.SUCCEEDED else Status.ROLLED_BACK)
    versions = {key: changes.pop(key, None) for key in ("from_version", "to_version", "cause")}
    deployment = Deployment.model_validate(
        {
            "service": service,
            "phase": phase,
            "strategy": "canary",
            "percentage": 10,
            "interval_minutes": 5,
            "bake_minutes": 5,
            "artifact": artifact(str(sha256)) if sha256 else None,
            **versions,
        }
    )
    created = START + timedelta(hours=number)
    return Release.model_validate(
        {
            "release_id": f"{created:%Y%m%dt%H%M%S}-0000",
            "environment": "staging",
            "status": status,
            "created_at": created,
            "by": "ada",
            "deployments": {service: deployment},
            **changes,
        }
    )


def back(number: int, from_version: str, to_version: str, phase: Phase = Phase.SUCCEEDED) -> Release:
    return release(number, phase, kind="rollback", from_version=from_version, to_version=to_version)


GOOD = release(0, Phase.SUCCEEDED, sha256=A, from_version="1", to_version="2")
BAD = release(1, Phase.ROLLED_BACK, sha256=A, from_version="1", to_version="2", cause="judge: worse")


@pytest.mark.parametrize(
    ("past", "standing", "said"),
    [
        ([], Standing.NEVER_RELEASED, "never released there"),
        ([release(0, Phase.SUCCEEDED, sha256=B)], Standing.NEVER_RELEASED, "never released there"),
        ([GOOD], Standing.SUCCEEDED, ""),
        ([BAD], Standing.ROLLED_BACK, "release 20261124t010000-0000 was rolled back there: judge: worse"),
        ([GOOD, BAD], Standing.SUCCEEDED, ""),
        ([BAD, release(2, Phase.SUCCEEDED, sha256=A, to_version="3")], Standing.SUCCEEDED, ""),
        (
            [release(0, Phase.CANARY, sha256=A, status=Status.RUNNING)],
            Standing.RUNNING,
            "release 20261124t000000-0000 is still running there",
        ),
        (
            [release(0, Phase.SUCCEEDED, sha256=A, status=Status.RUNNING)],
            Standing.RUNNING,
            "release 20261124t000000-0000 is still running there",
        ),
        ([release(0, Phase.SUCCEEDED, sha256=A, status=Status.ROLLED_BACK)], Standing.SUCCEEDED, ""),
        ([release(0, Phase.FAILED, sha256=A, cause="boom")], Standing.FAILED, "failed there: boom"),
        (
            [release(0, Phase.NOT_STARTED, sha256=A, cause="b did not make it")],
            Standing.NOT_STARTED,
            "ended there before its turn came: b did not make it",
        ),
        ([GOOD, back(2, "2", "1")], Standing.TAKEN_BACK, "has taken it back there: asked for by ada"),
        ([GOOD, back(2, "2", "1", Phase.FAILED)], Standing.TAKEN_BACK, "has taken it back there"),
        ([GOOD, back(2, "2", "1", Phase.ROLLED_BACK)], Standing.SUCCEEDED, ""),
        ([GOOD, back(2, "2", "1"), back(3, "1", "2")], Standing.SUCCEEDED, ""),
        ([GOOD, back(2, "3", "2")], Standing.SUCCEEDED, ""),
        ([GOOD, release(2, Phase.SUCCEEDED, sha256=B, to_version="3"), back(3, "3", "1")], "succeeded", ""),
        (
            [
                GOOD,
                release(2, Phase.SUCCEEDED, sha256=A, from_version="2", to_version="3"),
                back(3, "3", "2"),
            ],
            Standing.SUCCEEDED,
            "",
        ),
    ],
)
def test_what_has_become_of_it(past: list[Release], standing: Standing, said: str) -> None:
    """Releases stand in the order in which they were made."""
    found = proofs({"x": artifact(A)}, past[::-1])["x"]
    assert (found.standing, found.holds) == (standing, standing == "succeeded")
    assert said in str(found)


def test_each_service_is_looked_at_by_itself() -> None:
    past = [GOOD, release(1, Phase.ROLLED_BACK, sha256=A, service="y")]
    found = proofs({"x": artifact(A), "y": artifact(A), "z": artifact(A)}, past[::-1])
    assert {name: one.standing for name, one in found.items()} == {
        "x": Standing.SUCCEEDED,
        "y": Standing.ROLLED_BACK,
        "z": Standing.NEVER_RELEASED,
    }


def test_no_more_is_read_than_is_needed() -> None:
    def releases() -> Iterator[Release]:
        yield GOOD
        raise AssertionError("read too far")

    assert proofs({"x": artifact(A)}, releases())["x"].holds


@st.composite
def pasts(draw: st.DrawFn) -> list[Release]:
    """A ledger in which versions are made and gone back to, the oldest first."""
    made: list[Release] = []
    live, newest = 1, 1
    for number in range(draw(st.integers(0, 8))):
        if newest > 1 and draw(st.booleans()):
            to = draw(st.integers(1, newest))
            phase = draw(st.sampled_from([Phase.SUCCEEDED, Phase.FAILED]))
            made.append(back(number, str(live), str(to), phase))
            live = to if phase is Phase.SUCCEEDED else live
            continue
        newest += 1
        phase = draw(st.sampled_from([Phase.SUCCEEDED, Phase.SUCCEEDED, Phase.ROLLED_BACK, Phase.FAILED]))
        sha256 = draw(st.sampled_from([A, B]))
        versions = {"from_version": str(live), "to_version": str(newest)}
        made.append(release(number, phase, sha256=sha256, **versions))
        live = newest if phase is Phase.SUCCEEDED else live
    return made


@given(pasts())
def test_what_passes_has_succeeded_and_was_not_left_again(past: list[Release]) -> None:
    """Against a replay of the ledger from its beginning."""
    code: dict[str | None, str] = {}
    once: set[str] = set()
    good: set[str] = set()
    for one in past:
        deployment = one.deployments["x"]
        if deployment.artifact is not None:
            code[deployment.to_version] = deployment.artifact.sha256
        left, come = (code.get(version) for version in (deployment.from_version, deployment.to_version))
        if one.kind == "deploy" and deployment.phase is Phase.SUCCEEDED:
            once.add(str(come))
            good.add(str(come))
        elif one.kind == "rollback" and left != come:
            good.discard(str(left))
        if one.kind == "rollback" and deployment.phase is Phase.SUCCEEDED and come in once:
            good.add(str(come))
    for sha256 in (A, B):
        assert proofs({"x": artifact(sha256)}, past[::-1])["x"].holds == (sha256 in good)


@given(pasts())
def test_reading_less_changes_nothing(past: list[Release]) -> None:
    read: list[Release] = []

    def releases() -> Iterator[Release]:
        for one in past[::-1]:
            read.append(one)
            yield one

    found = proofs({"x": artifact(A)}, releases())["x"]
    if found.holds:
        assert found.release in read
        older = [one for one in past if one not in read]
        assert found == proofs({"x": artifact(A)}, [*read, *older[::-1]])["x"]
