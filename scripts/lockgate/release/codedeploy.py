"""CodeDeploy's deployments of one service: made once for each step of a release, found again, followed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from lockgate.aws import Aws
from lockgate.contract import ServiceContract
from lockgate.errors import LockgateError
from lockgate.release.driver import Event, Outcome
from lockgate.release.hook_log import failure_of

if TYPE_CHECKING:
    from mypy_boto3_codedeploy.literals import DeploymentStatusType
    from mypy_boto3_codedeploy.type_defs import DeploymentInfoTypeDef, DeploymentTargetTypeDef

_OUTCOMES: Final = {
    "Succeeded": Outcome.SUCCEEDED,
    "Failed": Outcome.ENDED_BADLY,
    "Stopped": Outcome.ENDED_BADLY,
}
"""Every other status means that it goes on: Created, Queued, InProgress, Baking, Ready."""

_RUNNING: Final[list[DeploymentStatusType]] = ["Created", "Queued", "InProgress", "Baking", "Ready"]

_CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class CodeDeploy:
    """The deployments of one service's group that one release makes.

    Args:
        aws: clients of the environment.
        contract: the service, as Terraform provisioned it.
        release_id: marks the deployments, so that they are found again.
        since: when the release was created: its deployments are not older.
        ignore_alarms: whether a red alarm may not stop a deployment.
    """

    aws: Aws
    contract: ServiceContract
    release_id: str
    since: datetime
    ignore_alarms: bool

    def ensure(self, step: str, config: str, content: str) -> str:
        """Creates the deployment of a step, or finds the one that was created before; returns its id.

        Args:
            step: `start` or `undo`.
            config: name of the configuration.
            content: the AppSpec.

        Raises:
            LockgateError: another deployment of the group is running.
        """
        found = self.find(step)
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
            found = self.find(step)
            if found:
                return found
            raise LockgateError(
                f"{self.contract.service}: CodeDeploy is busy with another deployment of this group: {error}",
                hint="Wait until it is over, or stop it with `aws deploy stop-deployment`.",
            ) from error

    def find(self, step: str) -> str | None:
        """Id of the deployment that this release made for a step, if it did."""
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

    def info(self, deployment_id: str) -> DeploymentInfoTypeDef:
        """GetDeployment's answer."""
        return self.aws.codedeploy.get_deployment(deploymentId=deployment_id)["deploymentInfo"]

    def problem(self, info: DeploymentInfoTypeDef, events: tuple[Event, ...]) -> str:
        """Why a deployment ended badly: what is known first, then CodeDeploy's own code for it."""
        error = info.get("errorInformation", {})
        code = str(error.get("code", info["status"]))
        message = str(error.get("message", ""))
        words = message or next((event.message for event in events if event.status == "Failed"), "")
        if code == "HOOK_EXECUTION_FAILURE" and self.contract.hook_function:
            hook = self.contract.hook_function
            told = failure_of(self.aws.logs, hook, info["deploymentId"], info["createTime"])
            words = f"hook {hook} did not pass it: {told}"
        elif code == "ALARM_ACTIVE" and (red := red_alarms(self.aws, self.contract)):
            words = f"alarm {', '.join(red)} went red"
        return f"{words} (CodeDeploy {info['deploymentId']}: {code})"

    def target(self, deployment_id: str) -> DeploymentTargetTypeDef | None:
        """What the deployment works on; a deployment to Lambda or ECS has one target, once it has begun."""
        targets = self.aws.codedeploy.list_deployment_targets(deploymentId=deployment_id)["targetIds"]
        if not targets:
            return None
        answer = self.aws.codedeploy.get_deployment_target(deploymentId=deployment_id, targetId=targets[0])
        return answer["deploymentTarget"]

    def running(self) -> list[str]:
        """Ids of the group's deployments that are not over; there is one at a time."""
        return running_deployments(self.aws, self.contract)

    def end_wait(self, deployment_id: str) -> None:
        """Has the old tasks removed that a deployment to ECS keeps after all traffic has moved. Does nothing
        when it has ended."""
        errors = self.aws.codedeploy.exceptions
        try:
            self.aws.codedeploy.continue_deployment(
                deploymentId=deployment_id, deploymentWaitType="TERMINATION_WAIT"
            )
        except (errors.DeploymentAlreadyCompletedException, errors.DeploymentIsNotInReadyStateException):
            return

    def stop(self, deployment_id: str) -> None:
        """Stops a deployment with roll-back: without it two versions would be left with traffic, and every
        later deployment would fail. Does nothing when it has ended."""
        try:
            self.aws.codedeploy.stop_deployment(deploymentId=deployment_id, autoRollbackEnabled=True)
        except self.aws.codedeploy.exceptions.DeploymentAlreadyCompletedException:
            return


def running_deployments(aws: Aws, contract: ServiceContract) -> list[str]:
    """Ids of CodeDeploy's deployments of a service that are not over; their group has one at a time."""
    return aws.codedeploy.list_deployments(
        applicationName=contract.codedeploy_application,
        deploymentGroupName=contract.deployment_group,
        includeOnlyStatuses=_RUNNING,
    )["deployments"]


def red_alarms(aws: Aws, contract: ServiceContract) -> tuple[str, ...]:
    """Names of the service's alarms that are in ALARM."""
    if not contract.alarms:
        return ()
    answer = aws.cloudwatch.describe_alarms(
        AlarmNames=contract.alarms,
        AlarmTypes=["MetricAlarm", "CompositeAlarm"],
        StateValue="ALARM",
    )
    found = [*answer["MetricAlarms"], *answer["CompositeAlarms"]]
    return tuple(sorted(str(alarm["AlarmName"]) for alarm in found))


def outcome_of(info: DeploymentInfoTypeDef) -> Outcome:
    """What a deployment has come to."""
    return _OUTCOMES.get(info["status"], Outcome.RUNNING)


def events_of(target: DeploymentTargetTypeDef | None) -> tuple[Event, ...]:
    """Lifecycle events of a target, in their order."""
    if target is None:
        return ()
    at_work = target.get("lambdaTarget") or target.get("ecsTarget") or {}
    return tuple(
        Event(
            name=event["lifecycleEventName"],
            status=event.get("status", "Unknown"),
            message=event.get("diagnostics", {}).get("message", ""),
            started_at=event.get("startTime"),
        )
        for event in at_work.get("lifecycleEvents", [])
    )
