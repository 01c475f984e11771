"""Deployments to ECS, with boto3 alone: tasks are HTTP servers, traffic goes through the load balancer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws import lifecycle
from tests.local.codedeploy_world import REPORTING_HOOK, until
from tests.local.ecs_world import CLUSTER, MINUTE, PORT, SERVICE, EcsWorld, ecs_settings, served, up

pytestmark = [pytest.mark.local, pytest.mark.timeout(300)]

EVENTS = [
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "AllowTestTraffic",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
]


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(ecs_settings(tmp_path_factory.mktemp("localaws"))) as running:
        yield running


@pytest.fixture
def world(endpoint: str) -> Iterator[EcsWorld]:
    """An account of its own with version 1 served; its tasks end with the test."""
    made = EcsWorld(endpoint).built()
    yield made
    made.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)


@pytest.fixture(scope="module")
def shared(endpoint: str) -> EcsWorld:
    """An account for tests that leave version 1 serving alone, as they found it."""
    return EcsWorld(endpoint).built()


def at_rest(world: EcsWorld) -> None:
    """Waits until version 1 serves alone, on both listeners."""
    until(lambda: world.sets() == {"PRIMARY": "1"}, "green is gone")
    assert (world.answers(20), world.weights(PORT)["blue"]) == ({"1"}, 100)


def until_weight(world: EcsWorld, green: int) -> None:
    until(lambda: world.weights().get("green") == green, f"green gets {green} %")


def test_a_canary_goes_to_its_end(world: EcsWorld) -> None:
    deployment = world.release(world.definition("2"), world.canary(25))
    until_weight(world, 20)
    assert world.sets() == {"PRIMARY": "1", "ACTIVE": "2"}
    assert world.answers(port=PORT) == {"2"}
    shares = world.shares()
    assert 15 <= shares["2"] <= 70, shares
    assert shares["1"] + shares["2"] == 200
    during = {one["taskSetLabel"]: one for one in world.target(deployment)["taskSetsInfo"]}
    assert (during["Blue"]["trafficWeight"], during["Green"]["trafficWeight"]) == (80.0, 20.0)
    world.waiting(deployment)
    info = world.info(deployment)
    assert (info["status"], info.get("deploymentOverview")) == ("InProgress", None)
    assert world.sets() == {"PRIMARY": "2", "ACTIVE": "1"}
    assert world.described()["taskDefinition"].endswith(":2")
    info = world.ended(deployment)
    assert info["status"] == "Succeeded"
    assert info["deploymentOverview"]["Succeeded"] == 1
    target = world.target(deployment)
    assert [one["lifecycleEventName"] for one in target["lifecycleEvents"]] == EVENTS
    assert {one["status"] for one in target["lifecycleEvents"]} == {"Succeeded"}
    until(lambda: world.sets() == {"PRIMARY": "2"}, "blue is gone")
    assert world.answers() == {"2"}
    assert (world.weights(), world.weights(PORT)) == ({"blue": 0, "green": 100}, {"blue": 0, "green": 100})


def steady_primary(world: EcsWorld) -> Any:
    sets = [one for one in world.described()["taskSets"] if one["status"] == "PRIMARY"]
    return next((one for one in sets if one["stabilityStatus"] == "STEADY_STATE"), None)


def test_what_a_deployment_shows(world: EcsWorld) -> None:
    deployment = world.release(world.definition("2"))
    world.waiting(deployment)
    # On a busy machine a task that answers late counts as unhealthy for a moment, as on AWS.
    green = until(lambda: steady_primary(world), "the task set that has all traffic is steady")
    assert (green["externalId"], green["startedBy"]) == (deployment, "CODE_DEPLOY")
    assert green["scale"] == {"value": 100.0, "unit": "PERCENT"}
    target = world.target(deployment)
    assert target["targetId"] == f"{CLUSTER}:{SERVICE}"
    assert target["targetArn"].endswith(f":service/{CLUSTER}/{SERVICE}")
    info = next(one for one in target["taskSetsInfo"] if one["taskSetLabel"] == "Green")
    assert info == {
        "identifer": green["id"],
        "desiredCount": 2,
        "pendingCount": 0,
        "runningCount": 2,
        "status": "PRIMARY",
        "trafficWeight": 100.0,
        "targetGroup": {"name": "green"},
        "taskSetLabel": "Green",
    }
    with pytest.raises(ClientError, match="DeploymentLimitExceeded"):
        world.release(world.definition("3"))


def keep_blue(world: EcsWorld, minutes: int) -> None:
    world.codedeploy.update_deployment_group(
        applicationName="app",
        currentDeploymentGroupName="live",
        blueGreenDeploymentConfiguration={
            "terminateBlueInstancesOnDeploymentSuccess": {
                "action": "TERMINATE",
                "terminationWaitTimeInMinutes": minutes,
            },
            "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
        },
    )


def test_the_next_deployment_goes_back_to_the_other_target_group(world: EcsWorld) -> None:
    keep_blue(world, 2880)
    for version, group in (("2", "green"), ("3", "blue")):
        deployment = world.release(world.definition(version))
        with pytest.raises(ClientError, match="DeploymentIsNotInReadyState"):
            world.codedeploy.continue_deployment(deploymentId=deployment, deploymentWaitType="READY_WAIT")
        world.waiting(deployment)
        world.codedeploy.continue_deployment(deploymentId=deployment, deploymentWaitType="TERMINATION_WAIT")
        assert world.ended(deployment)["status"] == "Succeeded"
        assert world.weights()[group] == 100
        assert world.answers() == {version}


@pytest.mark.parametrize("stage", ["canary", "termination"])
def test_a_stop_with_rollback_sends_traffic_back(shared: EcsWorld, stage: str) -> None:
    config = shared.canary(2000) if stage == "canary" else "CodeDeployDefault.ECSAllAtOnce"
    deployment = shared.release(shared.definition("2"), config)
    if stage == "canary":
        until_weight(shared, 20)
    else:
        shared.waiting(deployment)
    shared.codedeploy.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)
    info = shared.ended(deployment)
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "MANUAL_STOP")
    undo = shared.rolled_back(info)
    assert (undo["status"], undo["creator"]) == ("Succeeded", "codeDeployRollback")
    assert undo["deploymentConfigName"] == "CodeDeployDefault.ECSAllAtOnce"
    assert undo["rollbackInfo"]["rollbackTriggeringDeploymentId"] == deployment
    assert shared.weights()["blue"] == 100
    at_rest(shared)
    shown = shared.events(deployment)
    assert shown["AllowTraffic"] == ("Failed" if stage == "canary" else "Succeeded")


def test_a_stop_without_rollback_leaves_all_as_it_is(world: EcsWorld) -> None:
    deployment = world.release(world.definition("2"), world.canary(2000))
    until_weight(world, 20)
    world.codedeploy.stop_deployment(deploymentId=deployment, autoRollbackEnabled=False)
    info = world.ended(deployment)
    assert (info["status"], info.get("rollbackInfo")) == ("Stopped", None)
    assert world.sets() == {"PRIMARY": "1", "ACTIVE": "2"}
    assert world.weights() == {"blue": 80, "green": 20}
    info = world.ended(world.release(world.definition("3")))
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "INVALID_ECS_SERVICE")


def test_an_alarm_stops_it(shared: EcsWorld) -> None:
    alarm = shared.alarm()
    shared.codedeploy.update_deployment_group(
        applicationName="app",
        currentDeploymentGroupName="live",
        alarmConfiguration={"enabled": True, "alarms": [{"name": alarm}]},
    )
    deployment = shared.release(shared.definition("2"))
    shared.waiting(deployment)
    shared.set_alarm(alarm, "ALARM")
    info = shared.ended(deployment)
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "ALARM_ACTIVE")
    assert shared.rolled_back(info)["status"] == "Succeeded"
    at_rest(shared)
    shared.codedeploy.update_deployment_group(
        applicationName="app",
        currentDeploymentGroupName="live",
        alarmConfiguration={"enabled": False, "alarms": []},
    )


def test_a_hook_that_fails_sends_traffic_back(shared: EcsWorld) -> None:
    good = shared.publish_function("CodeDeployHook_good", REPORTING_HOOK % "Succeeded")
    bad = shared.publish_function("CodeDeployHook_bad", REPORTING_HOOK % "Failed")
    deployment = shared.release(
        shared.definition("2"), hooks={"AfterInstall": good, "AfterAllowTestTraffic": bad}
    )
    info = shared.ended(deployment)
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "HOOK_EXECUTION_FAILURE")
    assert shared.rolled_back(info)["status"] == "Succeeded"
    shown = shared.events(deployment)
    assert [shown[event] for event in EVENTS[2:6]] == ["Succeeded", "Succeeded", "Failed", "Skipped"]
    at_rest(shared)


def test_tasks_that_never_get_healthy(endpoint: str, world: EcsWorld) -> None:
    """One whose health check fails, and one whose image is missing, at the same time."""
    other = EcsWorld(endpoint).built()
    began = datetime.now(UTC)
    deployments = [
        (world, world.release(world.definition("2", HEALTH="500"), world.canary(5))),
        (other, other.release(other.definition("2", image="missing"))),
    ]
    reasons = [reasons_of(one, one.ended(deployment)) for one, deployment in deployments]
    assert datetime.now(UTC) - began >= timedelta(seconds=60 * MINUTE)
    assert any(reason.startswith("Task failed ELB health checks in (target-group ") for reason in reasons[0])
    assert "CannotPullContainerError: missing: not found" in reasons[1]
    for one, deployment in deployments:
        assert one.rolled_back(one.info(deployment))["status"] == "Succeeded"
        assert one.events(deployment)["Install"] == "Failed"
        assert one.answers(20) == {"1"}
    other.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)


def reasons_of(world: EcsWorld, info: Any) -> set[str]:
    """Why tasks have stopped, after a deployment that waited for its hour."""
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "TIMEOUT")
    assert "the replacement task set to become healthy" in info["errorInformation"]["message"]
    arns = world.ecs.list_tasks(cluster=CLUSTER, desiredStatus="STOPPED")["taskArns"]
    stopped = world.ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]
    return {task["stoppedReason"] for task in stopped}


def test_a_group_that_waits_for_a_word(world: EcsWorld) -> None:
    def ready(minutes: int) -> None:
        world.codedeploy.update_deployment_group(
            applicationName="app",
            currentDeploymentGroupName="live",
            blueGreenDeploymentConfiguration={
                "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE"},
                "deploymentReadyOption": {
                    "actionOnTimeout": "STOP_DEPLOYMENT",
                    "waitTimeInMinutes": minutes,
                },
            },
        )

    ready(5)
    info = world.ended(world.release(world.definition("2")))
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "TIMEOUT")
    assert "5 minutes" in info["errorInformation"]["message"]
    assert world.rolled_back(info)["status"] == "Succeeded"
    until(lambda: world.sets() == {"PRIMARY": "1"}, "green is gone")
    ready(2000)
    deployment = world.release(world.definition("3"))
    until(lambda: world.info(deployment)["status"] == "Ready", "it waits")
    assert world.answers() == {"1"}
    assert world.answers(port=PORT) == {"3"}
    world.codedeploy.continue_deployment(deploymentId=deployment, deploymentWaitType="READY_WAIT")
    assert world.ended(deployment)["status"] == "Succeeded"
    assert world.answers() == {"3"}


def refused(world: EcsWorld, **settings: Any) -> str:
    with pytest.raises(ClientError) as error:
        world.ecs.update_service(cluster=CLUSTER, service=SERVICE, **settings)
    return str(error.value)


def test_what_only_a_deployment_changes(world: EcsWorld) -> None:
    definition = world.definition("2")
    assert "Unable to update task definition on services with a CODE_DEPLOY deployment controller" in refused(
        world, taskDefinition=definition
    )
    assert "Cannot force a new deployment" in refused(world, forceNewDeployment=True)
    vpc = {"awsvpcConfiguration": {"subnets": ["subnet-9"]}}
    assert "Unable to update network parameters" in refused(world, networkConfiguration=vpc)
    world.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=3)
    until(lambda: world.described()["runningCount"] == 3, "a third task runs")
    blue = world.groups["blue"]
    health = lambda: world.elbv2.describe_target_health(TargetGroupArn=blue)["TargetHealthDescriptions"]  # noqa: E731
    until(lambda: [one["TargetHealth"]["State"] for one in health()] == ["healthy"] * 3, "it is healthy")
    with pytest.raises(ClientError, match="scaled above 0"):
        world.ecs.delete_service(cluster=CLUSTER, service=SERVICE)
    world.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    until(lambda: world.described()["status"] == "INACTIVE", "it is deleted")
    assert (health(), world.get()[0]) == ([], 503)


def test_appspecs_that_do_not_fit(shared: EcsWorld) -> None:
    for properties, code, words in (
        (balanced("other", PORT), "ECS_UPDATE_ERROR", "The container other does not exist in the task"),
        (balanced("app", 443), "ECS_UPDATE_ERROR", "app did not have a container port 443 defined."),
        ({"TaskDefinition": "web:99"}, "ECS_UPDATE_ERROR", "Unable to find task definition"),
        ({"LoadBalancerInfo": {}}, "INVALID_REVISION", "LoadBalancerInfo"),
    ):
        info = shared.ended(shared.release(shared.definition("2"), properties=properties))
        assert (info["status"], info["errorInformation"]["code"]) == ("Failed", code)
        assert words in info["errorInformation"]["message"]
        if "rollbackInfo" in info:
            assert shared.rolled_back(info)["status"] == "Succeeded"
        at_rest(shared)


def balanced(container: str, port: int) -> dict[str, Any]:
    return {"LoadBalancerInfo": {"ContainerName": container, "ContainerPort": port}}


def test_listeners_that_do_not_fit(shared: EcsWorld) -> None:
    def forward(weights: dict[str, int]) -> None:
        groups = [{"TargetGroupArn": shared.groups[name], "Weight": share} for name, share in weights.items()]
        actions = [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]
        shared.elbv2.modify_listener(ListenerArn=shared.listeners[80], DefaultActions=actions)

    for weights, words in (
        ({"green": 1}, "Primary taskset target group must be behind listener"),
        ({"blue": 50, "green": 50}, "Green taskset target group cannot have non-zero weight"),
    ):
        forward(weights)
        info = shared.ended(shared.release(shared.definition("2")))
        assert info["errorInformation"]["code"] == "ELASTIC_LOAD_BALANCING_INVALID"
        assert words in info["errorInformation"]["message"]
        assert shared.sets() == {"PRIMARY": "1"}
    forward({"blue": 100, "green": 0})


def test_metrics_by_target_group(world: EcsWorld) -> None:
    deployment = world.release(world.definition("2", STATUS="500"), world.canary(2000, 50))
    until_weight(world, 50)
    shown = {name: arn.partition(":targetgroup/")[2] for name, arn in world.groups.items()}
    balancer = world.balancer["LoadBalancerArn"].partition(":loadbalancer/")[2]

    def read(metric: str, group: str | None, statistic: str = "Sum") -> float:
        dimensions = [{"Name": "LoadBalancer", "Value": balancer}]
        if group:
            dimensions.append({"Name": "TargetGroup", "Value": f"targetgroup/{shown[group]}"})
        now = datetime.now(UTC)
        answer = world.cloudwatch.get_metric_data(
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=1),
            MetricDataQueries=[
                {
                    "Id": "a",
                    "MetricStat": {
                        "Metric": {
                            "Namespace": "AWS/ApplicationELB",
                            "MetricName": metric,
                            "Dimensions": dimensions,
                        },
                        "Period": 3600,
                        "Stat": statistic,
                    },
                }
            ],
        )
        return float(sum(answer["MetricDataResults"][0]["Values"]))

    unserved = read("HTTPCode_ELB_5XX_Count", None)  # while no task was there yet
    statuses = [world.get()[0] for _ in range(40)]
    bad = statuses.count(500)
    assert 5 < bad < 35
    assert read("HTTPCode_Target_5XX_Count", "green") == bad
    assert read("RequestCount", "green") == bad
    assert read("HTTPCode_Target_5XX_Count", "blue") == 0
    assert read("HTTPCode_Target_2XX_Count", "blue") >= 40 - bad
    assert read("RequestCount", None) == read("RequestCount", "blue") + bad
    assert 0 < read("TargetResponseTime", "green", "p95") < 5
    assert read("HealthyHostCount", "blue", "Maximum") == 2
    assert read("UnHealthyHostCount", "green", "Maximum") == 0
    assert read("HTTPCode_ELB_5XX_Count", None) == unserved
    world.codedeploy.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)
    world.rolled_back(world.ended(deployment))


def test_rules_of_a_listener_follow(world: EcsWorld) -> None:
    made = world.elbv2.create_rule(
        ListenerArn=world.listeners[80],
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/api/*"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": world.groups["blue"]}],
    )
    fixed = {"StatusCode": "418", "ContentType": "text/plain", "MessageBody": "tea"}
    world.elbv2.create_rule(
        ListenerArn=world.listeners[80],
        Priority=2,
        Conditions=[{"Field": "path-pattern", "Values": ["/tea"]}],
        Actions=[{"Type": "fixed-response", "FixedResponseConfig": fixed}],
    )
    deployment = world.release(world.definition("2"))
    world.waiting(deployment)
    assert (world.get("/api/x"), world.get("/tea")) == ((200, "2"), (418, "tea"))
    (rule,) = world.elbv2.describe_rules(RuleArns=[made["Rules"][0]["RuleArn"]])["Rules"]
    weights = [one["Weight"] for one in rule["Actions"][0]["ForwardConfig"]["TargetGroups"]]
    assert sorted(weights) == [0, 100]


def test_a_restart_in_the_middle(tmp_path: Any) -> None:
    """Of a canary, and of the wait for the end of blue."""
    settings = ecs_settings(tmp_path / "localaws")
    try:
        endpoint = up(settings)
        worlds = [EcsWorld(endpoint).built(), EcsWorld(endpoint).built()]
        keep_blue(worlds[1], 2880)
        configs = [worlds[0].canary(2000), "CodeDeployDefault.ECSAllAtOnce"]
        ids = [one.release(one.definition("2"), config) for one, config in zip(worlds, configs, strict=True)]
        until_weight(worlds[0], 20)
        worlds[1].waiting(ids[1])
        lifecycle.down(settings)
        endpoint = up(settings)
        canary, waiting = (one.again(endpoint) for one in worlds)
        assert canary.info(ids[0])["status"] == waiting.info(ids[1])["status"] == "InProgress"
        until(lambda: canary.answers(20) == {"1", "2"}, "both versions answer again")
        assert canary.weights() == {"blue": 80, "green": 20}
        canary.codedeploy.stop_deployment(deploymentId=ids[0], autoRollbackEnabled=True)
        until(lambda: waiting.answers() == {"2"}, "green answers again")
        waiting.codedeploy.continue_deployment(deploymentId=ids[1], deploymentWaitType="TERMINATION_WAIT")
        assert waiting.ended(ids[1])["status"] == "Succeeded"
        assert canary.rolled_back(canary.ended(ids[0]))["status"] == "Succeeded"
        until(lambda: canary.answers(20) == {"1"}, "blue answers alone")
        until(lambda: waiting.sets() == {"PRIMARY": "2"}, "blue is gone")
    finally:
        lifecycle.down(settings)


def test_where_nothing_runs_tasks_it_is_said(tmp_path: Any) -> None:
    with served(ecs_settings(tmp_path / "localaws", task_runner="none")) as endpoint:
        world = EcsWorld(endpoint)
        world.role()
        world.network()
        world.service(world.definition("1"))
        world.codedeploy.create_application(applicationName="app", computePlatform="ECS")
        world.container_group()
        info = world.ended(world.release(world.definition("2")))
        assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "ECS_UPDATE_ERROR")
        assert "no container engine" in info["errorInformation"]["message"]
        arns = world.ecs.list_tasks(cluster=CLUSTER, desiredStatus="STOPPED")["taskArns"]
        (task, *_) = world.ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]
        assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", "TaskFailedToStart")
        assert "no container engine" in task["stoppedReason"]
