"""`lockgate calibrate`: the judge's settings from a service's past good releases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice

import click

from lockgate.commands.opened import Opened, opens
from lockgate.commands.options import console, json_option, service_option
from lockgate.errors import RefusedError
from lockgate.release.judgement import Stage
from lockgate.release.looks import Recorded
from lockgate.release.model import Phase
from lockgate.replay.calibration import ENOUGH_MINUTES, ENOUGH_RELEASES, Calibration, calibration_of


@click.command()
@opens
@service_option
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=100,
    show_default=True,
    help="Newest releases to look through.",
)
@json_option
def calibrate(opened: Opened, services: tuple[str, ...], limit: int, as_json: bool) -> None:
    """How errors scatter and how two sides differ anyway, from past good releases; and what to set."""
    wanted = set(opened.project.services(opened.name, services))
    opened.checked()
    by_service: dict[str, list[Recorded]] = {}
    for recorded in _good_canaries(opened, limit):
        if recorded.setup.service in wanted:
            by_service.setdefault(recorded.setup.service, []).append(recorded)
    if not by_service:
        raise RefusedError(
            f"no judged canary of {', '.join(sorted(wanted))} succeeded among the last {limit} releases",
            hint="Release first; judge: observe is enough.",
        )
    found = {name: calibration_of(recorded) for name, recorded in sorted(by_service.items())}
    if as_json:
        document = {name: asdict(one) | {"settings": one.settings} for name, one in found.items()}
        click.echo(json.dumps(document, indent=2))
        return
    for name, calibration in found.items():
        for line in _lines(name, calibration):
            console().print(line, markup=False, soft_wrap=True)


def _good_canaries(opened: Opened, limit: int) -> Iterator[Recorded]:
    for release in islice(opened.ledger.history(), limit):
        good = {
            name for name, d in release.deployments.items() if d.phase is Phase.SUCCEEDED and d.judgements
        }
        for recorded in opened.looks.of(release.release_id) if good else ():
            if recorded.setup.stage is Stage.CANARY and recorded.setup.service in good:
                yield recorded


def _lines(name: str, found: Calibration) -> Iterator[str]:
    yield f"{name}: good canaries: {found.releases}; minutes with an error: {found.minutes}"
    if found.dispersion is None:
        yield f"  errors: too few minutes with an error to say how they scatter; {ENOUGH_MINUTES} are needed"
    else:
        yield (
            f"  errors: their split varies {found.dispersion:.2f} times as much as chance gives, and below "
            f"{found.dispersion_90:.2f} with 90 % confidence"
        )
    if found.latency_shift is None or found.latency_spread is None:
        yield f"  latency: too few releases with latency bins; {ENOUGH_RELEASES} are needed"
    else:
        yield (
            f"  latency: new versions were {100 * found.latency_shift:+.1f} % slower in the mean, and "
            f"{100 * found.latency_spread:.1f} % more or less from release to release"
        )
    if found.settings:
        settings = ", ".join(f"{key}: {value:g}" for key, value in found.settings.items())
        yield f"  in its service.yaml: judge: {{ {settings} }}"
