"""The contract: what Terraform tells a release, and nothing else passes between the two.

One SSM parameter for the platform, `/lockgate/<environment>/platform`, and one for each service,
`/lockgate/<environment>/services/<service>`; all are read with one paged `GetParametersByPath`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lockgate.errors import RefusedError

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

Strategy = Literal["canary", "linear", "all_at_once"]
Model = TypeVar("Model", bound="_Parameter")


class _Parameter(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    schema_version: Literal[1] = Field(alias="schema")
    environment: str


class PlatformContract(_Parameter):
    """What all services of an environment share.

    Attributes:
        artifact_bucket: the artifact store: the environment's own, or the tooling account's.
    """

    account_id: str
    region: str
    partition: str
    ledger_table: str
    artifact_bucket: str
    release_topic_arn: str


class Traffic(BaseModel):
    """How traffic moves, as Terraform has provisioned it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    strategy: Strategy
    percentage: int
    interval_minutes: int


class ServiceContract(_Parameter):
    """What a release needs to know about one Lambda service."""

    kind: Literal["lambda"]
    service: str
    function_name: str
    alias: str
    codedeploy_application: str
    deployment_group: str
    deployment_configs: dict[Strategy, str]
    canary_configs: dict[int, str] = {}
    alarms: list[str]
    hook_function: str | None
    artifact_bucket: str
    api_url: str | None
    traffic: Traffic
    smoke: list[dict[str, Any]] = []

    def deployment_config(self, strategy: Strategy, percentage: int, interval_minutes: int) -> str:
        """Name of the CodeDeploy configuration that moves traffic so; canaries have one for each interval.

        Raises:
            RefusedError: Terraform has not provisioned it: the declaration was changed since.
        """
        if strategy == "all_at_once":
            return self.deployment_configs[strategy]
        own = strategy == self.traffic.strategy and percentage == self.traffic.percentage
        found = None
        if own and interval_minutes == self.traffic.interval_minutes:
            found = self.deployment_configs.get(strategy)
        elif own and strategy == "canary":
            found = self.canary_configs.get(interval_minutes)
        if found is None:
            path = service_path(self.environment, self.service)
            raise RefusedError(
                f"{self.service}: {strategy} with {percentage} % and {interval_minutes} minutes is not "
                f"provisioned: SSM parameter {path} has no CodeDeploy configuration for it",
                hint=f"Apply Terraform first: make apply ENV={self.environment}.",
            )
        return found


@dataclass(frozen=True)
class Contract:
    """Everything that Terraform has provisioned in one environment."""

    platform: PlatformContract
    services: dict[str, ServiceContract]

    def service(self, name: str) -> ServiceContract:
        """One service's contract.

        Raises:
            RefusedError: Terraform has not been applied for it.
        """
        if name not in self.services:
            raise _missing(f"service {name!r}", service_path(self.platform.environment, name))
        return self.services[name]


def service_path(environment: str, service: str) -> str:
    """Name of a service's parameter."""
    return f"/lockgate/{environment}/services/{service}"


def read_contract(ssm: SSMClient, environment: str) -> Contract:
    """Reads an environment's contract.

    Raises:
        RefusedError: a parameter is missing, or does not say what this version of Lockgate needs.
    """
    root = f"/lockgate/{environment}"
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=root, Recursive=True)
    values = {item["Name"]: item["Value"] for page in pages for item in page["Parameters"]}
    platform_name = f"{root}/platform"
    if platform_name not in values:
        raise _missing(f"environment {environment!r}", platform_name)
    prefix = service_path(environment, "")
    return Contract(
        platform=_parse(PlatformContract, platform_name, values[platform_name]),
        services={
            name.removeprefix(prefix): _parse(ServiceContract, name, value)
            for name, value in sorted(values.items())
            if name.startswith(prefix)
        },
    )


def _parse(model: type[Model], name: str, value: str) -> Model:
    try:
        return model.model_validate_json(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "value"
        environment = name.split("/")[2]
        raise RefusedError(
            f"contract parameter {name}: {where}: {first['msg']}",
            hint=f"Apply the Terraform of this commit: make apply ENV={environment}.",
        ) from error


def _missing(what: str, parameter: str) -> RefusedError:
    environment = parameter.split("/")[2]
    return RefusedError(
        f"{what} is not provisioned: there is no SSM parameter {parameter}",
        hint=f"Apply Terraform first: make apply ENV={environment}.",
    )
