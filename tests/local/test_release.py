"""Releases to the embedded AWS with the real command line: good ones, bad ones, interrupted ones."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.release_world import (
    CUSTOMERS_SEE_IT,
    FUNCTION,
    HOOK_SEES_IT,
    SERVICE,
    ReleaseWorld,
    Running,
    released,
)

pytestmark = [pytest.mark.local, pytest.mark.terraform, pytest.mark.timeout(300)]

KILLS = [
    (r"is published", 0.0),
    (r"CodeDeploy \S+ started", 0.0),
    *[(r"gets traffic", seconds) for seconds in (0.0, 0.7, 1.4, 2.1, 2.8, 3.5, 4.2)],
    (r"watching it for", 0.5),
]
"""Ten points: a line of the progress, and how many seconds after it."""


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReleaseWorld]:
    with released(tmp_path_factory.mktemp("repository")) as world:
        yield world


@pytest.fixture
def world(first: ReleaseWorld) -> ReleaseWorld:
    """The released world, with the code of the first release and quiet alarms."""
    first.wait_for_quiet_alarms()
    return first


def assert_rolled_back(world: ReleaseWorld, before: str, output: str) -> Any:
    """That all traffic is on the old version, and that the ledger says so."""
    assert world.alias() == (before, {}), output
    last = world.last()
    assert last["status"] == "rolled_back", output
    assert last["deployments"][SERVICE]["phase"] == "rolled_back"
    return last


def canary(world: ReleaseWorld, statement: str = "") -> Running:
    """A release of a changed service, once the new version gets traffic."""
    world.change(statement)
    running = world.start("deploy")
    running.line("gets traffic")
    return running


def test_after_the_first_release_there_is_nothing_to_do(world: ReleaseWorld) -> None:
    release = world.read("history")[-1]
    assert (release["status"], release["kind"]) == ("succeeded", "deploy")
    assert {name: d["phase"] for name, d in release["deployments"].items()} == {
        SERVICE: "succeeded",
        "release-hook": "succeeded",
    }
    assert "Nothing to change" in world.run("apply", "--dry-run")
    output = world.run("deploy")
    assert f"{SERVICE}: skipped, version 2 serves this code and configuration already" in output
    assert "Nothing to do" in output
    assert len(world.read("history")) == 1


def test_a_good_version_gets_a_tenth_and_then_everything(world: ReleaseWorld) -> None:
    before, _ = world.alias()
    running = canary(world)
    version = str(int(before) + 1)
    assert world.alias() == (before, {version: 0.1})
    assert "Nothing to change" in world.run("apply", "--dry-run"), "in the middle of a canary"
    assert running.ended() == 0, running.output
    assert f"traffic v{version} 10 %, v{before} 90 %" in running.output
    assert world.alias() == (version, {})
    tallies = world.last()["deployments"][SERVICE]["tallies"]
    assert tallies[version]["requests"] > 0
    assert tallies[before]["requests"] > tallies[version]["requests"]
    (row,) = world.read("status", "--service", SERVICE)
    assert (row["version"], row["weights"], row["running_release"]) == (version, {version: 1.0}, None)
    world.run("verify")


def test_a_version_that_fails_for_customers_is_rolled_back_with_numbers(world: ReleaseWorld) -> None:
    before, _ = world.alias()
    world.change(CUSTOMERS_SEE_IT)
    output = world.run("deploy", expect=3)
    reason = assert_rolled_back(world, before, output)["reason"]
    assert "alarm lockgate-local-hello-api-live-error-rate" in reason
    failed, requests = re.search(r"version \d+: (\d+) errors in (\d+) requests", reason).groups()  # type: ignore[union-attr]
    assert 0 < int(failed) == int(requests)
    assert f"version {before}: 0 errors in" in reason


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (None, "smoke event 1 of 1 (greets by name)"),
        ("import nowhere_to_be_found\n", "nowhere_to_be_found"),
    ],
)
def test_a_version_that_the_hook_refuses_gets_no_traffic(
    world: ReleaseWorld, source: str | None, words: str
) -> None:
    before, _ = world.alias()
    world.change(HOOK_SEES_IT)
    if source:
        world.write(source)
    output = world.run("deploy", expect=3)
    assert "gets traffic" not in output
    last = assert_rolled_back(world, before, output)
    assert words in last["reason"]
    assert "HOOK_EXECUTION_FAILURE" in last["reason"]


@pytest.mark.parametrize(("line", "seconds"), KILLS)
def test_a_killed_release_is_ended_by_the_next_one(world: ReleaseWorld, line: str, seconds: float) -> None:
    world.change()
    running = world.start("deploy")
    running.line(line)
    time.sleep(seconds)
    running.signal(signal.SIGKILL)
    running.ended()
    release_id = world.last()["release_id"]
    again = world.run("deploy")
    assert f"Release {release_id} was interrupted: going on with it." in again
    last = world.last()
    assert (last["release_id"], last["status"]) == (release_id, "succeeded")
    assert len(world.deployments_of(release_id)) == 1
    assert world.alias() == (last["deployments"][SERVICE]["to_version"], {})
    assert "Nothing to do" in again


def test_watch_takes_over_from_a_killed_release(world: ReleaseWorld) -> None:
    running = canary(world)
    running.signal(signal.SIGKILL)
    running.ended()
    output = world.run("watch")
    assert "succeeded" in output
    assert "Nothing is being released" in world.run("watch")


def test_of_two_releases_one_works_and_the_other_says_who_does(world: ReleaseWorld) -> None:
    running = canary(world)
    watching = world.start("watch")
    output = world.run("deploy", expect=4)
    holder = f"pid {running.process.pid}"
    assert "is being driven by" in output
    assert holder in output
    assert running.ended() == watching.ended() == 0
    assert "serves everything" in watching.output


def test_of_two_releases_at_the_same_time_one_works(world: ReleaseWorld) -> None:
    world.change()
    both = [world.start("deploy"), world.start("deploy")]
    codes = sorted(running.ended() for running in both)
    assert codes == [0, 4], both[0].output + both[1].output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_rolls_back(world: ReleaseWorld, number: signal.Signals) -> None:
    before, _ = world.alias()
    running = canary(world)
    running.signal(number)
    assert running.ended() == 3, running.output
    last = assert_rolled_back(world, before, running.output)
    assert f"interrupted by {number.name}" in last["reason"]


def test_a_second_interrupt_leaves_it_alone_and_says_how_to_attach(world: ReleaseWorld) -> None:
    before, _ = world.alias()
    running = canary(world)
    running.signal(signal.SIGINT)
    running.line("once more to leave it alone")
    running.signal(signal.SIGINT)
    assert running.ended() == 1
    assert "attaches again and rolls it back, as was asked: make watch ENV=local" in running.output
    assert_rolled_back(world, before, world.run("watch", expect=3))


def test_a_rollback_stops_a_running_release(world: ReleaseWorld) -> None:
    before, _ = world.alias()
    running = canary(world)
    output = world.run("rollback", "--running")
    assert running.ended() == 3
    last = assert_rolled_back(world, before, output)
    assert "roll-back asked for by" in last["reason"]


def test_a_rollback_goes_to_the_last_good_version_and_not_to_the_one_before_by_number(
    world: ReleaseWorld,
) -> None:
    canary(world).ended()
    good, _ = world.alias()
    world.change(HOOK_SEES_IT)
    world.run("deploy", expect=3)
    assert canary(world).ended() == 0
    newest, _ = world.alias()
    assert int(newest) == int(good) + 2
    assert f"back to version {good}" in world.run("rollback", "--dry-run")
    world.run("rollback")
    assert world.alias() == (good, {})
    newer = next(r for r in world.read("history") if r["kind"] == "deploy" and r["status"] == "succeeded")
    world.run("rollback", "--to", newer["release_id"])
    assert world.alias() == (newest, {})


def test_a_change_of_configuration_alone_is_a_release(world: ReleaseWorld) -> None:
    before, _ = world.alias()
    path = world.root / "lambdas" / SERVICE / "service.yaml"
    path.write_text(path.read_text().replace("GREETING: hello", "GREETING: good morning"))
    output = world.run("deploy")
    assert "changed: configuration" in output
    version, _ = world.alias()
    found = world.client("lambda").get_function_configuration(FunctionName=FUNCTION, Qualifier="live")
    assert (int(version), found["Environment"]["Variables"]["GREETING"]) == (int(before) + 1, "good morning")


def test_a_red_alarm_is_said_before_the_start_and_a_fix_goes_out_with_a_reason(world: ReleaseWorld) -> None:
    alarms = world.client("cloudwatch")
    (name,) = (
        alarm["AlarmName"]
        for alarm in alarms.describe_alarms()["MetricAlarms"]
        if alarm["AlarmName"] == "lockgate-local-hello-api-live-backstop"
    )
    found = alarms.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    keep = ("AlarmActions", "OKActions", "Metrics", "EvaluationPeriods", "DatapointsToAlarm")
    always = {key: found[key] for key in keep} | {
        "AlarmName": name,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "breaching",
        "Threshold": 0.0,
    }
    alarms.put_metric_alarm(**always)
    try:
        alarms.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
        world.change()
        refused = world.run("deploy", expect=4)
        assert f"{name} is red before the start" in refused
        assert "--ignore-alarms" in refused
        output = world.run("deploy", "--ignore-alarms", "the fix for it")
        assert f"warning: {SERVICE}: alarm: {name} is red" in output
        assert world.last()["ignore_alarms"] == "the fix for it"
    finally:
        alarms.put_metric_alarm(
            **always | {key: found[key] for key in ("Threshold", "TreatMissingData", "ComparisonOperator")}
        )


def test_an_alarm_that_is_taken_away_stops_the_release(world: ReleaseWorld) -> None:
    running = canary(world)
    world.client("cloudwatch").delete_alarms(AlarmNames=["lockgate-local-hello-api-live-backstop"])
    assert running.ended() == 3, running.output
    path = world.root / "terraform" / "stacks" / "workload" / "touch.tf"
    path.write_text("# applied again\n")
    world.run("deploy")


def test_the_aws_cli_deploys_and_stops(world: ReleaseWorld) -> None:
    before, _ = world.alias()
    world.client("lambda").update_function_configuration(FunctionName=FUNCTION, Description="another version")
    version = world.client("lambda").publish_version(FunctionName=FUNCTION)["Version"]
    properties = {"Name": FUNCTION, "Alias": "live", "CurrentVersion": before, "TargetVersion": version}
    content = json.dumps(
        {
            "version": 0.0,
            "Resources": [{SERVICE: {"Type": "AWS::Lambda::Function", "Properties": properties}}],
        }
    )
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}
    made = world.aws(
        *("deploy", "create-deployment", "--application-name", FUNCTION, "--deployment-group-name", "live"),
        *("--deployment-config-name", "CodeDeployDefault.LambdaCanary10Percent5Minutes"),
        *("--revision", json.dumps(revision)),
    )
    deployment = ("--deployment-id", made["deploymentId"])
    while world.alias() != (before, {version: 0.1}):
        time.sleep(0.1)
    assert world.aws("deploy", "get-deployment", *deployment)["deploymentInfo"]["status"] == "InProgress"
    world.aws("deploy", "stop-deployment", *deployment, "--auto-rollback-enabled")
    while (info := world.aws("deploy", "get-deployment", *deployment)["deploymentInfo"])[
        "status"
    ] != "Stopped":
        time.sleep(0.1)
    undo = info["rollbackInfo"]["rollbackDeploymentId"]
    while (
        world.aws("deploy", "get-deployment", "--deployment-id", undo)["deploymentInfo"]["status"]
        != "Succeeded"
    ):
        time.sleep(0.1)
    assert world.alias() == (before, {})


def test_a_new_service_deploys_at_once(world: ReleaseWorld) -> None:
    made = world.lockgate("new", "lambda", "orders")
    assert made.ended() == 0, made.output
    assert "make deploy ENV=local SERVICE=orders" in made.output
    output = world.run("deploy", "--service", "orders")
    assert "orders: changed: code; first release" in output
    assert "succeeded" in output
