"""What an operation of ECS works with."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from localaws.ecs.answers import Arns
from localaws.ecs.model import EcsService, Region, Task, TaskSet
from localaws.service import Answer
from localaws.wire import ServiceError

Params = dict[str, Any]


class PassedOnError(Exception):
    """MiniStack has answered a part of a request with an error, which is the answer of the whole.

    Args:
        answer: of MiniStack.
    """

    def __init__(self, answer: Answer) -> None:
        super().__init__(str(answer[0]))
        self.answer = answer


@dataclass(frozen=True)
class Merged:
    """An answer whose lists have something of ours and something of MiniStack's."""

    own: Params
    other: Params


PassOn = Callable[[str, Params], Awaitable[Answer]]
"""MiniStack's answer to an operation in the account and region of the request."""


@dataclass(frozen=True)
class Context:
    """The account and region that ask.

    Args:
        arns: makes its ARNs.
        region: its services.
        now: seconds since the epoch.
        pass_on: asks MiniStack.
        wake: lets the scheduler look at once.
        stop_task: stops a task for a reason.
    """

    arns: Arns
    region: Region
    now: float
    pass_on: PassOn
    wake: Callable[[], None]
    stop_task: Callable[[EcsService, Task, str], None]

    async def ask(self, operation: str, params: Params) -> Params:
        """What MiniStack answers.

        Raises:
            PassedOnError: with an error.
        """
        answer = await self.pass_on(operation, params)
        if answer[0] != 200:
            raise PassedOnError(answer)
        found: Params = json.loads(answer[2])
        return found

    async def definition(self, reference: str) -> Params:
        """A task definition by ARN, family or `family:revision`.

        Raises:
            ServiceError: there is none (words of ECS, recorded).
        """
        try:
            found: Params = await self.ask("DescribeTaskDefinition", {"taskDefinition": reference})
        except PassedOnError as error:
            raise ServiceError("ClientException", "Unable to find task definition.") from error
        definition: Params = found["taskDefinition"]
        if definition["status"] != "ACTIVE":
            raise ServiceError("ClientException", "TaskDefinition is inactive")
        return definition

    def service(self, params: Params) -> EcsService | None:
        """The service of a request, if it is ours."""
        return self.region.find(params.get("cluster", "default"), params["service"])


def task_set(service: EcsService, reference: str) -> TaskSet:
    """A task set of a service.

    Raises:
        ServiceError: there is none.
    """
    found = service.task_set(reference)
    if found is None:
        raise ServiceError("TaskSetNotFoundException", "The specified task set wasn't found.")
    return found


Operation = Callable[[Context, Params], Awaitable[Params | Merged | None]]
"""Answers a request, or gives None where it concerns nothing of ours."""
