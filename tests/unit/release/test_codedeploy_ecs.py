"""What the driver does to an ECS service, and what it sees of one."""

from __future__ import annotations

from typing import Any

import pytest

from lockgate.errors import LockgateError
from lockgate.release.codedeploy_ecs import EcsDriver
from lockgate.release.decide import decide
from lockgate.release.driver import Outcome
from lockgate.release.model import Artifact, Deployment, Phase

from .fake_ecs import BLUE, CONTRACT, GREEN, NOW, PREFIX, FakeEcs, template
from .world import MINUTE, a_release

DIGEST = "sha256:" + "1" * 64
ARTIFACT = Artifact(key=f"web@{DIGEST}", sha256="1" * 64, code_sha256=DIGEST)
ALL_MOVED = {"AllowTraffic": "Succeeded", "AfterAllowTraffic": "Succeeded"}


def driver(aws: FakeEcs) -> EcsDriver:
    return EcsDriver(aws, CONTRACT, "r1", NOW, sleep=lambda _: None)  # type: ignore[arg-type]


def deployment(**changes: Any) -> Deployment:
    usual = {"artifact": ARTIFACT, "from_version": None, "to_version": None, "deployment_id": None}
    return a_release(NOW).deployments["a"].but(**{**usual, **changes})


def serving(version: str = "1", image: str = f"registry/web@{DIGEST}") -> FakeEcs:
    """A service that was released once."""
    aws = FakeEcs(task_sets={GREEN: f"web:{version}"}, weights={BLUE: 0, GREEN: 100})
    aws.put("web", template(image))
    return aws


def test_the_image_is_put_into_the_template_and_registered_once() -> None:
    aws = FakeEcs()
    prepared = driver(aws).prepare(deployment())
    assert (prepared.from_version, prepared.to_version) == ("web-template:1", "1")
    assert prepared.target_groups == {"web-template:1": "targetgroup/blue/1", "1": "targetgroup/green/1"}
    registered = aws.definitions["web:1"]
    assert [one["image"] for one in registered["containerDefinitions"]] == [
        f"registry/web@{DIGEST}",
        "agent@sha256:9",
    ]
    assert registered["tags"] == [{"key": "platform", "value": "lockgate"}]
    assert driver(aws).prepare(deployment()) == prepared
    assert aws.asked == ["register"]


def test_what_a_release_would_change_is_named() -> None:
    assert driver(FakeEcs()).live(ARTIFACT).differs == "image"
    aws = serving()
    live = driver(aws).live(ARTIFACT)
    assert (live.version, live.weights, live.code_sha256, live.differs) == ("1", {"1": 1.0}, DIGEST, None)
    aws.definitions["web-template:1"] |= {"cpu": "512", "memory": "1024"}
    assert driver(aws).live(ARTIFACT).differs == "configuration (cpu, memory)"


def test_secrets_of_the_template_are_in_what_is_released() -> None:
    secrets = [
        {"name": "KEY", "valueFrom": "arn:aws:secretsmanager:eu-west-1:111111111111:secret:web/key-AbCdEf"}
    ]
    aws = FakeEcs()
    aws.definitions["web-template:1"]["containerDefinitions"][0]["secrets"] = secrets
    driver(aws).prepare(deployment())
    assert aws.definitions["web:1"]["containerDefinitions"][0]["secrets"] == secrets
    assert "secrets" not in aws.definitions["web:1"]["containerDefinitions"][1]
    aws.task_sets = {GREEN: "web:1"}
    aws.weights = {BLUE: 0, GREEN: 100}
    assert driver(aws).live(ARTIFACT).differs is None
    aws.definitions["web-template:1"]["containerDefinitions"][0]["secrets"] = []
    assert driver(aws).live(ARTIFACT).differs == "configuration (containerDefinitions)"


def test_a_version_that_was_deregistered_is_not_there() -> None:
    aws = serving()
    assert driver(aws).has("1")
    aws.definitions["web:1"]["status"] = "INACTIVE"
    assert not driver(aws).has("1")
    assert not driver(aws).has("2")


def test_a_deployment_names_task_definition_container_and_hook() -> None:
    aws = FakeEcs()
    prepared = driver(aws).prepare(deployment())
    first = driver(aws).start(prepared)
    assert driver(aws).start(prepared) == first
    (made,) = aws.deployments.values()
    (resource,) = made["appspec"]["Resources"]
    assert resource["TargetService"]["Properties"] == {
        "TaskDefinition": PREFIX + "web:1",
        "LoadBalancerInfo": {"ContainerName": "web", "ContainerPort": 8080},
    }
    assert made["appspec"]["Hooks"] == [{"AfterAllowTestTraffic": "check"}]
    assert made["config"] == "canary-5"


def test_the_wait_of_the_release_before_is_ended_and_no_other_deployment() -> None:
    aws = serving()
    aws.deploy("before", **ALL_MOVED)
    driver(aws).start(deployment(from_version="1", to_version="1"))
    assert aws.asked == ["end wait before"]
    busy = serving()
    busy.deploy("foreign", AllowTraffic="InProgress")
    with pytest.raises(LockgateError, match="busy with another deployment"):
        driver(busy).start(deployment(from_version="1", to_version="1"))
    assert busy.asked == []


def test_traffic_is_read_from_the_listener() -> None:
    aws = FakeEcs(weights={BLUE: 90, GREEN: 10}, task_sets={BLUE: "web:1", GREEN: "web:2"})
    aws.deploy("d-1", AllowTraffic="InProgress")
    seen = driver(aws).observe(deployment(deployment_id="d-1"))
    assert (seen.outcome, seen.weights, seen.shifted_at) == (Outcome.RUNNING, {"1": 0.9, "2": 0.1}, NOW)


