"""Freezes and promotion rules refuse, unless the glass is broken; and then it is written down."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from lockgate.cli import cli
from lockgate.commands import gates
from lockgate.commands.gates import Gate, Obstacle, unproven
from lockgate.config import Platform
from lockgate.errors import RefusedError, UsageError
from lockgate.release.driver import Live
from lockgate.release.model import Phase
from lockgate.release.permission import Approval, Approvals, BreakGlass
from lockgate.report import words
from tests.unit.release.test_promotion import GOOD, A, B, artifact, release

FROZEN = Obstacle("prod is frozen: Christmas", "Wait.")


def gate(break_glass: str | None = None, *, dry_run: bool = False) -> Gate:
    return Gate(break_glass, dry_run, Console(file=io.StringIO(), width=200))


def said(one: Gate) -> str:
    assert isinstance(one.out.file, io.StringIO)
    return one.out.file.getvalue()


def test_what_stands_in_the_way_refuses_with_what_to_do() -> None:
    with pytest.raises(RefusedError) as raised:
        gate().passes([FROZEN, Obstacle("hello-api: never", "Wait.")])
    assert raised.value.message == "prod is frozen: Christmas\nhello-api: never"
    assert raised.value.hint.startswith("Wait. Where that cannot wait")
    assert "--break-glass" in raised.value.hint
    assert gate().passes([])


def test_a_dry_run_says_it() -> None:
    one = gate(dry_run=True)
    assert not one.passes([FROZEN])
    assert said(one) == "would be refused: prod is frozen: Christmas\n"


def test_who_breaks_the_glass_passes_and_is_written_down() -> None:
    one = gate("prod is down")
    assert one.passes([FROZEN])
    assert said(one) == "break-glass goes past: prod is frozen: Christmas\n"
    assert one.broken([FROZEN]) == BreakGlass(reason="prod is down", overrode=(FROZEN.what,))
    assert gate().broken([FROZEN]) is None


@pytest.mark.parametrize("verb", ["deploy", "apply"])
@pytest.mark.parametrize("reason", ["", "  "])
def test_an_empty_reason_is_none(verb: str, reason: str) -> None:
    ran = CliRunner().invoke(cli, [verb, "--env", "prod", "--break-glass", reason])
    assert isinstance(ran.exception, UsageError)
    assert "without a reason" in ran.exception.message


def world(
    releases: list[Any], live: str = "other", refuse: Exception | None = None, source: str | None = "staging"
) -> Any:
    """`prod`, in which `live` is the code that serves; `staging` has these releases, the newest first."""
    platform = Platform.model_validate(
        {
            "organisation": "acme",
            "region": "eu-west-1",
            "environments": {
                "staging": {"account_id": "3" * 12},
                "prod": {"account_id": "4" * 12, **({"promotes_from": source} if source else {})},
            },
        }
    )
    driver = SimpleNamespace(live=lambda _: Live("1", {"1": 1.0}, live, None))
    return SimpleNamespace(
        name="prod",
        environment=platform.environments["prod"],
        project=SimpleNamespace(platform=platform),
        planner=SimpleNamespace(driver=lambda _: driver),
        refuse=refuse,
        releases=releases,
    )


@pytest.fixture(autouse=True)
def ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other account's ledger, without the other account."""

    def ledger_of(opened: Any, source: str) -> Any:
        assert source == "staging"
        if opened.refuse:
            raise opened.refuse
        return SimpleNamespace(history=lambda: iter(opened.releases))

    monkeypatch.setattr(gates, "_ledger_of", ledger_of)


PLANNED = release(9, Phase.PENDING, sha256=A)


def test_what_has_succeeded_there_passes() -> None:
    assert unproven(world([GOOD]), PLANNED, "1c8b") == []


def test_what_has_not_is_named_with_digest_reason_and_next_step() -> None:
    bad = release(1, Phase.ROLLED_BACK, sha256=A, cause="judge: worse: errors 8/8 against 0/89")
    (found,) = unproven(world([bad]), PLANNED, "1c8b")
    assert found.what == (
        f"x: artifact {A} has not succeeded in staging: release 20261124t010000-0000 was rolled back there: "
        "judge: worse: errors 8/8 against 0/89"
    )
    assert found.hint == 'Let it succeed there first: make deploy ENV=staging SERVICE="x" BUNDLE=1c8b.'
    (found,) = unproven(world([]), PLANNED, None)
    assert found.what.endswith("has not succeeded in staging: never released there")


def test_what_still_runs_there_is_waited_for() -> None:
    (found,) = unproven(world([release(1, Phase.CANARY, sha256=A, status="running")]), PLANNED, None)
    assert found.hint == "Wait for its end: make watch ENV=staging."


def test_one_command_is_named_for_all_that_is_missing() -> None:
    hook = release(9, Phase.PENDING, sha256=B, service="hook").deployments["hook"]
    hints = {one.hint for one in unproven(world([]), PLANNED.with_deployment(hook), "1c8b")}
    assert hints == {'Let it succeed there first: make deploy ENV=staging SERVICE="x hook" BUNDLE=1c8b.'}


def test_a_hook_that_comes_along_has_to_be_proven_too() -> None:
    hook = release(9, Phase.PENDING, sha256=B, service="hook").deployments["hook"]
    (found,) = unproven(world([GOOD]), PLANNED.with_deployment(hook), None)
    assert found.what.startswith(f"hook: artifact {B}")


def test_other_configuration_of_what_serves_is_no_matter_of_promotion() -> None:
    serving = artifact(A).code_sha256
    assert unproven(world([], live=serving, refuse=AssertionError("asked")), PLANNED, None) == []


def test_where_nothing_is_promoted_nobody_is_asked() -> None:
    assert unproven(world([], refuse=AssertionError("asked"), source=None), PLANNED, None) == []


def test_a_ledger_that_cannot_be_read_proves_nothing() -> None:
    (found,) = unproven(world([], refuse=RefusedError("no such role", hint="")), PLANNED, None)
    assert found.what.endswith("what has succeeded there cannot be read: no such role")
    assert "make apply ENV=staging" in found.hint


def test_words_about_permission() -> None:
    url = "https://github.com/acme/lockgate/actions/runs/1"
    grace = Approvals(run_url=url, given=(Approval(by="grace", comment="Ship\nit!"), Approval(by="ada")))
    assert words.approved(grace) == f"Approved by grace (Ship it!), ada: {url}"
    assert words.approved(Approvals(run_url=url)) == f"Approved by nobody: {url}"
    unknown = Approvals(run_url=url, unknown="GitHub does not answer")
    assert words.approved(unknown) == f"Who approved it is not known: GitHub does not answer: {url}"
    broken = BreakGlass(reason="prod is down", overrode=("prod is frozen",))
    assert words.break_glass(broken, "ada") == "Break-glass by ada: prod is down (past: prod is frozen)."
    assert "nothing stood in the way" in words.break_glass(BreakGlass(reason="x"), "ada")
    assert words.permissions(GOOD) == []
