"""`lockgate canary-plan`: what each service's canary can see at all."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

import click
from rich.table import Table

from lockgate.commands.opened import Opened, opens
from lockgate.commands.options import console, json_option, now, service_option
from lockgate.config import Service
from lockgate.errors import RefusedError
from lockgate.judge.planner import Plan, Traffic, plan
from lockgate.release.forecast import chosen, intervals_of


@click.command("canary-plan")
@opens
@service_option
@click.option("--percentage", type=click.IntRange(1, 99), help="As if the canary got this share.")
@click.option("--interval", type=click.IntRange(1, 2880), help="As if it took this many minutes.")
@json_option
def canary_plan(
    opened: Opened, services: tuple[str, ...], percentage: int | None, interval: int | None, as_json: bool
) -> None:
    """From the last day's traffic: which regressions a canary shows within its interval, and what would."""
    wanted = {
        name: service
        for name, service in opened.project.services(opened.name, services).items()
        if service.release.strategy != "all_at_once"
    }
    opened.checked()
    if not wanted:
        raise RefusedError(
            "no service is released with a canary", hint="Say strategy: canary in a service.yaml."
        )
    plans = {name: _planned(opened, name, service, percentage, interval) for name, service in wanted.items()}
    if as_json:
        document = {
            name: {"traffic": asdict(traffic), "plan": _finite(asdict(planned))}
            for name, (traffic, planned) in plans.items()
        }
        click.echo(json.dumps(document, indent=2))
        return
    for name, (traffic, planned) in plans.items():
        _show(name, traffic, planned)


def _planned(
    opened: Opened, name: str, service: Service, percentage: int | None, interval: int | None
) -> tuple[Traffic, Plan]:
    contract = opened.contract.service(name)
    traffic = opened.forecaster.traffic(contract, now())
    weight = (percentage or service.release.percentage) / 100.0
    policy = service.judge.policy()
    minutes = interval or chosen(traffic, weight, intervals_of(service, contract), policy)
    return traffic, plan(traffic, weight, minutes, policy)


def _show(name: str, traffic: Traffic, planned: Plan) -> None:
    out = console()
    quiet = traffic.cautious().requests_per_minute
    out.print(
        f"{name}: {traffic.requests_per_minute:.3g} requests a minute in the last day, {quiet:.3g} in its "
        f"quiet hours, {100 * traffic.error_rate:.3g} % of them failed",
        soft_wrap=True,
    )
    table = Table()
    for column in ("errors", "expected after", "nine in ten by", "within the interval"):
        table.add_column(column, justify="right")
    for sight in planned.sights:
        table.add_row(
            f"×{sight.ratio:g}",
            _minutes(sight.expected),
            _minutes(sight.likely),
            "yes" if sight.visible else "no",
        )
    out.print(table)
    out.print(str(planned), markup=False, soft_wrap=True)
    for setting in planned.settings:
        ways = [
            f"{100 * setting.weight:g} % for {planned.interval} minutes" if setting.weight else "",
            f"{100 * planned.weight:g} % for {setting.interval} minutes" if setting.interval else "",
        ]
        shown = " or ".join(way for way in ways if way) or "no weight up to 50 %, and no interval"
        out.print(f"×{setting.ratio:g} would be shown by {shown}", soft_wrap=True)


def _minutes(value: float) -> str:
    return "never" if math.isinf(value) else f"{math.ceil(value):,} min"


def _finite(value: Any) -> Any:
    """JSON has no infinity: never is null."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and math.isinf(value) else value
