"""Running checkov, and believing it only where it proves that it has looked."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from lockgate.checks import forks
from lockgate.checks.findings import Finding, Report, read
from lockgate.checks.stage import CANARIES, Canary, lay_out, lay_out_plan
from lockgate.errors import LockgateError
from lockgate.processes.child import TimedOutError, lines_of
from lockgate.processes.several import processors

PYTHON = ".venv-checkov/bin/python"
POLICIES = "terraform/policies"
TIMEOUT_SECONDS = 900.0

_HINT = "A scan that did not end well is no pass. Mend that, or run it again: make checkov"

_SETTINGS = {
    # What is known after the apply only, such as the ARN of a key, counts as given; else it would be missing.
    "EVAL_TF_PLAN_AFTER_UNKNOWN": "True",
    "LOG_LEVEL": "ERROR",
    "PYTHONUTF8": "1",
    # A scan is a process; those that checkov would start for each kind of file cost more than they save.
    "CHECKOV_PARALLELIZATION_TYPE": "none",
    # macOS ends forks in which one of its own frameworks is used first.
    "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",
}


def scan(root: Path, plans: Sequence[Path] = (), only: Iterable[str] = ()) -> list[Finding]:
    """Everything that checkov finds, as often as it does.

    Findings in plans have the plan's place in the stage; `placed` finds their lines and keeps each thing
    once.

    Args:
        root: the repository, with checkov in an environment of its own.
        plans: redacted plans as JSON.
        only: files and folders to look at; empty looks at all.

    Raises:
        LockgateError: checkov is missing, failed, took too long, could not read a file, or did not find what
            was planted for it.
        UsageError: a file that was named is not there.
    """
    with scanning(root, only) as scans:
        for plan in plans:
            scans.add(plan)
        return scans.findings()


@dataclass(frozen=True)
class _Scan:
    """One scan that was begun.

    Attributes:
        folder: what it looks at.
        planted: what it has to find there, by framework.
        said, errors: files with its output.
    """

    folder: Path
    planted: Mapping[str, Canary]
    said: Path
    errors: Path


class Scans:
    """Scans that run side by side, each with something planted; `scanning` makes it.

    Args:
        process: of `forks`.
        lines: its standard output.
        home: folder for what they look at and say.
        policies: checks of the platform; None where there are none.
    """

    def __init__(
        self, process: subprocess.Popen[str], lines: Iterator[str], home: Path, policies: Path | None
    ) -> None:
        self._process = process
        self._lines = lines
        self._home = home
        self._policies = policies
        self._begun: list[_Scan] = []
        self._plans = 0

    def add_code(self, root: Path, only: Iterable[str]) -> None:
        """Begins the scans of a repository: Terraform is half of the work, and all else the other half."""
        folder = self._home / "code"
        folder.mkdir()
        lay_out(root, folder, only)
        for frameworks in (["terraform"], [name for name in CANARIES if name != "terraform"]):
            self._begin(folder, {name: CANARIES[name] for name in frameworks})

    def add(self, plan: Path) -> int:
        """Begins the scan of a redacted plan; its number, from 0.

        Raises:
            UsageError: it is not there.
            LockgateError: it is none.
        """
        number, self._plans = self._plans, self._plans + 1
        folder = self._home / f"plan-{number}"
        folder.mkdir()
        self._begin(folder, {"terraform_plan": lay_out_plan(plan, folder, number)})
        return number

    def findings(self) -> list[Finding]:
        """What all of them have found, without what was planted.

        Raises:
            LockgateError: one of them does not count.
        """
        with contextlib.suppress(BrokenPipeError):
            self._input.close()
        ended = [json.loads(line) for line in self._lines]
        codes: Mapping[int, int] = {each["number"]: each["code"] for each in ended}
        found: list[Finding] = []
        problems: list[str] = []
        for number, begun in enumerate(self._begun):
            reports = _reports(begun, codes.get(number), self._home / "forks.errors")
            problems += _problems(reports, begun.planted)
            planted = {*CANARIES.values(), *begun.planted.values()}
            found += [one for report in reports for one in report.findings if not _is_of(one, planted)]
        if problems:
            raise LockgateError("\n".join(problems), hint=_HINT)
        return found

    @property
    def _input(self) -> IO[str]:
        assert self._process.stdin is not None
        return self._process.stdin

    def _begin(self, folder: Path, planted: Mapping[str, Canary]) -> None:
        number = len(self._begun)
        said, errors = self._home / f"{number}.said", self._home / f"{number}.errors"
        arguments = ["--directory", str(folder), "--skip-download", "--output", "json", "--compact"]
        # Without this, secrets are looked for in configuration files only.
        arguments += ["--enable-secret-scan-all-files", "--framework", *planted]
        if self._policies is not None:
            arguments += ["--external-checks-dir", str(self._policies)]
        job = {"number": number, "folder": str(folder), "arguments": arguments}
        self._begun.append(_Scan(folder, planted, said, errors))
        # Where nobody reads any more, no scan ends either, and that is what is said.
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(job | {"said": str(said), "errors": str(errors)}), file=self._input, flush=True)


@contextlib.contextmanager
def scanning(root: Path, only: Iterable[str] = (), timeout: float = TIMEOUT_SECONDS) -> Iterator[Scans]:
    """Scans of a repository's code that have begun, so that plans can be made meanwhile and added.

    However the block is left, all of them have ended afterwards.

    Args:
        root: the repository, with checkov in an environment of its own.
        only: files and folders to look at; empty looks at all.
        timeout: seconds for all of it, with what is done meanwhile.

    Raises:
        LockgateError: checkov is missing, or took too long.
        UsageError: a file that was named is not there.
    """
    python = root / PYTHON
    if not python.is_file():
        raise LockgateError(f"{python} is not there", hint="Set it up: python3 scripts/setup.py checkov")
    policies = root / POLICIES
    with tempfile.TemporaryDirectory(prefix="lockgate-check-") as name:
        home = Path(name)
        # checkov reads .checkov.yaml of whoever runs it as well.
        environment = {**os.environ, **_SETTINGS, "HOME": name}
        # Where its folder is a link, Python finds its environment beside what that leads to.
        binary = python.parent.resolve() / python.name
        # -P: the modules beside that file are ours, and none of them is for checkov to import.
        command = [str(binary), "-P", forks.__file__, str(max(2, processors()))]
        errors = (home / "forks.errors").open("w")
        started = lines_of(
            command,
            cwd=home,
            env=environment,
            timeout=timeout,
            stdin=subprocess.PIPE,
            stderr=errors,
        )
        try:
            with errors, started as (process, lines):
                scans = Scans(process, lines, home, policies if policies.is_dir() else None)
                scans.add_code(root, only)
                yield scans
        except TimedOutError as error:
            raise LockgateError(f"checkov took longer than {timeout:.0f} s", hint=_HINT) from error


def _reports(begun: _Scan, code: int | None, errors: Path) -> list[Report]:
    """What one scan says; `errors` says why none began."""
    if code is None:
        raise LockgateError(f"checkov did not look at all that it should: {_tail(errors)}", hint=_HINT)
    if code not in (0, 1):
        raise LockgateError(f"checkov ended with {code}: {_tail(begun.errors)}", hint=_HINT)
    try:
        reports = list(read(json.loads(begun.said.read_text(errors="replace"))))
    except (KeyError, TypeError, ValueError) as error:
        raise LockgateError(
            f"checkov's output is not what version 3 writes ({type(error).__name__}: {error})", hint=_HINT
        ) from error
    start = f"{begun.folder}/".lstrip("/")
    return [
        replace(report, unparsed=tuple(name.removeprefix(start) for name in report.unparsed))
        for report in reports
    ]


def _tail(errors: Path) -> str:
    """The last thing that was said there."""
    words = errors.read_text(errors="replace").strip() if errors.is_file() else ""
    return words.splitlines()[-1] if words else "it says nothing"


def _problems(reports: Sequence[Report], planted: Mapping[str, Canary]) -> list[str]:
    """Why a scan does not count."""
    known = {report.framework: report for report in reports}
    problems = [
        f"checkov cannot parse {name} ({report.framework})" for report in reports for name in report.unparsed
    ]
    for framework, canary in planted.items():
        found = known[framework].findings if framework in known else ()
        if not any(one.check_id == canary.check_id and _is_of(one, {canary}) for one in found):
            problems.append(f"checkov ({framework}) did not find what was planted for it: {canary.check_id}")
    return problems


def _is_of(finding: Finding, planted: Iterable[Canary]) -> bool:
    """Whether something that was planted was found."""
    return any(finding.path == one.path and one.resource in (None, finding.resource) for one in planted)
