"""Old task definitions of container services.

ECS keeps every revision that was ever registered. From one that is deregistered no service and no task can be
started any more, and what runs goes on (ECS API reference, DeregisterTaskDefinition); one that is deleted
besides is gone for good (DeleteTaskDefinitions).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lockgate.aws import Aws
from lockgate.contract import ContainerContract
from lockgate.prune.guards import Guards, carry_out, look, plan
from lockgate.prune.plan import Done, Item, Plan
from lockgate.release.ledger import Ledger

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import TaskDefinitionTypeDef

KIND = "task definitions"

_TASKS_AT_ONCE = 100
"""Tasks in a call of DescribeTasks (API reference)."""


@dataclass(frozen=True)
class TaskDefinitions:
    """The active task definitions that releases of one service have registered.

    Args:
        aws: clients of the environment.
        contract: the service, as Terraform provisioned it.
        ledger: what was released.
    """

    aws: Aws
    contract: ContainerContract
    ledger: Ledger

    def plan(self, now: datetime, age: timedelta) -> Plan:
        """What would be deleted. Writes nothing."""
        items = tuple(Item(str(found["revision"]), found["registeredAt"]) for found in self.registered)
        return plan(self.contract.service, KIND, items, self._guards(), now - age)

    @cached_property
    def registered(self) -> list[TaskDefinitionTypeDef]:
        """What was active when this was first asked."""
        return [self._describe(arn) for arn in self._active()]

    def images(self, left_by: Plan | None = None) -> frozenset[str]:
        """Digests of the images that active task definitions name.

        Args:
            left_by: a plan for them: those that it leaves; None for all that are active now.
        """
        known = {found["taskDefinitionArn"]: found for found in self.registered}
        if left_by is None:
            found = [known.get(arn) or self._describe(arn) for arn in self._active()]
        else:
            going = {item.name for item in left_by.delete}
            found = [one for one in known.values() if str(one["revision"]) not in going]
        return frozenset(digest for definition in found for digest in digests(definition))

    def _describe(self, arn: str) -> TaskDefinitionTypeDef:
        return self.aws.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]

    def _active(self) -> list[str]:
        family = self.contract.task_definition_family
        pages = self.aws.ecs.get_paginator("list_task_definitions").paginate(
            familyPrefix=family, status="ACTIVE"
        )
        found = [arn for page in pages for arn in page["taskDefinitionArns"]]
        return [arn for arn in found if ":" not in self.contract.version_of(arn)]

    def delete(self, planned: Plan) -> Iterator[Done]:
        """Deletes, as far as nothing has come into use."""
        return carry_out(planned, self._guards, self._delete)

    def _delete(self, version: str) -> Done:
        # Without a revision the family's newest one would go.
        assert version.isdecimal()
        name = f"{self.contract.task_definition_family}:{version}"
        try:
            self.aws.ecs.deregister_task_definition(taskDefinition=name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ClientException":
                raise
            return Done(version)
        failures = self.aws.ecs.delete_task_definitions(taskDefinitions=[name])["failures"]
        if failures:
            return Done(version, f"deregistered, but ECS does not delete it: {failures[0].get('reason')}")
        return Done(version)

    def _guards(self) -> Guards:
        return look(self.aws, self.contract, self.ledger, self._serving)

    def _serving(self) -> frozenset[str]:
        """Versions that the service, its task sets, or any task of the family in its cluster runs."""
        ecs, cluster = self.aws.ecs, self.contract.cluster
        services = ecs.describe_services(cluster=cluster, services=[self.contract.ecs_service])["services"]
        named = [one.get("taskDefinition", "") for service in services for one in service.get("taskSets", [])]
        named += [service.get("taskDefinition", "") for service in services]
        pages = ecs.get_paginator("list_tasks").paginate(
            cluster=cluster, family=self.contract.task_definition_family
        )
        tasks = [arn for page in pages for arn in page["taskArns"]]
        for start in range(0, len(tasks), _TASKS_AT_ONCE):
            some = ecs.describe_tasks(cluster=cluster, tasks=tasks[start : start + _TASKS_AT_ONCE])["tasks"]
            named += [task["taskDefinitionArn"] for task in some]
        return frozenset(self.contract.version_of(arn) for arn in named if arn)


def digests(definition: TaskDefinitionTypeDef) -> Iterator[str]:
    """Digests of the images that a task definition names, `sha256:...` each."""
    for container in definition["containerDefinitions"]:
        _, found, digest = container.get("image", "").partition("@")
        if found:
            yield digest
