"""Plans and findings as one comment."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from lockgate.checks.findings import Finding
from lockgate.checks.gate import Verdict
from lockgate.config.waivers import Waiver
from lockgate.errors import UsageError
from lockgate.plans.binding import Binding, State
from lockgate.plans.model import Action, Attribute, Change, Plan
from lockgate.plans.summary.markdown import LIMIT
from lockgate.review.gathered import Gathered, Planned, gather
from lockgate.review.markdown import markdown

TOPIC = Change("aws_sns_topic.this", "aws_sns_topic", Action.UPDATE, (Attribute("name", "one", "two"),))
TABLE = Change("aws_dynamodb_table.it", "aws_dynamodb_table", Action.DESTROY, loses="its items")
PASSED = Verdict()


def planned(stack: str, *changes: Change) -> Planned:
    return Planned(stack, Plan("1.2", changes), ("commit abc", "0" * 64), Path("terraform.json"))


def failed(count: int) -> Verdict:
    return Verdict(
        failed=tuple(
            Finding(f"terraform/{number}.tf", 3, 4, f"CKV_AWS_{number}", "Wants | this", "x", "terraform")
            for number in range(count)
        )
    )


def test_a_comment_says_what_every_stack_would_do() -> None:
    gathered = Gathered(
        (planned("dev", TOPIC), planned("prod", TOPIC, TABLE), planned("tooling")), ("staging",)
    )
    text = markdown(gathered, PASSED)
    head, *_ = text.splitlines()
    assert head == "# 2 of 3 plans would change something; no plan of staging; checkov passed"
    assert "| dev | 1 to update | `000000000000` |" in text
    assert "| prod | 1 to destroy, 1 to update; **1 lost for good** |" in text
    assert "| staging | **no plan: its job failed** | |" in text
    assert "| tooling | nothing to change |" in text
    assert "## Plan for dev: 1 to update" in text
    assert "Plan for tooling" not in text, "there is nothing to say"


def test_findings_are_a_table_on_their_lines() -> None:
    text = markdown(Gathered(()), failed(2))
    assert text.startswith("# Nothing was planned; checkov failed\n\n## checkov")
    assert "| `terraform/1.tf:3` | CKV_AWS_1 | Wants / this |" in text


@pytest.mark.parametrize("stacks", [1, 4, 40])
@pytest.mark.parametrize("findings", [0, 5_000])
def test_whatever_there_is_fits_into_a_comment(stacks: int, findings: int) -> None:
    big = [
        Change(
            f"aws_sns_topic.{number}", "aws_sns_topic", Action.UPDATE, (Attribute("name", "x" * 200, "y"),)
        )
        for number in range(900)
    ]
    gathered = Gathered((planned("small", TOPIC), *(planned(f"s{n}", *big) for n in range(stacks))))
    text = markdown(gathered, failed(findings))
    assert len(text) <= LIMIT - 50
    assert "## Plan for small: 1 to update" in text, "what is small is never crowded out"
    for number in range(stacks):
        assert f"| s{number} | 900 to update |" in text
    assert ("more are left out here" in text) == (findings > 0)
    if stacks == 40:
        assert "There is no room here for the plans of" in text


def test_waivers_and_warnings_are_said() -> None:
    waiver = Waiver(
        check="CKV_1",
        resource="x",
        owner="me",
        reason="because of that one, for now",
        expires=date(2027, 1, 1),
    )
    finding = failed(1).failed[0]
    text = markdown(Gathered(()), Verdict(waived=((finding, waiver),), warnings=("it ends soon",)))
    assert "1 waived" in text
    assert "- it ends soon" in text


def binding(stack: str) -> str:
    return Binding(stack, "1" * 12, "abc", {}, {}, {}, "1.11.4", State(), "0" * 64).as_json()


def test_plans_are_gathered_from_their_folders(tmp_path: Path) -> None:
    for name in ("dev", "prod"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "plan.json").write_text(json.dumps(Plan("1.2", (TOPIC,)).as_dict()))
        (folder / "terraform.json").write_text("{}")
        (folder / "binding.json").write_text(binding(name))
    (tmp_path / "prod" / "binding.json").unlink()
    found = gather(tmp_path, ["tooling", "dev", "prod"], "abc")
    assert [one.stack for one in found.planned] == ["dev"]
    assert found.missing == ("tooling", "prod"), "one that is not complete is none"
    assert [one.stack for one in gather(tmp_path, None, "abc").planned] == ["dev"]
    assert gather(tmp_path, ["dev"], "another") == Gathered((), ("dev",)), "it says nothing of this commit"
    assert gather(tmp_path / "nothing", ["dev"], "abc") == Gathered((), ("dev",))
    (tmp_path / "dev" / "plan.json").write_text("{")
    with pytest.raises(UsageError, match=r"dev/plan.json is not JSON"):
        gather(tmp_path, None, "abc")
