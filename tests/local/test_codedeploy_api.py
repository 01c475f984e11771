"""Every operation of CodeDeploy through a real client, which refuses what its model does not know."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.codedeploy.operations import OPERATIONS
from localaws.wire.model import service_model
from tests.local.codedeploy_world import ALL_EVENTS, STYLE, World

pytestmark = [pytest.mark.local, pytest.mark.timeout(300)]

TOPIC = "arn:aws:sns:eu-west-1:111111111111:topic"


@pytest.fixture
def world(endpoint: str) -> World:
    return World(endpoint)


@pytest.fixture(scope="module")
def shared(endpoint: str) -> World:
    return World(endpoint).prepared()


@pytest.fixture(scope="module")
def released(endpoint: str) -> tuple[World, list[str]]:
    """A world with three deployments: one succeeded, one failed, one back again."""
    world = World(endpoint).prepared()
    version = world.publish()
    ids = [world.deploy(version), "", ""]
    world.ended(ids[0])
    ids[1] = world.deploy("77", current=version)
    world.ended(ids[1])
    ids[2] = world.deploy("1", current=version)
    world.ended(ids[2])
    return world, ids


@pytest.fixture(scope="module")
def idle(endpoint: str) -> World:
    return World(endpoint).prepared()


def refused(call: Any, **params: Any) -> str:
    """The error code that a call ends with."""
    with pytest.raises(ClientError) as error:
        call(**params)
    return str(error.value.response["Error"]["Code"])


class TestApplications:
    def test_life_of_an_application(self, world: World) -> None:
        api = world.codedeploy
        tags = [{"Key": "team", "Value": "a"}]
        made = api.create_application(applicationName="app", computePlatform="Lambda", tags=tags)
        found = api.get_application(applicationName="app")["application"]
        assert found["createTime"].tzinfo is not None
        assert {**found, "createTime": None} == {
            "applicationId": made["applicationId"],
            "applicationName": "app",
            "computePlatform": "Lambda",
            "createTime": None,
            "linkedToGitHub": False,
        }
        assert api.batch_get_applications(applicationNames=["app"])["applicationsInfo"] == [found]
        api.update_application(applicationName="app", newApplicationName="other")
        assert api.list_applications()["applications"] == ["other"]
        arn = f"arn:aws:codedeploy:eu-west-1:{world.account}:application:other"
        assert api.list_tags_for_resource(ResourceArn=arn)["Tags"] == tags
        api.delete_application(applicationName="other")
        assert refused(api.get_application, applicationName="other") == "ApplicationDoesNotExistException"
        api.delete_application(applicationName="other")

    def test_what_is_refused(self, world: World) -> None:
        api = world.codedeploy
        api.create_application(applicationName="app", computePlatform="Lambda")
        create = api.create_application
        assert refused(create, applicationName="app") == "ApplicationAlreadyExistsException"
        assert refused(create, applicationName="a b") == "InvalidApplicationNameException"
        assert refused(create, applicationName="a" * 101) == "InvalidApplicationNameException"
        assert refused(create, applicationName="b", computePlatform="Mainframe") == (
            "InvalidComputePlatformException"
        )
        assert refused(create, applicationName="b", tags=[{"Key": "aws:b"}]) == "InvalidTagsToAddException"
        missing = refused(api.batch_get_applications, applicationNames=["app", "nobody"])
        assert missing == "ApplicationDoesNotExistException"
        many = [f"a{number}" for number in range(101)]
        assert refused(api.batch_get_applications, applicationNames=many) == "BatchLimitExceededException"

    def test_lists_come_in_pages(self, world: World) -> None:
        api = world.codedeploy
        names = [f"app-{number:03}" for number in range(205)]
        for name in names:
            api.create_application(applicationName=name, computePlatform="Lambda")
        pages = list(api.get_paginator("list_applications").paginate())
        assert [len(page["applications"]) for page in pages] == [100, 100, 5]
        assert [name for page in pages for name in page["applications"]] == names
        first = api.list_applications()
        api.delete_application(applicationName=first["applications"][-1])
        second = api.list_applications(nextToken=first["nextToken"])
        assert second["applications"] == names[100:200]
        code = refused(api.list_applications, nextToken="not one of ours")
        assert code == "InvalidNextTokenException"


class TestConfigs:
    def test_the_predefined_ones(self, world: World) -> None:
        names = world.codedeploy.list_deployment_configs()["deploymentConfigsList"]
        minutes = {"Canary": (5, 10, 15, 30), "Linear": (1, 2, 3, 10)}
        wanted = {f"LambdaCanary10Percent{n}Minutes" for n in minutes["Canary"]}
        wanted |= {f"LambdaLinear10PercentEvery{n}Minute{'s' * (n > 1)}" for n in minutes["Linear"]}
        wanted |= {"LambdaAllAtOnce", "ECSAllAtOnce"}
        wanted |= {f"ECSCanary10Percent{n}Minutes" for n in (5, 15)}
        wanted |= {f"ECSLinear10PercentEvery{n}Minutes" for n in (1, 3)}
        wanted |= {"AllAtOnce", "HalfAtATime", "OneAtATime"}
        assert set(names) == {f"CodeDeployDefault.{name}" for name in wanted}
        for name in names:
            info = world.codedeploy.get_deployment_config(deploymentConfigName=name)["deploymentConfigInfo"]
            assert info["deploymentConfigName"] == name

    def test_life_of_a_configuration(self, world: World) -> None:
        api = world.codedeploy
        routing = {
            "type": "TimeBasedLinear",
            "timeBasedLinear": {"linearPercentage": 20, "linearInterval": 2},
        }
        made = api.create_deployment_config(
            deploymentConfigName="mine", computePlatform="Lambda", trafficRoutingConfig=routing
        )
        info = api.get_deployment_config(deploymentConfigName="mine")["deploymentConfigInfo"]
        assert (info["deploymentConfigId"], info["trafficRoutingConfig"]) == (
            made["deploymentConfigId"],
            routing,
        )
        assert "mine" in api.list_deployment_configs()["deploymentConfigsList"]
        api.delete_deployment_config(deploymentConfigName="mine")
        gone = refused(api.get_deployment_config, deploymentConfigName="mine")
        assert gone == "DeploymentConfigDoesNotExistException"

    def test_one_in_use_stays(self, world: World) -> None:
        world.prepared()
        create = world.codedeploy.create_deployment_config
        routing = {"type": "AllAtOnce"}
        create(deploymentConfigName="mine", computePlatform="Lambda", trafficRoutingConfig=routing)
        world.group("second", deploymentConfigName="mine")
        delete = world.codedeploy.delete_deployment_config
        assert refused(delete, deploymentConfigName="mine") == "DeploymentConfigInUseException"
        again = {"deploymentConfigName": "mine", "computePlatform": "Lambda", "trafficRoutingConfig": routing}
        assert refused(create, **again) == "DeploymentConfigAlreadyExistsException"
        predefined = refused(delete, deploymentConfigName="CodeDeployDefault.LambdaAllAtOnce")
        assert predefined == "InvalidOperationException"

    @pytest.mark.parametrize(
        ("name", "platform", "routing", "code"),
        [
            (
                "CodeDeployDefault.Mine",
                "Lambda",
                {"type": "AllAtOnce"},
                "InvalidDeploymentConfigNameException",
            ),
            ("mine", "Server", None, "InvalidComputePlatformException"),
            ("mine", "Lambda", None, "InvalidTrafficRoutingConfigurationException"),
            ("mine", "Lambda", ("Canary", 100, 5), "InvalidTrafficRoutingConfigurationException"),
            ("mine", "Lambda", ("Canary", 0, 5), "InvalidTrafficRoutingConfigurationException"),
            ("mine", "Lambda", ("Canary", 10, 2881), "InvalidTrafficRoutingConfigurationException"),
            ("mine", "Lambda", ("Canary", 10, 0), "InvalidTrafficRoutingConfigurationException"),
            ("mine", "Lambda", ("Linear", 10, 321), "InvalidTrafficRoutingConfigurationException"),
        ],
    )
    def test_what_is_refused(self, world: World, name: str, platform: str, routing: Any, code: str) -> None:
        if isinstance(routing, tuple):
            kind, percentage, interval = routing
            low = kind.lower()
            routing = {
                "type": f"TimeBased{kind}",
                f"timeBased{kind}": {f"{low}Percentage": percentage, f"{low}Interval": interval},
            }
        params = {"trafficRoutingConfig": routing} if routing else {}
        create = world.codedeploy.create_deployment_config
        assert refused(create, deploymentConfigName=name, computePlatform=platform, **params) == code


class TestGroups:
    def test_life_of_a_group(self, world: World) -> None:
        api = world.prepared().codedeploy
        trigger = {"triggerName": "t", "triggerTargetArn": TOPIC, "triggerEvents": ["DeploymentFailure"]}
        alarms = {"enabled": True, "ignorePollAlarmFailure": False, "alarms": [{"name": "a"}]}
        rollback = {"enabled": True, "events": ALL_EVENTS}
        tags = [{"Key": "team", "Value": "a"}]
        world.group(
            "second",
            triggerConfigurations=[trigger],
            alarmConfiguration=alarms,
            autoRollbackConfiguration=rollback,
            tags=tags,
        )
        key = {"applicationName": "app", "deploymentGroupName": "second"}
        found = api.get_deployment_group(**key)["deploymentGroupInfo"]
        assert found["alarmConfiguration"] == alarms
        assert found["autoRollbackConfiguration"] == rollback
        assert found["triggerConfigurations"] == [trigger]
        assert (found["deploymentStyle"], found["computePlatform"]) == (STYLE, "Lambda")
        assert found["serviceRoleArn"] == world.role_arn
        api.update_deployment_group(
            applicationName="app",
            currentDeploymentGroupName="second",
            newDeploymentGroupName="third",
            alarmConfiguration={"enabled": False, "alarms": []},
            triggerConfigurations=[],
        )
        key["deploymentGroupName"] = "third"
        renamed = api.get_deployment_group(**key)["deploymentGroupInfo"]
        assert renamed["deploymentGroupId"] == found["deploymentGroupId"]
        assert (renamed["alarmConfiguration"]["enabled"], renamed["triggerConfigurations"]) == (False, [])
        arn = f"arn:aws:codedeploy:eu-west-1:{world.account}:deploymentgroup:app/third"
        assert api.list_tags_for_resource(ResourceArn=arn)["Tags"] == tags
        assert api.list_deployment_groups(applicationName="app")["deploymentGroups"] == ["live", "third"]
        both = api.batch_get_deployment_groups(
            applicationName="app", deploymentGroupNames=["live", "third", "nobody"]
        )
        assert len(both["deploymentGroupsInfo"]) == 2
        assert "nobody" in both["errorMessage"]
        assert api.delete_deployment_group(**key)["hooksNotCleanedUp"] == []
        assert refused(api.get_deployment_group, **key) == "DeploymentGroupDoesNotExistException"

    @pytest.mark.parametrize(
        ("settings", "code"),
        [
            ({"deploymentGroupName": "live"}, "DeploymentGroupAlreadyExistsException"),
            ({"deploymentGroupName": "a b"}, "InvalidDeploymentGroupNameException"),
            ({"applicationName": "nobody"}, "ApplicationDoesNotExistException"),
            ({"serviceRoleArn": "me"}, "InvalidRoleException"),
            ({"deploymentConfigName": "nobody"}, "DeploymentConfigDoesNotExistException"),
            (
                {"deploymentConfigName": "CodeDeployDefault.ECSAllAtOnce"},
                "InvalidDeploymentConfigNameException",
            ),
            ({"alarmConfiguration": {"enabled": True}}, "InvalidAlarmConfigException"),
            (
                {"alarmConfiguration": {"enabled": True, "alarms": [{"name": "a"}, {"name": "a"}]}},
                "InvalidAlarmConfigException",
            ),
            (
                {"alarmConfiguration": {"enabled": True, "alarms": [{"name": f"a{n}"} for n in range(11)]}},
                "AlarmsLimitExceededException",
            ),
            ({"autoRollbackConfiguration": {"enabled": True}}, "InvalidAutoRollbackConfigException"),
            (
                {"autoRollbackConfiguration": {"enabled": True, "events": ["NEVER"]}},
                "InvalidAutoRollbackConfigException",
            ),
            (
                {"triggerConfigurations": [{"triggerName": "t", "triggerTargetArn": TOPIC}]},
                "InvalidTriggerConfigException",
            ),
            (
                {
                    "triggerConfigurations": [
                        {
                            "triggerName": f"t{n}",
                            "triggerTargetArn": TOPIC,
                            "triggerEvents": ["DeploymentStart"],
                        }
                        for n in range(11)
                    ]
                },
                "TriggerTargetsLimitExceededException",
            ),
            (
                {"deploymentStyle": {**STYLE, "deploymentType": "IN_PLACE"}},
                "InvalidDeploymentStyleException",
            ),
        ],
    )
    def test_what_is_refused(self, endpoint: str, shared: World, settings: Any, code: str) -> None:
        params = {
            "applicationName": "app",
            "deploymentGroupName": "new",
            "serviceRoleArn": shared.role_arn,
            **settings,
        }
        assert refused(shared.codedeploy.create_deployment_group, **params) == code
        assert (
            "new" not in shared.codedeploy.list_deployment_groups(applicationName="app")["deploymentGroups"]
        )

    def test_the_server_platform_is_not_here(self, world: World) -> None:
        api = world.codedeploy
        api.create_application(applicationName="servers")
        params = {
            "applicationName": "servers",
            "deploymentGroupName": "live",
            "serviceRoleArn": world.role_arn,
        }
        assert refused(api.create_deployment_group, **params) == "InvalidInputException"


class TestDeployments:
    def listed(self, world: World, **filters: Any) -> list[str]:
        answer = world.codedeploy.list_deployments(**filters)
        found: list[str] = answer["deployments"]
        return found

    def test_lists_are_filtered(self, released: tuple[World, list[str]]) -> None:
        world, (first, second, third) = released
        group = {"applicationName": "app", "deploymentGroupName": "live"}
        assert self.listed(world, **group) == [third, second, first]
        assert self.listed(world) == [third, second, first]
        assert self.listed(world, **group, includeOnlyStatuses=["Failed"]) == [second]
        assert self.listed(world, **group, includeOnlyStatuses=["InProgress", "Queued", "Created"]) == []
        made = world.info(second)["createTime"]
        assert second in self.listed(world, createTimeRange={"start": made - timedelta(milliseconds=1)})
        assert first not in self.listed(world, createTimeRange={"start": made})
        later = datetime.now(UTC) + timedelta(hours=1)
        assert self.listed(world, createTimeRange={"start": later}) == []

    def test_lists_are_checked(self, released: tuple[World, list[str]]) -> None:
        world, _ = released
        call = world.codedeploy.list_deployments
        assert refused(call, applicationName="app") == "DeploymentGroupNameRequiredException"
        assert refused(call, deploymentGroupName="live") == "ApplicationNameRequiredException"
        nobody = {"applicationName": "nobody", "deploymentGroupName": "live"}
        assert refused(call, **nobody) == "ApplicationDoesNotExistException"
        assert refused(call, includeOnlyStatuses=["Nice"]) == "InvalidDeploymentStatusException"
        now = datetime.now(UTC)
        window = {"start": now, "end": now - timedelta(1)}
        assert refused(call, createTimeRange=window) == "InvalidTimeRangeException"

    def test_batches(self, released: tuple[World, list[str]]) -> None:
        world, ids = released
        answer = world.codedeploy.batch_get_deployments(deploymentIds=[*ids, "d-ABCDEFGHI"])
        assert [info["deploymentId"] for info in answer["deploymentsInfo"]] == ids
        many = [f"d-{n:09}" for n in range(26)]
        code = refused(world.codedeploy.batch_get_deployments, deploymentIds=many)
        assert code == "BatchLimitExceededException"

    def test_targets(self, released: tuple[World, list[str]]) -> None:
        world, (first, *_) = released
        target_id = f"{world.function}:live"
        answer = world.codedeploy.batch_get_deployment_targets(deploymentId=first, targetIds=[target_id])
        (target,) = answer["deploymentTargets"]
        assert target["deploymentTargetType"] == "LambdaTarget"
        assert target["lambdaTarget"]["targetArn"].endswith(f":{world.account}:function:{target_id}")
        assert target["lambdaTarget"]["status"] == "Succeeded"
        get = world.codedeploy.get_deployment_target
        code = refused(get, deploymentId=first, targetId="nobody")
        assert code == "DeploymentTargetDoesNotExistException"
        filters = {"TargetStatus": ["Failed"]}
        listed = world.codedeploy.list_deployment_targets(deploymentId=first, targetFilters=filters)
        assert listed["targetIds"] == []

    def test_the_group_remembers_its_last_ones(self, released: tuple[World, list[str]]) -> None:
        world, (_, _, third) = released
        key = {"applicationName": "app", "deploymentGroupName": "live"}
        group = world.codedeploy.get_deployment_group(**key)["deploymentGroupInfo"]
        assert group["lastSuccessfulDeployment"]["deploymentId"] == third
        assert group["lastAttemptedDeployment"]["status"] == "Succeeded"
        assert group["targetRevision"]["revisionType"] == "AppSpecContent"

    def test_revisions(self, released: tuple[World, list[str]]) -> None:
        world, (first, *_) = released
        revision = world.info(first)["revision"]
        digest = {"revisionType": "AppSpecContent"}
        digest["appSpecContent"] = {"sha256": revision["appSpecContent"]["sha256"]}  # type: ignore[assignment]
        found = world.codedeploy.get_application_revision(applicationName="app", revision=digest)
        content = json.loads(found["revision"]["appSpecContent"]["content"])
        assert content["Resources"][0]["service"]["Properties"]["CurrentVersion"] == "1"
        assert found["revisionInfo"]["firstUsedTime"] <= found["revisionInfo"]["lastUsedTime"]
        listed = world.codedeploy.list_application_revisions(applicationName="app")["revisions"]
        assert len(listed) == 3
        deployed = world.codedeploy.list_application_revisions(applicationName="app", deployed="include")
        assert len(deployed["revisions"]) == 1
        call = world.codedeploy.list_application_revisions
        assert refused(call, applicationName="app", sortBy="size") == "InvalidSortByException"
        assert refused(call, applicationName="app", sortOrder="up") == "InvalidSortOrderException"
        batch = world.codedeploy.batch_get_application_revisions(applicationName="app", revisions=[digest])
        assert batch["revisions"][0]["revisionLocation"] == found["revision"]

    def test_revisions_are_registered(self, world: World) -> None:
        api = world.codedeploy
        api.create_application(applicationName="app", computePlatform="Lambda")
        revision = {"revisionType": "String", "string": {"content": "a: 1"}}
        api.register_application_revision(applicationName="app", revision=revision, description="mine")
        found = api.get_application_revision(applicationName="app", revision=revision)
        assert found["revisionInfo"]["description"] == "mine"
        assert "lastUsedTime" not in found["revisionInfo"]
        other = {"revisionType": "String", "string": {"content": "b: 1"}}
        code = refused(api.get_application_revision, applicationName="app", revision=other)
        assert code == "RevisionDoesNotExistException"

    def test_the_text_of_the_appspec_is_not_in_the_deployment(
        self, released: tuple[World, list[str]]
    ) -> None:
        """API reference, GetDeployment: "The content property of the appSpecContent object in the returned
        revision is always null"."""
        world, (first, *_) = released
        assert "content" not in world.info(first)["revision"]["appSpecContent"]

    def test_from_s3(self, world: World) -> None:
        version = world.prepared().publish()
        s3 = world.client("s3")
        s3.create_bucket(Bucket="specs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_object(Bucket="specs", Key="appspec.json", Body=world.appspec("1", version).encode())
        place = {"bucket": "specs", "key": "appspec.json", "bundleType": "JSON"}
        revision = {"revisionType": "S3", "s3Location": place}
        assert world.ended(world.deploy(version, revision=revision))["status"] == "Succeeded"
        assert world.alias() == (version, {})
        place["key"] = "nobody.json"
        params = {"applicationName": "app", "deploymentGroupName": "live", "revision": revision}
        assert refused(world.codedeploy.create_deployment, **params) == "RevisionDoesNotExistException"

    def test_yaml_in_a_string(self, world: World) -> None:
        version = world.prepared().publish()
        content = (
            "version: 0.0\nresources:\n  - service:\n      type: AWS::Lambda::Function\n      properties:\n"
            f"        name: service\n        alias: live\n        currentversion: 1\n"
            f"        targetversion: {version}\n"
        )
        revision = {"revisionType": "String", "string": {"content": content}}
        assert world.ended(world.deploy(version, revision=revision))["status"] == "Succeeded"

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"applicationName": "nobody"}, "ApplicationDoesNotExistException"),
            ({"deploymentGroupName": "nobody"}, "DeploymentGroupDoesNotExistException"),
            ({"deploymentConfigName": "nobody"}, "DeploymentConfigDoesNotExistException"),
            (
                {"deploymentConfigName": "CodeDeployDefault.OneAtATime"},
                "InvalidDeploymentConfigNameException",
            ),
            ({"description": "x" * 257}, "DescriptionTooLongException"),
            ({"revision": None}, "RevisionRequiredException"),
            ({"revision": {"revisionType": "AppSpecContent"}}, "InvalidRevisionException"),
            (
                {"revision": {"revisionType": "String", "string": {"content": "a: [", "sha256": ""}}},
                "InvalidRevisionException",
            ),
            (
                {"revision": {"revisionType": "String", "string": {"content": "a: 1", "sha256": "0" * 64}}},
                "InvalidRevisionException",
            ),
            ({"overrideAlarmConfiguration": {"enabled": True}}, "InvalidAlarmConfigException"),
        ],
    )
    def test_what_is_refused(self, idle: World, change: dict[str, Any], code: str) -> None:
        revision = {"revisionType": "String", "string": {"content": idle.appspec("1", "2")}}
        params = {"applicationName": "app", "deploymentGroupName": "live", "revision": revision, **change}
        present = {name: value for name, value in params.items() if value is not None}
        assert refused(idle.codedeploy.create_deployment, **present) == code
        assert idle.codedeploy.list_deployments()["deployments"] == []

    def test_without_a_revision_the_last_one_is_taken(self, world: World) -> None:
        version = world.prepared().publish()
        world.ended(world.deploy(version))
        answer = world.codedeploy.create_deployment(applicationName="app", deploymentGroupName="live")
        info = world.ended(answer["deploymentId"])
        assert info["errorInformation"]["code"] == "INVALID_LAMBDA_CONFIGURATION"
        assert info["revision"]["appSpecContent"]["sha256"]

    @pytest.mark.parametrize(
        ("deployment_id", "code"),
        [("nonsense", "InvalidDeploymentIdException"), ("d-ABCDEFGHI", "DeploymentDoesNotExistException")],
    )
    def test_ids_are_checked(self, world: World, deployment_id: str, code: str) -> None:
        api = world.codedeploy
        for call in (api.get_deployment, api.stop_deployment, api.list_deployment_targets):
            assert refused(call, deploymentId=deployment_id) == code


