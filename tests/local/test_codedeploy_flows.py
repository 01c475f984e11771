"""What deployments do to an alias: on the embedded AWS, with real clients and real functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.codedeploy_world import (
    MINUTE,
    RAISING_HOOK,
    REPORTING_HOOK,
    SILENT_HOOK,
    World,
    served,
    until,
)

pytestmark = [pytest.mark.local, pytest.mark.timeout(300)]

CANARY = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
HASTY_MINUTE = 0.1
LINEAR = "CodeDeployDefault.LambdaLinear10PercentEvery1Minute"


@pytest.fixture(scope="module")
def hasty_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where an hour lasts a few seconds."""
    with served(tmp_path_factory.mktemp("localaws"), HASTY_MINUTE) as running:
        yield running


@pytest.fixture
def world(endpoint: str) -> World:
    return World(endpoint)


def seconds(info: Any, start: str = "startTime", end: str = "completeTime") -> float:
    return float((info[end] - info[start]).total_seconds())


class TestShifting:
    def test_canary_shifts_a_tenth_and_then_all(self, world: World) -> None:
        version = world.prepared().publish()
        deployment = world.deploy(version, CANARY, description="a canary")
        world.shifting(version)
        assert world.alias() == ("1", {version: 0.1})
        assert world.target(deployment)["lambdaFunctionInfo"]["targetVersionWeight"] == 0.1
        info = world.ended(deployment)
        assert info["status"] == "Succeeded"
        assert world.alias() == (version, {})
        assert seconds(info) >= 5 * MINUTE
        assert set(world.events(deployment).values()) == {"Succeeded"}
        assert list(world.events(deployment)) == ["BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"]
        assert world.target(deployment)["lambdaFunctionInfo"]["targetVersionWeight"] == 1.0
        assert (info["creator"], info["description"], info["computePlatform"]) == (
            "user",
            "a canary",
            "Lambda",
        )
        assert info["deploymentOverview"]["Succeeded"] == 1
        assert "errorInformation" not in info
        assert "rollbackInfo" not in info

    def test_linear_makes_every_step(self, world: World) -> None:
        version = world.prepared().publish()
        deployment = world.deploy(version, LINEAR)
        seen: list[float] = []

        def look() -> bool:
            share = world.alias()[1].get(version)
            if share is not None and share not in seen:
                seen.append(share)
            return world.info(deployment)["status"] != "InProgress"

        until(look, "the linear deployment is over")
        assert seen == sorted(seen)
        assert set(seen) <= {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9}
        assert world.alias() == (version, {})
        assert seconds(world.info(deployment)) >= 9 * MINUTE

    def test_all_at_once_never_splits(self, world: World) -> None:
        version = world.prepared().publish()
        info = world.ended(world.deploy(version))
        assert (info["status"], world.alias()) == ("Succeeded", (version, {}))

    def test_configurations_of_ones_own(self, world: World) -> None:
        version = world.prepared().publish()
        world.codedeploy.create_deployment_config(
            deploymentConfigName="third",
            computePlatform="Lambda",
            trafficRoutingConfig={
                "type": "TimeBasedCanary",
                "timeBasedCanary": {"canaryPercentage": 33, "canaryInterval": 1},
            },
        )
        deployment = world.deploy(version, "third")
        world.shifting(version, 0.33)
        assert world.ended(deployment)["status"] == "Succeeded"

    def test_an_alias_that_somebody_else_moves_ends_it(self, world: World) -> None:
        world.prepared()
        version, other = world.publish(), world.publish()
        deployment = world.deploy(version, CANARY)
        world.shifting(version)
        world.functions.update_alias(
            FunctionName=world.function,
            Name="live",
            FunctionVersion=other,
            RoutingConfig={"AdditionalVersionWeights": {}},
        )
        info = world.ended(deployment)
        assert (info["status"], info["errorInformation"]["code"]) == (
            "Failed",
            "INVALID_LAMBDA_CONFIGURATION",
        )
        assert world.alias() == (other, {})


