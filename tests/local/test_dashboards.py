"""Dashboards after releases with traffic: every graph has something to show, and shows what happened."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from lockgate.errors import Exit
from tests.local.dashboards import body, named_that_do_not_exist, shown
from tests.local.release_world import CUSTOMERS_SEE_IT, OBSERVED, ReleaseWorld, released

pytestmark = [pytest.mark.local, pytest.mark.terraform, pytest.mark.timeout(600)]

ENVIRONMENT = "lockgate-local"
SERVICES = ("hello-api", "release-hook")

# Half of the traffic, so that each version has some wherever this runs.
RELEASE = {"strategy": "canary", "percentage": 50, "interval_minutes": 10, "bake_minutes": 1}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReleaseWorld]:
    """Version 3 was promoted; version 4 failed, and was rolled back."""
    declared = {**OBSERVED, "release": RELEASE}
    with released(tmp_path_factory.mktemp("repository"), declared) as world:
        with world.traffic(40):
            world.change()
            world.run("deploy")
            world.change(CUSTOMERS_SEE_IT)
            running = world.start("deploy")
            running.line(r"v4 [1-9]\d*/\d+ failed")
            running.signal(signal.SIGINT)
            assert running.ended() == Exit.ROLLED_BACK, running.output
        yield world


def test_each_service_and_the_environment_have_one(world: ReleaseWorld) -> None:
    entries = world.client("cloudwatch").list_dashboards()["DashboardEntries"]
    names = [ENVIRONMENT, *(f"{ENVIRONMENT}-{service}" for service in SERVICES)]
    assert [entry["DashboardName"] for entry in entries] == names
    for name in names:
        assert named_that_do_not_exist(world, body(world, name)) == []


def test_every_line_has_data(world: ReleaseWorld) -> None:
    for name in (ENVIRONMENT, *(f"{ENVIRONMENT}-{service}" for service in SERVICES)):
        for title, lines in shown(world, body(world, name)).items():
            assert len(lines) > 0, title
            assert all(lines.values()), (name, title, lines)


def test_a_canary_is_seen_by_version(world: ReleaseWorld) -> None:
    graphs = shown(world, body(world, f"{ENVIRONMENT}-hello-api"))
    requests = graphs["Requests by version"]
    assert {"version 2", "version 3", "version 4"} <= set(requests)
    versions = [values for label, values in requests.items() if label.startswith("version ")]
    assert sum(sum(values) for values in versions) == sum(requests["all versions"])
    failed = {label: max(values) for label, values in graphs["Errors per request by version"].items()}
    assert failed["version 3"] == 0 < failed["version 4"] <= 1
    latency = graphs["Latency by version"]
    assert max(latency["p50 of version 3"]) <= max(latency["p99 of version 3"])


def test_releases_are_seen_behind_the_traffic(world: ReleaseWorld) -> None:
    release = {"release started": 1, "release promoted": 1, "release rolled back": 1, "release failed": 0}
    for name in (ENVIRONMENT, f"{ENVIRONMENT}-hello-api"):
        graphs = shown(world, body(world, name))
        marked = [lines for title, lines in graphs.items() if not title.startswith("Throttles")]
        for lines in marked:
            assert {label: max(lines[label]) for label in release} == release, name
    hook = shown(world, body(world, f"{ENVIRONMENT}-release-hook"))["Requests by version"]
    assert max(hook["release promoted"]) == 1
    assert max(hook["release rolled back"]) == 0


def test_the_plan_stays_empty(world: ReleaseWorld) -> None:
    assert "Nothing to change." in world.run("apply", "--dry-run")
