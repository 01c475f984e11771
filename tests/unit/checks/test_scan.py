"""Which scans count, where findings of plans stand, and what code scanning is told."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lockgate.checks.findings import Finding
from lockgate.checks.gate import decide
from lockgate.checks.places import placed
from lockgate.checks.sarif import sarif
from lockgate.checks.scan import PYTHON, scan
from lockgate.checks.stage import CANARIES, lay_out, lay_out_plan, plan_name
from lockgate.checks.words import markdown
from lockgate.config.waivers import Waivers
from lockgate.errors import LockgateError, UsageError
from tests.sarif import problems

WHY = "The bucket is a public site."


def check(check_id: str, path: str, *, line: int = 1, reason: str | None = None) -> dict[str, Any]:
    result = {"result": "FAILED"} if reason is None else {"result": "SKIPPED", "suppress_comment": reason}
    return {
        "check_id": check_id,
        "check_name": f"name of {check_id}",
        "check_result": result,
        "repo_file_path": f"/{path}",
        "file_line_range": [line, line + 1],
        "resource": 'module.site["a"].aws_s3_bucket.b[0]',
    }


def report(framework: str, *failed: dict[str, Any], parsing: tuple[str, ...] = ()) -> dict[str, Any]:
    planted = CANARIES.get(framework)
    found = [*([check(planted.check_id, planted.path)] if planted else []), *failed]
    results = {"failed_checks": found, "skipped_checks": [], "parsing_errors": list(parsing)}
    return {"check_type": framework, "results": results}


ALL = [report(framework) for framework in CANARIES]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with Git, and a checkov that says what `will` has."""
    (tmp_path / "terraform").mkdir()
    (tmp_path / "terraform" / "main.tf").write_text("")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return tmp_path


def will(root: Path, said: Any, code: int = 1, scans: int = 9) -> None:
    """What checkov will say of each scan, how those will end, and how many it will do."""
    text = said if isinstance(said, str) else json.dumps(said)
    fake(
        root,
        f"for line in list(sys.stdin)[:{scans}]:\n"
        "    job = json.loads(line)\n"
        f"    pathlib.Path(job['said']).write_text({text!r})\n"
        f"    print(json.dumps({{'number': job['number'], 'code': {code}}}))\n",
    )


def fake(root: Path, script: str) -> None:
    """Instead of the Python that checkov is installed for."""
    path = root / PYTHON
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable}\nimport json, pathlib, sys\n{script}")
    path.chmod(0o755)


def test_each_thing_is_found_once_and_what_was_planted_never(root: Path) -> None:
    bad = check("CKV_AWS_20", "terraform/main.tf", line=4)
    will(root, [report("terraform", bad, bad), *ALL[1:]])
    (found,) = placed(scan(root), root, [])
    assert (found.path, found.first, found.check_id) == ("terraform/main.tf", 4, "CKV_AWS_20")
    assert found.resource == "module.site.aws_s3_bucket.b"


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        (ALL, 2, "checkov ended with 2"),
        (ALL, -9 & 0xFF, "checkov ended with 247"),
        ("Traceback", 1, "checkov's output is not what version 3 writes"),
        ("", 0, "checkov's output is not what version 3 writes"),
        ([{"check_type": "terraform", "results": {}}], 0, "not what version 3 writes"),
        ({"passed": 0, "failed": 0}, 0, r"checkov \(secrets\) did not find what was planted for it"),
        (ALL[1:], 0, r"checkov \(terraform\) did not find what was planted for it: CKV_AWS_20"),
        ([*ALL[1:], report("terraform", parsing=("/x.tf",))], 1, r"checkov cannot parse x\.tf"),
    ],
)
def test_a_scan_that_does_not_prove_that_it_has_looked_is_no_pass(
    root: Path, said: Any, code: int, words: str
) -> None:
    will(root, said, code)
    with pytest.raises(LockgateError, match=words):
        scan(root)