class TestWhatDoesNotFit:
    def failed(self, world: World, deployment: str) -> Any:
        info = world.ended(deployment)
        assert info["status"] == "Failed"
        assert "rollbackInfo" not in info
        return info["errorInformation"]

    def test_another_current_version(self, world: World) -> None:
        world.prepared()
        one, two = world.publish(), world.publish()
        error = self.failed(world, world.deploy(two, current=one))
        assert error["code"] == "INVALID_LAMBDA_CONFIGURATION"
        assert "The Lambda function alias version does not match the current version" in error["message"]
        assert world.alias() == ("1", {})

    def test_the_same_version(self, world: World) -> None:
        error = self.failed(world.prepared(), world.deploy("1"))
        assert error == {
            "code": "INVALID_LAMBDA_CONFIGURATION",
            "message": "The deployment failed because the AppSpec file that specifies the AWS Lambda "
            "deployment configuration is missing or has an invalid configuration.",
        }

    def test_a_version_that_does_not_exist(self, world: World) -> None:
        error = self.failed(world.prepared(), world.deploy("99"))
        assert error["code"] == "INVALID_LAMBDA_FUNCTION"
        assert "the specified function version or alias cannot be found" in error["message"]

    def test_a_function_that_does_not_exist(self, world: World) -> None:
        world.prepared().function = "nobody"
        assert self.failed(world, world.deploy("2"))["code"] == "INVALID_LAMBDA_FUNCTION"

    def test_an_appspec_without_a_function(self, world: World) -> None:
        world.prepared()
        revision = {"revisionType": "String", "string": {"content": '{"version": 0.0, "Resources": []}'}}
        deployment = world.deploy("2", revision=revision)
        assert self.failed(world, deployment)["code"] == "INVALID_LAMBDA_CONFIGURATION"
        assert world.codedeploy.list_deployment_targets(deploymentId=deployment)["targetIds"] == []

    def test_a_role_that_codedeploy_may_not_assume(self, world: World) -> None:
        version = world.prepared().publish()
        world.group("stranger", serviceRoleArn=world.role("stranger", "ec2.amazonaws.com"))
        error = self.failed(world, world.deploy(version, group="stranger"))
        assert error["code"] == "IAM_ROLE_PERMISSIONS"

    def test_a_role_that_does_not_exist(self, world: World) -> None:
        version = world.prepared().publish()
        world.group("stranger", serviceRoleArn=f"arn:aws:iam::{world.account}:role/nobody")
        assert self.failed(world, world.deploy(version, group="stranger"))["code"] == "IAM_ROLE_MISSING"


