"""The traffic driver for CodeDeploy on Lambda aliases."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError, WaiterError

from lockgate.aws import Aws
from lockgate.contract import LambdaContract
from lockgate.errors import LockgateError
from lockgate.release.codedeploy import CodeDeploy, events_of, outcome_of, red_alarms
from lockgate.release.driver import Live, Observation, Outcome
from lockgate.release.model import Artifact, Deployment

if TYPE_CHECKING:
    pass

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
    contract: LambdaContract
    release_id: str
    since: datetime
    ignore_alarms: bool = False

    @property
    def _codedeploy(self) -> CodeDeploy:
        return CodeDeploy(self.aws, self.contract, self.release_id, self.since, self.ignore_alarms)

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
        return self._codedeploy.ensure(
            "start",
            self.contract.deployment_config(
                deployment.strategy, deployment.percentage, deployment.interval_minutes
            ),
            self._appspec(deployment.from_version, deployment.to_version, self.contract.hook_function),
        )

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
        deployment_id = deployment.deployment_id or self._codedeploy.find("start")
        if deployment_id is None:
            return Observation(outcome=None, weights=_weights(self._alias()))
        info = self._codedeploy.info(deployment_id)
        outcome = outcome_of(info)
        events = events_of(self._codedeploy.target(deployment_id))
        undo_id = deployment.undo_id or info.get("rollbackInfo", {}).get("rollbackDeploymentId")
        undo = self._codedeploy.info(undo_id) if undo_id else None
        return Observation(
            deployment_id=deployment_id,
            outcome=outcome,
            shifted_at=next((event.started_at for event in events if event.name == "AllowTraffic"), None),
            ended_at=info.get("completeTime"),
            problem=self._codedeploy.problem(info, events) if outcome is Outcome.ENDED_BADLY else None,
            weights=_weights(self._alias()),
            undo_id=undo_id,
            undo=outcome_of(undo) if undo else None,
            undo_problem=undo.get("errorInformation", {}).get("message") if undo else None,
            events=events,
            red_alarms=red_alarms(self.aws, self.contract)
            if outcome is Outcome.SUCCEEDED and not self.ignore_alarms
            else (),
        )

    def stop(self, deployment: Deployment) -> None:
        """Stops with roll-back."""
        assert deployment.deployment_id is not None
        self._codedeploy.stop(deployment.deployment_id)

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
            return self._codedeploy.ensure("undo", self.contract.deployment_configs["all_at_once"], appspec)
        self.aws.lambda_.update_alias(
            FunctionName=self.contract.function_name,
            Name=self.contract.alias,
            FunctionVersion=deployment.from_version,
            RoutingConfig={"AdditionalVersionWeights": {}},
            RevisionId=alias["RevisionId"],
        )
        return deployment.undo_id

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
