"""The ECS platform: a second task set takes over from the first one, behind the same listeners.

Source: user guide, "What happens during an Amazon ECS deployment", "Troubleshoot Amazon ECS deployment
issues"; recorded outputs of real deployments (docs/fidelity.md).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from localaws.clock import Clock
from localaws.codedeploy import outcomes
from localaws.codedeploy.appspec import AppSpecError
from localaws.codedeploy.ecs_appspec import read
from localaws.codedeploy.ecs_calls import EcsCalls, Rule
from localaws.codedeploy.ecs_checks import pair_of, problem_of_rules, problem_of_service
from localaws.codedeploy.model import Deployment, EcsState
from localaws.codedeploy.platforms import Blocking, Pause
from localaws.tasks.runner import NO_ENGINE

log = logging.getLogger(__name__)

EVENTS = (
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "AllowTestTraffic",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
)
"""Events of the target, in their order (recorded)."""

INSTALL_MINUTES = 60
"""That green has to become healthy (user guide, "Troubleshoot Amazon ECS deployment issues")."""

READY_WAIT, TERMINATION_WAIT = "READY_WAIT", "TERMINATION_WAIT"


@dataclass
class EcsPlatform:
    """Deployments to ECS.

    Args:
        calls: calls to ECS and the load balancer.
        blocking: runs such a call in a thread: it is answered by the very server that waits for it.
        clock: scales the waits.
        is_gradual: whether a configuration shifts traffic in more than one step, by its name.
    """

    calls: EcsCalls
    blocking: Blocking
    clock: Clock
    is_gradual: Callable[[str], bool]
    events: tuple[str, ...] = EVENTS

    async def read(self, deployment: Deployment) -> None:
        """Fills in service, task definition and hooks; a rollback knows them, and has no hooks (recorded)."""
        if deployment.undoes:
            return
        try:
            spec = read(deployment.content)
        except AppSpecError as error:
            raise outcomes.Ended("INVALID_REVISION", str(error)) from error
        deployment.hooks = dict(spec.hooks)
        pair = pair_of(deployment)
        deployment.ecs = EcsState(
            cluster=deployment.settings["ecsServices"][0]["clusterName"],
            service=deployment.settings["ecsServices"][0]["serviceName"],
            definition=spec.definition,
            container=spec.container,
            port=spec.port,
            options=spec.options,
            production=pair.production,
            test=pair.test,
        )

    async def check(self, deployment: Deployment) -> None:
        """Compares group, service and listeners."""
        if deployment.undoes:
            return
        state, pair = _state(deployment), pair_of(deployment)
        service = await self.blocking(self.calls.service, state.cluster, state.service)
        if problem := problem_of_service(state, service, deployment.deployment_id):
            raise outcomes.invalid_service(problem)
        groups = await self.blocking(self.calls.groups, pair.groups)
        missing = [name for name in pair.groups if name not in groups]
        if missing:
            raise outcomes.invalid_balancing(f"The target group {missing[0]} does not exist")
        primary = next(one for one in service["taskSets"] if one["status"] == "PRIMARY")
        state.blue, state.blue_definition = primary["id"], primary["taskDefinition"]
        state.blue_group = primary["loadBalancers"][0]["targetGroupArn"]
        others = [arn for arn in groups.values() if arn != state.blue_group]
        if len(others) != 1:
            raise outcomes.invalid_balancing(f"Primary taskset target group must be one of {pair.groups}")
        state.green_group = others[0]
        if problem := problem_of_rules(state, await self._rules(state.production)):
            raise outcomes.invalid_balancing(problem)
        await self.observe(deployment)

    async def _rules(self, listener: str) -> list[Rule]:
        try:
            rules: list[Rule] = await self.blocking(self.calls.rules, listener)
        except ClientError as error:
            raise outcomes.invalid_balancing(f"{listener}: {error}") from error
        return rules

    async def before(self, deployment: Deployment, event: str, pause: Pause) -> None:
        """Before production traffic: waits for ContinueDeployment, where the group says so.

        Where its action on timeout is CONTINUE_DEPLOYMENT there is no wait (API reference,
        DeploymentReadyOption). That the wait is before BeforeAllowTraffic is inferred.
        """
        settings = deployment.settings.get("blueGreenDeploymentConfiguration") or {}
        option = settings.get("deploymentReadyOption") or {}
        stops = option.get("actionOnTimeout") == "STOP_DEPLOYMENT"
        if event != "BeforeAllowTraffic" or not stops or deployment.undoes:
            return
        minutes = option.get("waitTimeInMinutes", 0)
        deployment.status = "Ready"
        if not await self._waited(deployment, READY_WAIT, minutes, pause):
            raise outcomes.timed_out("a notification to continue", minutes, "Stopped")
        deployment.status = "InProgress"

    async def _waited(self, deployment: Deployment, wait: str, minutes: int, pause: Pause) -> bool:
        """Waits until somebody goes on or time is over; whether it was the first."""
        until = deployment.waits.setdefault(wait, self.clock.now() + self.clock.seconds(60.0 * minutes))
        while wait not in deployment.continued and self.clock.now() < until:
            await pause(deployment, until - self.clock.now())
        return wait in deployment.continued

    async def at(self, deployment: Deployment, event: str, pause: Pause) -> None:
        """Install makes green, AllowTestTraffic shows it behind the test listener."""
        if event == "Install" and not deployment.undoes:
            await self._install(deployment, pause)
        elif event == "AllowTestTraffic":
            await self._forward(deployment, _state(deployment).test, 100)

    async def _install(self, deployment: Deployment, pause: Pause) -> None:
        state = _state(deployment)
        try:
            state.green = await self.blocking(self.calls.create_set, state, deployment.deployment_id)
        except ClientError as error:
            raise _refused(error) from error
        if self.is_gradual(deployment.config):
            # So health checks of green begin now; an all-at-once deployment has them after the shift, or when
            # the test listener forwards to it (user guide, "Troubleshoot Amazon ECS deployment issues").
            await self._forward(deployment, state.production, 0)
        began = deployment.event("Install").start or self.clock.now()
        until = began + self.clock.seconds(60.0 * INSTALL_MINUTES)
        while not await self._steady(deployment):
            if self.clock.now() >= until:
                raise outcomes.timed_out("the replacement task set to become healthy", INSTALL_MINUTES)
            await pause(deployment, until - self.clock.now())

    async def _steady(self, deployment: Deployment) -> bool:
        state = _state(deployment)
        service = await self.blocking(self.calls.service, state.cluster, state.service)
        sets = {one["id"]: one for one in (service or {}).get("taskSets", [])}
        if state.green not in sets:
            raise outcomes.ecs_refused(f"the task set {state.green} is gone")
        if sets[state.green]["stabilityStatus"] == "STEADY_STATE":
            return True
        reasons = await self.blocking(self.calls.stopped_reasons, state.cluster, state.green)
        hopeless = [reason for reason in reasons if reason.startswith(NO_ENGINE)]
        if hopeless:
            raise outcomes.ecs_refused(hopeless[0])
        return False

    async def move(self, deployment: Deployment, percent: float) -> None:
        """Sets the weights of the production listener; green becomes primary with the last one."""
        state = _state(deployment)
        await self._forward(deployment, state.production, round(percent))
        if percent >= 100 and state.green:
            try:
                await self.blocking(self.calls.make_primary, state, state.green)
            except ClientError as error:
                raise _refused(error) from error
        await self.observe(deployment)

    async def _forward(self, deployment: Deployment, listener: str, percent: int) -> None:
        """Gives green a share of every rule of a listener that forwards to the pair."""
        state = _state(deployment)
        if not listener or not state.green_group:
            return
        pair = {state.blue_group: 100 - percent, state.green_group: percent}
        for rule in await self._rules(listener):
            if rule.weights.keys() & pair.keys():
                await self.blocking(self.calls.forward, rule, pair)
            elif rule.arn is None:
                raise outcomes.invalid_balancing(f"{listener} forwards to neither target group of the pair")

    async def finish(self, deployment: Deployment, pause: Pause) -> None:
        """Keeps blue for a while, so that traffic can go back at once, and deletes it.

        A rollback deletes what it rolls back at once (recorded).
        """
        state = _state(deployment)
        if not deployment.undoes:
            settings = deployment.settings.get("blueGreenDeploymentConfiguration") or {}
            termination = settings.get("terminateBlueInstancesOnDeploymentSuccess") or {}
            minutes = termination.get("terminationWaitTimeInMinutes", 0)
            await self._waited(deployment, TERMINATION_WAIT, minutes, pause)
        await self.observe(deployment)
        if state.blue:
            try:
                await self.blocking(self.calls.delete_set, state, state.blue)
            except ClientError as error:
                raise _refused(error) from error

    async def observe(self, deployment: Deployment) -> None:
        """Notes task sets and weights."""
        state = _state(deployment)
        service = await self.blocking(self.calls.service, state.cluster, state.service)
        weights = {}
        for rule in await self._rules(state.production):
            weights = rule.weights
        found = (service or {}).get("taskSets", [])
        state.sets = [_shown(state, one, weights) for one in found if one["id"] in (state.blue, state.green)]


def _state(deployment: Deployment) -> EcsState:
    if deployment.ecs is None:
        raise ValueError(f"{deployment.deployment_id} has not read its AppSpec")
    return deployment.ecs


def _shown(state: EcsState, task_set: dict[str, Any], weights: dict[str, int]) -> dict[str, Any]:
    """A task set as GetDeploymentTarget has it; `identifer` is the service model's spelling."""
    group = task_set["loadBalancers"][0]["targetGroupArn"]
    share = 100.0 * weights.get(group, 0) / (sum(weights.values()) or 1)
    return {
        "identifer": task_set["id"],
        "desiredCount": task_set["computedDesiredCount"],
        "pendingCount": task_set["pendingCount"],
        "runningCount": task_set["runningCount"],
        "status": task_set["status"],
        "trafficWeight": share,
        "targetGroup": {"name": group.split("/")[-2]},
        "taskSetLabel": "Blue" if task_set["id"] == state.blue else "Green",
    }


def _refused(error: ClientError) -> outcomes.Ended:
    """How a deployment ends when ECS refuses something (recorded for InvalidParameterException)."""
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    if code in ("AccessDeniedException", "AccessDenied"):
        return outcomes.Ended("IAM_ROLE_PERMISSIONS", str(error))
    if code in ("ThrottlingException", "TooManyRequestsException"):
        return outcomes.Ended("THROTTLED", str(error))
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    request = error.response["ResponseMetadata"].get("RequestId", "")
    where = f"Status Code: {status}; Error Code: {code}; Request ID: {request}; Proxy: null"
    return outcomes.ecs_refused(f"{message} (Service: AmazonECS; {where})")
