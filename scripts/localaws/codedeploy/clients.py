"""What CodeDeploy asks of the other services."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from localaws.clients import Clients

T = TypeVar("T")

_MISSING = ("ResourceNotFoundException", "NoSuchEntity")


class DeployClients(Clients):
    """Clients of one account and region, with what a deployment asks of them."""

    def alias(self, function: str, alias: str) -> dict[str, Any] | None:
        """An alias, or None when it or its function does not exist."""
        found: dict[str, Any] | None = _or_none(
            lambda: self.client("lambda").get_alias(FunctionName=function, Name=alias)
        )
        return found

    def version(self, function: str, version: str) -> dict[str, Any] | None:
        """A version's configuration, or None."""
        get = self.own("lambda").get_function_configuration
        found: dict[str, Any] | None = _or_none(lambda: get(FunctionName=function, Qualifier=version))
        return found

    def move(self, function: str, alias: dict[str, Any], version: str, extra: dict[str, float]) -> None:
        """Points an alias to a version, with further weights, if nobody has changed it since it was read."""
        self.client("lambda").update_alias(
            FunctionName=function,
            Name=alias["Name"],
            FunctionVersion=version,
            RoutingConfig={"AdditionalVersionWeights": extra},
            RevisionId=alias["RevisionId"],
        )

    def invoke_hook(self, function: str, payload: dict[str, str]) -> None:
        """Invokes a hook asynchronously."""
        self.client("lambda").invoke(
            FunctionName=function, InvocationType="Event", Payload=json.dumps(payload).encode()
        )

    def alarm_states(self, names: list[str]) -> dict[str, str]:
        """State of each of these alarms that exists."""
        answer = self.client("cloudwatch").describe_alarms(
            AlarmNames=names, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        alarms = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
        return {alarm["AlarmName"]: alarm["StateValue"] for alarm in alarms}

    def role_problem(self, arn: str) -> str | None:
        """Why CodeDeploy cannot assume a role, as an error code, or None when it can."""
        role = _or_none(lambda: self.own("iam").get_role(RoleName=_role_name(arn))["Role"])
        if role is None:
            return "IAM_ROLE_MISSING"
        statements = role["AssumeRolePolicyDocument"].get("Statement", [])
        for statement in statements if isinstance(statements, list) else [statements]:
            principal = statement.get("Principal", {})
            services = principal.get("Service", []) if isinstance(principal, dict) else []
            names = services if isinstance(services, list) else [services]
            trusted = any(str(name).startswith("codedeploy.") for name in names)
            if trusted and statement.get("Effect", "Allow") == "Allow":
                return None
        return "IAM_ROLE_PERMISSIONS"

    def managed_policies(self, role_arn: str) -> list[str]:
        """Names of the AWS managed policies that a role carries."""
        attached = self._attached(role_arn)
        return [policy["PolicyName"] for policy in attached if ":aws:policy/" in policy["PolicyArn"]]

    def own_policies(self, role_arn: str) -> list[dict[str, Any]]:
        """Documents of a role's inline and customer managed policies."""
        iam, name = self.own("iam"), _role_name(role_arn)
        inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
        documents = [iam.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"] for one in inline]
        for policy in self._attached(role_arn):
            arn = policy["PolicyArn"]
            if ":aws:policy/" not in arn:
                version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
                found = iam.get_policy_version(PolicyArn=arn, VersionId=version)
                documents.append(found["PolicyVersion"]["Document"])
        return documents

    def _attached(self, role_arn: str) -> list[dict[str, str]]:
        answer = self.own("iam").list_attached_role_policies(RoleName=_role_name(role_arn))
        policies: list[dict[str, str]] = answer["AttachedPolicies"]
        return policies

    def object(self, location: dict[str, str]) -> str:
        """Text of an S3 object."""
        version = {"VersionId": location["version"]} if location.get("version") else {}
        answer = self.client("s3").get_object(Bucket=location["bucket"], Key=location["key"], **version)
        text: str = answer["Body"].read().decode()
        return text


def _role_name(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _or_none(call: Callable[[], T]) -> T | None:
    try:
        return call()
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            return None
        raise
