"""CodeDeploy as a client of the other services, on the same endpoint and in the caller's account."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


@dataclass
class Clients:
    """Clients of one account and region; safe to use from several threads.

    Args:
        endpoint: URL of the server.
        account: 12-digit account id, which is the access key here.
        region: name of the region.
    """

    endpoint: str
    account: str
    region: str
    _made: dict[str, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, service: str) -> Any:
        """A client, made once."""
        with self._lock:
            if service not in self._made:
                session = boto3.Session(self.account, "local", region_name=self.region)
                make: Any = session.client
                config = Config(retries={"mode": "standard", "max_attempts": 3}, read_timeout=30)
                self._made[service] = make(service, endpoint_url=self.endpoint, config=config)
            return self._made[service]

    def alias(self, function: str, alias: str) -> dict[str, Any] | None:
        """An alias, or None when it or its function does not exist."""
        found: dict[str, Any] | None = self._or_none(
            lambda: self.client("lambda").get_alias(FunctionName=function, Name=alias)
        )
        return found

    def version(self, function: str, version: str) -> dict[str, Any] | None:
        """A version's configuration, or None."""
        get = self.client("lambda").get_function_configuration
        found: dict[str, Any] | None = self._or_none(lambda: get(FunctionName=function, Qualifier=version))
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

    def red_alarms(self, names: list[str]) -> list[str]:
        """Those of these alarms that are in ALARM.

        Raises:
            LookupError: one of them does not exist.
        """
        answer = self.client("cloudwatch").describe_alarms(
            AlarmNames=names, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        found = {alarm["AlarmName"]: alarm for alarm in answer["MetricAlarms"] + answer["CompositeAlarms"]}
        missing = [name for name in names if name not in found]
        if missing:
            raise LookupError(f"alarm {', '.join(missing)} does not exist")
        return [name for name in names if found[name]["StateValue"] == "ALARM"]

    def role_is_assumable(self, arn: str) -> str | None:
        """Why CodeDeploy cannot assume a role, as an error code, or None when it can."""
        role = self._or_none(lambda: self.client("iam").get_role(RoleName=arn.rsplit("/", 1)[-1])["Role"])
        if role is None:
            return "IAM_ROLE_MISSING"
        statements = role["AssumeRolePolicyDocument"].get("Statement", [])
        for statement in statements if isinstance(statements, list) else [statements]:
            principal = statement.get("Principal", {})
            services = principal.get("Service", []) if isinstance(principal, dict) else []
            names = services if isinstance(services, list) else [services]
            if any(str(name).startswith("codedeploy.") for name in names):
                return None
        return "IAM_ROLE_PERMISSIONS"

    def object(self, location: dict[str, str]) -> str:
        """Text of an S3 object."""
        answer = self.client("s3").get_object(Bucket=location["bucket"], Key=location["key"])
        text: str = answer["Body"].read().decode()
        return text

    def _or_none(self, call: Any) -> Any:
        try:
            return call()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("ResourceNotFoundException", "NoSuchEntity"):
                return None
            raise