class TestTags:
    def test_they_are_added_and_taken_away(self, world: World) -> None:
        api = world.codedeploy
        api.create_application(applicationName="app", computePlatform="Lambda")
        arn = f"arn:aws:codedeploy:eu-west-1:{world.account}:application:app"
        api.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        api.untag_resource(ResourceArn=arn, TagKeys=["a"])
        assert api.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]

    def test_arns_are_checked(self, world: World) -> None:
        call = world.codedeploy.list_tags_for_resource
        prefix = f"arn:aws:codedeploy:eu-west-1:{world.account}"
        assert refused(call, ResourceArn="nonsense") == "InvalidArnException"
        assert refused(call, ResourceArn=f"{prefix}:instance:a") == "ArnNotSupportedException"
        assert refused(call, ResourceArn=f"{prefix}:application:a") == "ApplicationDoesNotExistException"


class TestEverythingElse:
    @pytest.mark.parametrize(
        "operation", sorted(set(service_model("codedeploy").operation_names) - OPERATIONS.keys())
    )
    def test_what_is_not_emulated_says_so(self, endpoint: str, operation: str) -> None:
        code, message = raw(endpoint, operation, {})
        assert code == "UnknownOperationException"
        assert operation in message

    @pytest.mark.parametrize(
        ("operation", "params", "code"),
        [
            ("GetApplication", {}, "ApplicationNameRequiredException"),
            ("CreateDeploymentGroup", {"applicationName": "a"}, "DeploymentGroupNameRequiredException"),
            ("GetDeployment", {}, "DeploymentIdRequiredException"),
            ("GetDeployment", {"deploymentId": 5}, "ValidationException"),
            ("MakeCoffee", {}, "UnknownOperationException"),
        ],
    )
    def test_what_a_real_client_would_not_send(
        self, endpoint: str, operation: str, params: dict[str, Any], code: str
    ) -> None:
        assert raw(endpoint, operation, params)[0] == code


