"""Rules that every workflow keeps, besides what actionlint, zizmor and checkov look at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from lockgate.config import Project
from tests.terraform.hcl import ROOT

FILES = sorted((ROOT / ".github").rglob("*.yml"))
WORKFLOWS = [path for path in FILES if path.parent.name == "workflows"]
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
MAKE = re.compile(r'make (?P<target>[a-z-]+)(?: [A-Z_]+=(?:"\$[A-Z_]+"|[\w./-]+))*')


ROLES = {f"${{{{ steps.account.outputs.{purpose}_role }}}}" for purpose in ("plan", "build", "deploy")}
PLATFORM = Project(ROOT).platform
RELEASED = [name for name, one in PLATFORM.environments.items() if not one.emulator]


def read(path: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(path.read_text())
    return found


def steps(path: Path) -> Iterator[dict[str, Any]]:
    data = read(path)
    for job in data.get("jobs", {}).values():
        yield from job.get("steps", [])
    yield from data.get("runs", {}).get("steps", [])


def test_there_are_workflows() -> None:
    assert {path.name for path in WORKFLOWS} >= {
        "drift.yml",
        "pull-request.yml",
        "release.yml",
        "rollback.yml",
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_step_is_a_make_target_that_a_laptop_has_too(path: Path) -> None:
    for step in steps(path):
        if "run" in step:
            match = MAKE.fullmatch(step["run"].strip())
            assert match, f"{path.name}: {step['run']!r} is not one make target with variables"
            assert match["target"] in TARGETS, f"{path.name}: there is no target {match['target']}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit_with_their_version_beside(path: Path) -> None:
    used = re.findall(r"^\s*(?:- )?uses: (.+)$", path.read_text(), re.MULTILINE)
    for one in used:
        assert re.fullmatch(r"\./\.github/\S+|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one), one


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_nothing_is_permitted_that_a_job_does_not_name(path: Path) -> None:
    data = read(path)
    assert data["permissions"] == {}
    # YAML reads the key `on` as true.
    assert "pull_request_target" not in data[True], "what a fork sends would run with credentials"
    assert "${{ secrets" not in path.read_text()
    for name, job in data["jobs"].items():
        assert "permissions" in job, f"{path.name}: {name}"
        assert "uses" in job or job["timeout-minutes"] <= 180, f"{path.name}: {name}"
        for step in job.get("steps", []):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
            if step.get("uses", "").startswith("aws-actions/"):
                assert job["permissions"]["id-token"] == "write"
                role = step["with"]["role-to-assume"]
                assert role in ROLES
                if "deploy_role" in role:
                    assert "environment" in job, "what changes an environment waits for its approval"


def workflow(name: str) -> dict[Any, Any]:
    return read(ROOT / ".github" / "workflows" / name)


def test_workflows_know_the_environments_that_the_platform_has() -> None:
    """Which jobs there are, and what people may choose from, is written into the files of workflows."""
    drift = workflow("drift.yml")["jobs"]["drift"]["strategy"]["matrix"]["name"]
    assert drift == ["tooling", *RELEASED]
    assert workflow("rollback.yml")[True]["workflow_dispatch"]["inputs"]["environment"]["options"] == RELEASED
    release = workflow("release.yml")["jobs"]
    assert [name for name, job in release.items() if job.get("uses", "").endswith("/_deploy.yml")] == [
        "tooling",
        *RELEASED,
    ]


def test_each_environment_gets_its_own_plan_after_the_one_before_it() -> None:
    release = workflow("release.yml")["jobs"]
    for before, name in pairwise(["build", *RELEASED]):
        assert release[f"plan-{name}"]["needs"] == before
        assert release[name]["needs"] == ["build", f"plan-{name}"]
        given = release[name]["with"]
        assert given["name"] == release[f"plan-{name}"]["with"]["name"] == name
        assert given["digest"] == f"${{{{ needs.plan-{name}.outputs.digest }}}}"
        assert given["losing"] == f"${{{{ needs.plan-{name}.outputs.losing }}}}"
        assert given["bundle"] == "${{ needs.build.outputs.bundle }}"


def test_plans_that_leave_the_machine_hold_no_secrets() -> None:
    for path in WORKFLOWS:
        for step in steps(path):
            if step.get("uses", "").startswith("actions/upload-artifact@"):
                files = step["with"]["path"].split()
                assert files
                assert all(file.endswith((".json", ".md")) for file in files), "plan.tfplan holds secrets"
