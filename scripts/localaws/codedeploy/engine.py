"""What a deployment does over time: its lifecycle events, its traffic shifts, and how it ends.

Each running deployment is a task that takes a small step, and looks again. All that it knows is in the
deployment's record, so that a restart of the server goes on where it was.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localaws.clock import Clock
from localaws.codedeploy import notifications
from localaws.codedeploy.appspec import AppSpecError, read
from localaws.codedeploy.clients import Clients
from localaws.codedeploy.configs import schedule
from localaws.codedeploy.model import EVENTS, Deployment, HookExecution, Region, new_deployment_id

log = logging.getLogger(__name__)

HOOK_LIMIT_SECONDS = 3600
"""Time for a hook to report (user guide, "AppSpec 'hooks' section"); on the clock's scale."""

POLL_SECONDS = 5
"""How often alarms, hooks and stops are looked at, on the clock's scale."""


class Ended(Exception):  # noqa: N818 - how a deployment ends, not an error of this program
    """A deployment ends badly.

    Args:
        code: one of ErrorInformation's codes.
        message: what GetDeployment says.
        trigger: the roll-back event that this is, such as DEPLOYMENT_FAILURE.
        status: Failed or Stopped.
    """

    def __init__(
        self, code: str, message: str, trigger: str = "DEPLOYMENT_FAILURE", status: str = "Failed"
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.trigger = trigger
        self.status = status


@dataclass
class Engine:
    """Runs the deployments of one account and region.

    Args:
        region: its records.
        clients: calls to the other services.
        clock: scales what CodeDeploy counts in minutes.
        config: finds a deployment configuration by name.
    """

    region: Region
    clients: Clients
    clock: Clock
    config: Callable[[str], dict[str, Any]]
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def run(self, deployment: Deployment) -> None:
        """Begins or resumes a deployment in the background."""
        task = asyncio.create_task(self._run(deployment))
        self._tasks[deployment.deployment_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(deployment.deployment_id, None))

    async def stop(self) -> None:
        """Ends the tasks; the deployments stay as they are."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, deployment: Deployment) -> None:
        try:
            await self._to_the_end(deployment)
            self._finish(deployment, "Succeeded")
        except Ended as ended:
            deployment.error_code, deployment.error_message = ended.code, ended.message
            self._finish(deployment, ended.status)
            self._roll_back(deployment, ended)
        except (ClientError, BotoCoreError, OSError) as error:
            log.exception("%s", deployment.deployment_id)
            deployment.error_code, deployment.error_message = "INTERNAL_ERROR", str(error)
            self._finish(deployment, "Failed")
            self._roll_back(deployment, Ended("INTERNAL_ERROR", str(error)))

    async def _to_the_end(self, deployment: Deployment) -> None:
        if deployment.started is None:
            deployment.status = "InProgress"
            deployment.started = self.clock.now()
            await self._tell(deployment, "DeploymentStart")
        for name in EVENTS:
            event = deployment.event(name)
            if event.status == "Succeeded":
                continue
            event.status = "InProgress"
            event.start = event.start or self.clock.now()
            try:
                await self._at(deployment, name)
            except Ended as ended:
                event.message = ended.message
                raise
            event.status = "Succeeded"
            event.end = self.clock.now()

    async def _at(self, deployment: Deployment, event: str) -> None:
        if event == "Start":
            await self._check(deployment)
        elif event == "AllowTraffic":
            await self._shift(deployment)
        elif event in deployment.hooks:
            await self._hook(deployment, event)

    async def _check(self, deployment: Deployment) -> None:
        """What is wrong before anything has been moved. Codes: API reference, ErrorInformation."""
        role = self._group(deployment)["serviceRoleArn"]
        problem = await asyncio.to_thread(self.clients.role_is_assumable, role)
        if problem:
            raise Ended(problem, f"The service role {role} cannot be assumed by CodeDeploy.")
        try:
            spec = read(deployment.content)
        except AppSpecError as error:
            raise Ended("INVALID_REVISION", str(error)) from error
        deployment.function, deployment.alias = spec.function, spec.alias
        deployment.current_version, deployment.target_version = spec.current_version, spec.target_version
        deployment.hooks = {} if deployment.undoes else spec.hooks
        if deployment.undoes is None:
            await self._check_function(deployment)
        await self._check_alarms(deployment)

    async def _check_function(self, deployment: Deployment) -> None:
        name, alias_name = deployment.function, deployment.alias
        alias = await asyncio.to_thread(self.clients.alias, name, alias_name)
        if alias is None:
            raise Ended(
                "INVALID_LAMBDA_FUNCTION", f"The function {name} or its alias {alias_name} is missing."
            )
        if alias["FunctionVersion"] != deployment.current_version:
            raise Ended(
                "INVALID_LAMBDA_CONFIGURATION",
                f"The current version {deployment.current_version} of the AppSpec file is not the version "
                f"{alias['FunctionVersion']} of alias {alias_name}.",
            )
        if deployment.target_version == deployment.current_version:
            raise Ended(
                "INVALID_LAMBDA_CONFIGURATION", "The target version is the same as the current version."
            )
        if (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights"):
            raise Ended(
                "INVALID_LAMBDA_CONFIGURATION",
                f"The alias {alias_name} has a routing configuration: it points to two versions already.",
            )
        if await asyncio.to_thread(self.clients.version, name, deployment.target_version) is None:
            raise Ended(
                "INVALID_LAMBDA_CONFIGURATION",
                f"The version {deployment.target_version} of {name} is missing.",
            )

    async def _hook(self, deployment: Deployment, event: str) -> None:
        execution = next((e for e in deployment.executions if e.event == event), None)
        if execution is None:
            execution = await self._invoke(deployment, event)
        while execution.status is None:
            if self.clock.now() >= execution.deadline:
                raise Ended("HOOK_EXECUTION_FAILURE", f"The hook of {event} did not report within an hour.")
            await self._pause(deployment)
        if execution.status != "Succeeded":
            raise Ended(
                "HOOK_EXECUTION_FAILURE",
                f"The hook {deployment.hooks[event]} of {event} reported {execution.status}.",
            )

    async def _invoke(self, deployment: Deployment, event: str) -> HookExecution:
        deadline = self.clock.now() + self.clock.seconds(HOOK_LIMIT_SECONDS)
        execution = HookExecution(f"{deployment.deployment_id}-{event}", event, deadline)
        deployment.executions.append(execution)
        payload = {
            "DeploymentId": deployment.deployment_id,
            "LifecycleEventHookExecutionId": execution.execution_id,
        }
        function = deployment.hooks[event]
        try:
            await asyncio.to_thread(self.clients.invoke_hook, function, payload)
        except ClientError as error:
            words = f"The hook {function} of {event} cannot be invoked: {error}"
            raise Ended("HOOK_EXECUTION_FAILURE", words) from error
        return execution

    async def _shift(self, deployment: Deployment) -> None:
        if deployment.undoes:
            await self._set_traffic(deployment, 100)
            return
        routing = self.config(deployment.config)["trafficRoutingConfig"]
        shifts = schedule(routing)
        deployment.shifting_since = deployment.shifting_since or self.clock.now()
        while deployment.shifted < len(shifts):
            following = shifts[deployment.shifted]
            due = deployment.shifting_since + self.clock.seconds(60 * following.minutes)
            if self.clock.now() >= due:
                await self._set_traffic(deployment, following.percent)
                deployment.shifted += 1
            else:
                await self._pause(deployment, due - self.clock.now())

    async def _set_traffic(self, deployment: Deployment, percent: float) -> None:
        alias = await asyncio.to_thread(self.clients.alias, deployment.function, deployment.alias)
        if alias is None:
            raise Ended("INVALID_LAMBDA_FUNCTION", f"The alias {deployment.alias} is missing.")
        whole = percent >= 100
        version = deployment.target_version if whole else deployment.current_version
        extra = {} if whole else {deployment.target_version: percent / 100}
        try:
            await asyncio.to_thread(self.clients.move, deployment.function, alias, version, extra)
        except ClientError as error:
            raise Ended("INVALID_LAMBDA_CONFIGURATION", str(error)) from error
        deployment.weight = percent

    async def _pause(self, deployment: Deployment, at_most: float = float("inf")) -> None:
        """Waits a little; a stop that was asked for, or a red alarm, ends the deployment."""
        await asyncio.sleep(min(self.clock.seconds(POLL_SECONDS), at_most))
        if deployment.stop:
            raise Ended(
                "MANUAL_STOP",
                "The deployment was stopped by a user.",
                trigger="DEPLOYMENT_STOP_ON_REQUEST",
                status="Stopped",
            )
        await self._check_alarms(deployment)

    async def _check_alarms(self, deployment: Deployment) -> None:
        """User guide, "Monitoring deployments with CloudWatch alarms in CodeDeploy"."""
        settings = deployment.alarm_override or self._group(deployment).get("alarmConfiguration") or {}
        names = [alarm["name"] for alarm in settings.get("alarms", [])]
        if deployment.undoes or not settings.get("enabled") or not names:
            return
        try:
            red = await asyncio.to_thread(self.clients.red_alarms, names)
        except (ClientError, BotoCoreError, LookupError) as error:
            if settings.get("ignorePollAlarmFailure"):
                return
            words = f"The state of the alarms cannot be read: {error}"
            raise Ended("ALARM_ACTIVE", words, "DEPLOYMENT_STOP_ON_ALARM", "Stopped") from error
        if red:
            words = (
                f"One or more alarms have been activated according to the Amazon CloudWatch metrics: {red}"
            )
            raise Ended("ALARM_ACTIVE", words, "DEPLOYMENT_STOP_ON_ALARM", "Stopped")

    def _finish(self, deployment: Deployment, status: str) -> None:
        now = self.clock.now()
        for event in deployment.events:
            if event.status == "InProgress":
                event.status, event.end = ("Succeeded" if status == "Succeeded" else "Failed"), now
            elif event.status == "Pending":
                event.status = "Skipped"
        deployment.status = status
        deployment.completed = now
        group = self._group(deployment)
        attempt = {"deploymentId": deployment.deployment_id, "status": status, "endTime": now}
        attempt["createTime"] = deployment.created
        group["lastAttemptedDeployment"] = attempt
        if status == "Succeeded":
            group["lastSuccessfulDeployment"] = attempt
            group["targetRevision"] = deployment.revision
        kind = {"Succeeded": "DeploymentSuccess", "Stopped": "DeploymentStop"}.get(
            status, "DeploymentFailure"
        )
        self._tell_later(deployment, kind)

    def _roll_back(self, deployment: Deployment, ended: Ended) -> None:
        """Starts a roll-back: a new deployment to the version that served before (user guide, "Redeploy and
        roll back a deployment with CodeDeploy")."""
        checked = deployment.event("Start").status == "Succeeded"
        if deployment.undoes or not checked or not self._wants_rollback(deployment, ended.trigger):
            return
        undo = Deployment(
            deployment_id=new_deployment_id(),
            application=deployment.application,
            group=deployment.group,
            config=deployment.config,
            revision=deployment.revision,
            content=_reversed(deployment.content),
            created=self.clock.now(),
            creator="codeDeployRollback",
            undoes=deployment.deployment_id,
        )
        deployment.undone_by = undo.deployment_id
        self.region.deployments[undo.deployment_id] = undo
        self._tell_later(deployment, "DeploymentRollback")
        self.run(undo)

    def _wants_rollback(self, deployment: Deployment, trigger: str) -> bool:
        if trigger == "DEPLOYMENT_STOP_ON_REQUEST" and deployment.stop in ("rollback", "keep"):
            return deployment.stop == "rollback"
        group = self._group(deployment).get("autoRollbackConfiguration")
        settings = deployment.auto_rollback or group or {}
        return bool(settings.get("enabled")) and trigger in settings.get("events", [])

    def _group(self, deployment: Deployment) -> dict[str, Any]:
        return self.region.groups[f"{deployment.application}/{deployment.group}"]

    async def _tell(self, deployment: Deployment, kind: str) -> None:
        group = self._group(deployment)
        await asyncio.to_thread(notifications.tell, self.clients, group, deployment, kind)

    def _tell_later(self, deployment: Deployment, kind: str) -> None:
        task = asyncio.create_task(self._tell(deployment, kind))
        self._tasks[f"{deployment.deployment_id} {kind}"] = task
        task.add_done_callback(lambda _: self._tasks.pop(f"{deployment.deployment_id} {kind}", None))


def _reversed(content: str) -> str:
    """The AppSpec of a roll-back: current and target version change places."""
    spec = read(content)
    properties = {
        "Name": spec.function,
        "Alias": spec.alias,
        "CurrentVersion": spec.target_version,
        "TargetVersion": spec.current_version,
    }
    resource = {"Type": "AWS::Lambda::Function", "Properties": properties}
    return json.dumps({"version": 0.0, "Resources": [{spec.function: resource}]})