class TestHooks:
    def test_both_hooks_are_asked(self, world: World) -> None:
        version = world.prepared().publish()
        hook = world.publish_function("CodeDeployHook_good", REPORTING_HOOK % "Succeeded")
        deployment = world.deploy(version, hooks={"BeforeAllowTraffic": hook, "AfterAllowTraffic": hook})
        assert world.ended(deployment)["status"] == "Succeeded"
        assert set(world.events(deployment).values()) == {"Succeeded"}

    def test_a_hook_before_traffic_that_says_no(self, world: World) -> None:
        version = world.prepared().publish()
        hook = world.publish_function("CodeDeployHook_bad", REPORTING_HOOK % "Failed")
        deployment = world.deploy(version, CANARY, hooks={"BeforeAllowTraffic": hook})
        info = world.ended(deployment)
        assert info["errorInformation"] == {
            "code": "HOOK_EXECUTION_FAILURE",
            "message": "The deployment failed because one or more of the lifecycle event validation "
            "functions failed.",
        }
        assert world.events(deployment) == {
            "BeforeAllowTraffic": "Failed",
            "AllowTraffic": "Skipped",
            "AfterAllowTraffic": "Skipped",
        }
        assert world.rolled_back(info)["status"] == "Succeeded"
        assert world.alias() == ("1", {})

    def test_a_hook_after_traffic_that_says_no(self, world: World) -> None:
        version = world.prepared().publish()
        hook = world.publish_function("CodeDeployHook_bad", REPORTING_HOOK % "Failed")
        deployment = world.deploy(version, hooks={"AfterAllowTraffic": hook})
        info = world.ended(deployment)
        assert world.events(deployment)["AllowTraffic"] == "Succeeded"
        assert world.rolled_back(info)["status"] == "Succeeded"
        assert world.alias() == ("1", {})

    @pytest.mark.parametrize("source", [SILENT_HOOK, RAISING_HOOK], ids=["silent", "raising"])
    def test_a_hook_that_never_reports_has_an_hour(self, hasty_endpoint: str, source: str) -> None:
        world = World(hasty_endpoint)
        version = world.prepared().publish()
        hook = world.publish_function("CodeDeployHook_mute", source)
        info = world.ended(world.deploy(version, hooks={"BeforeAllowTraffic": hook}))
        assert info["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"
        assert seconds(info) >= 60 * HASTY_MINUTE
        (event,) = [e for e in world.target(info["deploymentId"])["lifecycleEvents"] if "diagnostics" in e]
        assert event["diagnostics"]["errorCode"] == "ScriptTimedOut"

    def test_a_hook_that_does_not_exist(self, world: World) -> None:
        version = world.prepared().publish()
        info = world.ended(world.deploy(version, hooks={"BeforeAllowTraffic": "CodeDeployHook_nobody"}))
        assert info["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"

    def test_the_managed_role_invokes_only_hooks_of_the_right_name(self, world: World) -> None:
        version = world.prepared().publish()
        world.iam.attach_role_policy(
            RoleName="codedeploy",
            PolicyArn="arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForLambda",
        )
        plain = world.publish_function("plain-hook", REPORTING_HOOK % "Succeeded")
        named = world.publish_function("CodeDeployHook_named", REPORTING_HOOK % "Succeeded")
        info = world.ended(world.deploy(version, hooks={"BeforeAllowTraffic": plain}))
        assert info["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"
        world.rolled_back(info)
        info = world.ended(world.deploy(version, hooks={"BeforeAllowTraffic": named}))
        assert info["status"] == "Succeeded"

    def test_reports_are_checked(self, world: World) -> None:
        version = world.prepared().publish()
        hook = world.publish_function("CodeDeployHook_mute", SILENT_HOOK)
        deployment = world.deploy(version, hooks={"BeforeAllowTraffic": hook})
        until(
            lambda: world.events(deployment).get("BeforeAllowTraffic") == "InProgress", "the hook is awaited"
        )

        def report(**params: str) -> str:
            with pytest.raises(ClientError) as refused:
                world.codedeploy.put_lifecycle_event_hook_execution_status(**params)
            return str(refused.value.response["Error"]["Code"])

        known = {"deploymentId": deployment, "lifecycleEventHookExecutionId": "x"}
        assert report(status="Succeeded", **known) == "InvalidLifecycleEventHookExecutionIdException"
        assert report(status="Skipped", **known) == "InvalidLifecycleEventHookExecutionStatusException"
        unknown = {**known, "deploymentId": "d-ABCDEFGHI"}
        assert report(status="Succeeded", **unknown) == "DeploymentDoesNotExistException"
        world.codedeploy.stop_deployment(deploymentId=deployment)
        world.rolled_back(world.ended(deployment))


class TestAlarms:
    def test_an_alarm_in_the_middle_stops_and_rolls_back(self, world: World) -> None:
        version = world.prepared(
            alarmConfiguration={"enabled": True, "alarms": [{"name": "errors"}, {"name": "latency"}]}
        ).publish()
        world.alarm("errors")
        world.alarm("latency", "INSUFFICIENT_DATA")
        deployment = world.deploy(version, CANARY)
        world.shifting(version)
        world.set_alarm("errors", "ALARM")
        info = world.ended(deployment)
        assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "ALARM_ACTIVE")
        assert info["errorInformation"]["message"].endswith("Activated alarms: <errors>")
        assert world.events(deployment) == {
            "BeforeAllowTraffic": "Succeeded",
            "AllowTraffic": "Failed",
            "AfterAllowTraffic": "Skipped",
        }
        undo = world.rolled_back(info)
        first, second = info["deploymentId"], undo["deploymentId"]
        assert info["rollbackInfo"] == {
            "rollbackDeploymentId": second,
            "rollbackMessage": f"Deployment {first} terminated. Automatic rollback is triggered with a "
            f"DeploymentId {second}.",
        }
        assert undo["rollbackInfo"] == {
            "rollbackTriggeringDeploymentId": first,
            "rollbackMessage": f"Deployment {second} is triggered to roll back deployment {first}.",
        }
        assert (undo["status"], undo["creator"]) == ("Succeeded", "codeDeployRollback")
        assert set(world.events(second).values()) == {"Succeeded"}
        assert world.alias() == ("1", {})

    def test_an_alarm_that_was_red_before_moves_nothing(self, world: World) -> None:
        version = world.prepared(
            alarmConfiguration={"enabled": True, "alarms": [{"name": "errors"}]}
        ).publish()
        world.alarm("errors", "ALARM")
        deployment = world.deploy(version, CANARY)
        info = world.ended(deployment)
        assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "ALARM_ACTIVE")
        assert set(world.events(deployment).values()) == {"Skipped"}
        assert world.rolled_back(info)["status"] == "Succeeded"
        assert world.alias() == ("1", {})

    def test_the_override_lets_a_fix_out(self, world: World) -> None:
        version = world.prepared(
            alarmConfiguration={"enabled": True, "alarms": [{"name": "errors"}]}
        ).publish()
        world.alarm("errors", "ALARM")
        deployment = world.deploy(version, overrideAlarmConfiguration={"enabled": False})
        info = world.ended(deployment)
        assert info["status"] == "Succeeded"
        assert info["overrideAlarmConfiguration"] == {"enabled": False}

    @pytest.mark.parametrize(("ignore", "status"), [(False, "Stopped"), (True, "Succeeded")])
    def test_an_alarm_that_does_not_exist(self, world: World, ignore: bool, status: str) -> None:
        alarms = {"enabled": True, "ignorePollAlarmFailure": ignore, "alarms": [{"name": "nobody"}]}
        version = world.prepared(alarmConfiguration=alarms).publish()
        assert world.ended(world.deploy(version))["status"] == status

    def test_no_rollback_where_the_event_is_not_configured(self, world: World) -> None:
        version = world.prepared(
            alarmConfiguration={"enabled": True, "alarms": [{"name": "errors"}]},
            autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
        ).publish()
        world.alarm("errors")
        deployment = world.deploy(version, CANARY)
        world.shifting(version)
        world.set_alarm("errors", "ALARM")
        assert "rollbackInfo" not in world.ended(deployment)
        assert world.alias() == ("1", {version: 0.1})


class TestStopping:
    def test_with_rollback(self, world: World) -> None:
        version = world.prepared(autoRollbackConfiguration={"enabled": False}).publish()
        deployment = world.deploy(version, CANARY)
        world.shifting(version)
        answer = world.codedeploy.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)
        assert answer["status"] == "Pending"
        info = world.ended(deployment)
        assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "MANUAL_STOP")
        assert world.rolled_back(info)["status"] == "Succeeded"
        assert world.alias() == ("1", {})
        with pytest.raises(world.codedeploy.exceptions.DeploymentAlreadyCompletedException):
            world.codedeploy.stop_deployment(deploymentId=deployment)

    def test_without_rollback_every_later_deployment_fails(self, world: World) -> None:
        version = world.prepared().publish()
        deployment = world.deploy(version, CANARY)
        world.shifting(version)
        world.codedeploy.stop_deployment(deploymentId=deployment, autoRollbackEnabled=False)
        assert "rollbackInfo" not in world.ended(deployment)
        assert world.alias() == ("1", {version: 0.1})
        error = world.ended(world.deploy(version))["errorInformation"]
        assert error["code"] == "INVALID_LAMBDA_CONFIGURATION"
        alias = world.functions.get_alias(FunctionName=world.function, Name="live")
        world.functions.update_alias(
            FunctionName=world.function,
            Name="live",
            RoutingConfig={"AdditionalVersionWeights": {}},
            RevisionId=alias["RevisionId"],
        )
        assert world.ended(world.deploy(version))["status"] == "Succeeded"

    def test_as_the_group_says(self, world: World) -> None:
        version = world.prepared().publish()
        deployment = world.deploy(version, CANARY)
        world.shifting(version)
        world.codedeploy.stop_deployment(deploymentId=deployment)
        assert world.rolled_back(world.ended(deployment))["status"] == "Succeeded"

    def test_a_lambda_deployment_cannot_be_continued(self, world: World) -> None:
        version = world.prepared().publish()
        deployment = world.deploy(version, CANARY)
        world.shifting(version)
        with pytest.raises(world.codedeploy.exceptions.UnsupportedActionForDeploymentTypeException):
            world.codedeploy.continue_deployment(deploymentId=deployment, deploymentWaitType="READY_WAIT")
        world.codedeploy.stop_deployment(deploymentId=deployment)
        world.rolled_back(world.ended(deployment))


class TestSeveral:
    def test_one_deployment_of_a_group_at_a_time(self, world: World) -> None:
        version = world.prepared().publish()
        first = world.deploy(version, CANARY)
        with pytest.raises(world.codedeploy.exceptions.DeploymentLimitExceededException, match=first):
            world.deploy(version, CANARY)
        world.codedeploy.stop_deployment(deploymentId=first)
        world.rolled_back(world.ended(first))
        assert world.ended(world.deploy(version))["status"] == "Succeeded"

    def test_a_deployment_outlives_its_group(self, world: World) -> None:
        version = world.prepared().publish()
        deployment = world.deploy(version, CANARY)
        world.shifting(version)
        world.codedeploy.delete_deployment_group(applicationName="app", deploymentGroupName="live")
        assert world.ended(deployment)["status"] == "Succeeded"
        assert world.alias() == (version, {})
