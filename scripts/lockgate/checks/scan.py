"""Running checkov, and believing it only where it proves that it has looked."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from lockgate.checks.findings import Finding, Report, read
from lockgate.checks.stage import CANARIES, PLANS, lay_out
from lockgate.errors import LockgateError
from lockgate.plans.process import TimedOutError, lines_of

CHECKOV = ".venv-checkov/bin/checkov"
POLICIES = "terraform/policies"
TIMEOUT_SECONDS = 900.0

_HINT = "A scan that did not end well is no pass. Mend that, or run it again: make checkov"


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
    binary = root / CHECKOV
    if not binary.is_file():
        raise LockgateError(f"{binary} is not there", hint="Set it up: python3 scripts/setup.py checkov")
    with tempfile.TemporaryDirectory(prefix="lockgate-check-") as name:
        stage = Path(name) / "stage"
        stage.mkdir()
        lay_out(root, stage, plans, only)
        reports = _run(binary, stage, root / POLICIES, with_plans=bool(plans))
    problems = _problems(reports, with_plans=bool(plans))
    if problems:
        raise LockgateError("\n".join(problems), hint=_HINT)
    planted = {canary.path for canary in CANARIES.values()}
    return [finding for report in reports for finding in report.findings if finding.path not in planted]


def _run(binary: Path, stage: Path, policies: Path, *, with_plans: bool) -> list[Report]:
    """Runs each set of frameworks in a process of its own, side by side; all have ended afterwards."""
    command = [str(binary), "--directory", str(stage), "--skip-download", "--output", "json", "--compact"]
    # Without this, secrets are looked for in configuration files only.
    command += ["--enable-secret-scan-all-files"]
    if policies.is_dir():
        command += ["--external-checks-dir", str(policies)]
    # What is known after the apply only, such as the ARN of a key, counts as given; else it would be missing.
    more = {"EVAL_TF_PLAN_AFTER_UNKNOWN": "True", "LOG_LEVEL": "ERROR", "PYTHONUTF8": "1"}
    environment = {**os.environ, **more}
    begun = []
    try:
        with ExitStack() as open_:
            for options in _sets(with_plans=with_plans):
                errors = open_.enter_context(tempfile.TemporaryFile("w+"))
                running = lines_of(
                    [*command, *options],
                    cwd=stage,
                    env=environment,
                    timeout=TIMEOUT_SECONDS,
                    stderr=errors.fileno(),
                )
                begun.append((*open_.enter_context(running), errors))
            found = []
            for process, lines, errors in begun:
                said = "".join(lines)
                process.wait()
                errors.seek(0)
                found += _reports(process, said, errors.read().strip(), str(stage))
            return found
    except TimedOutError as error:
        raise LockgateError(f"checkov took longer than {TIMEOUT_SECONDS:.0f} s", hint=_HINT) from error


def _sets(*, with_plans: bool) -> Iterator[list[str]]:
    """Options of each process: half of the work is Terraform's, and only it reads plans."""
    plans = ["terraform_plan"] if with_plans else []
    yield ["--framework", "terraform", *plans]
    others = [framework for framework in CANARIES if framework != "terraform"]
    yield ["--framework", *others, "--skip-path", f"{PLANS}/"]


def _reports(process: subprocess.Popen[str], said: str, words: str, stage: str) -> list[Report]:
    if process.returncode not in (0, 1):
        tail = words.splitlines()[-1] if words else "it says nothing"
        raise LockgateError(f"checkov ended with {process.returncode}: {tail}", hint=_HINT)
    try:
        reports = list(read(json.loads(said)))
    except (KeyError, TypeError, ValueError) as error:
        raise LockgateError(
            f"checkov's output is not what version 3 writes ({type(error).__name__}: {error})", hint=_HINT
        ) from error
    return [
        replace(
            report, unparsed=tuple(name.removeprefix(stage.lstrip("/") + "/") for name in report.unparsed)
        )
        for report in reports
    ]


def _problems(reports: Sequence[Report], *, with_plans: bool) -> list[str]:
    """Why a scan does not count."""
    known = {report.framework: report for report in reports}
    problems = [
        f"checkov cannot parse {name} ({report.framework})" for report in reports for name in report.unparsed
    ]
    for framework, canary in CANARIES.items():
        report = known.get(framework)
        found = {(one.check_id, one.path) for one in report.findings} if report else set()
        if (canary.check_id, canary.path) not in found:
            problems.append(f"checkov ({framework}) did not find what was planted for it: {canary.check_id}")
    if with_plans and "terraform_plan" not in known:
        problems.append("checkov did not look at any of the plans")
    return problems