def test_what_is_not_there_is_said(root: Path) -> None:
    with pytest.raises(LockgateError, match=r"\.venv-checkov/bin/python is not there"):
        scan(root)
    will(root, ALL)
    with pytest.raises(UsageError, match=r"terraform/nothing: there is no such file"):
        scan(root, only=["terraform/nothing"])
    with pytest.raises(UsageError, match=r"plan\.json: No such file"):
        scan(root, [root / "plan.json"])


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"planned_values": []}'])
def test_what_is_no_plan_is_not_passed_over(root: Path, text: str) -> None:
    will(root, ALL)
    (root / "plan.json").write_text(text)
    with pytest.raises(LockgateError, match=r"plan\.json is no plan of Terraform"):
        scan(root, [root / "plan.json"])


def test_each_plan_has_to_be_read(root: Path) -> None:
    will(root, ALL)
    (root / "plan.json").write_text('{"planned_values": {"root_module": {}}}')
    words = r"checkov \(terraform_plan\) did not find what was planted for it: CKV_AWS_26"
    with pytest.raises(LockgateError, match=words):
        scan(root, [root / "plan.json"])


def test_what_is_planted_in_a_plan_cannot_be_known_before(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    own = {"address": "aws_sns_topic.own"}
    plan.write_text(json.dumps({"planned_values": {"root_module": {"resources": [own]}}}))
    names = set()
    for number in range(2):
        stage = tmp_path / str(number)
        stage.mkdir()
        canary = lay_out_plan(plan, stage, number)
        document = json.loads((stage / plan_name(number)).read_text())
        resources = document["planned_values"]["root_module"]["resources"]
        assert [each["address"] for each in resources] == ["aws_sns_topic.own", canary.resource]
        assert [each["address"] for each in document["resource_changes"]] == [canary.resource]
        names.add(canary.resource)
    assert len(names) == 2


def test_a_plan_is_laid_out_without_what_nobody_looks_at(tmp_path: Path) -> None:
    known = {"actions": [], "after_unknown": {}}
    new = {**known, "before": None, "after": {"name": "new"}, "after_sensitive": {}}
    old = {**known, "before": {"name": "old"}, "after": {"name": "new"}, "before_sensitive": False}
    plan = tmp_path / "plan.json"
    changes = [{"address": "a.new", "change": new}, {"address": "a.old", "change": old}]
    sections = {"planned_values": {}, "configuration": {"root_module": {}}, "prior_state": {"values": {}}}
    plan.write_text(json.dumps({**sections, "resource_changes": changes, "resource_drift": changes}))
    stage = tmp_path / "stage"
    stage.mkdir()
    lay_out_plan(plan, stage, 0)
    document = json.loads((stage / plan_name(0)).read_text())
    assert set(document) == {"planned_values", "configuration", "resource_changes"}
    assert [each["change"] for each in document["resource_changes"][:2]] == [
        {**known, "before": None, "after": None},
        {**known, "before": {"name": "old"}, "after": {"name": "new"}},
    ]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("sys.exit('No module named checkov')", "not look at all that it should: No module named checkov"),
        ("sys.stdin.close()", "not look at all that it should: it says nothing"),
    ],
)
def test_a_checkov_that_does_not_begin_is_no_pass(root: Path, script: str, words: str) -> None:
    fake(root, script)
    with pytest.raises(LockgateError, match=words):
        scan(root)


def test_a_scan_that_was_not_done_is_no_pass(root: Path) -> None:
    will(root, ALL, scans=1)
    with pytest.raises(LockgateError, match="not look at all that it should"):
        scan(root)


