"""What arrives at a topic and on the event bus: both are read through queues."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.local.codedeploy_world import World, until

pytestmark = [pytest.mark.local, pytest.mark.timeout(300)]

EVERYTHING = [
    "DeploymentStart",
    "DeploymentSuccess",
    "DeploymentFailure",
    "DeploymentStop",
    "DeploymentRollback",
]
CANARY = "CodeDeployDefault.LambdaCanary10Percent30Minutes"


class Told:
    """A queue that hears a topic or a rule."""

    def __init__(self, world: World, name: str) -> None:
        self.sqs = world.client("sqs")
        self.url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        self.arn = f"arn:aws:sqs:eu-west-1:{world.account}:{name}"
        self.bodies: list[Any] = []

    def heard(self, number: int) -> list[Any]:
        """Bodies of messages, once there are so many."""

        def look() -> bool:
            answer = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
            for message in answer.get("Messages", []):
                self.bodies.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            return len(self.bodies) >= number

        until(look, f"{number} messages, heard {self.bodies}")
        return self.bodies


@pytest.fixture
def world(endpoint: str) -> World:
    return World(endpoint)


@pytest.fixture
def topic(world: World) -> Told:
    told = Told(world, "triggers")
    sns = world.client("sns")
    arn = sns.create_topic(Name="releases")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=told.arn)
    trigger = {"triggerName": "all", "triggerTargetArn": arn, "triggerEvents": EVERYTHING}
    world.prepared(triggerConfigurations=[trigger])
    return told


def test_a_success_is_told_to_the_topic(world: World, topic: Told) -> None:
    version = world.publish()
    deployment = world.deploy(version)
    world.ended(deployment)
    created, succeeded = topic.heard(2)
    assert created["Subject"] == f"CREATED: AWS CodeDeploy {deployment} in eu-west-1 to app"
    assert succeeded["Subject"] == f"SUCCEEDED: AWS CodeDeploy {deployment} in eu-west-1 to app"
    first, last = json.loads(created["Message"]), json.loads(succeeded["Message"])
    assert (first["status"], first["completeTime"]) == ("CREATED", None)
    assert "deploymentOverview" not in first
    assert (last["accountId"], last["eventTriggerName"], last["status"]) == (
        world.account,
        "all",
        "SUCCEEDED",
    )
    assert json.loads(last["deploymentOverview"])["Succeeded"] == 1
    assert "errorInformation" not in last


def test_a_rollback_is_told_with_both_deployments(world: World, topic: Told) -> None:
    version = world.publish()
    deployment = world.deploy(version, CANARY)
    world.shifting(version)
    world.codedeploy.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)
    undo = world.rolled_back(world.ended(deployment))["deploymentId"]
    messages = [json.loads(body["Message"]) for body in topic.heard(5)]
    assert [(message["deploymentId"], message["status"]) for message in messages] == [
        (deployment, "CREATED"),
        (deployment, "STOPPED"),
        (undo, "CREATED"),
        (undo, "IN_PROGRESS"),
        (undo, "SUCCEEDED"),
    ]
    assert json.loads(messages[1]["errorInformation"])["ErrorCode"] == "MANUAL_STOP"
    assert json.loads(messages[1]["rollbackInformation"]) == {}
    assert json.loads(messages[2]["rollbackInformation"])["RollbackTriggeringDeploymentId"] == deployment


def test_only_what_a_trigger_asks_for(world: World, topic: Told) -> None:
    trigger = world.codedeploy.get_deployment_group(applicationName="app", deploymentGroupName="live")[
        "deploymentGroupInfo"
    ]["triggerConfigurations"][0]
    world.codedeploy.update_deployment_group(
        applicationName="app",
        currentDeploymentGroupName="live",
        triggerConfigurations=[{**trigger, "triggerEvents": ["DeploymentFailure"]}],
    )
    world.ended(world.deploy(world.publish()))
    failed = world.deploy("99", current=world.alias()[0])
    world.ended(failed)
    (body,) = topic.heard(1)
    assert body["Subject"].startswith(f"FAILED: AWS CodeDeploy {failed}")


def test_a_topic_that_is_gone_harms_nothing(world: World) -> None:
    gone = f"arn:aws:sns:eu-west-1:{world.account}:gone"
    trigger = {"triggerName": "all", "triggerTargetArn": gone, "triggerEvents": EVERYTHING}
    world.prepared(triggerConfigurations=[trigger])
    assert world.ended(world.deploy(world.publish()))["status"] == "Succeeded"


def test_changes_of_state_are_on_the_event_bus(world: World) -> None:
    world.prepared()
    told = Told(world, "events")
    events = world.client("events")
    pattern = {
        "source": ["aws.codedeploy"],
        "detail-type": ["CodeDeploy Deployment State-change Notification"],
    }
    events.put_rule(Name="releases", EventPattern=json.dumps(pattern), State="ENABLED")
    events.put_targets(Rule="releases", Targets=[{"Id": "queue", "Arn": told.arn}])
    deployment = world.deploy(world.publish())
    world.ended(deployment)
    first, last = told.heard(2)
    assert [first["detail"]["state"], last["detail"]["state"]] == ["START", "SUCCESS"]
    prefix = f"arn:aws:codedeploy:eu-west-1:{world.account}"
    assert last["resources"] == [f"{prefix}:application:app", f"{prefix}:deploymentgroup:app/live"]
    group = world.codedeploy.get_deployment_group(applicationName="app", deploymentGroupName="live")
    assert last["detail"] == {
        "instanceGroupId": group["deploymentGroupInfo"]["deploymentGroupId"],
        "region": "eu-west-1",
        "application": "app",
        "deploymentId": deployment,
        "state": "SUCCESS",
        "deploymentGroup": "live",
    }
