"""Everything that a release needs, looked at before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from lockgate.aws import Aws
from lockgate.config import Service
from lockgate.contract import Contract, ServiceContract
from lockgate.release.codedeploy import running_deployments
from lockgate.release.findings import Finding, Level, looked
from lockgate.release.verify_platform import PlatformChecks, checks_of
from lockgate.release.verify_secrets import secret_findings

_ROLLBACK_EVENTS = {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"}


def verify(
    aws: Aws, contract: Contract, services: Mapping[str, Service], *, ignore_alarms: bool = False
) -> list[Finding]:
    """Looks at everything that releasing these services needs. Writes nothing.

    Raises:
        RefusedError: a service has no contract at all.
    """
    apply_hint = f"Apply Terraform: make apply ENV={contract.platform.environment}."
    findings = list(_Platform(aws, contract, apply_hint).findings())
    for name, declared in services.items():
        service = contract.service(name)
        checks = _Service(aws, service, checks_of(aws, service, apply_hint), apply_hint, ignore_alarms)
        findings += checks.findings()
        findings += secret_findings(aws, service, declared, apply_hint)
    return findings


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
        return looked("platform", check, what, look, self.apply_hint)


@dataclass(frozen=True)
class _Service:
    aws: Aws
    contract: ServiceContract
    platform: PlatformChecks
    apply_hint: str
    ignore_alarms: bool

    def findings(self) -> list[Finding]:
        found = [self.platform.serving()]
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
        return looked(
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
        wrong = [dims for dims in _dimensions(alarm) if dims not in self.platform.measured]
        if wrong:
            expected = " or ".join(map(_spoken, self.platform.measured))
            return self._problem(
                "alarm",
                f"{name} watches {_spoken(wrong[0])}, not {expected}: it would never go red",
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

    def _hook(self) -> Finding:
        hook = self.contract.hook_function
        if hook is None:
            return self._ok("hook", "none")
        return looked(
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


def _spoken(dimensions: dict[str, str]) -> str:
    return " and ".join(f"{name}={value}" for name, value in dimensions.items()) or "no dimension"


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
