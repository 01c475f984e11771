"""What GitHub has to ask for before an environment, or main, is changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lockgate.commands.doctor import doctor
from lockgate.errors import RefusedError
from lockgate.github.api import GitHub
from lockgate.github.protection import branch_gaps, environment_gaps
from tests.workflows.runner.github import REPOSITORY, TOKEN, State, guarded

RULES = [
    {"type": "pull_request", "parameters": {}},
    {"type": "non_fast_forward"},
    {
        "type": "required_status_checks",
        "parameters": {
            "required_status_checks": [{"context": name} for name in ("Dependencies", "Gate", "Lint", "Test")]
        },
    },
]


def gaps(asked: GitHub, *, approval: bool = True) -> list[str]:
    return [gap.what for gap in environment_gaps(asked, "prod", approval=approval)]


def test_what_is_guarded_has_no_gap(asked: GitHub, state: State) -> None:
    state.environments["prod"] = guarded("prod")
    assert gaps(asked) == []


def test_each_gap_is_named(asked: GitHub, state: State) -> None:
    assert gaps(asked) == ["GitHub has no environment of that name"]
    state.environments["prod"] = guarded("prod", reviewers=False)
    assert gaps(asked) == ["nobody has to approve"]
    assert gaps(asked, approval=False) == []
    environment = guarded("prod")
    environment["can_admins_bypass"] = True
    environment["protection_rules"][1]["prevent_self_review"] = False
    environment["deployment_branch_policy"] = None
    state.environments["prod"] = environment
    assert gaps(asked) == [
        "whoever starts a release may approve it",
        "administrators may go on without an approval",
        "any branch may change it",
    ]
    state.environments["prod"] = guarded("prod")
    state.branches["prod"] = ["main", "release/*"]
    assert gaps(asked) == ["it may be changed from main, release/*"]


def test_a_token_that_may_not_look_is_no_clean_bill(asked: GitHub) -> None:
    stranger = GitHub(REPOSITORY, "another", asked.api_url)
    with pytest.raises(RefusedError, match="401"):
        list(environment_gaps(stranger, "prod", approval=True))


def test_main_is_guarded_by_rulesets_or_by_branch_protection(asked: GitHub, state: State) -> None:
    assert [gap.what for gap in branch_gaps(asked)] == [
        "it takes pushes without a pull request",
        "a pull request may be merged without Dependencies, Gate, Lint, Test",
        "its history can be overwritten",
    ]
    state.rules = RULES[:2]
    assert [gap.what for gap in branch_gaps(asked)] == [
        "a pull request may be merged without Dependencies, Gate, Lint, Test"
    ]
    state.rules = RULES
    assert list(branch_gaps(asked)) == []
    state.rules = []
    state.protection = {
        "required_pull_request_reviews": {"required_approving_review_count": 1},
        "required_status_checks": {
            "checks": [{"context": name} for name in ("Dependencies", "Gate", "Lint", "Test")]
        },
        "allow_force_pushes": {"enabled": False},
    }
    assert list(branch_gaps(asked)) == []


def test_doctor_refuses_what_is_not_guarded(
    asked: GitHub, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parents[3])
    monkeypatch.setenv("GITHUB_REPOSITORY", REPOSITORY)
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("GITHUB_API_URL", asked.api_url)
    state.rules = RULES
    state.environments = {name: guarded(name) for name in ("prod", "prod-destroy")}
    run = CliRunner()
    done = run.invoke(doctor, ["--github", "--env", "prod"], standalone_mode=False)
    assert (done.return_value, done.output) == (0, f"{REPOSITORY} is guarded.\n")
    del state.environments["prod-destroy"]
    done = run.invoke(doctor, ["--github", "--env", "prod", "--json"], standalone_mode=False)
    assert done.return_value == 4
    assert [gap["where"] for gap in json.loads(done.output)] == ["prod-destroy"]
    done = run.invoke(doctor, ["--github"], standalone_mode=False)
    assert done.return_value == 4
    for name in ("tooling", "dev", "staging", "prod-destroy"):
        assert f"{name}: GitHub has no environment of that name" in done.output
    assert "local" not in done.output
