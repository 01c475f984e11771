"""Secrets Manager and Parameter Store as far as `lockgate secrets` sees them; botocore checks inputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import botocore.session
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters

from lockgate.contract import LambdaContract, SecretContract

KEY = "arn:aws:kms:eu-west-1:111111111111:key/1"
CHANGED = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
PASSWORD = SecretContract(
    name="database-password",
    store="secrets_manager",
    id="lockgate-prod/orders/database-password",
    variable="LOCKGATE_SECRET_DATABASE_PASSWORD",
    key=KEY,
)
API_KEY = SecretContract(
    name="api-key",
    store="parameter_store",
    id="/lockgate-prod/orders/api-key",
    variable="PARTNER",
    key=KEY,
)


def contract(*secrets: SecretContract) -> LambdaContract:
    """Of a function with these secrets."""
    return LambdaContract.model_validate(
        {
            "schema": 1,
            "kind": "lambda",
            "environment": "prod",
            "service": "orders",
            "function_name": "orders",
            "alias": "live",
            "codedeploy_application": "orders",
            "deployment_group": "live",
            "deployment_configs": {},
            "alarms": [],
            "hook_function": None,
            "artifact_bucket": "bucket",
            "api_url": None,
            "traffic": {"strategy": "canary", "percentage": 10, "interval_minutes": 5},
            "secrets": [secret.model_dump() for secret in secrets],
        }
    )


def refused(code: str, message: str, operation: str = "Any") -> ClientError:
    """What botocore raises."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@dataclass
class FakeStores:
    """Both services: the clients `secretsmanager` and `ssm` are this.

    Attributes:
        secrets: what DescribeSecret says, by name.
        parameters: what DescribeParameters says, by name.
        put: inputs of every PutSecretValue and PutParameter.
        refuses: what the next of these is answered with.
    """

    secrets: dict[str, dict[str, Any]] = field(default_factory=dict)
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    put: list[dict[str, Any]] = field(default_factory=list)
    refuses: Exception | None = None

    def __post_init__(self) -> None:
        self.secretsmanager = self.ssm = self
        self.accounts: list[str] = []

    def check_account(self, expected: str, _name: str) -> None:
        self.accounts.append(expected)

    def describe_secret(self, **asked: Any) -> dict[str, Any]:
        _check("secretsmanager", "DescribeSecret", asked)
        if asked["SecretId"] not in self.secrets:
            raise refused("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        return self.secrets[asked["SecretId"]]

    def describe_parameters(self, **asked: Any) -> dict[str, Any]:
        _check("ssm", "DescribeParameters", asked)
        (only,) = asked["ParameterFilters"]
        assert (only["Key"], only["Option"]) == ("Name", "Equals")
        return {"Parameters": [self.parameters[name] for name in only["Values"] if name in self.parameters]}

    def put_secret_value(self, **asked: Any) -> dict[str, Any]:
        _check("secretsmanager", "PutSecretValue", asked)
        return self._put(asked)

    def put_parameter(self, **asked: Any) -> dict[str, Any]:
        _check("ssm", "PutParameter", asked)
        # "tags and overwrite can't be used together" (ValidationException).
        assert not (asked.get("Overwrite") and asked.get("Tags"))
        return self._put(asked)

    def _put(self, asked: dict[str, Any]) -> dict[str, Any]:
        if self.refuses:
            raise self.refuses
        self.put.append(asked)
        return {}


def _check(service: str, operation: str, asked: dict[str, Any]) -> None:
    model = botocore.session.get_session().get_service_model(service).operation_model(operation)
    assert model.input_shape is not None
    validate_parameters(asked, model.input_shape)
