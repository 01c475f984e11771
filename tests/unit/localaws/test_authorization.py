"""What a request is authorised for: its action, its resource, and what else it needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from localaws.authorization import further, keys, resources
from localaws.authorization.decisions import Decisions, role_of
from localaws.authorization.further import Need
from localaws.authorization.lambda_actions import action_of
from localaws.authorization.request import Request
from localaws.clients import Clients, acting_as
from localaws.settings import Settings, SettingsError

FUNCTION = "arn:aws:lambda:eu-west-1:111111111111:function:orders"
KEY = "arn:aws:kms:eu-west-1:555555555555:key/1"


def asked(service: str, coarse: str = "*", query: dict[str, Any] | None = None, **params: Any) -> Request:
    body = json.dumps(params).encode()
    return Request(service, "/", "eu-west-1", "111111111111", {}, body, query or {}, coarse)


def resource(request: Request, action: str) -> str:
    return resources.resource_of(request, action, lambda *_: "lockgate-dev-orders/live")


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("GET", "/2015-03-31/functions/orders/aliases/live", "GetAlias"),
        ("PUT", "/2015-03-31/functions/orders/aliases/live", "UpdateAlias"),
        ("GET", "/2015-03-31/functions/orders/aliases", "ListAliases"),
        ("POST", "/2015-03-31/functions/orders/invocations", "InvokeFunction"),
        ("POST", "/2015-03-31/functions/orders/versions", "PublishVersion"),
        ("GET", "/2015-03-31/functions/", "ListFunctions"),
        ("GET", "/nowhere", None),
    ],
)
def test_an_action_of_lambda_is_named_after_its_operation(method: str, path: str, action: str | None) -> None:
    assert action_of(method, path) == action


@pytest.mark.parametrize(
    ("request_", "action", "expected"),
    [
        (asked("lambda", FUNCTION, {"Qualifier": ["3"]}), "InvokeFunction", f"{FUNCTION}:3"),
        (asked("lambda", FUNCTION), "InvokeFunction", FUNCTION),
        (asked("lambda", "*", FunctionName="orders"), "CreateFunction", FUNCTION),
        (
            asked("codedeploy", deploymentId="d-1"),
            "GetDeployment",
            "arn:aws:codedeploy:eu-west-1:111111111111:deploymentgroup:lockgate-dev-orders/live",
        ),
        (
            asked("codedeploy", applicationName="a", deploymentGroupName="live"),
            "CreateDeployment",
            "arn:aws:codedeploy:eu-west-1:111111111111:deploymentgroup:a/live",
        ),
        (
            asked("codedeploy", applicationName="a"),
            "GetApplicationRevision",
            "arn:aws:codedeploy:eu-west-1:111111111111:application:a",
        ),
        (asked("codedeploy", deploymentId="d-1"), "StopDeployment", "*"),
        (
            asked("logs", "coarse", logGroupName="/aws/lambda/orders"),
            "PutLogEvents",
            "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/lambda/orders:*",
        ),
        (
            asked("ssm", Path="/lockgate/dev"),
            "GetParametersByPath",
            "arn:aws:ssm:eu-west-1:111111111111:parameter/lockgate/dev",
        ),
        (
            asked("codebuild", ids=["lockgate-build:1234"]),
            "BatchGetBuilds",
            "arn:aws:codebuild:eu-west-1:111111111111:project/lockgate-build",
        ),
        (
            asked("ecs", "coarse", cluster="arn:aws:ecs:eu-west-1:111111111111:cluster/c", services=["web"]),
            "DescribeServices",
            "arn:aws:ecs:eu-west-1:111111111111:service/c/web",
        ),
        (
            asked("events", "coarse", Name="lockgate-dev-failed", EventBusName="default"),
            "PutRule",
            "arn:aws:events:eu-west-1:111111111111:rule/lockgate-dev-failed",
        ),
        (
            asked("events", "coarse", Rule="warning", EventBusName="lockgate-dev"),
            "PutTargets",
            "arn:aws:events:eu-west-1:111111111111:rule/lockgate-dev/warning",
        ),
        (
            asked("events", "coarse", Name="lockgate-dev"),
            "CreateEventBus",
            "arn:aws:events:eu-west-1:111111111111:event-bus/lockgate-dev",
        ),
        (asked("events", "arn:bus", Entries=[{}]), "PutEvents", "arn:bus"),
        (asked("dynamodb", "arn:table"), "GetItem", "arn:table"),
    ],
)
def test_a_resource_is_what_aws_looks_at(request_: Request, action: str, expected: str) -> None:
    assert resource(request_, action) == expected


def test_a_role_that_is_handed_on_needs_permission_of_its_own() -> None:
    made = asked("lambda", FunctionName="orders", Role="arn:aws:iam::111111111111:role/exec")
    assert list(further.passed_roles(made, "CreateFunction")) == [
        Need(
            "iam:PassRole",
            "arn:aws:iam::111111111111:role/exec",
            {"iam:PassedToService": "lambda.amazonaws.com"},
        )
    ]
    assert list(further.passed_roles(made, "GetFunction")) == []


def test_conditions_ask_about_the_boundary() -> None:
    boundary = "arn:aws:iam::111111111111:policy/boundary"
    made = asked("iam", query={"RoleName": ["r"], "PermissionsBoundary": [boundary]})
    none = lambda _: ""  # noqa: E731
    assert further.asked_about(made, "CreateRole", none) == {"iam:PermissionsBoundary": boundary}
    bare = asked("iam", query={"RoleName": ["r"]})
    assert further.asked_about(bare, "CreateRole", lambda _: boundary) == {}
    assert further.asked_about(bare, "PutRolePolicy", lambda _: boundary) == {
        "iam:PermissionsBoundary": boundary
    }
    assert further.asked_about(bare, "PutRolePolicy", none) == {}


def test_an_alias_needs_its_key_too() -> None:
    made = asked("kms", AliasName="alias/lockgate-dev", TargetKeyId="1234")
    assert resource(made, "CreateAlias") == "arn:aws:kms:eu-west-1:111111111111:alias/lockgate-dev"
    assert list(further.key_of_alias(made, "CreateAlias")) == [
        Need("kms:CreateAlias", "arn:aws:kms:eu-west-1:111111111111:key/1234")
    ]


OBJECT = asked("s3", "arn:aws:s3:::artifacts/services/orders.zip")
VALUE = asked("secretsmanager", SecretId="orders")
PARAMETER = asked("ssm", Name="/lockgate-dev/orders/key", WithDecryption=True)
WRITTEN = asked("ssm", Name="/lockgate-dev/orders/key", Type="SecureString")
MESSAGE = asked("sqs", "arn:aws:sqs:eu-west-1:111111111111:notifier")


@pytest.mark.parametrize(
    ("request_", "action", "context", "needed"),
    [
        (OBJECT, "GetObject", "aws:s3:arn", ["kms:Decrypt"]),
        (OBJECT, "PutObject", "aws:s3:arn", ["kms:GenerateDataKey"]),
        (VALUE, "GetSecretValue", "SecretARN", ["kms:Decrypt"]),
        (VALUE, "PutSecretValue", "SecretARN", ["kms:GenerateDataKey"]),
        (VALUE, "CreateSecret", "SecretARN", ["kms:GenerateDataKey", "kms:Decrypt"]),
        (PARAMETER, "GetParameter", "PARAMETER_ARN", ["kms:Decrypt"]),
        (WRITTEN, "PutParameter", "PARAMETER_ARN", ["kms:Encrypt"]),
        (MESSAGE, "SendMessage", "aws:sqs:arn", ["kms:GenerateDataKey", "kms:Decrypt"]),
        (MESSAGE, "ReceiveMessage", "aws:sqs:arn", ["kms:Decrypt"]),
        (asked("sns"), "Publish", "aws:sns:topicArn", ["kms:GenerateDataKey", "kms:Decrypt"]),
        (asked("dynamodb"), "PutItem", "aws:dynamodb:tableName", ["kms:Decrypt"]),
        (asked("lambda"), "CreateFunction", "aws:lambda:FunctionArn", ["kms:CreateGrant", "kms:Encrypt"]),
    ],
)
def test_what_a_customer_key_encrypts_needs_the_key(
    request_: Request, action: str, context: str, needed: list[str]
) -> None:
    assert keys.is_used_by(request_, action)
    found = list(keys.uses_of_key(request_, action, keys.Encrypted(KEY, "what it is")))
    assert [(need.action, need.resource) for need in found] == [(each, KEY) for each in needed]
    assert found[0].context == {
        "kms:ViaService": f"{request_.service}.eu-west-1.amazonaws.com",
        f"kms:EncryptionContext:{context}": "what it is",
    }


@pytest.mark.parametrize(
    ("request_", "action"),
    [
        (OBJECT, "ListBucket"),
        (VALUE, "DescribeSecret"),
        (asked("ssm", Name="/lockgate-dev/orders/key"), "GetParameter"),
        (MESSAGE, "DeleteMessage"),
        (asked("codebuild"), "StartBuild"),
    ],
)
def test_what_stays_encrypted_needs_no_key(request_: Request, action: str) -> None:
    assert not keys.is_used_by(request_, action)


@pytest.mark.parametrize(
    ("action", "missing", "needed"),
    [
        ("GetObject", True, [Need("s3:ListBucket", "arn:aws:s3:::artifacts")]),
        ("GetObject", False, []),
        ("PutObject", True, []),
    ],
)
def test_what_is_missing_is_told_to_those_who_may_list(
    action: str, missing: bool, needed: list[Need]
) -> None:
    def is_missing(bucket: str, key: str) -> bool:
        assert (bucket, key) == ("artifacts", "services/orders.zip")
        return missing

    assert list(further.missing_object(OBJECT, action, is_missing)) == needed


def test_a_decision_is_written_once(tmp_path: Path) -> None:
    decisions = Decisions(tmp_path / "decisions.jsonl")
    need = Need("sns:Publish", "arn:topic", {"aws:TagKeys": None})
    for allowed in (True, True, False):
        decisions.note("arn:role", need, allowed=allowed)
    lines = [json.loads(line) for line in decisions.path.read_text().splitlines()]
    assert [line["allowed"] for line in lines] == [True, False]
    assert lines[0]["context"] == {}


def test_a_session_is_its_role() -> None:
    assert role_of("arn:aws:sts::111111111111:assumed-role/exec/orders") == (
        "arn:aws:iam::111111111111:role/exec"
    )
    assert role_of("arn:aws:iam::111111111111:root") == "arn:aws:iam::111111111111:root"


def test_a_service_acts_under_its_role_only_where_that_is_enforced() -> None:
    free = Clients("http://127.0.0.1:1", "111111111111", "eu-west-1")
    enforced = Clients("http://127.0.0.1:1", "111111111111", "eu-west-1", lambda arn: ("ASIA1", arn, "token"))
    with acting_as("arn:role"):
        assert free.credentials()[0] == "111111111111"
        assert enforced.credentials() == ("ASIA1", "arn:role", "token")
        signing = enforced.client("sns")._request_signer._credentials
        assert signing.access_key == "ASIA1"
        assert enforced.own("iam")._request_signer._credentials.access_key == "111111111111"
    assert enforced.credentials()[0] == "111111111111"


@pytest.mark.parametrize(("text", "enforce"), [("1", True), ("true", True), ("0", False), ("", False)])
def test_enforcing_is_a_setting(text: str, enforce: bool) -> None:
    assert Settings.resolve(environ={"LOCALAWS_ENFORCE": text}).enforce is enforce


def test_a_setting_that_is_neither_is_refused() -> None:
    with pytest.raises(SettingsError, match="true or false, not 'maybe'"):
        Settings.resolve(environ={"LOCALAWS_ENFORCE": "maybe"})
