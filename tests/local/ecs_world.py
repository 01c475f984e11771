"""An account of its own with a service behind a load balancer, and a deployment group for it."""

from __future__ import annotations

import hashlib
import json
import os
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from localaws import lifecycle
from localaws.settings import Settings
from tests.local.codedeploy_world import ALL_EVENTS, STYLE, World, until
from tests.local.http_tasks import RUNNER
from tests.terraform.hcl import ROOT

MINUTE = 0.15
"""Real seconds of one AWS minute of these tests: a task set has its hour in nine."""

_CONFIGS = count(1)

CLUSTER, SERVICE, FAMILY, CONTAINER, PORT = "cluster", "web", "web", "app", 8080


def ecs_settings(home: Path, minute_seconds: float = MINUTE, task_runner: str = RUNNER) -> Settings:
    """Settings of an embedded AWS whose tasks are HTTP servers in its process."""
    return Settings(home=home, port=0, minute_seconds=minute_seconds, task_runner=task_runner)


def up(settings: Settings) -> str:
    """Starts it, able to import the runner; its endpoint."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(ROOT)
    try:
        return lifecycle.up(settings).endpoint
    finally:
        os.environ.pop("PYTHONPATH")
        if before is not None:
            os.environ["PYTHONPATH"] = before


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """An embedded AWS of its own; its endpoint."""
    try:
        yield up(settings)
    finally:
        lifecycle.down(settings)


class EcsWorld(World):
    """One account: service `web` with two target groups, two listeners, application `app`, group `live`."""

    def __init__(self, endpoint: str, account: str | None = None) -> None:
        if account is None:
            super().__init__(endpoint)
        else:
            super().__init__(endpoint, account=account)
        self.ecs = self.client("ecs")
        self.elbv2 = self.client("elbv2")

    def built(self, **group: Any) -> EcsWorld:
        """With everything, and version 1 of the service served."""
        self.role()
        self.network()
        self.service(self.definition("1"))
        self.codedeploy.create_application(applicationName="app", computePlatform="ECS")
        self.container_group(**group)
        until(lambda: self.answers() == {"1"}, "version 1 answers")
        return self

    def again(self, endpoint: str) -> EcsWorld:
        """The same after the server was started again."""
        found = EcsWorld(endpoint, self.account)
        found.balancer, found.groups, found.listeners = self.balancer, self.groups, self.listeners
        return found

    def load_balancer(self) -> None:
        """A load balancer named `web`, with nothing behind it."""
        made = self.elbv2.create_load_balancer(Name="web", Subnets=["subnet-1", "subnet-2"])
        self.balancer = made["LoadBalancers"][0]

    def network(self) -> None:
        """A load balancer with target groups `blue` and `green` and the listeners 80 and 8080."""
        self.load_balancer()
        self.groups = {name: self._target_group(name) for name in ("blue", "green")}
        self.listeners = {port: self._listener(port) for port in (80, PORT)}

    def _target_group(self, name: str) -> str:
        made = self.elbv2.create_target_group(
            Name=name,
            Protocol="HTTP",
            Port=PORT,
            TargetType="ip",
            VpcId="vpc-1",
            HealthCheckPath="/health",
            HealthCheckIntervalSeconds=5,
        )
        arn: str = made["TargetGroups"][0]["TargetGroupArn"]
        return arn

    def _listener(self, port: int) -> str:
        made = self.elbv2.create_listener(
            LoadBalancerArn=self.balancer["LoadBalancerArn"],
            Port=port,
            Protocol="HTTP",
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.groups["blue"]}],
        )
        arn: str = made["Listeners"][0]["ListenerArn"]
        return arn

    def definition(self, body: str, image: str = "app", **environment: str) -> str:
        """Another revision of the task definition; its ARN."""
        variables = {"BODY": body, **environment}
        made = self.ecs.register_task_definition(
            family=FAMILY,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[
                {
                    "name": CONTAINER,
                    "image": image,
                    "essential": True,
                    "portMappings": [{"containerPort": PORT}],
                    "environment": [{"name": key, "value": value} for key, value in variables.items()],
                }
            ],
        )
        arn: str = made["taskDefinition"]["taskDefinitionArn"]
        return arn

    def service(self, definition: str, desired: int = 2, **settings: Any) -> Any:
        """The service, on the target group `blue`."""
        self.ecs.create_cluster(clusterName=CLUSTER)
        balancer = {
            "targetGroupArn": self.groups["blue"],
            "containerName": CONTAINER,
            "containerPort": PORT,
        }
        return self.ecs.create_service(
            **{
                "cluster": CLUSTER,
                "serviceName": SERVICE,
                "taskDefinition": definition,
                "desiredCount": desired,
                "launchType": "FARGATE",
                "deploymentController": {"type": "CODE_DEPLOY"},
                "loadBalancers": [balancer],
                "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
                **settings,
            }
        )["service"]

    def container_group(self, wait: int = 5, **settings: Any) -> None:
        """A deployment group that keeps blue for some minutes, and rolls back for every reason."""
        self.codedeploy.create_deployment_group(
            **{
                "applicationName": "app",
                "deploymentGroupName": "live",
                "serviceRoleArn": self.role_arn,
                "deploymentConfigName": "CodeDeployDefault.ECSAllAtOnce",
                "deploymentStyle": STYLE,
                "autoRollbackConfiguration": {"enabled": True, "events": ALL_EVENTS},
                "ecsServices": [{"clusterName": CLUSTER, "serviceName": SERVICE}],
                "blueGreenDeploymentConfiguration": {
                    "terminateBlueInstancesOnDeploymentSuccess": {
                        "action": "TERMINATE",
                        "terminationWaitTimeInMinutes": wait,
                    },
                    "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
                },
                "loadBalancerInfo": {
                    "targetGroupPairInfoList": [
                        {
                            "targetGroups": [{"name": "blue"}, {"name": "green"}],
                            "prodTrafficRoute": {"listenerArns": [self.listeners[80]]},
                            "testTrafficRoute": {"listenerArns": [self.listeners[PORT]]},
                        }
                    ]
                },
                **settings,
            }
        )

    def release(
        self,
        definition: str,
        config: str = "CodeDeployDefault.ECSAllAtOnce",
        hooks: dict[str, str] | None = None,
        properties: dict[str, Any] | None = None,
        **request: Any,
    ) -> str:
        """Creates a deployment of a task definition; its id."""
        fields = {
            "TaskDefinition": definition,
            "LoadBalancerInfo": {"ContainerName": CONTAINER, "ContainerPort": PORT},
            **(properties or {}),
        }
        spec: dict[str, Any] = {
            "version": 0.0,
            "Resources": [{"TargetService": {"Type": "AWS::ECS::Service", "Properties": fields}}],
        }
        if hooks:
            spec["Hooks"] = [{event: function} for event, function in hooks.items()]
        content = json.dumps(spec)
        revision = {
            "revisionType": "AppSpecContent",
            "appSpecContent": {"content": content, "sha256": hashlib.sha256(content.encode()).hexdigest()},
        }
        answer = self.codedeploy.create_deployment(
            applicationName="app",
            deploymentGroupName="live",
            deploymentConfigName=config,
            revision=revision,
            **request,
        )
        deployment_id: str = answer["deploymentId"]
        return deployment_id

    def canary(self, minutes: int, percent: int = 20) -> str:
        """A configuration of its own; its name."""
        name = f"canary-{percent}-{minutes}-{next(_CONFIGS)}"
        self.codedeploy.create_deployment_config(
            deploymentConfigName=name,
            computePlatform="ECS",
            trafficRoutingConfig={
                "type": "TimeBasedCanary",
                "timeBasedCanary": {"canaryPercentage": percent, "canaryInterval": minutes},
            },
        )
        return name

    def get(self, path: str = "/", port: int = 80) -> tuple[int, str]:
        """Status and body of a request through a listener."""
        url = f"{self.endpoint}/_alb/{self.balancer['DNSName']}:{port}{path}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def answers(self, count: int = 6, port: int = 80) -> set[str]:
        """Bodies of some requests that were answered well."""
        return {body for status, body in (self.get(port=port) for _ in range(count)) if status == 200}

    def shares(self, count: int = 200) -> Counter[str]:
        """How many of so many requests each version answered."""
        return Counter(self.get()[1] for _ in range(count))

    def described(self) -> Any:
        """The service, as DescribeServices has it."""
        return self.ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]

    def sets(self) -> dict[str, str]:
        """Revision of each task set's definition, by status."""
        found = self.described()["taskSets"]
        return {one["status"]: one["taskDefinition"].rpartition(":")[2] for one in found}

    def weights(self, port: int = 80) -> dict[str, int]:
        """Weights of a listener by name of the target group."""
        listener = self.elbv2.describe_listeners(ListenerArns=[self.listeners[port]])["Listeners"][0]
        groups = listener["DefaultActions"][0]["ForwardConfig"]["TargetGroups"]
        return {one["TargetGroupArn"].split("/")[1]: one["Weight"] for one in groups}

    def target(self, deployment_id: str) -> Any:
        (target_id,) = self.codedeploy.list_deployment_targets(deploymentId=deployment_id)["targetIds"]
        answer = self.codedeploy.get_deployment_target(deploymentId=deployment_id, targetId=target_id)
        return answer["deploymentTarget"]["ecsTarget"]

    def waiting(self, deployment_id: str) -> None:
        """Waits until all traffic has moved, and blue waits for its end."""
        until(
            lambda: self.info(deployment_id)["instanceTerminationWaitTimeStarted"],
            f"{deployment_id} waits for the termination of blue",
        )
