"""`review --plan`: the code is looked at while plans are made, and each plan as soon as it is there."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from lockgate.checks.scan import PYTHON
from lockgate.checks.stage import CANARIES
from lockgate.commands.plan import plan
from lockgate.commands.review import review
from lockgate.errors import Exit, UsageError
from lockgate.plans.binding import Binding, State
from lockgate.plans.model import Plan
from lockgate.plans.saved import Saved
from tests.sarif import problems

PLATFORM = """\
organisation: acme
name: lockgate
region: eu-west-1
environments:
  dev: {account_id: "222222222222"}
  local: {account_id: "111111111111", endpoint_url: "http://127.0.0.1:4566", emulator: localaws}
  prod: {account_id: "444444444444"}
"""

CHECKOV = """\
import json, pathlib, sys

def finding(check, path, resource):
    where = {"repo_file_path": path, "file_line_range": [1, 1]}
    what = {"check_id": check, "check_name": "name", "check_result": {"result": "FAILED"}}
    return {**where, **what, "resource": resource}

for line in sys.stdin:
    job = json.loads(line)
    with open(LOG, "a") as log:
        print(pathlib.Path(job["folder"]).name, file=log)
    found = dict(CANARIES)
    for path in pathlib.Path(job["folder"]).glob("lockgate-plans/*.json"):
        planted = json.loads(path.read_bytes())["planned_values"]["root_module"]["resources"][-1]
        name = path.relative_to(job["folder"]).as_posix()
        found["terraform_plan"] = [finding("CKV_AWS_26", name, planted["address"])]
    results = [
        {"check_type": each, "results": {"failed_checks": said, "skipped_checks": [], "parsing_errors": []}}
        for each, said in found.items()
    ]
    pathlib.Path(job["said"]).write_text(json.dumps(results))
    print(json.dumps({"number": job["number"], "code": 1}), flush=True)
"""
"""Says of code that what was planted is there, of a plan what stands last in it, and notes each scan."""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of which everything is touched, with a checkov that always finds what was planted."""
    (tmp_path / "platform.yaml").write_text(PLATFORM)
    (tmp_path / ".gitignore").write_text(".build\n.venv-checkov\nlog\n")
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "Begin"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    (tmp_path / "platform.yaml").write_text(PLATFORM.replace("eu-west-1", "eu-west-2"))
    planted = {
        framework: [
            {
                "check_id": canary.check_id,
                "check_name": "name",
                "check_result": {"result": "FAILED"},
                "repo_file_path": canary.path,
                "file_line_range": [1, 1],
                "resource": "",
            }
        ]
        for framework, canary in CANARIES.items()
    }
    python = tmp_path / PYTHON
    python.parent.mkdir(parents=True)
    known = f"LOG = {str(tmp_path / 'log')!r}\nCANARIES = {planted!r}\n"
    python.write_text(f"#!{sys.executable}\n{known}{CHECKOV}")
    python.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def asked(root: Path, count: int) -> list[str]:
    """What checkov was asked to look at, once it is so much."""
    end = time.monotonic() + 20
    found: list[str] = []
    while len(found) < count and time.monotonic() < end:
        found = (root / "log").read_text().splitlines() if (root / "log").is_file() else []
        time.sleep(0.01)
    return found


def save(root: Path, stack: str) -> None:
    """Leaves what `make plan` does."""
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=True
    )
    saved = Saved.of(root, stack)
    saved.begin()
    saved.shown.write_text(json.dumps({"planned_values": {"root_module": {}}}))
    saved.model.write_text(json.dumps(Plan("1.11.4").as_dict()))
    bound = Binding(stack, "1" * 12, commit.stdout.strip(), {}, {}, {}, "1.11.4", State(), "0" * 64)
    saved.binding.write_text(bound.as_json())


def plans(
    root: Path, monkeypatch: pytest.MonkeyPatch, made: list[str], code: Exit = Exit.OK
) -> list[list[str]]:
    """Instead of planning, makes some plans; what checkov was asked for before each, and after all."""
    seen: list[list[str]] = []

    def plan_touched(since: str, profiles: Sequence[str], shown: Callable[[str], None]) -> Exit:
        assert (since, profiles) == ("HEAD", ())
        for count, name in enumerate(made, start=2):
            seen.append(asked(root, count))
            save(root, name)
            shown(name)
        return code

    monkeypatch.setattr("lockgate.commands.review.plan_touched", plan_touched)
    return seen


def run(*options: str) -> Exit:
    result = CliRunner().invoke(review, options, standalone_mode=False, catch_exceptions=False)
    assert isinstance(result.return_value, Exit)
    return result.return_value


def written(root: Path) -> dict[str, object]:
    read: dict[str, object] = json.loads((root / ".build/review/review.json").read_text())
    return read


def test_plans_are_looked_at_as_they_come(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = plans(root, monkeypatch, ["dev", "prod"])
    assert run("--since", "HEAD", "--plan") is Exit.OK
    assert seen == [["code", "code"], ["code", "code", "plan-0"]]
    assert asked(root, 4) == ["code", "code", "plan-0", "plan-1"]
    found = written(root)
    assert (found["missing"], found["checkov"]) == ([], True)
    assert problems(json.loads((root / ".build/review/checkov.sarif").read_text())) == []
    assert isinstance(found["plans"], list)
    assert [each["stack"] for each in found["plans"]] == ["dev", "prod"]


def test_what_workflows_do_not_plan_is_planned_and_not_reviewed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans(root, monkeypatch, ["dev", "local"])
    save(root, "prod")
    assert run("--since", "HEAD", "--plan") is Exit.OK
    assert asked(root, 4) == ["code", "code", "plan-0", "plan-1"], "that of prod was there before"


def test_a_plan_that_could_not_be_made_fails(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans(root, monkeypatch, ["dev"], Exit.ERROR)
    assert run("--since", "HEAD", "--plan") is Exit.ERROR
    assert written(root)["missing"] == ["prod"]
    save(root, "prod")
    plans(root, monkeypatch, ["dev"], Exit.ERROR)
    assert run("--since", "HEAD", "--plan") is Exit.ERROR, "the plan of before is not what was asked for"


@pytest.mark.parametrize("options", [["--plan"], ["--plan", "--since", "HEAD", "--plans", "elsewhere"]])
def test_plans_are_made_of_what_is_touched_where_they_are_looked_for(root: Path, options: list[str]) -> None:
    assert root.is_dir()
    with pytest.raises(UsageError, match="--plan makes the plans of what is touched"):
        run(*options)


def test_a_profile_is_for_several_plans(root: Path) -> None:
    with pytest.raises(UsageError, match="--profile goes with --plan"):
        run("--since", "HEAD", "--profile", "acme-prod")
    with pytest.raises(UsageError, match="--profile goes with --touched"):
        CliRunner().invoke(
            plan, ["--env", "dev", "--profile", "acme-prod"], standalone_mode=False, catch_exceptions=False
        )
