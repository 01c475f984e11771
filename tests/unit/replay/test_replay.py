"""What was recorded, judged again: from the ledger's records and from files, under any policy."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner
from rich.console import Console

from lockgate.commands.judge import judge
from lockgate.errors import UsageError
from lockgate.judge import Action
from lockgate.release.judgement import Conclusion, Stage
from lockgate.release.looks import Recorded
from lockgate.replay.files import load, save
from lockgate.replay.verdicts import replayed, summary
from lockgate.report import evidence_chart
from tests.unit.release.test_judging import Trial, steady

CSV = """canary_requests,canary_errors,baseline_requests,baseline_errors
60,0,540,1
60,1,540,0
,,540,0
60,2,540,2
60,3,540,0
"""


def recorded(canary_errors: int) -> Recorded:
    trial = Trial(steady(canary_errors), "observe")
    trial.run()
    return next(one for one in trial.recorded() if one.setup.stage is Stage.CANARY)


def test_the_same_policy_gives_the_same_verdicts_also_through_a_file(tmp_path: Path) -> None:
    one = recorded(2)
    steps = list(replayed(one))
    assert [step.verdict.action for step in steps] == [look.action for look in one.looks]
    assert not any(step.differs for step in steps)
    assert "all as at the time" in summary(one, steps, same_policy=True)
    save([one], tmp_path / "rows.json")
    (loaded,) = load(tmp_path / "rows.json", 0.1)
    assert (loaded.setup, loaded.looks) == (one.setup, one.looks)


def test_another_policy_may_come_to_another_verdict() -> None:
    one = recorded(1)
    strict = list(replayed(one, replace(one.setup.policy, alpha=0.9)))
    usual = list(replayed(one))
    first = [
        next(step.number for step in steps if step.verdict.action is Action.ROLLBACK)
        for steps in (strict, usual)
    ]
    assert first[0] < first[1]


def test_what_was_proven_once_stays_so_and_says_when() -> None:
    one = recorded(0)
    steps = list(replayed(one))
    proven = [step.number for step in steps if step.judgement.conclusion is Conclusion.PROVEN_GOOD]
    assert proven == list(range(proven[0], len(steps) + 1))
    assert f"first proven good at look {proven[0]}" in summary(one, steps, same_policy=True)


def test_rows_of_a_table_are_judged_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(CSV)
    (one,) = load(path, 0.1)
    steps = list(replayed(one))
    assert [step.verdict.minutes for step in steps] == [1, 2, 2, 3, 4]
    assert steps[-1].judgement.conclusion is Conclusion.WORSE


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("rows.csv", "a,b\n1,2\n", "rows.csv:1: no column 'canary_requests'; there are a, b"),
        ("rows.csv", "", "rows.csv:1: no column 'canary_requests'; there are none"),
        ("rows.csv", CSV.replace("60,3,", "60,x,"), "rows.csv:6: canary_errors is 'x', not a whole number"),
        ("rows.csv", CSV.replace("60,3,", "2,3,"), "rows.csv:6: errors (3) exceed requests (2)"),
        ("rows.json", "{}", "no record of judgements: a list is needed, not dict"),
        ("rows.json", "nonsense", "rows.json: no record of judgements"),
        ("rows.json", '[{"setup": {"service": "a"}, "looks": []}]', "stage: Field required"),
        ("rows.txt", "", "rows.txt: neither .json nor .csv"),
    ],
)
def test_a_file_that_is_no_record_is_said_to_be_none(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError) as raised:
        load(tmp_path / name, 0.1)
    assert words in raised.value.message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        load(tmp_path / "rows.csv", 0.1)


def test_the_chart_fits_a_terminal_and_the_picture_is_one_document(tmp_path: Path) -> None:
    steps = list(replayed(recorded(2)))
    out = io.StringIO()
    Console(file=out, width=100).print(evidence_chart.table("a", steps))
    lines = out.getvalue().splitlines()
    assert sum("roll back │" in line for line in lines) == sum(
        step.verdict.action is Action.ROLLBACK for step in steps
    )
    root = ET.fromstring(evidence_chart.svg("<a> & b", steps))
    assert root.tag.endswith("svg")
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert {"<a> & b", "needed: 100", "needed: 20", "— errors"} <= set(texts)
    assert "http" not in evidence_chart.svg("a", steps).replace("http://www.w3.org/2000/svg", "")


def run(*arguments: str) -> str:
    result = CliRunner().invoke(judge, ["replay", *arguments], catch_exceptions=False)
    return result.output


def test_the_command_judges_a_table_under_a_policy_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(CSV)
    document = json.loads(run(str(path), "--json", "--svg", str(tmp_path / "x.svg")).partition("\n")[2])
    assert document[0]["looks"][-1]["action"] == "rollback"
    assert ET.parse(tmp_path / "x.svg").getroot().tag.endswith("svg")
    assert "roll-back at look" in run(str(path), "--set", "alpha=0.5")
    for setting, words in [
        ("alph=1", "no setting of the judge"),
        ("alpha", "no setting of the judge"),
        ("alpha=7", "less than 1"),
        ("proven_quantiles=[0.3]", "0.3 has no margin"),
    ]:
        with pytest.raises(UsageError) as raised:
            run(str(path), "--set", setting)
        assert words in raised.value.message
