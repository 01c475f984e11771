"""Task definitions of a container service: the template of Terraform, with the image of a release in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from lockgate.aws import Aws
from lockgate.contract import ContainerContract
from lockgate.errors import LockgateError
from lockgate.release.model import Artifact

_ONLY_OF_THE_TEMPLATE = ("family", "tags")
"""What may differ between a released task definition and its template, besides the image."""


@dataclass(frozen=True)
class TaskDefinitions:
    """The task definitions of one service.

    Args:
        aws: clients of the environment.
        contract: the service, as Terraform provisioned it.
    """

    aws: Aws
    contract: ContainerContract

    def registered(self, artifact: Artifact) -> str:
        """The version that runs an image as the template says: the newest one where it does, else a new one.

        RegisterTaskDefinition makes a new revision each time, of the same content too, so that the newest one
        is looked at first.
        """
        wanted = self._wanted(artifact)
        try:
            newest = self._describe(self.contract.task_definition_family)
        except ClientError as error:
            # "Unable to describe task definition.": a family without an active revision.
            if error.response["Error"]["Code"] != "ClientException":
                raise
            newest = {}
        if newest and _content(newest) == _content(wanted):
            return self.contract.version_of(newest["taskDefinitionArn"])
        answer = self.aws.ecs.register_task_definition(**wanted)
        return self.contract.version_of(answer["taskDefinition"]["taskDefinitionArn"])

    def difference(self, version: str, artifact: Artifact) -> str | None:
        """What a release of an image would change, or None."""
        if self.image_digest(version) != artifact.code_sha256:
            return "image"
        serving, wanted = _content(self._of(version)), _content(self._wanted(artifact))
        changed = sorted(
            key for key in {*serving, *wanted} if (serving.get(key) or None) != (wanted.get(key) or None)
        )
        return f"configuration ({', '.join(changed)})" if changed else None

    def image_digest(self, version: str) -> str | None:
        """Digest of the image that a version runs, `sha256:...`; None where it is not named by digest."""
        _, found, digest = str(self._container(self._of(version))["image"]).partition("@")
        return digest if found else None

    def is_active(self, version: str) -> bool:
        """Whether tasks can be started from a version; from one that was deregistered none can."""
        try:
            return bool(self._describe(self._name(version))["status"] == "ACTIVE")
        except ClientError as error:
            if error.response["Error"]["Code"] != "ClientException":
                raise
            return False

    def arn(self, version: str) -> str:
        """ARN of a version's task definition."""
        return str(self._of(version)["taskDefinitionArn"])

    def _wanted(self, artifact: Artifact) -> dict[str, Any]:
        """The template with the image in it, as RegisterTaskDefinition takes it."""
        answer = self.aws.ecs.describe_task_definition(
            taskDefinition=self.contract.task_definition_template, include=["TAGS"]
        )
        template: Any = answer["taskDefinition"]
        name = self._container(template)["name"]
        image = f"{self.contract.repository_url}@{artifact.code_sha256}"
        containers = [
            {**one, "image": image} if one["name"] == name else one
            for one in template["containerDefinitions"]
        ]
        return {
            **{key: value for key, value in template.items() if key in self._registrable},
            "family": self.contract.task_definition_family,
            "containerDefinitions": containers,
            **({"tags": answer["tags"]} if answer.get("tags") else {}),
        }

    @property
    def _registrable(self) -> frozenset[str]:
        """What RegisterTaskDefinition takes, of all that DescribeTaskDefinition gives."""
        model = self.aws.ecs.meta.service_model.operation_model("RegisterTaskDefinition")
        assert model.input_shape is not None
        return frozenset(model.input_shape.members)

    def _container(self, definition: Mapping[str, Any]) -> Mapping[str, Any]:
        for container in definition["containerDefinitions"]:
            if container["name"] == self.contract.container_name:
                return container  # type: ignore[no-any-return]
        raise LockgateError(
            f"{self.contract.service}: task definition {definition.get('taskDefinitionArn')} has no "
            f"container {self.contract.container_name}, though the contract names it",
            hint=f"Apply Terraform: make apply ENV={self.contract.environment}.",
        )

    def _name(self, version: str) -> str:
        """How ECS calls a version: `family:revision`."""
        return version if ":" in version else f"{self.contract.task_definition_family}:{version}"

    def _of(self, version: str) -> dict[str, Any]:
        return self._describe(self._name(version))

    def _describe(self, name: str) -> dict[str, Any]:
        answer = self.aws.ecs.describe_task_definition(taskDefinition=name)
        return dict(answer["taskDefinition"])


_NOT_CONTENT = frozenset(
    {
        "compatibilities",
        "deregisteredAt",
        "registeredAt",
        "registeredBy",
        "requiresAttributes",
        "revision",
        "status",
        "taskDefinitionArn",
        *_ONLY_OF_THE_TEMPLATE,
    }
)


def _content(definition: Mapping[str, Any]) -> dict[str, Any]:
    """What of a task definition decides on the tasks; empty lists and what was left out are the same."""
    return {
        key: value for key, value in definition.items() if key not in _NOT_CONTENT and value not in ([], None)
    }