def raw(endpoint: str, operation: str, params: dict[str, Any]) -> tuple[str, str]:
    """Code and message of a request that no client has looked at."""
    credential = "Credential=111111111111/20260101/eu-west-1/codedeploy/aws4_request"
    request = urllib.request.Request(
        endpoint,
        json.dumps(params).encode(),
        {
            "X-Amz-Target": f"CodeDeploy_20141006.{operation}",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            raise AssertionError(f"it was answered: {answer.read()!r}")
    except urllib.error.HTTPError as error:
        body = json.load(error)
        assert error.headers["x-amzn-ErrorType"] == body["__type"]
        return body["__type"], body["message"]


class TestCommandLine:
    """The AWS CLI, unmodified."""

    def aws(self, world: World, *words: str) -> Any:
        command = [str(Path(sys.executable).with_name("aws")), "deploy", *words, "--endpoint-url"]
        environment = {
            "AWS_ACCESS_KEY_ID": world.account,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_CONFIG_FILE": "/nowhere",
            "PATH": "/usr/bin:/bin",
        }
        ran = subprocess.run(
            [*command, world.endpoint, "--output", "json"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout) if ran.stdout else None

    def test_a_canary_is_started_looked_at_and_stopped(self, world: World, tmp_path: Path) -> None:
        version = world.prepared().publish()
        content = world.appspec("1", version)
        digest = hashlib.sha256(content.encode()).hexdigest()
        revision = {
            "revisionType": "AppSpecContent",
            "appSpecContent": {"content": content, "sha256": digest},
        }
        path = tmp_path / "revision.json"
        path.write_text(json.dumps(revision))
        config = "CodeDeployDefault.LambdaCanary10Percent30Minutes"
        made = self.aws(
            world,
            *("create-deployment", "--application-name", "app", "--deployment-group-name", "live"),
            *("--deployment-config-name", config, "--revision", f"file://{path}", "--description", "by hand"),
        )
        deployment = made["deploymentId"]
        world.shifting(version)
        info = self.aws(world, "get-deployment", "--deployment-id", deployment)["deploymentInfo"]
        assert (info["status"], info["description"]) == ("InProgress", "by hand")
        stopped = self.aws(world, "stop-deployment", "--deployment-id", deployment, "--auto-rollback-enabled")
        assert stopped["status"] == "Pending"
        world.rolled_back(world.ended(deployment))
        assert world.alias() == ("1", {})
        listed = self.aws(world, "list-deployments", "--include-only-statuses", "Stopped")
        assert listed["deployments"] == [deployment]
