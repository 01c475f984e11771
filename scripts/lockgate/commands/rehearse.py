"""`lockgate rehearse`: from empty accounts to a release in each, on this machine."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from lockgate.commands.options import console
from lockgate.config import LambdaService, Project
from lockgate.errors import Exit, UsageError
from lockgate.rehearsal.declared import NOTIFIER, SERVICE, secrets_of
from lockgate.rehearsal.journey import Change, Round, journey
from lockgate.rehearsal.rehearsal import Took
from lockgate.rehearsal.rehearsal import rehearse as run
from lockgate.rehearsal.stage import Stage
from lockgate.rehearsal.webhook import serving


@click.command()
@click.option(
    "--env", "environments", multiple=True, metavar="NAME", help="Only this one; may be given again."
)
@click.option("--minute", default=1.0, show_default=True, help="Seconds of a CodeDeploy minute.")
@click.option("--keep", is_flag=True, help="Leave the embedded AWS running afterwards, to look around.")
def rehearse(environments: tuple[str, ...], minute: float, keep: bool) -> Exit:
    """Set up accounts, build once, and release to every environment, on an embedded AWS that enforces IAM.

    Takes the last commit, in a clone under .build/rehearsal. Each step has the credentials that it would
    have on AWS. Nothing outside of this machine is touched.
    """
    project = Project.find(Path.cwd())
    names = environments or _on_aws(project)
    for name in names:
        project.environment(name)
    stage = Stage(project.root, project.root / ".build" / "rehearsal", _emulator(project), minute, names)
    out, began = console(), time.monotonic()
    with out.status("Cloning, and starting an embedded AWS"):
        stage.begin()
    try:
        rounds = rounds_of(stage.project, names)
        with serving(stage.webhook):
            done = run(stage, rounds, lambda took: _tell(took, out))
    finally:
        if not keep:
            stage.end()
    out.print(_table(done, time.monotonic() - began))
    if keep:
        out.print(f"It goes on at {stage.endpoint_url}; its repository is {stage.root}.", markup=False)
    return Exit.OK


def _emulator(project: Project) -> str:
    found = [one.emulator for one in project.platform.environments.values() if one.emulator]
    if not found:
        raise UsageError(
            "platform.yaml has no environment with an emulator",
            hint="Declare one, such as `local` of the sample, and rehearse with its emulator.",
        )
    return found[0]


def _on_aws(project: Project) -> tuple[str, ...]:
    """Environments that are no embedded AWS.

    Raises:
        UsageError: there are none.
    """
    found = tuple(name for name, one in project.platform.environments.items() if not one.is_embedded)
    if not found:
        raise UsageError(
            "platform.yaml has no environment on AWS",
            hint="A rehearsal is that of several accounts: declare them there first.",
        )
    return found


def rounds_of(project: Project, names: Sequence[str]) -> Iterator[Round]:
    """The steps for a clone.

    Args:
        project: the clone.
        names: environments.
    """
    secrets = {name: list(secrets_of(project, name)) for name in names}
    service, change = _changed(project, names[0])
    return journey(names, service, change, secrets, notifies=NOTIFIER in project.declared)


def _changed(project: Project, environment: str) -> tuple[str, Change]:
    """The service whose code is changed for the canary, and how.

    Raises:
        UsageError: no function gets smoke events, by which a canary could be watched.
    """
    for name, service in project.services(environment, ()).items():
        sources = sorted((project.root / "lambdas" / name / "src").rglob("*.py"))
        if isinstance(service, LambdaService) and service.smoke and sources and name != SERVICE:
            path = sources[0].relative_to(project.root)
            return name, partial(_touch, path)
    raise UsageError(
        "no service under lambdas/ declares smoke events",
        hint="Declare them in its service.yaml: they are the traffic that a canary is watched with.",
    )


def _touch(path: Path, root: Path) -> None:
    """Changes a file so that there is something to release, and does no harm."""
    with (root / path).open("a", encoding="utf-8") as file:
        file.write("\n# Changed for the rehearsal.\n")


def _tell(took: Took, out: Console) -> None:
    step = took.step
    out.print(f"{took.seconds:6.1f} s  {step.account}: {step.says} (as {step.who})", markup=False)


def _table(done: list[Took], seconds: float) -> Table:
    table = Table(title="Rehearsal", caption=f"{seconds:.0f} s in all, two accounts at a time")
    for column in ("account", "step", "as", "command"):
        table.add_column(column, overflow="fold")
    table.add_column("seconds", justify="right")
    for took in done:
        step = took.step
        table.add_row(step.account, step.says, step.who, step.command, f"{took.seconds:.1f}")
    return table
