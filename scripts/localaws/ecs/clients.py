"""What ECS asks of the other services."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from localaws.clients import Clients


class TaskClients(Clients):
    """Clients of one account and region, with what services and their tasks need."""

    def definition(self, reference: str) -> dict[str, Any]:
        """A task definition by ARN, family or `family:revision`.

        Raises:
            ClientError: there is none.
        """
        answer = self.client("ecs").describe_task_definition(taskDefinition=reference)
        found: dict[str, Any] = answer["taskDefinition"]
        return found

    def register(self, load_balancers: Sequence[dict[str, Any]], address: str) -> None:
        """Registers a task in its target groups."""
        for balancer in load_balancers:
            target = {"Id": address, "Port": balancer["containerPort"]}
            self.client("elbv2").register_targets(TargetGroupArn=balancer["targetGroupArn"], Targets=[target])

    def deregister(self, load_balancers: Sequence[dict[str, Any]], address: str) -> None:
        """Takes a task out of its target groups; one that is gone needs nothing."""
        for balancer in load_balancers:
            target = {"Id": address, "Port": balancer["containerPort"]}
            try:
                self.client("elbv2").deregister_targets(
                    TargetGroupArn=balancer["targetGroupArn"], Targets=[target]
                )
            except ClientError as error:
                if error.response["Error"]["Code"] != "TargetGroupNotFound":
                    raise

    def secret(self, source: str) -> str:
        """A value by the `valueFrom` of a container definition (Amazon ECS developer guide, "Pass sensitive
        data to an Amazon ECS container").

        Raises:
            ClientError: it cannot be read.
        """
        if ":secretsmanager:" in source:
            return self._secret(source)
        _, is_arn, tail = source.partition(":parameter/")
        name = f"/{tail}" if is_arn and "/" in tail else tail or source
        answer = self.client("ssm").get_parameter(Name=name, WithDecryption=True)
        value: str = answer["Parameter"]["Value"]
        return value

    def _secret(self, source: str) -> str:
        parts = source.split(":")
        arn, key = ":".join(parts[:7]), parts[7] if len(parts) > 7 else ""
        text: str = self.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
        return str(json.loads(text)[key]) if key else text
