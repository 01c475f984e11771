"""`lockgate judge`: judge again what was recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import yaml
from pydantic import ValidationError

from lockgate.commands.opened import Opened
from lockgate.commands.options import console
from lockgate.config.judge import POLICY_FIELDS, JudgeSettings
from lockgate.errors import Exit, RefusedError, UsageError
from lockgate.judge import JudgePolicy
from lockgate.release.looks import Recorded
from lockgate.replay.files import load, save
from lockgate.replay.verdicts import Step, replayed, summary
from lockgate.report import evidence_chart


@click.group()
def judge() -> None:
    """Judge again what was recorded."""


@judge.command()
@click.argument("what", metavar="RELEASE|FILE")
@click.option("--env", "environment", metavar="NAME", help="Environment of the release.")
@click.option("--service", "services", multiple=True, metavar="NAME", help="Only this service.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Another policy: a key of `judge:` in service.yaml, such as alpha=0.05; may be given again.",
)
@click.option(
    "--weight",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.1,
    show_default=True,
    help="The canary's share of traffic in a CSV file.",
)
@click.option("--save", "saved", type=click.Path(path_type=Path), help="Write the rows to this JSON file.")
@click.option("--svg", "drawn", type=click.Path(path_type=Path), help="Draw the evidence into this SVG file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def replay(
    what: str,
    environment: str | None,
    services: tuple[str, ...],
    settings: tuple[str, ...],
    weight: float,
    saved: Path | None,
    drawn: Path | None,
    as_json: bool,
) -> Exit:
    """Judge a recorded release, or a JSON or CSV file of rows, again; look by look, under any policy."""
    recorded = [
        one for one in _recorded(what, environment, weight) if not services or one.setup.service in services
    ]
    if not recorded:
        raise RefusedError(f"{what}: nothing was judged", hint="Choose a release that had a canary.")
    if saved:
        save(recorded, saved)
    judged = [(one, list(replayed(one, _policy(one, settings)))) for one in recorded]
    if drawn:
        _draw(judged, drawn)
    if as_json:
        click.echo(json.dumps([_document(one, steps) for one, steps in judged], indent=2))
        return Exit.OK
    for one, steps in judged:
        title = f"{one.setup.service}: {one.setup.stage}"
        if steps:
            console().print(evidence_chart.table(title, steps))
        said = summary(one, steps, same_policy=not settings and not what.endswith(".csv"))
        console().print(said, markup=False, soft_wrap=True)
    return Exit.OK


def _recorded(what: str, environment: str | None, weight: float) -> list[Recorded]:
    if Path(what).suffix in (".json", ".csv"):
        return load(Path(what), weight)
    if environment is None:
        raise UsageError(f"{what} is no .json or .csv file", hint="Say which environment: --env NAME.")
    opened = Opened.named(environment).checked()
    opened.ledger.release(what)
    return opened.looks.of(what)


def _policy(recorded: Recorded, settings: tuple[str, ...]) -> JudgePolicy | None:
    """The recorded policy with settings changed; None where there are none.

    Raises:
        UsageError: a setting is unknown, out of its range, or cannot be changed afterwards.
    """
    if not settings:
        return None
    values: dict[str, Any] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or name not in POLICY_FIELDS:
            raise UsageError(
                f"--set {setting}: no setting of the judge; there are {', '.join(POLICY_FIELDS)}",
                hint="Write KEY=VALUE.",
            )
        values[name] = yaml.safe_load(value)
    if recorded.setup.bounds and "latency_tolerance" in values:
        raise UsageError(
            f"--set latency_tolerance: the canary's latency was counted in bins that are "
            f"{100 * recorded.setup.policy.tau:g} % wider; they cannot be counted again",
            hint="Change it in service.yaml, for the next release.",
        )
    try:
        return JudgeSettings.model_validate(values).policy(recorded.setup.policy)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(
            f"--set {'.'.join(map(str, first['loc']))}: {first['msg']}", hint="Correct the value."
        ) from error


def _draw(judged: list[tuple[Recorded, list[Step]]], path: Path) -> None:
    drawable = [(one, steps) for one, steps in judged if steps]
    for number, (one, steps) in enumerate(drawable):
        setup = one.setup
        title = f"{setup.service}: {setup.stage} of version {setup.canary} against {setup.baseline}"
        target = path if number == 0 else path.with_stem(f"{path.stem}-{setup.service}-{setup.stage}")
        target.write_text(evidence_chart.svg(title, steps), encoding="utf-8")
        click.echo(f"{target} written", err=True)


def _document(recorded: Recorded, steps: list[Step]) -> dict[str, Any]:
    return {
        "service": recorded.setup.service,
        "stage": recorded.setup.stage,
        "looks": [
            {
                "number": step.number,
                "action": step.verdict.action,
                "conclusion": step.judgement.conclusion,
                "reason": step.judgement.reason,
                "evidence": {name: value.value for name, value in step.verdict.evidence.items()},
                "differs": step.differs,
            }
            for step in steps
        ],
    }
