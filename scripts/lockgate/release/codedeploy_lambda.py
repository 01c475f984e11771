"""The traffic driver for CodeDeploy on Lambda aliases."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError, WaiterError

from lockgate.aws import Aws
from lockgate.contract import ServiceContract
from lockgate.errors import LockgateError
from lockgate.release.driver import Event, Live, Observation, Outcome
from lockgate.release.hook_log import failure_of
from lockgate.release.model import Artifact, Deployment

if TYPE_CHECKING:
    from mypy_boto3_codedeploy.type_defs import DeploymentInfoTypeDef

_OUTCOMES: Final = {
    "Succeeded": Outcome.SUCCEEDED,
    "Failed": Outcome.ENDED_BADLY,
    "Stopped": Outcome.ENDED_BADLY,
}
"""Every other status means that it goes on: Created, Queued, InProgress, Baking, Ready."""

_CONFIGURATION: Final = (
    "Architectures",
    "DeadLetterConfig",
    "Environment",
    "EphemeralStorage",
    "FileSystemConfigs",
    "Handler",
    "ImageConfigResponse",
    "KMSKeyArn",
    "Layers",
    "LoggingConfig",
    "MemorySize",
    "Role",
    "Runtime",
    "Timeout",
    "TracingConfig",
    "VpcConfig",
)
"""What a published version freezes besides its code."""

_CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class LambdaDriver:
    """Moves the traffic of one alias with CodeDeploy.

    Args:
        aws: clients of the environment.
        contract: the service, as Terraform provisioned it.
        release_id: marks the deployments, so that they are found again.
        since: when the release was created: its deployments are not older.
        ignore_alarms: whether a red alarm may not stop the deployment.
    """

    aws: Aws
    contract: ServiceContract
    release_id: str
    since: datetime
    ignore_alarms: bool = False

    def live(self, artifact: Artifact | None) -> Live:
        """What the alias serves, and whether releasing an artifact would change it."""
        alias = self._alias()
        version = alias["FunctionVersion"]
        serving = self._function(version)
        latest = self._function()
        return Live(
            version=version,
            weights=_weights(alias),
            code_sha256=serving.get("CodeSha256"),
            differs=_difference(serving, latest, artifact) if artifact else None,
        )

    def has(self, version: str) -> bool:
        """Whether the function has the version: somebody may have deleted it."""
        try:
            self.aws.lambda_.get_function_configuration(
                FunctionName=self.contract.function_name, Qualifier=version
            )
        except self.aws.lambda_.exceptions.ResourceNotFoundException:
            return False
        return True

    def prepare(self, deployment: Deployment) -> Deployment:
        """Publishes code and configuration as a version. Lambda gives the last version back when neither has
        changed since, so that repeating this publishes nothing twice (API reference, PublishVersion)."""
        from_version = self._alias()["FunctionVersion"]
        if deployment.artifact is None:
            assert deployment.to_version is not None
            self._function(deployment.to_version)
            return _between(deployment, from_version, deployment.to_version)
        self._put_code(deployment.artifact)
        version = self._publish(deployment.artifact)
        return _between(deployment, from_version, version)

    def _put_code(self, artifact: Artifact) -> None:
        name = self.contract.function_name
        self._wait("function_updated_v2", FunctionName=name)
        if self._function()["CodeSha256"] != artifact.code_sha256:
            self.aws.lambda_.update_function_code(
                FunctionName=name, S3Bucket=self.contract.artifact_bucket, S3Key=artifact.key
            )
            self._wait("function_updated_v2", FunctionName=name)

    def _publish(self, artifact: Artifact) -> str:
        name = self.contract.function_name
        try:
            version: str = self.aws.lambda_.publish_version(
                FunctionName=name,
                CodeSha256=artifact.code_sha256,
                Description=f"lockgate {self.release_id}",
            )["Version"]
        except self.aws.lambda_.exceptions.InvalidParameterValueException as error:
            raise LockgateError(
                f"{name}: the code was replaced by somebody else while it was being published: {error}",
                hint="Find out who updates the function's code beside Lockgate, then deploy again.",
            ) from error
        self._wait("function_active_v2", FunctionName=name, Qualifier=version)
        return version

    def _wait(self, waiter: Any, **of: str) -> None:
        try:
            self.aws.lambda_.get_waiter(waiter).wait(**of, WaiterConfig={"Delay": 1, "MaxAttempts": 300})
        except WaiterError as error:
            raise LockgateError(
                f"{self.contract.function_name}: Lambda does not finish updating it: {error}",
                hint="Look at the function's state in the console, then deploy again.",
            ) from error

    def start(self, deployment: Deployment) -> str:
        """Creates the deployment, or finds the one that this release has created before."""
        assert deployment.from_version is not None
        assert deployment.to_version is not None
        return self._ensure(
            "start",
            self.contract.deployment_config(
                deployment.strategy, deployment.percentage, deployment.interval_minutes
            ),
            self._appspec(deployment.from_version, deployment.to_version, self.contract.hook_function),
        )

    def _ensure(self, step: str, config: str, content: str) -> str:
        found = self._find(step)
        if found:
            return found
        request: dict[str, Any] = {
            "applicationName": self.contract.codedeploy_application,
            "deploymentGroupName": self.contract.deployment_group,
            "deploymentConfigName": config,
            "description": self._mark(step),
            "revision": {
                "revisionType": "AppSpecContent",
                "appSpecContent": {
                    "content": content,
                    "sha256": hashlib.sha256(content.encode()).hexdigest(),
                },
            },
        }
        if self.ignore_alarms or step == "undo":
            request["overrideAlarmConfiguration"] = {"enabled": False}
        try:
            return self.aws.codedeploy.create_deployment(**request)["deploymentId"]
        except self.aws.codedeploy.exceptions.DeploymentLimitExceededException as error:
            found = self._find(step)
            if found:
                return found
            raise LockgateError(
                f"{self.contract.service}: CodeDeploy is busy with another deployment of this group: {error}",
                hint="Wait until it is over, or stop it with `aws deploy stop-deployment`.",
            ) from error

    def _find(self, step: str) -> str | None:
        for info in self._recent():
            if info.get("description") == self._mark(step):
                return info["deploymentId"]
        return None

    def _recent(self) -> Iterator[DeploymentInfoTypeDef]:
        pages = self.aws.codedeploy.get_paginator("list_deployments").paginate(
            applicationName=self.contract.codedeploy_application,
            deploymentGroupName=self.contract.deployment_group,
            createTimeRange={"start": self.since - _CLOCK_SKEW},
        )
        for page in pages:
            ids = page["deployments"]
            for position in range(0, len(ids), 25):
                yield from self.aws.codedeploy.batch_get_deployments(
                    deploymentIds=ids[position : position + 25]
                )["deploymentsInfo"]

    def _mark(self, step: str) -> str:
        return f"lockgate release={self.release_id} service={self.contract.service} step={step}"

    def _appspec(self, from_version: str, to_version: str, hook: str | None) -> str:
        resource = {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Name": self.contract.function_name,
                "Alias": self.contract.alias,
                "CurrentVersion": from_version,
                "TargetVersion": to_version,
            },
        }
        appspec: dict[str, Any] = {"version": 0.0, "Resources": [{self.contract.service: resource}]}
        if hook:
            appspec["Hooks"] = [{"BeforeAllowTraffic": hook}]
        return json.dumps(appspec)

    def observe(self, deployment: Deployment) -> Observation:
        """What CodeDeploy, the alias and the alarms say.

        The alias is read last: a deployment that has ended has moved it before, while one that ends between
        two reads in the other order looks as if somebody else had moved it.
        """
        deployment_id = deployment.deployment_id or self._find("start")
        if deployment_id is None:
            return Observation(outcome=None, weights=_weights(self._alias()))
        info = self._deployment(deployment_id)
        outcome = _OUTCOMES.get(info["status"], Outcome.RUNNING)
        events = self._events(deployment_id)
        undo_id = deployment.undo_id or info.get("rollbackInfo", {}).get("rollbackDeploymentId")
        undo = self._deployment(undo_id) if undo_id else None
        return Observation(
            deployment_id=deployment_id,
            outcome=outcome,
            shifted_at=next((event.started_at for event in events if event.name == "AllowTraffic"), None),
            ended_at=info.get("completeTime"),
            problem=self._problem(info, events) if outcome is Outcome.ENDED_BADLY else None,
            weights=_weights(self._alias()),
            undo_id=undo_id,
            undo=_OUTCOMES.get(undo["status"], Outcome.RUNNING) if undo else None,
            undo_problem=undo.get("errorInformation", {}).get("message") if undo else None,
            events=events,
            red_alarms=self.red_alarms() if outcome is Outcome.SUCCEEDED and not self.ignore_alarms else (),
        )

    def red_alarms(self) -> tuple[str, ...]:
        """Names of the service's alarms that are in ALARM."""
        if not self.contract.alarms:
            return ()
        answer = self.aws.cloudwatch.describe_alarms(
            AlarmNames=self.contract.alarms,
            AlarmTypes=["MetricAlarm", "CompositeAlarm"],
            StateValue="ALARM",
        )
        found = [*answer["MetricAlarms"], *answer["CompositeAlarms"]]
        return tuple(sorted(str(alarm["AlarmName"]) for alarm in found))

    def _problem(self, info: DeploymentInfoTypeDef, events: tuple[Event, ...]) -> str:
        """Why a deployment ended badly: what is known first, then CodeDeploy's own code for it."""
        error = info.get("errorInformation", {})
        code = str(error.get("code", info["status"]))
        message = str(error.get("message", ""))
        words = message or next((event.message for event in events if event.status == "Failed"), "")
        if code == "HOOK_EXECUTION_FAILURE" and self.contract.hook_function:
            hook = self.contract.hook_function
            told = failure_of(self.aws.logs, hook, info["deploymentId"], info["createTime"])
            words = f"hook {hook} did not pass it: {told}"
        elif code == "ALARM_ACTIVE" and (red := self.red_alarms()):
            words = f"alarm {', '.join(red)} went red"
        return f"{words} (CodeDeploy {info['deploymentId']}: {code})"

    def _events(self, deployment_id: str) -> tuple[Event, ...]:
        targets = self.aws.codedeploy.list_deployment_targets(deploymentId=deployment_id)["targetIds"]
        if not targets:
            return ()
        answer = self.aws.codedeploy.get_deployment_target(deploymentId=deployment_id, targetId=targets[0])
        return tuple(
            Event(
                name=event["lifecycleEventName"],
                status=event.get("status", "Unknown"),
                message=event.get("diagnostics", {}).get("message", ""),
                started_at=event.get("startTime"),
            )
            for event in answer["deploymentTarget"].get("lambdaTarget", {}).get("lifecycleEvents", [])
        )

    def stop(self, deployment: Deployment) -> None:
        """Stops with roll-back: without it the alias would be left with two versions, and every later
        deployment would fail."""
        assert deployment.deployment_id is not None
        try:
            self.aws.codedeploy.stop_deployment(
                deploymentId=deployment.deployment_id, autoRollbackEnabled=True
            )
        except self.aws.codedeploy.exceptions.DeploymentAlreadyCompletedException:
            return

    def rollback(self, deployment: Deployment) -> str | None:
        """Moves traffic back: with a deployment where the new version serves alone, and directly where
        CodeDeploy could not (weights left over, or a roll-back that failed)."""
        assert deployment.from_version is not None
        assert deployment.to_version is not None
        alias = self._alias()
        weights = _weights(alias)
        if weights == {deployment.from_version: 1.0}:
            return deployment.undo_id
        if deployment.undo_id is None and weights == {deployment.to_version: 1.0}:
            appspec = self._appspec(deployment.to_version, deployment.from_version, None)
            return self._ensure("undo", self.contract.deployment_configs["all_at_once"], appspec)
        self.aws.lambda_.update_alias(
            FunctionName=self.contract.function_name,
            Name=self.contract.alias,
            FunctionVersion=deployment.from_version,
            RoutingConfig={"AdditionalVersionWeights": {}},
            RevisionId=alias["RevisionId"],
        )
        return deployment.undo_id

    def _deployment(self, deployment_id: str) -> DeploymentInfoTypeDef:
        return self.aws.codedeploy.get_deployment(deploymentId=deployment_id)["deploymentInfo"]

    def _alias(self) -> Any:
        try:
            return self.aws.lambda_.get_alias(
                FunctionName=self.contract.function_name, Name=self.contract.alias
            )
        except ClientError as error:
            raise self._gone(error, f"alias {self.contract.alias!r}") from error

    def _function(self, version: str | None = None) -> Any:
        qualifier = {"Qualifier": version} if version else {}
        try:
            return self.aws.lambda_.get_function_configuration(
                FunctionName=self.contract.function_name, **qualifier
            )
        except ClientError as error:
            raise self._gone(error, f"version {version}" if version else "function") from error

    def _gone(self, error: ClientError, what: str) -> Exception:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            return error
        return LockgateError(
            f"{self.contract.function_name}: {what} does not exist, though the contract names it",
            hint=f"Apply Terraform: make apply ENV={self.contract.environment}.",
        )


def _between(deployment: Deployment, from_version: str, to_version: str) -> Deployment:
    return deployment.but(from_version=from_version, to_version=to_version)


def _weights(alias: Any) -> dict[str, float]:
    extra = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    rest = 1.0 - sum(extra.values())
    return {alias["FunctionVersion"]: round(rest, 6), **{v: round(w, 6) for v, w in extra.items()}}


def _difference(serving: Any, latest: Any, artifact: Artifact) -> str | None:
    if serving.get("CodeSha256") != artifact.code_sha256:
        return "code"
    changed = [key for key in _CONFIGURATION if (serving.get(key) or None) != (latest.get(key) or None)]
    return f"configuration ({', '.join(changed)})" if changed else None