@pytest.mark.parametrize(
    ("only", "there"),
    [
        ([], {"terraform/main.tf", "terraform/stacks/a/a.tf", "terraform/modules/m/m.tf", "lambdas/a.py"}),
        (["lambdas/a.py"], {"lambdas/a.py"}),
        (["terraform/stacks"], {"terraform/stacks/a/a.tf", "terraform/modules/m/m.tf"}),
        (["terraform/modules/m/m.tf"], {"terraform/modules/m/m.tf"}),
        (["terraform/main.tf"], {"terraform/main.tf", "terraform/stacks/a/a.tf", "terraform/modules/m/m.tf"}),
    ],
)
def test_a_part_has_what_belongs_to_it(root: Path, only: list[str], there: set[str]) -> None:
    for name in ("terraform/stacks/a/a.tf", "terraform/modules/m/m.tf", "lambdas/a.py", ".venv/b.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    (root / ".gitignore").write_text(".venv\n.gitignore\nstage\n")
    stage = root / "stage"
    stage.mkdir()
    lay_out(root, stage, only)
    planted = {canary.path for canary in CANARIES.values()}
    assert planted < (
        found := {path.relative_to(stage).as_posix() for path in stage.rglob("*") if path.is_file()}
    )
    assert found - planted == there


def test_a_finding_in_a_plan_stands_on_the_line_of_its_resource(tmp_path: Path) -> None:
    stack, module = tmp_path / "stacks" / "workload", tmp_path / "modules" / "site"
    for folder in (stack, module):
        folder.mkdir(parents=True)
    (stack / "main.tf").write_text(
        '\nmodule "site" {\n  for_each = {}\n  source   = "../../modules/site"\n}\n'
    )
    (module / "bucket.tf").write_text('# a bucket\n\nresource "aws_s3_bucket" "b" {\n}\n')

    def of_plan(resource: str) -> Finding:
        return Finding(plan_name(0), 0, 0, "CKV_AWS_20", "name", resource, "terraform_plan")

    code = ("modules/site/bucket.tf", 3, 4)
    other = Finding(*code, "CKV_AWS_21", "name", "aws_s3_bucket.b", "terraform")
    twice = of_plan("module.site.aws_s3_bucket.b")
    nowhere = [of_plan(f"module.gone.aws_s3_bucket.{name}") for name in "cd"]
    found = placed([twice, twice, *nowhere, other], tmp_path, [stack])
    assert [(one.path, one.first, one.check_id) for one in found] == [
        ("modules/site/bucket.tf", 3, "CKV_AWS_20"),
        ("modules/site/bucket.tf", 3, "CKV_AWS_21"),
        ("stacks/workload", 1, "CKV_AWS_20"),
        ("stacks/workload", 1, "CKV_AWS_20"),
    ]
    skipped = Finding(*code, "CKV_AWS_20", "name", "aws_s3_bucket.b", "terraform", WHY)
    assert placed([twice, skipped], tmp_path, [stack]) == [skipped], "the plan has no comments"


def test_code_scanning_and_comments_get_right_lines_and_no_more_than_that() -> None:
    failed = Finding("a.tf", 3, 5, "CKV_AWS_20", "No public bucket", "aws_s3_bucket.b", "terraform")
    skipped = Finding("b.tf", 7, 7, "CKV_AWS_21", "Versioned", "aws_s3_bucket.b", "terraform", WHY)
    verdict = decide([failed, skipped], Waivers(), date(2026, 6, 1))
    document = sarif(verdict, "1.0")
    assert problems(document) == []
    results = document["runs"][0]["results"]
    places = [
        (one["ruleId"], one["locations"][0]["physicalLocation"]["region"]["startLine"]) for one in results
    ]
    assert places == [("CKV_AWS_20", 3), ("CKV_AWS_21", 7)]
    assert [one.get("suppressions", []) for one in results] == [
        [],
        [{"kind": "inSource", "justification": WHY}],
    ]
    assert [rule["id"] for rule in document["runs"][0]["tool"]["driver"]["rules"]] == [
        "CKV_AWS_20",
        "CKV_AWS_21",
    ]
    text = markdown(verdict)
    assert text.startswith("**Failed**")
    assert "| `a.tf:3` | CKV_AWS_20 | No public bucket |" in text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda log: log.pop("version"), "'version' is a required property"),
        (lambda log: log.update(verdict="failed"), "'verdict' was unexpected"),
        (lambda log: log["runs"][0]["results"][0].update(level="fatal"), "'fatal' is not one of"),
        (lambda log: log["runs"][0]["results"][0].pop("message"), "'message' is a required property"),
        (
            lambda log: log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"].update(
                startLine=0
            ),
            "0 is less than the minimum of 1",
        ),
        (
            lambda log: log["runs"][0]["results"][0].update(suppressions=[{"kind": "mine"}]),
            "'mine' is not one of",
        ),
    ],
)
def test_what_the_standard_does_not_allow_is_found(wrong: Callable[[Any], object], said: str) -> None:
    failed = Finding("a.tf", 3, 5, "CKV_AWS_20", "No public bucket", "aws_s3_bucket.b", "terraform")
    document = sarif(decide([failed], Waivers(), date(2026, 6, 1)), "1.0")
    assert problems(document) == []
    wrong(document)
    (problem,) = problems(document)
    assert said in problem