def test_all_traffic_moved_is_a_success_though_codedeploy_waits() -> None:
    aws = FakeEcs(
        weights={BLUE: 0, GREEN: 100}, task_sets={BLUE: "web:1", GREEN: "web:2"}, red=["web-errors"]
    )
    aws.deploy("d-1", **ALL_MOVED)
    canary = deployment(
        phase=Phase.CANARY, from_version="1", to_version="2", deployment_id="d-1", bake_minutes=2
    )
    seen = driver(aws).observe(canary)
    assert (seen.outcome, seen.red_alarms) == (Outcome.SUCCEEDED, ("web-errors",))
    baking = decide(canary, seen, NOW, MINUTE)
    assert baking.phase is Phase.BAKING
    assert decide(baking, seen, NOW, MINUTE).phase is Phase.ROLLING_BACK


def test_a_deployment_that_is_stopped_while_traffic_moves_is_no_success_for_a_moment() -> None:
    """Its events are read after its status, which may still be the old one."""
    aws = serving()
    aws.weights = {BLUE: 20, GREEN: 80}
    aws.deploy("d-1", AllowTraffic="Failed", AfterAllowTraffic="Skipped")
    observed = driver(aws).observe(deployment(deployment_id="d-1", from_version="1", to_version="2"))
    assert observed.outcome is Outcome.RUNNING


def test_a_deployment_that_codedeploy_ends_during_the_bake_is_rolled_back_not_moved_by_somebody() -> None:
    aws = FakeEcs(
        weights={BLUE: 100, GREEN: 0}, task_sets={BLUE: "web:1", GREEN: "web:2"}, red=["web-errors"]
    )
    aws.deploy("d-1", "Stopped", **ALL_MOVED)
    aws.deploy("d-2", **ALL_MOVED)
    aws.deployments["d-1"] |= {
        "completeTime": NOW,
        "errorInformation": {"code": "ALARM_ACTIVE"},
        "rollbackInfo": {"rollbackDeploymentId": "d-2"},
    }
    baking = deployment(phase=Phase.BAKING, from_version="1", to_version="2", deployment_id="d-1")
    seen = driver(aws).observe(baking)
    back = decide(baking, seen, NOW, MINUTE)
    assert (back.phase, back.cause) == (
        Phase.ROLLING_BACK,
        "alarm web-errors went red (CodeDeploy d-1: ALARM_ACTIVE)",
    )
    assert decide(back, seen, NOW, MINUTE).phase is Phase.ROLLED_BACK


def test_going_back_stops_the_deployment_while_the_old_tasks_are_there() -> None:
    aws = FakeEcs(weights={BLUE: 0, GREEN: 100}, task_sets={BLUE: "web:1", GREEN: "web:2"})
    aws.deploy("d-1", **ALL_MOVED)
    back = deployment(from_version="1", to_version="2", deployment_id="d-1")
    assert driver(aws).rollback(back) is None
    assert aws.asked == ["stop d-1"]


def test_going_back_later_deploys_the_version_before_and_says_when_that_fails() -> None:
    aws = FakeEcs(weights={BLUE: 0, GREEN: 100}, task_sets={GREEN: "web:2"})
    aws.put("web", template())
    aws.deploy("d-1", "Succeeded", **ALL_MOVED)
    back = deployment(from_version="1", to_version="2", deployment_id="d-1")
    undo = driver(aws).rollback(back)
    assert undo == driver(aws).rollback(back) == "d-2"
    made = aws.deployments["d-2"]
    assert (made["config"], "Hooks" in made["appspec"]) == ("at-once", False)
    made |= {"status": "Failed", "errorInformation": {"code": "ECS_UPDATE_ERROR", "message": "no capacity"}}
    with pytest.raises(LockgateError, match="going back to version 1 failed too: no capacity"):
        driver(aws).rollback(back)


def test_a_listener_that_leads_elsewhere_is_no_traffic_of_the_service() -> None:
    aws = FakeEcs(weights={"arn:tg/other": 100})
    with pytest.raises(LockgateError, match=r"listener arn:listener forwards to 'arn:tg/other'") as raised:
        driver(aws).live(None)
    assert raised.value.hint == "Apply Terraform: make apply ENV=local."


@pytest.mark.parametrize(("install", "told"), [("Failed", True), ("Succeeded", False)])
def test_why_tasks_do_not_start_is_told_with_the_end_of_the_wait(install: str, told: bool) -> None:
    aws = serving()
    aws.put("web", template())
    aws.deploy("d-1", "Failed", Install=install)
    aws.deployments["d-1"]["errorInformation"] = {"code": "TIMEOUT", "message": "timed out"}
    for number, (version, minutes, reason) in enumerate(
        [("2", 1, "first"), ("2", 3, "OutOfMemoryError"), ("1", 9, "an old one"), ("2", 2, "")]
    ):
        stopped = {"taskArn": str(number), "taskDefinitionArn": f"{PREFIX}web:{version}"}
        aws.stopped.append(stopped | {"stoppedAt": NOW + minutes * MINUTE, "stoppedReason": reason})
    problem = driver(aws).observe(deployment(deployment_id="d-1", to_version="2")).problem
    assert problem == "timed out (CodeDeploy d-1: TIMEOUT)" + ("; its tasks stop: OutOfMemoryError" * told)
