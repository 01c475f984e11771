"""Dashboards as Terraform makes them: CloudWatch would take them, and they show what the release writes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localaws.cloudwatch import widgets
from localaws.cloudwatch.dashboards import problems
from lockgate.notify import marks
from tests.terraform.toolchain import Copy

pytestmark = pytest.mark.terraform

MODULE = "modules/dashboards"
SERVICES = ["hello-api", "release-hook", "web"]

MOST_METRICS_OF_A_DASHBOARD = 2500
""" "CloudWatch service quotas", dashboards."""


def made(copy: Copy, *arguments: str) -> dict[str, dict[str, Any]]:
    """Bodies of the dashboards that the module's first test makes, by name."""
    ran = copy.terraform(MODULE, "test", "-no-color", "-json", "-verbose", *arguments)
    assert ran.code == 0, ran.output
    messages = [json.loads(line) for line in ran.output.splitlines() if line.startswith("{")]
    (state,) = [message["test_state"] for message in messages if "test_state" in message]
    values = [resource["values"] for resource in state["root_module"]["resources"]]
    return {value["dashboard_name"]: json.loads(value["dashboard_body"]) for value in values}


@pytest.fixture
def dashboards(copy: Copy) -> dict[str, dict[str, Any]]:
    """Dashboards of two functions and a container."""
    copy.init(MODULE)
    return made(copy)


def test_cloudwatch_would_take_and_show_them(dashboards: dict[str, dict[str, Any]]) -> None:
    assert list(dashboards) == ["lockgate-prod", *(f"lockgate-prod-{name}" for name in SERVICES)]
    for name, body in dashboards.items():
        assert problems(json.dumps(body)) == [], name
        kinds = [widget["type"] for widget in body["widgets"]]
        assert kinds[:2] == ["text", "alarm"], name
        assert kinds.count("metric") >= 4, name
        assert kinds[-1] == "log", name
        assert not overlaps(body), name
        assert metrics_of(body) <= MOST_METRICS_OF_A_DASHBOARD


def overlaps(body: dict[str, Any]) -> list[tuple[int, int]]:
    """Cells that more than one widget covers."""
    cells = [
        (x, y)
        for widget in body["widgets"]
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]
    return sorted(set(cells)) if len(set(cells)) < len(cells) else []


def metrics_of(body: dict[str, Any]) -> int:
    """How many metrics a dashboard asks for, without what searches find."""
    return sum(len(widget["properties"].get("metrics", [])) for widget in body["widgets"])


def test_the_marks_are_those_that_a_release_writes(dashboards: dict[str, dict[str, Any]]) -> None:
    events = {marks.STARTED, marks.PROMOTED, marks.ROLLED_BACK, marks.FAILED}
    environment = ["Environment", "prod", "Platform", "lockgate"]
    for service in (None, *SERVICES):
        body = dashboards[f"lockgate-prod-{service}" if service else "lockgate-prod"]
        dimensions = [*environment, *(["Service", service] if service else [])]
        graphs = [marks_of(widget) for widget in body["widgets"] if widget["type"] == "metric"]
        marked = [found for found in graphs if found]
        assert len(marked) == 3, "requests, errors and latency"
        for found in marked:
            assert {metric for metric, _, _ in found} == events
            assert all(named == dimensions and stat == "Maximum" for _, named, stat in found)


def marks_of(widget: dict[str, Any]) -> list[tuple[str, list[str], str]]:
    """Metrics of releases that a graph shows: name, dimensions and statistic."""
    return [
        (one[1], one[2:-1], one[-1]["stat"])
        for one in widget["properties"]["metrics"]
        if one[0] == marks.NAMESPACE
    ]


def test_an_environment_with_many_services_keeps_to_the_limits(copy: Copy) -> None:
    copy.init(MODULE)
    functions = {
        f"service-{number}": {
            "alarm_names": [f"alarm-{number}-a", f"alarm-{number}-b"],
            "alias": "live",
            "function_name": f"function-{number}",
            "log_group": f"/aws/lambda/function-{number}",
        }
        for number in range(120)
    }
    path = copy.root / "terraform" / MODULE / "tests" / "dashboards.tftest.hcl"
    path.write_text(
        f"""
mock_provider "aws" {{}}

run "many" {{
  command = apply

  variables {{
    account_id  = "111111111111"
    environment = "prod"
    name_prefix = "lockgate-prod"
    platform    = "lockgate"
    region      = "eu-west-1"
    functions   = jsondecode(<<-EOT
      {json.dumps(functions)}
    EOT
    )
  }}
}}
"""
    )
    body = made(copy)["lockgate-prod"]
    assert problems(json.dumps(body)) == []
    assert not overlaps(body)
    alarms = [widget["properties"]["alarms"] for widget in body["widgets"] if widget["type"] == "alarm"]
    assert [len(group) for group in alarms] == [widgets.MOST_ALARMS, widgets.MOST_ALARMS, 40]
    assert sum(widget["type"] == "log" for widget in body["widgets"]) == 3
