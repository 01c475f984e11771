"""The traffic driver for CodeDeploy on ECS services.

A version is a task definition that a release has registered: the template of Terraform with an image in it.
CodeDeploy starts its tasks on the target group that serves nobody, moves the listener's weights, and keeps
the old tasks for a while after that (CodeDeploy user guide, "Deployments on an Amazon ECS compute platform").
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from lockgate.aws import Aws
from lockgate.contract import ContainerContract
from lockgate.errors import LockgateError
from lockgate.metrics.load_balancer import dimension_of
from lockgate.release.codedeploy import CodeDeploy, events_of, outcome_of, red_alarms
from lockgate.release.driver import Event, Live, Observation, Outcome
from lockgate.release.ecs_service import EcsService
from lockgate.release.model import Artifact, Deployment
from lockgate.release.task_definitions import TaskDefinitions

if TYPE_CHECKING:
    from mypy_boto3_codedeploy.type_defs import DeploymentInfoTypeDef

_LAST_EVENT: Final = "AfterAllowTraffic"
"""The event after which only the old tasks are left to be removed."""

_WAIT_SECONDS: Final = 300.0
"""How long to wait for CodeDeploy to remove the old tasks of the release before: ECS gives each 30 seconds to
end, and the load balancer its deregistration delay."""


@dataclass(frozen=True)
class EcsDriver:
    """Moves the traffic of one ECS service with CodeDeploy.

    Args:
        aws: clients of the environment.
        contract: the service, as Terraform provisioned it.
        release_id: marks the deployments, so that they are found again.
        since: when the release was created: its deployments are not older.
        ignore_alarms: whether a red alarm may not stop the deployment.
        sleep: waits some seconds.
    """

    aws: Aws
    contract: ContainerContract
    release_id: str
    since: datetime
    ignore_alarms: bool = False
    sleep: Callable[[float], None] = time.sleep

    @property
    def codedeploy(self) -> CodeDeploy:
        """Its deployments."""
        return CodeDeploy(self.aws, self.contract, self.release_id, self.since, self.ignore_alarms)

    @property
    def _service(self) -> EcsService:
        return EcsService(self.aws, self.contract)

    @property
    def _definitions(self) -> TaskDefinitions:
        return TaskDefinitions(self.aws, self.contract)

    def live(self, artifact: Artifact | None) -> Live:
        """What the listener sends requests to, and whether releasing an image would change it."""
        state = self._service.state()
        return Live(
            version=state.version,
            weights=state.weights,
            code_sha256=self._definitions.image_digest(state.version),
            differs=self._definitions.difference(state.version, artifact) if artifact else None,
        )

    def has(self, version: str) -> bool:
        """Whether tasks can still be started from the version: somebody may have deregistered it."""
        return self._definitions.is_active(version)

    def prepare(self, deployment: Deployment) -> Deployment:
        """Registers the task definition. The newest one of the family is taken where it says the same, so
        that repeating this registers nothing twice."""
        state = self._service.state()
        if deployment.artifact is None:
            assert deployment.to_version is not None
            version = deployment.to_version
        else:
            version = self._definitions.registered(deployment.artifact)
        return deployment.but(
            from_version=state.version,
            to_version=version,
            target_groups={
                version: dimension_of(state.idle_target_group),
                state.version: dimension_of(state.target_group),
            },
        )

    def start(self, deployment: Deployment) -> str:
        """Creates the deployment, or finds the one that this release has created before."""
        assert deployment.to_version is not None
        config = self.contract.deployment_config(
            deployment.strategy, deployment.percentage, deployment.interval_minutes
        )
        found = self.codedeploy.find("start")
        if found:
            return found
        self._end_waiting()
        return self.codedeploy.ensure("start", config, self._appspec(deployment.to_version, hook=True))

    def _end_waiting(self) -> None:
        """Ends the time for which CodeDeploy keeps the old tasks of the release before: a group has one
        deployment at a time, and that one is not over yet."""
        for deployment_id in self.codedeploy.running():
            if not _is_waiting(self._events(deployment_id)):
                continue
            self.codedeploy.end_wait(deployment_id)
            waited = 0.0
            while outcome_of(self.codedeploy.info(deployment_id)) is Outcome.RUNNING:
                if waited >= _WAIT_SECONDS:
                    raise LockgateError(
                        f"{self.contract.service}: CodeDeploy {deployment_id} does not finish removing the "
                        f"tasks of the version before; asked {waited:.0f} s ago",
                        hint="Look at the deployment in the console, then deploy again.",
                    )
                self.sleep(1.0)
                waited += 1.0

    def _appspec(self, version: str, *, hook: bool) -> str:
        properties = {
            "TaskDefinition": self._definitions.arn(version),
            "LoadBalancerInfo": {
                "ContainerName": self.contract.container_name,
                "ContainerPort": self.contract.container_port,
            },
        }
        target = {"Type": "AWS::ECS::Service", "Properties": properties}
        appspec: dict[str, Any] = {"version": 0.0, "Resources": [{"TargetService": target}]}
        if hook and self.contract.hook_function:
            appspec["Hooks"] = [{"AfterAllowTestTraffic": self.contract.hook_function}]
        return json.dumps(appspec)

    def observe(self, deployment: Deployment) -> Observation:
        """What CodeDeploy, the listener and the alarms say.

        A deployment counts as succeeded once all traffic has moved, though CodeDeploy goes on until it has
        removed the old tasks: until then it can be stopped, and traffic goes back at once. The listener is
        read last: a deployment that has ended has moved it before.
        """
        deployment_id = deployment.deployment_id or self.codedeploy.find("start")
        if deployment_id is None:
            return Observation(outcome=None, weights=self._service.state().weights)
        info = self.codedeploy.info(deployment_id)
        events = self._events(deployment_id)
        outcome = _outcome(info, events)
        undo_id = deployment.undo_id or info.get("rollbackInfo", {}).get("rollbackDeploymentId")
        undo = self.codedeploy.info(undo_id) if undo_id else None
        watched = outcome is Outcome.SUCCEEDED and not self.ignore_alarms
        return Observation(
            deployment_id=deployment_id,
            outcome=outcome,
            shifted_at=next((event.started_at for event in events if event.name == "AllowTraffic"), None),
            ended_at=info.get("completeTime"),
            problem=self._problem(deployment, info, events) if outcome is Outcome.ENDED_BADLY else None,
            weights=self._service.state().weights,
            undo_id=undo_id,
            undo=self._undone(undo_id, undo) if undo_id and undo else None,
            undo_problem=undo.get("errorInformation", {}).get("message") if undo else None,
            events=events,
            red_alarms=red_alarms(self.aws, self.contract) if watched else (),
        )

    def _problem(self, deployment: Deployment, info: DeploymentInfoTypeDef, events: tuple[Event, ...]) -> str:
        """Why it ended badly. CodeDeploy waits for tasks that do not start, and does not say why."""
        problem = self.codedeploy.problem(info, events)
        started = any(event.name == "Install" and event.status == "Succeeded" for event in events)
        why = None if started else self._service.why_stopped(deployment.to_version or "")
        return f"{problem}; its tasks stop: {why}" if why else problem

    def _undone(self, undo_id: str, undo: DeploymentInfoTypeDef) -> Outcome:
        return _outcome(undo, self._events(undo_id))

    def _events(self, deployment_id: str) -> tuple[Event, ...]:
        return events_of(self.codedeploy.target(deployment_id))

    def stop(self, deployment: Deployment) -> None:
        """Stops with roll-back: CodeDeploy gives the listener back to the old tasks, and removes the new."""
        assert deployment.deployment_id is not None
        self.codedeploy.stop(deployment.deployment_id)

    def rollback(self, deployment: Deployment) -> str | None:
        """Moves traffic back: by stopping a deployment whose old tasks are still there, else with one of the
        version before.

        Raises:
            LockgateError: that deployment failed as well.
        """
        assert deployment.deployment_id is not None
        assert deployment.from_version is not None
        if outcome_of(self.codedeploy.info(deployment.deployment_id)) is Outcome.RUNNING:
            self.codedeploy.stop(deployment.deployment_id)
            return deployment.undo_id
        found = self.codedeploy.find("undo")
        if found and outcome_of(self.codedeploy.info(found)) is Outcome.ENDED_BADLY:
            problem = self.codedeploy.problem(self.codedeploy.info(found), self._events(found))
            raise LockgateError(
                f"{self.contract.service}: going back to version {deployment.from_version} failed too: "
                f"{problem}",
                hint=f"See why its tasks do not start: aws ecs describe-services --cluster "
                f"{self.contract.cluster} --services {self.contract.ecs_service}",
            )
        appspec = self._appspec(deployment.from_version, hook=False)
        return self.codedeploy.ensure("undo", self.contract.deployment_configs["all_at_once"], appspec)


def _is_waiting(events: tuple[Event, ...]) -> bool:
    """Whether all that is left to do is to remove the old tasks.

    A deployment that is stopped while traffic moves skips the last event as well, and its events can say so
    before its status does.
    """
    statuses = {event.name: event.status for event in events}
    return statuses.get("AllowTraffic") == "Succeeded" and statuses.get(_LAST_EVENT) in (
        "Succeeded",
        "Skipped",
    )


def _outcome(info: DeploymentInfoTypeDef, events: tuple[Event, ...]) -> Outcome:
    outcome = outcome_of(info)
    return Outcome.SUCCEEDED if outcome is Outcome.RUNNING and _is_waiting(events) else outcome
