"""`lockgate check`: what checkov finds, and whether that may be merged."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import click

from lockgate.checks.findings import Finding
from lockgate.checks.gate import Verdict, decide
from lockgate.checks.places import placed
from lockgate.checks.rules import waivers_of
from lockgate.checks.sarif import sarif
from lockgate.checks.scan import scan
from lockgate.checks.words import line, markdown, summary
from lockgate.commands.options import console, json_option, now
from lockgate.config import Project
from lockgate.config.waivers import FILE
from lockgate.errors import Exit, UsageError

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("paths", nargs=-1)
@click.option(
    "--plan",
    "plans",
    multiple=True,
    metavar="STACK=FILE",
    help="A redacted plan as JSON, with the folder of its root module; may be given again.",
)
@click.option("--sarif", "sarif_file", type=_FILE, help="Write SARIF 2.1.0 there, for code scanning.")
@click.option("--markdown", "markdown_file", type=_FILE, help="Write a summary there, for a comment.")
@json_option
def check(
    paths: tuple[str, ...],
    plans: tuple[str, ...],
    sarif_file: Path | None,
    markdown_file: Path | None,
    as_json: bool,
) -> Exit:
    """Scan Terraform, workflows, Dockerfiles and secrets; PATHS limit it to files and folders."""
    root = Project.find(Path.cwd()).root
    rules = waivers_of(root)
    named = [_plan(root, each) for each in plans]
    found = placed(scan(root, [file for _, file in named], paths), root, [stack for stack, _ in named])
    verdict = decide(found, rules, now().date(), whole=not paths)
    if sarif_file:
        sarif_file.write_text(json.dumps(sarif(verdict, version("lockgate")), indent=2) + "\n")
    if markdown_file:
        markdown_file.write_text(markdown(verdict))
    if as_json:
        click.echo(json.dumps(_as_json(verdict), indent=2))
    else:
        _say(verdict)
    return Exit.OK if verdict.passed else Exit.ERROR


def _plan(root: Path, named: str) -> tuple[Path, Path]:
    stack, found, file = named.partition("=")
    if not found or not (root / stack).is_dir():
        raise UsageError(
            f"--plan {named}: not STACK=FILE with the folder of a root module",
            hint="For example --plan terraform/stacks/workload=plan.json.",
        )
    return root / stack, Path(file)


def _say(verdict: Verdict) -> None:
    out = console()
    for finding in (*verdict.failed, *verdict.low):
        mark = "error" if finding in verdict.failed else "note"
        out.print(f"{mark}: {line(finding)}", markup=False, soft_wrap=True)
    for problem in verdict.problems:
        out.print(f"error: {problem}", markup=False, soft_wrap=True)
    for warning in verdict.warnings:
        out.print(f"warning: {warning}", markup=False, soft_wrap=True)
    out.print(summary(verdict), markup=False, soft_wrap=True)
    if not verdict.passed:
        out.print(
            f"hint: Mend it, or write a waiver with owner, reason and expiry into {FILE} (docs/checks.md).",
            markup=False,
            soft_wrap=True,
        )


def _as_json(verdict: Verdict) -> dict[str, object]:
    def row(finding: Finding) -> dict[str, object]:
        return {
            "path": finding.path,
            "line": finding.first,
            "check": finding.check_id,
            "name": finding.name,
            "resource": finding.resource,
        }

    return {
        "passed": verdict.passed,
        "failed": [row(one) for one in verdict.failed],
        "low": [row(one) for one in verdict.low],
        "waived": [
            row(one) | {"owner": waiver.owner, "expires": waiver.expires.isoformat()}
            for one, waiver in verdict.waived
        ],
        "skipped": [row(one) | {"reason": one.skipped} for one in verdict.skipped],
        "problems": list(verdict.problems),
        "warnings": list(verdict.warnings),
    }
