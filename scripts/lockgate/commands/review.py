"""`lockgate review`: plans and checkov's findings as one comment, and whether the change may go in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from threading import Lock

import click

from lockgate.checks.gate import Verdict, decide
from lockgate.checks.places import placed
from lockgate.checks.rules import waivers_of
from lockgate.checks.sarif import sarif
from lockgate.checks.scan import TIMEOUT_SECONDS, Scans, scanning
from lockgate.checks.words import line
from lockgate.checks.words import summary as counts
from lockgate.commands.account import planned_in_workflows
from lockgate.commands.options import console, now
from lockgate.commands.plan_touched import plan_touched, profile_option
from lockgate.config import Project
from lockgate.errors import Exit, UsageError
from lockgate.github.api import GitHub
from lockgate.github.sticky import comment
from lockgate.github.workflow import summarise
from lockgate.packaging.provenance import provenance
from lockgate.plans.saved import Saved
from lockgate.plans.stack import root_of
from lockgate.plans.summary.entries import headline
from lockgate.plans.touched import touched
from lockgate.review.gathered import Gathered, gather
from lockgate.review.markdown import markdown

COMMENT = "review"

_PLANNING_SECONDS = 3 * 3600.0
"""Time for plans and findings together, where plans are made first."""


@click.command()
@click.option(
    "--since", metavar="REF", help="There has to be a plan of each stack that is touched since then."
)
@click.option(
    "--plans",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder with the plans, instead of .build/plans.",
)
@click.option(
    "--plan", "planning", is_flag=True, help="Make those plans first; the code is looked at meanwhile."
)
@profile_option
@click.option("--comment", "pull_request", type=int, metavar="NUMBER", help="Write it to this pull request.")
def review(
    since: str | None,
    folder: Path | None,
    planning: bool,
    profiles: tuple[str, ...],
    pull_request: int | None,
) -> Exit:
    """Put plans and checkov's findings together, in .build/review; exit code 1 where something fails."""
    if planning and (since is None or folder is not None):
        raise UsageError(
            "--plan makes the plans of what is touched, in .build/plans",
            hint="Say --since REF with it, and no --plans.",
        )
    if profiles and not planning:
        raise UsageError("--profile goes with --plan", hint="Leave it out: nothing is planned.")
    project = Project.find(Path.cwd())
    github = None if pull_request is None else GitHub.here(project.root)
    with scanning(project.root, timeout=_PLANNING_SECONDS if planning else TIMEOUT_SECONDS) as scans:
        begun = _Begun(project, scans)
        wanted = None if since is None else _touched(project, since)
        planned = Exit.OK
        if planning and since is not None:
            planned = plan_touched(since, profiles, begun.add_saved)
        gathered = gather(folder or project.root / ".build" / "plans", wanted, provenance(project.root)[0])
        verdict = begun.verdict(gathered)
    text = markdown(gathered, verdict)
    written = _write(project.root / ".build" / "review", gathered, verdict, text)
    summarise(text)
    _say(gathered, verdict, written.relative_to(project.root))
    if github is not None and pull_request is not None:
        click.echo(comment(github, pull_request, COMMENT, text))
    return Exit.OK if verdict.passed and not gathered.missing and planned is Exit.OK else Exit.ERROR


def _touched(project: Project, since: str) -> list[str]:
    """Stacks whose plan there has to be."""
    stacks = [one.stack for one in touched(project, since)]
    return [name for name in stacks if planned_in_workflows(project.platform, name)]


@dataclass
class _Begun:
    """The scans of a review. Those of plans begin as soon as each is there.

    Args:
        project: the repository.
        scans: of its code, and of plans.
        numbers: of the plans' scans by stack, in their order.
        adding: held while one more is added.
    """

    project: Project
    scans: Scans
    numbers: dict[str, int] = field(default_factory=dict)
    adding: Lock = field(default_factory=Lock)

    def add_saved(self, name: str) -> None:
        """Begins to look at a plan that was just made, unless workflows would not plan it. For any thread."""
        if planned_in_workflows(self.project.platform, name):
            self._add(name, Saved.of(self.project.root, name).shown)

    def verdict(self, gathered: Gathered) -> Verdict:
        """What checkov says of the code and of all plans."""
        for one in gathered.planned:
            if one.stack not in self.numbers:
                self._add(one.stack, one.shown)
        root = self.project.root
        stacks = [root / root_of(name) for name in self.numbers]
        found = placed(self.scans.findings(), root, stacks)
        return decide(found, waivers_of(root), now().date())

    def _add(self, name: str, shown: Path) -> None:
        with self.adding:
            self.numbers[name] = self.scans.add(shown)


def _write(folder: Path, gathered: Gathered, verdict: Verdict, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "checkov.sarif").write_text(json.dumps(sarif(verdict, version("lockgate")), indent=2) + "\n")
    said = {
        "plans": [
            {"stack": one.stack, "digest": one.digest, "would": headline(one.plan)}
            for one in gathered.planned
        ],
        "missing": list(gathered.missing),
        "checkov": verdict.passed,
    }
    (folder / "review.json").write_text(json.dumps(said, indent=2) + "\n")
    written = folder / "comment.md"
    written.write_text(text, encoding="utf-8")
    return written


def _say(gathered: Gathered, verdict: Verdict, written: Path) -> None:
    out = console()
    lines = [f"{one.stack}: {headline(one.plan)}" for one in gathered.planned]
    lines += [f"error: {name}: there is no plan of this commit" for name in gathered.missing]
    lines += [f"error: {line(finding)}" for finding in verdict.failed]
    lines += [f"error: {problem}" for problem in verdict.problems]
    for said in (*lines, counts(verdict), f"{written} is the comment."):
        out.print(said, markup=False, soft_wrap=True)
