"""The stack on the embedded AWS: plans stay empty whatever a release does, and notifications arrive."""

from __future__ import annotations

import http.client
import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

from localaws import lifecycle
from localaws.codedeploy.configs import PREDEFINED
from localaws.settings import Settings
from lockgate.contract import read_contract
from lockgate.plans.toolchain import Toolchain
from tests.terraform.toolchain import Copy, embedded_backend, plan_changes

pytestmark = [pytest.mark.local, pytest.mark.terraform, pytest.mark.timeout(600)]

STACK = "stacks/workload"
ACCOUNT = "111111111111"
REGION = "eu-west-1"
STATE_BUCKET = "state"
FUNCTION = "lockgate-local-hello"
BUCKET = f"lockgate-local-artifacts-{ACCOUNT}-{REGION}"

# MiniStack looks for an API in the account of the credentials; AWS would take the request without any.
SIGNED_BY_ACCOUNT = f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20260101/{REGION}/execute-api/aws4_request"

PLATFORM = """\
organisation: acme
region: eu-west-1
environments:
  local:
    account_id: "111111111111"
    endpoint_url: {endpoint}
    minute_seconds: 5
"""

HELLO = """\
kind: lambda
description: Says hello.
hook: checker
memory_mb: {memory_mb}
tracing: {tracing}
environment: {{LOG_LEVEL: INFO}}
routes: ["GET /hello"]
release: {{percentage: {percentage}, interval_minutes: 30}}
smoke:
  - {{name: hello, event: {{rawPath: /hello}}, expect_status: 200}}
"""

CHECKER = """\
kind: lambda
codedeploy_hook: true
release: {strategy: all_at_once}
permissions:
  - actions: [codedeploy:PutLifecycleEventHookExecutionStatus]
    resources: ["arn:${partition}:codedeploy:${region}:${account_id}:deploymentgroup:${name_prefix}-*"]
"""


def hello(*, memory_mb: int = 256, percentage: int = 10, tracing: bool = True) -> str:
    """The service's declaration."""
    return HELLO.format(memory_mb=memory_mb, percentage=percentage, tracing=str(tracing).lower())


@dataclass(frozen=True)
class Applied:
    """The stack, applied to an embedded AWS of its own.

    Args:
        copy: what Terraform read.
        endpoint: where the embedded AWS answers.
    """

    copy: Copy
    endpoint: str

    def client(self, service: str) -> Any:
        """An AWS client of the environment's account."""
        session: Any = boto3.Session()
        return session.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="local",
        )

    def declare(self, **changes: Any) -> None:
        """Changes the service's declaration."""
        path = self.copy.root / "lambdas" / "hello" / "service.yaml"
        path.write_text(hello(**changes))

    def plan(self) -> dict[str, list[str]]:
        """What a plan would do, by address; without what stays as it is."""
        return plan_changes(self.copy, STACK, "-var=environment=local")

    def apply(self) -> None:
        """Applies the stack."""
        ran = self.copy.terraform(
            STACK, "apply", "-input=false", "-no-color", "-auto-approve", "-var=environment=local"
        )
        assert ran.code == 0, ran.output

    def publish(self, answer: str) -> str:
        """Uploads code and publishes it, as a release does; the new version."""
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as archive:
            archive.writestr("app.py", f"def handler(event, context):\n    return {{'body': {answer!r}}}\n")
        key = f"hello/{answer}.zip"
        self.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body.getvalue())
        functions = self.client("lambda")
        functions.update_function_code(FunctionName=FUNCTION, S3Bucket=BUCKET, S3Key=key)
        functions.get_waiter("function_updated_v2").wait(FunctionName=FUNCTION)
        version: str = functions.publish_version(FunctionName=FUNCTION)["Version"]
        return version

    def alias(self) -> Any:
        """The alias as it is."""
        return self.client("lambda").get_alias(FunctionName=FUNCTION, Name="live")

    def weights(self) -> dict[str, float]:
        """Further versions of the alias, with their shares."""
        weights: dict[str, float] = self.alias().get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        return weights


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory, toolchain: Toolchain) -> Iterator[Applied]:
    """The stack with two services, applied once for all tests of this module."""
    settings = Settings(home=tmp_path_factory.mktemp("localaws"), port=0, minute_seconds=5)
    running = lifecycle.up(settings)
    try:
        yield _apply(tmp_path_factory.mktemp("project"), toolchain, running.endpoint)
    finally:
        lifecycle.down(settings)


