"""Everything that a release needs, looked at before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError

from lockgate.aws import Aws
from lockgate.contract import Contract, ServiceContract

_ROLLBACK_EVENTS = {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"}
_RUNNING = ["Created", "Queued", "InProgress", "Baking", "Ready"]


class Level(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        subject: the service, or `platform`.
        check: what was looked at.
        level: how it came out.
        detail: what is true.
        hint: what to do about it; empty when all is well.
    """

    subject: str
    check: str
    level: Level
    detail: str
    hint: str = ""

    def as_dict(self) -> dict[str, str]:
        return {name: str(value) for name, value in asdict(self).items()}


def verify(
    aws: Aws, contract: Contract, services: list[str], *, ignore_alarms: bool = False
) -> list[Finding]:
    """Looks at everything that releasing these services needs. Writes nothing.

    Raises:
        RefusedError: a service has no contract at all.
    """
    apply_hint = f"Apply Terraform: make apply ENV={contract.platform.environment}."
    findings = list(_Platform(aws, contract, apply_hint).findings())
    for name in services:
        checks = _Service(aws, contract.service(name), apply_hint, ignore_alarms)
        findings += checks.findings()
    return findings


def running_deployments(aws: Aws, contract: ServiceContract) -> list[str]:
    """Ids of CodeDeploy's deployments of a service that are not over; their group has one at a time."""
    return aws.codedeploy.list_deployments(
        applicationName=contract.codedeploy_application,
        deploymentGroupName=contract.deployment_group,
        includeOnlyStatuses=_RUNNING,  # type: ignore[arg-type]
    )["deployments"]


@dataclass(frozen=True)
class _Platform:
    aws: Aws
    contract: Contract
    apply_hint: str

    def findings(self) -> Iterator[Finding]:
        platform = self.contract.platform
        yield self._exists(
            "ledger",
            f"table {platform.ledger_table}",
            lambda: self.aws.dynamodb.describe_table(TableName=platform.ledger_table),
        )
        yield self._exists(
            "artifact store",
            f"bucket {platform.artifact_bucket}",
            lambda: self.aws.s3.head_bucket(Bucket=platform.artifact_bucket),
        )

    def _exists(self, check: str, what: str, look: Any) -> Finding:
        return _looked("platform", check, what, look, self.apply_hint)


