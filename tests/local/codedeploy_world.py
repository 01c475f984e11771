"""An account of its own on the embedded AWS, with a function, an alias and a deployment group."""

from __future__ import annotations

import hashlib
import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from localaws import lifecycle
from localaws.settings import Settings

REGION = "eu-west-1"
MINUTE = 1.0
"""Real seconds of one AWS minute of these tests."""

ALL_EVENTS = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
ENDED = ("Succeeded", "Failed", "Stopped")
STYLE = {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
_ACCOUNTS = count(200_000_000_001)
_PATIENCE = 60.0

HANDLER = "def handler(event, context):\n    return {'version': context.function_version}\n"

REPORTING_HOOK = """\
import boto3

def handler(event, context):
    assert set(event) == {"DeploymentId", "LifecycleEventHookExecutionId"}
    boto3.client("codedeploy").put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status="%s",
    )
"""
SILENT_HOOK = "def handler(event, context):\n    return None\n"
RAISING_HOOK = "def handler(event, context):\n    raise RuntimeError('broken hook')\n"


@contextmanager
def served(home: Path, minute_seconds: float) -> Iterator[str]:
    """An embedded AWS of its own; its endpoint."""
    settings = Settings(home=home, port=0, minute_seconds=minute_seconds)
    running = lifecycle.up(settings)
    try:
        yield running.endpoint
    finally:
        lifecycle.down(settings)


def until(condition: Callable[[], Any], what: str) -> Any:
    """The condition's value, once it is true."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"it did not come to this within {_PATIENCE} seconds: {what}")


def archive(source: str, name: str = "app.py") -> bytes:
    """A function's zip, with one file that may be run."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as files:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = 0o755 << 16
        files.writestr(entry, source)
    return body.getvalue()


@dataclass
class World:
    """One account: function `service` with alias `live` on version 1; application `app`, group `live`."""

    endpoint: str
    account: str = field(default_factory=lambda: str(next(_ACCOUNTS)))
    function: str = "service"

    def __post_init__(self) -> None:
        self.codedeploy = self.client("codedeploy")
        self.functions = self.client("lambda")
        self.cloudwatch = self.client("cloudwatch")
        self.iam = self.client("iam")

    def client(self, service: str) -> Any:
        """A real client, validating as always."""
        session: Any = boto3.Session(self.account, "local", region_name=REGION)
        config = Config(retries={"max_attempts": 1}, read_timeout=60)
        return session.client(service, endpoint_url=self.endpoint, config=config)

    def prepared(self, **group: Any) -> World:
        """With role, function, alias and group."""
        self.role()
        self.publish_function(self.function, HANDLER)
        self.functions.create_alias(FunctionName=self.function, Name="live", FunctionVersion="1")
        self.codedeploy.create_application(applicationName="app", computePlatform="Lambda")
        self.group(**group)
        return self

    @property
    def role_arn(self) -> str:
        return f"arn:aws:iam::{self.account}:role/codedeploy"

    def role(self, name: str = "codedeploy", service: str = "codedeploy.amazonaws.com") -> str:
        """A role that a service may assume; its ARN."""
        trust = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
        }
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        arn: str = made["Role"]["Arn"]
        return arn

    def publish_function(self, name: str, source: str) -> str:
        """Creates a function and publishes version 1; its name."""
        self.functions.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=self.role_arn,
            Handler="app.handler",
            Code={"ZipFile": archive(source)},
            Timeout=30,
            Publish=True,
        )
        return name

    def publish(self) -> str:
        """Another version of the function; its number."""
        source = f"{HANDLER}# {time.monotonic_ns()}\n"
        self.functions.update_function_code(FunctionName=self.function, ZipFile=archive(source))
        version: str = self.functions.publish_version(FunctionName=self.function)["Version"]
        return version

    def group(self, name: str = "live", **settings: Any) -> None:
        """A deployment group that rolls back for every reason, unless told otherwise."""
        self.codedeploy.create_deployment_group(
            **{
                "applicationName": "app",
                "deploymentGroupName": name,
                "serviceRoleArn": self.role_arn,
                "deploymentConfigName": "CodeDeployDefault.LambdaAllAtOnce",
                "deploymentStyle": STYLE,
                "autoRollbackConfiguration": {"enabled": True, "events": ALL_EVENTS},
                **settings,
            }
        )

    def alarm(self, name: str = "errors", state: str = "OK") -> str:
        """An alarm without data in a state; its name."""
        self.cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="Test",
            MetricName=name,
            Statistic="Sum",
            Period=86_400,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="ignore",
        )
        self.set_alarm(name, state)
        return name

    def set_alarm(self, name: str, state: str) -> None:
        self.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")

    def appspec(self, current: str, target: str, hooks: dict[str, str] | None = None) -> str:
        """An AppSpec from one version to another."""
        properties = {
            "Name": self.function,
            "Alias": "live",
            "CurrentVersion": current,
            "TargetVersion": target,
        }
        spec: dict[str, Any] = {
            "version": 0.0,
            "Resources": [{"service": {"Type": "AWS::Lambda::Function", "Properties": properties}}],
        }
        if hooks:
            spec["Hooks"] = [{event: function} for event, function in hooks.items()]
        return json.dumps(spec)

    def deploy(
        self,
        target: str,
        config: str = "CodeDeployDefault.LambdaAllAtOnce",
        current: str = "1",
        hooks: dict[str, str] | None = None,
        group: str = "live",
        **request: Any,
    ) -> str:
        """Creates a deployment; its id."""
        content = self.appspec(current, target, hooks)
        revision = {
            "revisionType": "AppSpecContent",
            "appSpecContent": {"content": content, "sha256": hashlib.sha256(content.encode()).hexdigest()},
        }
        answer = self.codedeploy.create_deployment(
            **{
                "applicationName": "app",
                "deploymentGroupName": group,
                "deploymentConfigName": config,
                "revision": revision,
                **request,
            }
        )
        deployment_id: str = answer["deploymentId"]
        return deployment_id

    def info(self, deployment_id: str) -> Any:
        return self.codedeploy.get_deployment(deploymentId=deployment_id)["deploymentInfo"]

    def ended(self, deployment_id: str) -> Any:
        """The deployment, once it is over."""

        def look() -> Any:
            info = self.info(deployment_id)
            return info if info["status"] in ENDED else None

        return until(look, f"{deployment_id} is over")

    def rolled_back(self, info: Any) -> Any:
        """The end of the deployment that rolls another one back."""
        return self.ended(info["rollbackInfo"]["rollbackDeploymentId"])

    def target(self, deployment_id: str) -> Any:
        (target_id,) = self.codedeploy.list_deployment_targets(deploymentId=deployment_id)["targetIds"]
        answer = self.codedeploy.get_deployment_target(deploymentId=deployment_id, targetId=target_id)
        return answer["deploymentTarget"]["lambdaTarget"]

    def events(self, deployment_id: str) -> dict[str, str]:
        return {
            event["lifecycleEventName"]: event["status"]
            for event in self.target(deployment_id)["lifecycleEvents"]
        }

    def alias(self) -> tuple[str, dict[str, float]]:
        """Version of the alias, and the shares of further ones."""
        found = self.functions.get_alias(FunctionName=self.function, Name="live")
        return found["FunctionVersion"], found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})

    def shifting(self, version: str, share: float = 0.1) -> None:
        """Waits until a version gets a share."""
        until(lambda: self.alias()[1] == {version: share}, f"{version} gets {share}")