def _apply(root: Path, toolchain: Toolchain, endpoint: str) -> Applied:
    copy = Copy.make(root / "repository", toolchain)
    (copy.root / "platform.yaml").write_text(PLATFORM.format(endpoint=endpoint))
    copy.add_service("checker", CHECKER)
    copy.add_service("hello", hello())
    applied = Applied(copy, endpoint)
    location: Any = {"LocationConstraint": REGION}
    applied.client("s3").create_bucket(Bucket=STATE_BUCKET, CreateBucketConfiguration=location)
    copy.init(STACK, *embedded_backend(endpoint, ACCOUNT, STATE_BUCKET, "workload.tfstate"))
    applied.apply()
    return applied


def test_bootstrap_answers_through_the_api_until_something_is_released(applied: Applied) -> None:
    contract = read_contract(applied.client("ssm"), "local").service("hello")
    assert contract.api_url
    connection = http.client.HTTPConnection(urlsplit(applied.endpoint).netloc, timeout=60)
    headers = {"Host": urlsplit(contract.api_url).netloc, "Authorization": SIGNED_BY_ACCOUNT}
    connection.request("GET", "/hello", headers=headers)
    answer = connection.getresponse()
    assert (answer.status, json.load(answer)) == (503, {"message": "nothing released yet"})


def test_contract_is_what_a_release_reads(applied: Applied) -> None:
    contract = read_contract(applied.client("ssm"), "local")
    assert contract.platform.ledger_table == "lockgate-local-ledger"
    assert set(contract.services) == {"checker", "hello"}
    hello = contract.service("hello")
    assert hello.hook_function == contract.service("checker").function_name
    assert hello.smoke == [{"name": "hello", "event": {"rawPath": "/hello"}, "expect_status": 200}]


def test_plan_is_empty_after_an_apply(applied: Applied) -> None:
    assert applied.plan() == {}


def test_plan_is_empty_in_the_middle_of_a_canary(applied: Applied) -> None:
    old, new = applied.alias()["FunctionVersion"], applied.publish("canary")
    assert old != new
    functions = applied.client("lambda")
    functions.update_alias(
        FunctionName=FUNCTION,
        Name="live",
        FunctionVersion=old,
        RoutingConfig={"AdditionalVersionWeights": {new: 0.1}},
    )
    assert applied.plan() == {}
    functions.update_alias(FunctionName=FUNCTION, Name="live", FunctionVersion=old, RoutingConfig={})


def test_plan_is_empty_while_codedeploy_shifts_traffic(applied: Applied) -> None:
    old, new = applied.alias()["FunctionVersion"], applied.publish("codedeploy")
    codedeploy = applied.client("codedeploy")
    deployment = codedeploy.create_deployment(
        applicationName=FUNCTION, deploymentGroupName="live", revision=_revision(old, new)
    )["deploymentId"]

    def told() -> Any:
        return codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]

    _until(lambda: new in applied.weights(), told)
    assert applied.plan() == {}
    codedeploy.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)
    _until(lambda: not applied.weights(), told)
    assert applied.alias()["FunctionVersion"] == old


def test_plan_is_empty_after_ten_releases(applied: Applied) -> None:
    functions = applied.client("lambda")
    for number in range(10):
        version = applied.publish(f"release-{number}")
        functions.update_alias(FunctionName=FUNCTION, Name="live", FunctionVersion=version, RoutingConfig={})
    assert applied.plan() == {}


def test_changed_configuration_changes_the_function_alone(applied: Applied) -> None:
    applied.declare(memory_mb=512)
    try:
        assert applied.plan() == {'module.lambda_service["hello"].aws_lambda_function.this': ["update"]}
    finally:
        applied.declare()


def test_a_service_chooses_whether_it_is_traced(applied: Applied) -> None:
    applied.declare(tracing=False)
    try:
        assert applied.plan() == {
            'module.lambda_service["hello"].aws_iam_role_policy.execution': ["update"],
            'module.lambda_service["hello"].aws_lambda_function.this': ["update"],
        }
    finally:
        applied.declare()