@dataclass(frozen=True)
class _Service:
    aws: Aws
    contract: ServiceContract
    apply_hint: str
    ignore_alarms: bool

    def findings(self) -> list[Finding]:
        found = [self._alias()]
        if found[0].level is Level.PROBLEM:
            return found
        try:
            group = self.aws.codedeploy.get_deployment_group(
                applicationName=self.contract.codedeploy_application,
                deploymentGroupName=self.contract.deployment_group,
            )["deploymentGroupInfo"]
        except ClientError as error:
            return [*found, self._problem("deployment group", str(error), self.apply_hint)]
        found += [self._rollback_events(group), self._group_alarms(group), self._role(group), self._config()]
        found += self._alarms()
        found += [self._hook(), self._running()]
        return [finding for finding in found if finding is not None]

    def _alias(self) -> Finding:
        name = f"{self.contract.function_name}:{self.contract.alias}"
        try:
            alias = self.aws.lambda_.get_alias(
                FunctionName=self.contract.function_name, Name=self.contract.alias
            )
        except ClientError as error:
            return self._problem("alias", f"{name}: {error}", self.apply_hint)
        weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights")
        if not weights:
            return self._ok("alias", f"{name} serves version {alias['FunctionVersion']}")
        if running_deployments(self.aws, self.contract):
            return self._ok("alias", f"{name} is in the middle of a deployment")
        others = ", ".join(weights)
        return self._problem(
            "alias",
            f"{name} was left with two versions: {alias['FunctionVersion']} and {others}. Every deployment "
            "fails until that is cleared",
            f"aws lambda update-alias --function-name {self.contract.function_name} --name "
            f"{self.contract.alias} --routing-config 'AdditionalVersionWeights={{}}' --revision-id "
            f"{alias['RevisionId']}",
        )

    def _rollback_events(self, group: Any) -> Finding:
        settings = group.get("autoRollbackConfiguration", {})
        missing = _ROLLBACK_EVENTS - set(settings.get("events", []))
        if settings.get("enabled") and not missing:
            return self._ok("automatic roll-back", "on failure, alarm and request")
        detail = f"missing: {', '.join(sorted(missing))}" if missing else "switched off"
        return self._problem("automatic roll-back", detail, self.apply_hint)

    def _group_alarms(self, group: Any) -> Finding:
        settings = group.get("alarmConfiguration", {})
        names = {alarm["name"] for alarm in settings.get("alarms", [])}
        missing = set(self.contract.alarms) - names
        if (settings.get("enabled") and not missing) or not self.contract.alarms:
            return self._ok("alarms of the group", ", ".join(sorted(names)) or "none")
        detail = f"CodeDeploy does not watch {', '.join(sorted(missing or names))}"
        return self._problem("alarms of the group", detail, self.apply_hint)

    def _role(self, group: Any) -> Finding:
        name = str(group["serviceRoleArn"]).rsplit("/", 1)[-1]
        try:
            role = self.aws.iam.get_role(RoleName=name)["Role"]
        except ClientError as error:
            return self._problem("service role", f"{name}: {error}", self.apply_hint)
        document: Any = role["AssumeRolePolicyDocument"]
        if any(_trusts(statement, "codedeploy.amazonaws.com") for statement in _list(document["Statement"])):
            return self._ok("service role", f"CodeDeploy may assume {name}")
        return self._problem("service role", f"CodeDeploy may not assume {name}", self.apply_hint)

    def _config(self) -> Finding:
        name = self.contract.deployment_configs[self.contract.traffic.strategy]
        return _looked(
            self.contract.service,
            "deployment configuration",
            name,
            lambda: self.aws.codedeploy.get_deployment_config(deploymentConfigName=name),
            self.apply_hint,
        )

    def _alarms(self) -> Iterator[Finding]:
        if not self.contract.alarms:
            return
        answer = self.aws.cloudwatch.describe_alarms(
            AlarmNames=self.contract.alarms, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        found: dict[str, Any] = {str(a["AlarmName"]): a for a in answer["MetricAlarms"]}
        found |= {str(a["AlarmName"]): a for a in answer["CompositeAlarms"]}
        for name in self.contract.alarms:
            yield self._alarm(name, found.get(name))

    def _alarm(self, name: str, alarm: Any) -> Finding:
        if alarm is None:
            return self._problem("alarm", f"{name} does not exist", self.apply_hint)
        wrong = [dims for dims in _dimensions(alarm) if not self._fits(dims)]
        if wrong:
            return self._problem(
                "alarm",
                f"{name} watches {wrong[0]}, not FunctionName={self.contract.function_name} and "
                f"Resource={self.contract.function_name}:{self.contract.alias}: it would never go red",
                self.apply_hint,
            )
        if alarm["StateValue"] != "ALARM":
            return self._ok("alarm", f"{name} is {alarm['StateValue']}")
        detail = f"{name} is red before the start: {alarm.get('StateReason', 'no reason given')}"
        if self.ignore_alarms:
            return Finding(self.contract.service, "alarm", Level.WARNING, detail, "Ignored, as asked.")
        return self._problem(
            "alarm",
            detail,
            "CodeDeploy would stop at once. Wait until it is green, or release the fix with "
            '--ignore-alarms "reason".',
        )

    def _fits(self, dimensions: dict[str, str]) -> bool:
        function = self.contract.function_name
        return dimensions == {"FunctionName": function, "Resource": f"{function}:{self.contract.alias}"}

    def _hook(self) -> Finding:
        hook = self.contract.hook_function
        if hook is None:
            return self._ok("hook", "none")
        return _looked(
            self.contract.service,
            "hook",
            hook,
            lambda: self.aws.lambda_.get_function_configuration(FunctionName=hook),
            self.apply_hint,
        )

    def _running(self) -> Finding:
        running = running_deployments(self.aws, self.contract)
        if not running:
            return self._ok("running deployment", "none")
        return Finding(
            self.contract.service,
            "running deployment",
            Level.WARNING,
            f"{', '.join(running)} of this group is not over",
            "Its release is attached to; one that Lockgate did not start must end first.",
        )

    def _ok(self, check: str, detail: str) -> Finding:
        return Finding(self.contract.service, check, Level.OK, detail)

    def _problem(self, check: str, detail: str, hint: str) -> Finding:
        return Finding(self.contract.service, check, Level.PROBLEM, detail, hint)


def _looked(subject: str, check: str, what: str, look: Any, hint: str) -> Finding:
    try:
        look()
    except ClientError as error:
        return Finding(subject, check, Level.PROBLEM, f"{what}: {error}", hint)
    return Finding(subject, check, Level.OK, what)


def _dimensions(alarm: Any) -> list[dict[str, str]]:
    """Dimension sets that an alarm reads: its own, or those of its metric queries."""
    sets = [alarm.get("Dimensions", [])] if alarm.get("MetricName") else []
    sets += [
        query["MetricStat"]["Metric"].get("Dimensions", [])
        for query in alarm.get("Metrics", [])
        if "MetricStat" in query
    ]
    return [{item["Name"]: item["Value"] for item in items} for items in sets]


def _trusts(statement: Any, service: str) -> bool:
    principals = statement.get("Principal", {})
    services = _list(principals.get("Service", [])) if isinstance(principals, dict) else []
    return statement.get("Effect") == "Allow" and service in services


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
