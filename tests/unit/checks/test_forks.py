"""checkov imported once: what it is given, how its ends are told, and what does not reach it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lockgate.checks import forks

CHECKOV = """\
import json, os, sys, time
from pathlib import Path
from checkov.common.output.report import Report

IMPORTED_BY = os.getpid()
NAMED = sys.argv

class Checkov:
    def __init__(self, argv):
        self.argv, self.begun = argv, os.getcwd()

    def run(self):
        what = self.argv[0]
        if what == "report":
            said = Report(["failed"], ["passed"]).get_dict(indent=False)
            print(os.nice(0), json.dumps(said))
            return 1
        print(IMPORTED_BY, self.begun, os.getcwd(), sys.argv, sys.stdin.read(), self.argv, sep="|")
        if what == "raise":
            raise RuntimeError("broken")
        if what == "exit":
            sys.exit("in words")
        if what == "meet":
            # Ends only where the other one runs at the same time.
            mine, other = (Path(name) for name in self.argv[1:])
            mine.touch()
            end = time.monotonic() + 3
            while not other.exists() and time.monotonic() < end:
                time.sleep(0.01)
            return 0 if other.exists() else 9
        return None if what == "none" else int(what)
"""

REPORT = """\
class Report:
    def __init__(self, failed, passed):
        self.failed_checks, self.passed_checks = failed, passed

    def get_dict(self, indent=True):
        return {"failed": self.failed_checks, "passed": self.passed_checks, "indent": indent}
"""

_RENDERING = "checkov/terraform/graph_builder/variable_rendering"
LIBRARY = {
    "checkov/main.py": CHECKOV,
    "checkov/common/output/report.py": REPORT,
    f"{_RENDERING}/safe_eval_functions.py": "SAFE_EVAL_DICT = {}\n",
    f"{_RENDERING}/evaluate_terraform.py": "def evaluate_terraform(): pass\ndef _try_evaluate(): pass\n",
    "checkov/terraform/graph_builder/utils.py": "def get_referenced_vertices_in_str_value(): pass\n",
    "hcl2/api.py": "def loads(): pass\n",
    "ply/yacc.py": "def yacc(): pass\n",
}


def scans(folder: Path, *arguments: list[str], most: int = 2) -> list[dict[str, Any]]:
    """What comes of scans: code, and words on both outputs."""
    for name, text in LIBRARY.items():
        (folder / "lib" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "lib" / name).write_text(text)
    (folder / "looked-at").mkdir()
    jobs = [
        {
            "number": number,
            "folder": str(folder / "looked-at"),
            "arguments": each,
            "said": str(folder / f"{number}.said"),
            "errors": str(folder / f"{number}.errors"),
        }
        for number, each in enumerate(arguments)
    ]
    done = subprocess.run(
        [sys.executable, "-P", forks.__file__, str(most)],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "lib")},
        input="".join(f"{json.dumps(job)}\n" for job in jobs),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    ended = {each["number"]: each["code"] for each in map(json.loads, done.stdout.splitlines())}
    assert set(ended) == set(range(len(jobs)))
    read = lambda name: (folder / name).read_text()  # noqa: E731
    return [
        {"code": ended[number], "said": read(f"{number}.said"), "errors": read(f"{number}.errors")}
        for number in range(len(jobs))
    ]


def test_each_scan_looks_at_its_folder_with_its_arguments_and_one_import(tmp_path: Path) -> None:
    found = scans(tmp_path, ["0", "a b"], ["1"], ["none"])
    assert [each["code"] for each in found] == [0, 1, 0]
    said = [each["said"].strip().split("|") for each in found]
    assert {each[0] for each in said} == {said[0][0]}
    assert [each[5] for each in said] == ["['0', 'a b']", "['1']", "['none']"]
    assert {each[2] for each in said} == {str(tmp_path / "looked-at")}


def test_settings_beside_what_is_looked_at_are_not_found(tmp_path: Path) -> None:
    (one,) = scans(tmp_path, ["0"])
    _, begun, _, command, standard_input, _ = one["said"].strip().split("|")
    assert (begun, command, standard_input) == (str(tmp_path), "['checkov']", "")


def test_scans_stand_back_and_leave_out_what_passed(tmp_path: Path) -> None:
    (one,) = scans(tmp_path, ["report"])
    nice, said = one["said"].split(" ", 1)
    assert int(nice) == os.nice(0) + forks.PATIENCE
    assert json.loads(said) == {"failed": ["failed"], "passed": [], "indent": False}


@pytest.mark.parametrize(("what", "words"), [("raise", "RuntimeError: broken"), ("exit", "")])
def test_a_scan_that_crashes_is_not_taken_for_one_that_ended(tmp_path: Path, what: str, words: str) -> None:
    crashed, other = scans(tmp_path, [what], ["1"])
    assert (crashed["code"], other["code"]) == (forks.CRASHED, 1)
    assert words in crashed["errors"]


@pytest.mark.parametrize(("most", "codes"), [(2, [0, 0]), (1, [9, 0])])
def test_so_many_run_side_by_side(tmp_path: Path, most: int, codes: list[int]) -> None:
    mine, other = str(tmp_path / "mine"), str(tmp_path / "other")
    found = scans(tmp_path, ["meet", mine, other], ["meet", other, mine], most=most)
    assert [each["code"] for each in found] == codes
