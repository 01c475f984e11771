"""The release hook: what it checks, and that it always reports, once."""

import io
import json
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from tests.lambdas import Context, load

SOURCE = Path(__file__).parents[1] / "src"
EVENT = {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "x"}
SMOKE = {"name": "greets", "event": {"n": 1}, "expect_status": 200, "expect_body_contains": "hello"}
GOOD = {"statusCode": 200, "body": "hello"}


class Aws:
    """Stubbed clients: each answer is checked against the service model, each call must be expected."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LOCKGATE_ENVIRONMENT", "local")
        monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "release-hook")
        real = boto3.Session("a", "b", region_name="eu-west-1")
        self.clients = {name: real.client(name) for name in ("codedeploy", "lambda", "ssm")}
        self.stubs = {name: Stubber(client) for name, client in self.clients.items()}
        for stub in self.stubs.values():
            stub.activate()
        monkeypatch.setattr(boto3, "client", self.clients.__getitem__)

    def deployment(self) -> None:
        properties = {"Name": "fn", "Alias": "live", "CurrentVersion": "1", "TargetVersion": "2"}
        content = {"Resources": [{"hello-api": {"Type": "AWS::Lambda::Function", "Properties": properties}}]}
        digest = {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": "0" * 64}}
        answer = {"deploymentInfo": {"applicationName": "hello", "revision": digest}}
        self.stubs["codedeploy"].add_response("get_deployment", answer, {"deploymentId": "d-1"})
        revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": json.dumps(content)}}
        self.stubs["codedeploy"].add_response(
            "get_application_revision",
            {"applicationName": "hello", "revision": revision},
            {"applicationName": "hello", "revision": digest},
        )

    def contract(self, *smoke: dict[str, Any]) -> None:
        self.stubs["ssm"].add_response(
            "get_parameter",
            {"Parameter": {"Value": json.dumps({"smoke": smoke})}},
            {"Name": "/lockgate/local/services/hello-api"},
        )

    def answers(self, payload: object, error: str | None = None) -> None:
        raw = json.dumps(payload).encode()
        answer: dict[str, Any] = {"Payload": StreamingBody(io.BytesIO(raw), len(raw))}
        if error:
            answer["FunctionError"] = error
        expected = {"FunctionName": "fn", "Qualifier": "2", "Payload": b'{"n": 1}'}
        self.stubs["lambda"].add_response("invoke", answer, expected)

    def expect(self, status: str) -> None:
        self.stubs["codedeploy"].add_response(
            "put_lifecycle_event_hook_execution_status",
            {},
            {"deploymentId": "d-1", "lifecycleEventHookExecutionId": "x", "status": status},
        )

    def done(self) -> None:
        for stub in self.stubs.values():
            stub.assert_no_pending_responses()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    return Aws(monkeypatch)


@pytest.fixture
def hook() -> ModuleType:
    return load(SOURCE, "app")


def failure_in(caplog: pytest.LogCaptureFixture) -> str:
    (failure,) = (
        r.failure
        for r in caplog.records
        if getattr(r, "deployment_id", "") == "d-1" and hasattr(r, "failure")
    )
    return str(failure)


def test_a_version_that_answers_as_expected_may_get_traffic(aws: Aws, hook: ModuleType) -> None:
    aws.deployment()
    aws.contract(SMOKE)
    aws.answers(GOOD)
    aws.expect("Succeeded")
    assert hook.handler(EVENT, Context()) == {"status": "Succeeded"}
    aws.done()


def test_a_service_without_smoke_events_passes(aws: Aws, hook: ModuleType) -> None:
    aws.deployment()
    aws.contract()
    aws.expect("Succeeded")
    hook.handler(EVENT, Context())
    aws.done()


@pytest.mark.parametrize(
    ("payload", "error", "expected"),
    [
        ({"errorMessage": "No module named 'x'"}, "Unhandled", "the function failed (Unhandled)"),
        ({"statusCode": 500, "body": "hello"}, None, "statusCode is 500, not 200"),
        ({"statusCode": 200, "body": "bye"}, None, "the body does not contain 'hello': bye"),
        ("text", None, "statusCode is None, not 200"),
    ],
)
def test_a_wrong_answer_is_reported_and_named(
    aws: Aws, hook: ModuleType, caplog: pytest.LogCaptureFixture, payload: object, error: str, expected: str
) -> None:
    aws.deployment()
    aws.contract(SMOKE)
    aws.answers(payload, error)
    aws.expect("Failed")
    assert hook.handler(EVENT, Context()) == {"status": "Failed"}
    assert f"smoke event 1 of 1 (greets) on version 2: {expected}" in failure_in(caplog)
    aws.done()


def test_an_exception_is_reported(aws: Aws, hook: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    aws.stubs["codedeploy"].add_client_error("get_deployment", "DeploymentDoesNotExistException", "gone")
    aws.expect("Failed")
    assert hook.handler(EVENT, Context()) == {"status": "Failed"}
    assert "gone" in failure_in(caplog)
    aws.done()


def test_shortly_before_its_time_is_over_it_reports_once(
    aws: Aws, hook: ModuleType, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    aws.expect("Failed")
    monkeypatch.setattr(hook, "failure_of", lambda *_: time.sleep(0.5))
    assert hook.handler(EVENT, Context(remaining_ms=10_100)) == {"status": "Failed"}
    assert "took longer than 0 s" in failure_in(caplog)
    aws.done()


def test_where_the_timer_could_not_report_the_end_still_does(
    aws: Aws, hook: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = "put_lifecycle_event_hook_execution_status"
    aws.stubs["codedeploy"].add_client_error(put, "ThrottlingException")
    aws.expect("Failed")
    tried = threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda _: tried.set())
    monkeypatch.setattr(hook, "failure_of", lambda *_: "late" if tried.wait(30) else None)
    assert hook.handler(EVENT, Context(remaining_ms=10_000)) == {"status": "Failed"}
    aws.done()


def test_a_report_that_cannot_be_made_is_an_error_so_that_lambda_tries_again(
    aws: Aws, hook: ModuleType
) -> None:
    aws.deployment()
    aws.contract()
    put = "put_lifecycle_event_hook_execution_status"
    aws.stubs["codedeploy"].add_client_error(put, "ThrottlingException")
    with pytest.raises(ClientError, match="ThrottlingException"):
        hook.handler(EVENT, Context())
    aws.done()


def test_an_appspec_that_is_not_in_the_deployment_is_named(
    aws: Aws, hook: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    answer = {"deploymentInfo": {"revision": {"revisionType": "S3", "s3Location": {"bucket": "b"}}}}
    aws.stubs["codedeploy"].add_response("get_deployment", answer, {"deploymentId": "d-1"})
    aws.expect("Failed")
    hook.handler(EVENT, Context())
    assert "the revision is of type S3: its AppSpec is not in it" in failure_in(caplog)
    aws.done()
