"""What a deployment does over time: its lifecycle events, its traffic shifts, and how it ends.

Each running deployment is a task that takes a small step, and looks again. All that it knows is in the
deployment's record, so that a restart of the server goes on where it was. What is decided is decided by
pure functions (`traffic`, `alarms`, `hooks`, `rollback`); this module waits, calls, and writes down.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from localaws.clients import acting_as
from localaws.clock import Clock
from localaws.codedeploy import alarms, hooks, notifications, outcomes, rollback
from localaws.codedeploy.clients import DeployClients
from localaws.codedeploy.configs import Shift, schedule
from localaws.codedeploy.ecs_calls import EcsCalls
from localaws.codedeploy.ecs_platform import EcsPlatform
from localaws.codedeploy.lambda_platform import LambdaPlatform
from localaws.codedeploy.model import Deployment, Event, HookExecution, Region
from localaws.codedeploy.outcomes import Ended
from localaws.codedeploy.platforms import Platform
from localaws.codedeploy.teller import Teller
from localaws.codedeploy.traffic import next_step

log = logging.getLogger(__name__)

T = TypeVar("T")

POLL_SECONDS = 5
"""How often alarms, hooks and stops are looked at, in seconds of AWS time (inferred)."""

MIN_POLL = 0.05
"""The same in real seconds at least: a fast clock shall not make a busy loop."""


@dataclass
class Engine:
    """Runs the deployments of one account and region.

    Args:
        region: its records.
        clients: calls to the other services.
        clock: scales what CodeDeploy counts in minutes.
        config: finds a deployment configuration by name.
        put_event: puts an event on the account's default bus.
        pool: threads for calls; MiniStack works off requests in asyncio's own, which must not all be taken
            by calls that wait for MiniStack.
    """

    region: Region
    clients: DeployClients
    clock: Clock
    config: Callable[[str], dict[str, Any]]
    put_event: Callable[[dict[str, Any]], None] = lambda _event: None
    pool: Executor | None = None
    platforms: dict[str, Platform] = field(init=False)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _wake: dict[str, asyncio.Event] = field(default_factory=dict)
    _teller: Teller = field(init=False)

    def __post_init__(self) -> None:
        calls = EcsCalls(self.clients)
        self.platforms = {
            "Lambda": LambdaPlatform(self.clients, self._blocking),
            "ECS": EcsPlatform(calls, self._blocking, self.clock, lambda name: len(self._shifts(name)) > 1),
        }
        self._teller = Teller(self.clients, self.put_event, self._blocking, self._in_background)

    def run(self, deployment: Deployment) -> None:
        """Begins or resumes a deployment in the background."""
        self._wake[deployment.deployment_id] = asyncio.Event()
        self._in_background(self._run(deployment))

    def resume(self, deployment: Deployment) -> None:
        """Goes on with a deployment after a restart; hooks that were running have ended with the server."""
        for execution in deployment.executions:
            execution.invoked = False
        self.run(deployment)

    def stop_deployment(self, deployment: Deployment, how: str) -> None:
        """Notes that a deployment shall stop, and tells its task."""
        deployment.stop = how
        self.wake(deployment)

    def wake(self, deployment: Deployment) -> None:
        """Lets a deployment look again at once."""
        if deployment.deployment_id in self._wake:
            self._wake[deployment.deployment_id].set()

    async def stop(self) -> None:
        """Ends the tasks; the deployments stay as they are."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, deployment: Deployment) -> None:
        with acting_as(deployment.settings.get("serviceRoleArn", "")):
            await self._run_as_role(deployment)

    async def _run_as_role(self, deployment: Deployment) -> None:
        try:
            await self._to_the_end(deployment)
        except Ended as ended:
            self._end_badly(deployment, ended)
        except (ClientError, BotoCoreError, OSError, KeyError, ValueError) as error:
            log.exception("deployment %s", deployment.deployment_id)
            self._end_badly(deployment, Ended("INTERNAL_ERROR", f"{type(error).__name__}: {error}"))
        else:
            self._finish(deployment, "Succeeded")
        finally:
            self._wake.pop(deployment.deployment_id, None)

    def _end_badly(self, deployment: Deployment, ended: Ended) -> None:
        log.info("deployment %s: %s: %s", deployment.deployment_id, ended.code, ended.detail)
        deployment.error_code, deployment.error_message = ended.code, ended.message
        self._finish(deployment, ended.status, ended)
        if rollback.wanted(deployment, ended):
            self._roll_back(deployment)

    async def _to_the_end(self, deployment: Deployment) -> None:
        if deployment.started is None:
            self._begin(deployment)
        if not deployment.checked:
            await self._check(deployment)
        platform = self._platform(deployment)
        for event in deployment.events:
            if event.status != "Succeeded":
                await platform.before(deployment, event.name, self._pause)
                event.status = "InProgress"
                event.start = event.start or self.clock.now()
                await self._at(deployment, event.name)
                event.status, event.end = "Succeeded", self.clock.now()
        await platform.finish(deployment, self._pause)

    def _platform(self, deployment: Deployment) -> Platform:
        return self.platforms[deployment.platform]

    def _shifts(self, config: str) -> list[Shift]:
        return schedule(self.config(config)["trafficRoutingConfig"])

    def _begin(self, deployment: Deployment) -> None:
        deployment.events = [Event(name) for name in self._platform(deployment).events]
        deployment.status = "InProgress"
        deployment.started = self.clock.now()
        self._teller.tell(deployment, "DeploymentStart")
        if deployment.undoes:
            self._teller.tell(deployment, "DeploymentRollback")

    async def _check(self, deployment: Deployment) -> None:
        """What must be so before the first event (codes: API reference, ErrorInformation)."""
        if deployment.application not in self.region.applications:
            raise Ended("APPLICATION_MISSING", f"The application {deployment.application} is missing.")
        if f"{deployment.application}/{deployment.group}" not in self.region.groups:
            raise Ended("DEPLOYMENT_GROUP_MISSING", f"The deployment group {deployment.group} is missing.")
        await self._platform(deployment).read(deployment)
        role = deployment.settings.get("serviceRoleArn", "")
        problem = await self._blocking(self.clients.role_problem, role)
        if problem:
            raise outcomes.role_unusable(problem, role)
        await self._platform(deployment).check(deployment)
        await self._look(deployment)
        deployment.checked = True

    async def _at(self, deployment: Deployment, event: str) -> None:
        if event == "AllowTraffic":
            await self._shift(deployment)
        elif event in deployment.hooks:
            await self._hook(deployment, event)
        else:
            await self._platform(deployment).at(deployment, event, self._pause)

    async def _hook(self, deployment: Deployment, event: str) -> None:
        execution = deployment.execution(event)
        if execution is None:
            deadline = self.clock.now() + self.clock.seconds(hooks.LIMIT_SECONDS)
            execution = hooks.new_execution(event, deadline)
            deployment.executions.append(execution)
        if not execution.invoked and execution.status is None:
            await self._invoke(deployment, execution)
        while True:
            ended = hooks.verdict(deployment, execution, self.clock.now())
            if ended:
                raise ended
            if execution.status == "Succeeded":
                return
            await self._pause(deployment, execution.deadline - self.clock.now())

    async def _invoke(self, deployment: Deployment, execution: HookExecution) -> None:
        function = deployment.hooks[execution.event]
        if not await self._blocking(self._may_invoke, deployment, function):
            raise outcomes.hook_failed(
                f"{execution.event}: the service role may not invoke {function}: "
                f"its AWS managed policy allows functions named CodeDeployHook_* only."
            )
        execution.invoked = True
        try:
            await self._blocking(self.clients.invoke_hook, function, hooks.payload(deployment, execution))
        except ClientError as error:
            raise outcomes.hook_failed(f"{execution.event}: {function} cannot be invoked: {error}") from error

    def _may_invoke(self, deployment: Deployment, function: str) -> bool:
        role = deployment.settings["serviceRoleArn"]
        managed = self.clients.managed_policies(role)
        if not set(managed) & set(hooks.MANAGED_POLICIES):
            return True
        name = function.rpartition(":function:")[2].partition(":")[0]
        arn = f"arn:aws:lambda:{self.clients.region}:{self.clients.account}:function:{name}"
        return hooks.may_invoke(arn, managed, self.clients.own_policies(role))

    async def _shift(self, deployment: Deployment) -> None:
        shifts = self._shifts(deployment.config)
        while True:
            step = next_step(
                shifts,
                deployment.shifted,
                deployment.shifting_since,
                self.clock.now(),
                self.clock.seconds,
            )
            if step is None:
                return
            if step.shift is None:
                await self._pause(deployment, step.wait)
                continue
            await self._look(deployment)
            await self._platform(deployment).move(deployment, step.shift.percent)
            deployment.weight = step.shift.percent
            deployment.shifted += 1
            deployment.shifting_since = deployment.shifting_since or self.clock.now()

    async def _pause(self, deployment: Deployment, at_most: float) -> None:
        """Waits a little, or until something is said, and looks whether the deployment may go on."""
        seconds = max(MIN_POLL, self.clock.seconds(POLL_SECONDS))
        wake = self._wake[deployment.deployment_id]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(wake.wait(), max(0.0, min(seconds, at_most)))
        wake.clear()
        await self._platform(deployment).observe(deployment)
        await self._look(deployment)

    async def _look(self, deployment: Deployment) -> None:
        """Ends the deployment when somebody has stopped it, or an alarm does."""
        if deployment.stop:
            raise outcomes.stopped_by_user()
        names = alarms.watched(deployment)
        if names:
            ended = alarms.verdict(deployment, await self._alarm_states(names))
            if ended:
                raise ended

    async def _alarm_states(self, names: list[str]) -> dict[str, str] | str:
        try:
            states: dict[str, str] = await self._blocking(self.clients.alarm_states, names)
        except (ClientError, BotoCoreError, OSError) as error:
            return str(error)
        return states

    def _finish(self, deployment: Deployment, status: str, ended: Ended | None = None) -> None:
        now = self.clock.now()
        for event in deployment.events:
            if event.status == "InProgress":
                event.status, event.end = "Failed", now
                if ended:
                    event.error_code, event.message = ended.event_code, ended.detail
            elif event.status == "Pending":
                event.status = "Skipped"
        deployment.status = status
        deployment.completed = now
        self._note_in_group(deployment, status, now)
        self._teller.tell(deployment, notifications.kind_of_end(status))

    def _note_in_group(self, deployment: Deployment, status: str, now: float) -> None:
        group = self.region.groups.get(f"{deployment.application}/{deployment.group}")
        if group is None:
            return
        attempt = {
            "deploymentId": deployment.deployment_id,
            "status": status,
            "endTime": now,
            "createTime": deployment.created,
        }
        group["lastAttemptedDeployment"] = attempt
        if status == "Succeeded":
            group["lastSuccessfulDeployment"] = attempt
            group["targetRevision"] = deployment.revision

    def _roll_back(self, deployment: Deployment) -> None:
        undo = rollback.undo(deployment, self.clock.now())
        deployment.undone_by = undo.deployment_id
        self.region.deployments[undo.deployment_id] = undo
        self.run(undo)

    def _in_background(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _blocking(self, call: Callable[..., T], *args: Any) -> T:
        as_here = contextvars.copy_context().run
        return await asyncio.get_running_loop().run_in_executor(self.pool, as_here, call, *args)
