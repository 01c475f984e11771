"""The judge on the embedded AWS: bad releases rolled back before an alarm, good ones proven."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.failing_proxy import failing_proxy
from tests.local.release_world import FUNCTION, SERVICE, ReleaseWorld, released

pytestmark = [pytest.mark.local, pytest.mark.terraform, pytest.mark.timeout(300)]

RATE = 100
DECLARED = {
    "release": {"strategy": "canary", "percentage": 10, "interval_minutes": 60, "bake_minutes": 4},
    # A busy machine serves few requests in a second, of which two failures would be two per cent.
    "alarms": {"minimum_requests": 60},
    "metrics": [
        {
            "namespace": "Shop",
            "name": "PaymentFailed",
            "dimensions": {"version": "{version}"},
            "kind": "errors",
        }
    ],
}
WORK = "import json, os, random, time; time.sleep({seconds} * random.lognormvariate(0, 0.7))"
BASELINE = WORK.format(seconds=0.015)
FAILS_3_PERCENT = (
    BASELINE + "\n    if context.invoked_function_arn.endswith(':live'): assert random.random() >= 0.03"
)
SLOWER_BY_HALF = WORK.format(seconds=0.0225)
PAYMENTS_FAIL = BASELINE + (
    "\n    metrics = [{'Name': 'PaymentFailed'}]"
    "\n    target = {'Namespace': 'Shop', 'Dimensions': [['version']], 'Metrics': metrics}"
    "\n    aws = {'Timestamp': int(1000 * time.time()), 'CloudWatchMetrics': [target]}"
    "\n    version = os.environ['AWS_LAMBDA_FUNCTION_VERSION']"
    "\n    print(json.dumps({'_aws': aws, 'version': version, 'PaymentFailed': int(random.random() < 0.2)}))"
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReleaseWorld]:
    with released(tmp_path_factory.mktemp("repository"), DECLARED, BASELINE) as world:
        yield world


def judged(world: ReleaseWorld, statement: str, rate: float, expect: int) -> Any:
    """Releases other code under traffic; the service's deployment, and what was said. The same release judged
    again gives the same verdicts."""
    world.change(statement)
    with world.traffic(rate):
        output = world.run("deploy", "--no-traffic", "--service", SERVICE, expect=expect)
    release = world.last()
    running = world.lockgate("judge", "replay", release["release_id"], "--env", "local", "--json")
    assert running.ended() == 0, running.output
    replayed = json.loads(running.output)
    assert [look["differs"] for one in replayed for look in one["looks"]].count(True) == 0
    (canary,) = (one for one in replayed if one["stage"] == "canary")
    deployment = release["deployments"][SERVICE]
    assert canary["looks"][-1]["conclusion"] == deployment["judgements"]["canary"]["conclusion"]
    return deployment, output


@pytest.mark.parametrize(
    ("statement", "metric"),
    [(FAILS_3_PERCENT, "Errors"), (SLOWER_BY_HALF, "Latency"), (PAYMENTS_FAIL, "Errors")],
    ids=["3 % fail", "half as slow again", "payments fail, and nothing raises"],
)
def test_a_worse_release_is_rolled_back_by_the_judge_before_any_alarm(
    world: ReleaseWorld, statement: str, metric: str
) -> None:
    before, _ = world.alias()
    deployment, output = judged(world, statement, RATE, expect=3)
    assert world.alias() == (before, {})
    assert f"judge: worse: {metric}: " in deployment["cause"], output
    alarms = world.client("cloudwatch").describe_alarms(StateValue="ALARM")["MetricAlarms"]
    assert [alarm["AlarmName"] for alarm in alarms if FUNCTION in alarm["AlarmName"]] == []
    (info, *_) = world.deployments_of(world.last()["release_id"])
    assert info["errorInformation"]["code"] == "MANUAL_STOP"


HALF = {
    "release": {"strategy": "canary", "percentage": 50, "interval_minutes": 20, "bake_minutes": 4},
    "judge": {"proven_error_rate": 0.02, "proven_quantiles": [0.5]},
}
"""Half of the traffic for twenty short minutes: enough requests for a proof within seconds."""


def test_a_good_release_is_proven(world: ReleaseWorld) -> None:
    world.declare(HALF)
    deployment, output = judged(world, BASELINE, RATE, expect=0)
    assert deployment["judgements"]["canary"]["conclusion"] == "proven good", output
    assert deployment["judgements"]["canary"]["proven_at"] is not None
    assert f"{SERVICE}: changed: code; " in output
    planned = world.read("canary-plan", "--service", SERVICE)[SERVICE]
    assert planned["traffic"]["requests_per_minute"] > 0
    assert (planned["plan"]["weight"], planned["plan"]["interval"]) == (0.5, 20)
    assert f"{SERVICE}: good canaries: 1;" in world.run("calibrate", "--service", SERVICE)


AUTO = {
    "release": {
        "strategy": "canary",
        "percentage": 50,
        "interval_minutes": "auto",
        "auto_longest_minutes": 15,
        "bake_minutes": 2,
    }
}


def test_with_little_traffic_the_longest_interval_is_taken_and_nothing_proven(world: ReleaseWorld) -> None:
    world.declare(AUTO | {"judge": {}})
    deployment, output = judged(world, BASELINE, 5, expect=0)
    assert deployment["judgements"]["canary"]["conclusion"] == "not proven"
    assert "judge of the canary: Not proven: errors 0/" in output
    assert "Not enough traffic to judge" in output
    assert deployment["interval_minutes"] == 15
    (info,) = world.deployments_of(world.last()["release_id"])
    assert info["deploymentConfigName"].endswith("-canary-50pct-15min")
    world.declare({"judge": {"on_little_traffic": "refuse"}})
    world.change(BASELINE)
    refused = world.run("deploy", "--dry-run", "--service", SERVICE, expect=4)
    assert f"{SERVICE}: Not enough traffic to judge" in refused


def test_what_was_declared_after_the_last_apply_is_refused(world: ReleaseWorld) -> None:
    world.change(BASELINE)
    world.declare({"release": {"strategy": "canary", "percentage": 33, "interval_minutes": 5}, "judge": {}})
    refused = world.run("deploy", "--dry-run", "--service", SERVICE, expect=4)
    assert f"{SERVICE}: canary with 33 % and 5 minutes is not provisioned" in refused
    assert "hint: Apply Terraform first: make apply ENV=local." in refused


@pytest.mark.parametrize(("policy", "code"), [("rollback", 3), ("promote", 0)])
def test_metrics_that_are_out_are_no_bad_release(world: ReleaseWorld, policy: str, code: int) -> None:
    before, _ = world.alias()
    world.declare(HALF | {"judge": {"on_metrics_outage": policy, "on_inconclusive": "promote"}})
    world.change(BASELINE)
    with failing_proxy() as proxy, world.traffic(30):
        command = ("deploy", "--env", "local", "--no-traffic", "--service", SERVICE)
        running = world.lockgate(*command, HTTP_PROXY=proxy.url, http_proxy=proxy.url)
        running.line("judge of the canary: Not proven")
        proxy.out = True
        assert running.ended() == code, running.output
    assert proxy.failed > 3
    deployment = world.last()["deployments"][SERVICE]
    assert "CloudWatch does not give metrics" in deployment["judgements"]["canary"]["outage"]
    if policy == "rollback":
        assert world.alias() == (before, {})
        assert deployment["cause"].startswith("the metrics are out, and on_metrics_outage says rollback")
    else:
        assert deployment["phase"] == "succeeded"
