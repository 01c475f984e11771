"""AppSpecs, alarms, hooks and rollbacks: the pure decisions of the engine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localaws.codedeploy import alarms, hooks, rollback
from localaws.codedeploy.appspec import AppSpec, AppSpecError, read
from localaws.codedeploy.lambda_platform import misfit, refused
from localaws.codedeploy.model import Deployment, Event, Region
from localaws.codedeploy.outcomes import Ended, alarms_active, hook_failed, stopped_by_user
from localaws.codedeploy.rollback import undo, wanted
from localaws.codedeploy.traffic import Routing

RESOURCE = {
    "Type": "AWS::Lambda::Function",
    "Properties": {"Name": "f", "Alias": "live", "CurrentVersion": "1", "TargetVersion": "2"},
}
EVERY_EVENT = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]


def spec(**changes: Any) -> dict[str, Any]:
    return {"version": 0.0, "Resources": [{"f": RESOURCE}], **changes}


def deployment(**changes: Any) -> Deployment:
    fields: dict[str, Any] = {
        "deployment_id": "d-ABCDEFGHI",
        "application": "app",
        "group": "live",
        "config": "CodeDeployDefault.LambdaAllAtOnce",
        "revision": {},
        "content": json.dumps(spec()),
        "created": 1.0,
        "function": "f",
        "alias": "live",
        "current_version": "1",
        "target_version": "2",
        "checked": True,
        "settings": {"autoRollbackConfiguration": {"enabled": True, "events": EVERY_EVENT}},
    }
    return Deployment(**{**fields, **changes})


class TestAppSpec:
    def test_json(self) -> None:
        content = json.dumps(spec(Hooks=[{"BeforeAllowTraffic": "a"}, {"AfterAllowTraffic": "b"}]))
        wanted = {"BeforeAllowTraffic": "a", "AfterAllowTraffic": "b"}
        assert read(content) == AppSpec("f", "live", "1", "2", wanted)

    def test_yaml_in_any_case_with_versions_as_numbers(self) -> None:
        content = """
            version: 0.0
            resources:
              - f:
                  type: AWS::Lambda::Function
                  properties: {name: f, alias: live, currentversion: 1, targetVersion: 2}
        """
        assert read(content) == AppSpec("f", "live", "1", "2")

    @pytest.mark.parametrize(
        ("content", "word"),
        [
            ("a: [", "neither YAML nor JSON"),
            ("", "empty"),
            ("[]", "not a mapping"),
            (json.dumps(spec(version=1.0)), "must be 0.0"),
            (json.dumps(spec(Resources=[])), "exactly one"),
            (json.dumps(spec(Resources=[{"f": RESOURCE, "g": RESOURCE}])), "exactly one"),
            (json.dumps(spec(Resources=[{"f": {"Type": "AWS::ECS::Service"}}])), "AWS::Lambda::Function"),
            (json.dumps(spec(Resources=[{"f": {**RESOURCE, "Properties": {"Name": "f"}}}])), "TargetVersion"),
            (json.dumps(spec(Hooks=[{"BeforeInstall": "a"}])), "BeforeInstall"),
            (json.dumps(spec(Hooks={"BeforeAllowTraffic": "a"})), "list"),
            (json.dumps(spec(Hooks=[{"AfterAllowTraffic": "a"}] * 2)), "more than one"),
        ],
    )
    def test_what_is_refused(self, content: str, word: str) -> None:
        with pytest.raises(AppSpecError, match=word):
            read(content)


class TestAlarms:
    @staticmethod
    def watching(**changes: Any) -> Deployment:
        configuration = {"enabled": True, "alarms": [{"name": "a"}, {"name": "b"}], **changes}
        return deployment(settings={"alarmConfiguration": configuration})

    @pytest.mark.parametrize(
        ("states", "code"),
        [
            ({"a": "OK", "b": "OK"}, None),
            ({"a": "INSUFFICIENT_DATA", "b": "OK"}, None),
            ({"a": "OK", "b": "ALARM"}, "ALARM_ACTIVE"),
            ({"a": "OK"}, "ALARM_ACTIVE"),
            ("CloudWatch is away", "ALARM_ACTIVE"),
        ],
    )
    def test_verdicts(self, states: Any, code: str | None) -> None:
        ended = alarms.verdict(self.watching(), states)
        assert (ended.code if ended else None) == code
        if ended:
            assert (ended.status, ended.trigger) == ("Stopped", "DEPLOYMENT_STOP_ON_ALARM")

    def test_failures_to_read_can_be_ignored_but_not_red_ones(self) -> None:
        watching = self.watching(ignorePollAlarmFailure=True)
        assert alarms.verdict(watching, "CloudWatch is away") is None
        assert alarms.verdict(watching, {"a": "OK"}) is None
        assert alarms.verdict(watching, {"a": "ALARM"}) is not None

    def test_the_message_names_all_that_are_red(self) -> None:
        ended = alarms.verdict(self.watching(), {"a": "ALARM", "b": "ALARM"})
        assert ended
        assert ended.message.endswith("Activated alarms: <a> <b>")

    def test_what_is_watched(self) -> None:
        assert alarms.watched(self.watching()) == ["a", "b"]
        assert alarms.watched(self.watching(enabled=False)) == []
        override = self.watching()
        override.alarm_override = {"enabled": True, "alarms": [{"name": "c"}]}
        assert alarms.watched(override) == ["c"]
        override.alarm_override = {"enabled": False}
        assert alarms.watched(override) == []
        rolling_back = self.watching()
        rolling_back.undoes = "d-123456789"
        assert alarms.watched(rolling_back) == []


class TestHooks:
    ARN = "arn:aws:lambda:eu-west-1:111111111111:function:"
    MANAGED = ("AWSCodeDeployRoleForLambda",)

    def test_the_execution_id_says_nothing(self) -> None:
        one, two = (
            hooks.new_execution("BeforeAllowTraffic", 1.0),
            hooks.new_execution("BeforeAllowTraffic", 1.0),
        )
        assert one.execution_id != two.execution_id
        assert one.execution_id.startswith("eyJlbmNyeXB0ZWREYXRhIjo")
        assert hooks.payload(deployment(), one) == {
            "DeploymentId": "d-ABCDEFGHI",
            "LifecycleEventHookExecutionId": one.execution_id,
        }

    @pytest.mark.parametrize(
        ("status", "now", "code"),
        [
            (None, 9.9, None),
            (None, 10.0, "ScriptTimedOut"),
            ("Failed", 1.0, "ScriptFailed"),
            ("Succeeded", 11.0, None),
        ],
    )
    def test_verdicts(self, status: str | None, now: float, code: str | None) -> None:
        execution = hooks.new_execution("BeforeAllowTraffic", 10.0)
        execution.status = status
        ended = hooks.verdict(deployment(hooks={"BeforeAllowTraffic": "h"}), execution, now)
        assert (ended.event_code if ended else None) == code

    @pytest.mark.parametrize(
        ("name", "managed", "statement", "allowed"),
        [
            ("plain", (), {}, True),
            ("plain", ("AnotherPolicy",), {}, True),
            ("CodeDeployHook_x", MANAGED, {}, True),
            ("plain", MANAGED, {}, False),
            ("plain", ("AWSCodeDeployRoleForLambdaLimited",), {}, False),
            ("plain", MANAGED, {"Action": "lambda:InvokeFunction", "Resource": "*"}, True),
            ("plain", MANAGED, {"Action": ["lambda:*"], "Resource": [f"{ARN}plain"]}, True),
            ("plain", MANAGED, {"Action": "lambda:InvokeFunction", "Resource": f"{ARN}other"}, False),
            ("plain", MANAGED, {"Action": "lambda:GetAlias", "Resource": "*"}, False),
        ],
    )
    def test_what_a_managed_role_may_invoke(
        self, name: str, managed: tuple[str, ...], statement: dict[str, Any], allowed: bool
    ) -> None:
        document = {"Statement": {"Effect": "Allow", **statement}}
        assert hooks.may_invoke(f"{self.ARN}{name}", managed, [document]) is allowed


class TestMisfits:
    @pytest.mark.parametrize(
        ("found", "word"),
        [
            (Routing("1", {}), None),
            (Routing("3", {}), "does not match the current version"),
            (Routing("1", {"2": 0.1}), "already shifts traffic"),
        ],
    )
    def test_alias(self, found: Routing, word: str | None) -> None:
        ended = misfit(deployment(), found)
        assert (word is None) == (ended is None)
        if ended and word:
            assert ended.code == "INVALID_LAMBDA_CONFIGURATION"
            assert word in ended.message

    @pytest.mark.parametrize(
        ("code", "ends_with"),
        [
            ("ResourceNotFoundException", "INVALID_LAMBDA_FUNCTION"),
            ("AccessDeniedException", "IAM_ROLE_PERMISSIONS"),
            ("TooManyRequestsException", "THROTTLED"),
            ("InvalidParameterValueException", "INVALID_LAMBDA_CONFIGURATION"),
        ],
    )
    def test_refusals_of_lambda(self, code: str, ends_with: str) -> None:
        from botocore.exceptions import ClientError

        error = ClientError({"Error": {"Code": code, "Message": "no"}}, "UpdateAlias")
        assert refused(deployment(), error).code == ends_with


class TestRollback:
    RED = alarms_active(["a"])
    HOOK = hook_failed("no")

    @pytest.mark.parametrize("ended", [RED, HOOK, stopped_by_user()])
    def test_each_event_is_needed_for_its_own_kind_of_end(self, ended: Ended) -> None:
        assert wanted(deployment(), ended)
        for events in ([], [event for event in EVERY_EVENT if event != ended.trigger]):
            settings = {"autoRollbackConfiguration": {"enabled": True, "events": events}}
            assert not wanted(deployment(settings=settings), ended)
        assert wanted(
            deployment(auto_rollback={"enabled": True, "events": [ended.trigger]}, settings={}), ended
        )

    def test_switched_off(self) -> None:
        settings = {"autoRollbackConfiguration": {"enabled": False, "events": EVERY_EVENT}}
        assert not wanted(deployment(settings=settings), self.RED)

    @pytest.mark.parametrize(("how", "expected"), [("rollback", True), ("keep", False), ("group", True)])
    def test_what_stop_deployment_says_is_stronger(self, how: str, expected: bool) -> None:
        assert wanted(deployment(stop=how), stopped_by_user()) is expected
        assert wanted(deployment(stop=how, settings={}), stopped_by_user()) is (how == "rollback")

    def test_a_rollback_is_not_rolled_back(self) -> None:
        assert not wanted(deployment(undoes="d-123456789"), self.HOOK)

    def test_before_the_checks_only_a_stop_is(self) -> None:
        assert wanted(deployment(checked=False), self.RED)
        assert not wanted(deployment(checked=False), Ended("INVALID_LAMBDA_CONFIGURATION", "no"))

    def test_it_goes_back_to_where_the_alias_was_at_once_and_asks_no_hook(self) -> None:
        back = undo(deployment(hooks={"BeforeAllowTraffic": "h"}, description="mine"), 5.0)
        content = read(back.content)
        assert (content.current_version, content.target_version, content.hooks) == ("2", "1", {})
        assert (back.creator, back.undoes) == ("codeDeployRollback", "d-ABCDEFGHI")
        assert back.config == "CodeDeployDefault.LambdaAllAtOnce"
        assert back.description is None
        assert back.deployment_id != "d-ABCDEFGHI"

    def test_both_ends_name_the_other(self) -> None:
        first = deployment(undone_by="d-123456789")
        assert rollback.info(first) == {
            "rollbackDeploymentId": "d-123456789",
            "rollbackMessage": "Deployment d-ABCDEFGHI terminated. Automatic rollback is triggered with a "
            "DeploymentId d-123456789.",
        }
        assert rollback.info(deployment()) is None


class TestState:
    def test_it_comes_back_from_json(self) -> None:
        region = Region(applications={"app": {}}, deployments={"d-ABCDEFGHI": deployment()})
        region.deployments["d-ABCDEFGHI"].events = [Event("AllowTraffic", "InProgress", 1.0)]
        region.deployments["d-ABCDEFGHI"].executions = [hooks.new_execution("BeforeAllowTraffic", 9.0)]
        assert Region.from_json(json.loads(json.dumps(region.as_json()))) == region

    def test_members_of_another_time_do_no_harm(self) -> None:
        data = json.loads(json.dumps(Region(deployments={"d": deployment()}).as_json()))
        data["unheard_of"] = 1
        data["deployments"]["d"]["unheard_of"] = 1
        del data["revisions"], data["deployments"]["d"]["settings"]
        assert Region.from_json(data).deployments["d"].settings == {}