def test_changed_numbers_replace_configurations_without_a_gap(applied: Applied) -> None:
    codedeploy = applied.client("codedeploy")
    # From a predefined one to one of the platform's own, to another of these, and back.
    for percentage, expected in [
        (25, "lockgate-local-canary-25pct-30min"),
        (20, "lockgate-local-canary-20pct-30min"),
        (10, "CodeDeployDefault.LambdaCanary10Percent30Minutes"),
    ]:
        applied.declare(percentage=percentage)
        applied.apply()
        contract = read_contract(applied.client("ssm"), "local").service("hello")
        assert contract.deployment_configs["canary"] == contract.canary_configs[30] == expected
        group = codedeploy.get_deployment_group(applicationName=FUNCTION, deploymentGroupName="live")
        assert group["deploymentGroupInfo"]["deploymentConfigName"] == expected
        names = codedeploy.list_deployment_configs()["deploymentConfigsList"]
        custom = {name for name in names if not name.startswith("CodeDeployDefault.")}
        assert custom == {expected} - set(PREDEFINED)
    assert applied.plan() == {}


def test_alarms_look_at_the_alias(applied: Applied) -> None:
    contract = read_contract(applied.client("ssm"), "local").service("hello")
    alarms = applied.client("cloudwatch").describe_alarms(AlarmNames=contract.alarms)["MetricAlarms"]
    assert {alarm["AlarmName"] for alarm in alarms} == set(contract.alarms)
    for alarm in alarms:
        metrics = [query["MetricStat"]["Metric"] for query in alarm["Metrics"] if "MetricStat" in query]
        for metric in metrics:
            dimensions = {item["Name"]: item["Value"] for item in metric["Dimensions"]}
            assert dimensions == {"FunctionName": FUNCTION, "Resource": f"{FUNCTION}:live"}


@pytest.mark.parametrize("service", ["cloudwatch", "codedeploy", "events"])
def test_notifications_get_from_the_alarm_to_a_reader(applied: Applied, service: str) -> None:
    """Walks alarm, topic, topic policy, key, key policy: a gap anywhere, and messages vanish silently."""
    principal = f"{service}.amazonaws.com"
    contract = read_contract(applied.client("ssm"), "local")
    names = contract.service("hello").alarms
    alarms = applied.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    topics = {action for alarm in alarms for action in alarm["AlarmActions"]}
    assert topics == {contract.platform.release_topic_arn}

    attributes = applied.client("sns").get_topic_attributes(TopicArn=topics.pop())["Attributes"]
    publish = _allowed(json.loads(attributes["Policy"]), principal)
    assert "sns:Publish" in publish

    key = attributes["KmsMasterKeyId"]
    policy = json.loads(applied.client("kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    use = _allowed(policy, principal)
    assert {"kms:Decrypt", "kms:GenerateDataKey*"} <= set(use)
    guarded = service != "events"
    for condition in (publish["sns:Publish"], use["kms:Decrypt"], use["kms:GenerateDataKey*"]):
        assert ("aws:SourceAccount" in json.dumps(condition)) is guarded


def test_codedeploy_publishes_with_its_role(applied: Applied) -> None:
    group = applied.client("codedeploy").get_deployment_group(
        applicationName=FUNCTION, deploymentGroupName="live"
    )["deploymentGroupInfo"]
    (trigger,) = group["triggerConfigurations"]
    role = group["serviceRoleArn"].rsplit("/", 1)[1]
    policy = applied.client("iam").get_role_policy(RoleName=role, PolicyName="deployment")["PolicyDocument"]
    allowed = {
        action: statement["Resource"]
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
    }
    key = applied.client("sns").get_topic_attributes(TopicArn=trigger["triggerTargetArn"])["Attributes"]
    assert allowed["sns:Publish"] == [trigger["triggerTargetArn"]]
    assert allowed["kms:GenerateDataKey*"] == allowed["kms:Decrypt"] == [key["KmsMasterKeyId"]]


def _revision(old: str, new: str) -> dict[str, Any]:
    properties = {"Name": FUNCTION, "Alias": "live", "CurrentVersion": old, "TargetVersion": new}
    content = {
        "version": 0.0,
        "Resources": [{"hello": {"Type": "AWS::Lambda::Function", "Properties": properties}}],
    }
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": json.dumps(content)}}


def _allowed(policy: dict[str, Any], principal: str) -> dict[str, dict[str, Any]]:
    """Actions that a resource policy allows to a service, with the condition of each."""
    return {
        action: statement.get("Condition", {})
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow" and principal in _listed(statement["Principal"].get("Service", []))
        for action in _listed(statement["Action"])
    }


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _until(holds: Callable[[], bool], told: Callable[[], Any], seconds: float = 60) -> None:
    """Waits for a condition; the deadline only keeps a failure from hanging."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, told()
        time.sleep(0.2)
