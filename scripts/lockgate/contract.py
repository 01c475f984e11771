"""The contract: what Terraform tells a release, and nothing else passes between the two.

One SSM parameter for the platform, `/lockgate/<environment>/platform`, and one for each service,
`/lockgate/<environment>/services/<service>`; all are read with one paged `GetParametersByPath`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lockgate.config.secrets import Store
from lockgate.errors import RefusedError

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

Strategy = Literal["canary", "linear", "all_at_once"]
Model = TypeVar("Model", bound=BaseModel)


class _Parameter(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    schema_version: Literal[1] = Field(alias="schema")
    environment: str


class PlatformContract(_Parameter):
    """What all services of an environment share.

    Attributes:
        artifact_bucket: the artifact store: the environment's own, or the tooling account's.
        topics: ARNs of SNS topics, by severity.
        event_bus: name of the bus of release events; none where Terraform has not been applied since.
        release_topic_arn: the one topic of an environment that was provisioned before there were three.
    """

    account_id: str
    region: str
    partition: str
    ledger_table: str
    artifact_bucket: str
    topics: dict[str, str] = {}
    event_bus: str | None = None
    release_topic_arn: str | None = None

    def topic(self, severity: str) -> str | None:
        """ARN of the topic for messages of a severity; None where there is none."""
        return self.topics.get(severity, self.release_topic_arn)


class Traffic(BaseModel):
    """How traffic moves, as Terraform has provisioned it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    strategy: Strategy
    percentage: int
    interval_minutes: int


class SecretContract(BaseModel):
    """A secret, as Terraform has provisioned it; its value is in the store alone.

    Attributes:
        name: what the service calls it.
        id: what the store calls it.
        variable: environment variable of the service.
        key: ARN of the customer key that encrypts it.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    store: Store
    id: str
    variable: str
    key: str


class ServiceContract(_Parameter):
    """What a release needs to know about one service of any kind.

    Attributes:
        deployment_configs: CodeDeploy's configurations by strategy.
        canary_configs: those that a canary may choose from, by minutes.
        alarms: names of the alarms that stop a deployment.
        hook_function: what checks a new version before it gets traffic.
        smoke: what that sends.
        secrets: what has to have a value before it can run.
    """

    kind: str
    service: str
    codedeploy_application: str
    deployment_group: str
    deployment_configs: dict[Strategy, str]
    canary_configs: dict[int, str] = {}
    alarms: list[str]
    hook_function: str | None
    traffic: Traffic
    smoke: list[dict[str, Any]] = []
    secrets: list[SecretContract] = []

    @property
    def address(self) -> str | None:
        """Where callers reach it over HTTP, if they do."""
        raise NotImplementedError

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


class LambdaContract(ServiceContract):
    """What a release needs to know about a function.

    Attributes:
        alias: what callers call, and CodeDeploy moves.
        artifact_bucket: where its code comes from.
        api_url: of its HTTP API, where it has routes.
    """

    kind: Literal["lambda"]
    function_name: str
    alias: str
    artifact_bucket: str
    api_url: str | None

    @property
    def address(self) -> str | None:
        return self.api_url


class ContainerContract(ServiceContract):
    """What a release needs to know about an ECS service.

    Attributes:
        task_definition_template: ARN of the task definition that a release puts its image into.
        task_definition_family: what a release registers the outcome in.
        container_name, container_port: what the load balancer sends requests to.
        load_balancer: as CloudWatch's dimension `LoadBalancer` has it, `app/<name>/<id>`.
        listener_arn, test_listener_arn: whose weights CodeDeploy moves, and where it shows the new version.
        target_groups: ARNs of the two that take turns.
        repository_url: where its images are, without a tag.
        termination_wait_minutes: how long the old tasks stay after all traffic has moved.
        url: where callers reach it.
    """

    kind: Literal["container"]
    cluster: str
    ecs_service: str
    task_definition_template: str
    task_definition_family: str
    container_name: str
    container_port: int
    load_balancer: str
    listener_arn: str
    test_listener_arn: str
    target_groups: list[str] = Field(min_length=2, max_length=2)
    repository_url: str
    termination_wait_minutes: int
    url: str

    @property
    def address(self) -> str:
        return self.url

    def version_of(self, task_definition: str) -> str:
        """What a release calls a task definition: its revision, or `family:revision` where it is of another
        family, such as the template's.

        Args:
            task_definition: its ARN.
        """
        family, _, revision = task_definition.rpartition("/")[2].rpartition(":")
        return revision if family == self.task_definition_family else f"{family}:{revision}"


_KINDS: dict[str, type[ServiceContract]] = {"lambda": LambdaContract, "container": ContainerContract}


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
            name.removeprefix(prefix): parse_service(name, value)
            for name, value in sorted(values.items())
            if name.startswith(prefix)
        },
    )


def parse_service(name: str, value: str) -> ServiceContract:
    """One service's contract.

    Args:
        name: of its parameter.
        value: what stands there.

    Raises:
        RefusedError: it does not say what this version of Lockgate needs.
    """
    kind = _parse(_Kind, name, value).kind
    return _parse(_KINDS[kind], name, value)


class _Kind(BaseModel):
    kind: Literal["lambda", "container"]


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
