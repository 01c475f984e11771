"""Delivering: against a real server, with the queue and the table of what was sent in memory."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.idempotency import BasePersistenceLayer
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyItemAlreadyExistsError,
    IdempotencyItemNotFoundError,
)
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from tests.lambdas import Context, load

SOURCE = Path(__file__).parents[1] / "src"
PATH = "/services/T0/B0/very-secret-path"
KEPT_IN = "lockgate-prod/notifier"


class Chat(ThreadingHTTPServer):
    """A webhook that answers what it is told to, in order, and 200 after that.

    Attributes:
        answers: status, or seconds to hang for where it is a float.
        got: bodies that it has taken.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[int | float] = []
        self.got: list[dict[str, Any]] = []
        self.headers: dict[str, str] = {}
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{PATH}"


class _Handler(BaseHTTPRequestHandler):
    server: Chat

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = self.server.answers.pop(0) if self.server.answers else 200
        if isinstance(answer, float):
            time.sleep(answer)
            return
        if answer < 300:
            self.server.got.append(body)
        self.send_response(answer)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(f"no service at {self.path}".encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


class Sent(BasePersistenceLayer):
    """What DynamoDB keeps, in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, Any] = {}

    def _get_record(self, idempotency_key: str) -> Any:
        if idempotency_key not in self.records:
            raise IdempotencyItemNotFoundError
        return self.records[idempotency_key]

    def _put_record(self, data_record: Any) -> None:
        if data_record.idempotency_key in self.records:
            raise IdempotencyItemAlreadyExistsError
        self.records[data_record.idempotency_key] = data_record

    def _update_record(self, data_record: Any) -> None:
        self.records[data_record.idempotency_key] = data_record

    def _delete_record(self, data_record: Any) -> None:
        self.records.pop(data_record.idempotency_key)


class Queues:
    """SQS, as far as it is called."""

    def __init__(self) -> None:
        self.waits: dict[str, int] = {}
        self.put_aside: list[dict[str, Any]] = []

    def change_message_visibility(self, **call: Any) -> None:
        self.waits[call["ReceiptHandle"]] = call["VisibilityTimeout"]

    def send_message(self, **call: Any) -> None:
        self.put_aside.append(call)


class World:
    """A notifier with its surroundings."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in {
            "LOCKGATE_ENVIRONMENT": "prod",
            "POWERTOOLS_SERVICE_NAME": "notifier",
            "AWS_DEFAULT_REGION": "eu-west-1",
        }.items():
            monkeypatch.setenv(name, value)
        self.chat, self.sent, self.queues = Chat(), Sent(), Queues()
        self.settings: dict[str, Any] = {
            "schema": 1,
            "webhook": "json",
            "secret": KEPT_IN,
            "table": "sent",
            "queue_url": "https://queue",
            "dead_letters_url": "https://dead-letters",
            "http_timeout_seconds": 0.5,
            "retry_seconds": 10,
        }
        self.address: str | Exception = self.chat.url
        self.app: ModuleType = load(SOURCE, "app")
        monkeypatch.setattr(self.app, "_store", lambda _: self.sent)
        monkeypatch.setattr(self.app, "_queues", lambda: self.queues)
        monkeypatch.setattr(parameters, "get_parameter", self._parameter)
        monkeypatch.setattr(parameters, "get_secret", self._secret)

    def _parameter(self, name: str, **_: Any) -> dict[str, Any]:
        assert name == "/lockgate/prod/notifier"
        return self.settings

    def _secret(self, name: str, **_: Any) -> str:
        assert name == KEPT_IN
        if isinstance(self.address, Exception):
            raise self.address
        return self.address

    def deliver(self, *numbers: int, received: int = 1, remaining_ms: int = 60_000) -> list[str]:
        """Hands over messages of these numbers; those that have to come back."""
        records = [self.record(number, received) for number in numbers]
        answer = self.app.handler({"Records": records}, Context(remaining_ms=remaining_ms))
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def record(self, number: int, received: int = 1) -> dict[str, Any]:
        body = {
            "Type": "Notification",
            "MessageId": f"m-{number}",
            "TopicArn": "arn:aws:sns:eu-west-1:111111111111:lockgate-prod-warning",
            "Subject": f"subject {number}",
            "Message": "text",
        }
        return {
            "messageId": f"q-{number}",
            "receiptHandle": f"r-{number}",
            "body": json.dumps(body),
            "attributes": {"ApproximateReceiveCount": str(received)},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
        }

    @property
    def got(self) -> list[str]:
        return [body["id"] for body in self.chat.got]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = World(monkeypatch)
    yield world
    world.chat.shutdown()
    world.chat.server_close()


def logged(caplog: pytest.LogCaptureFixture, text: str) -> logging.LogRecord:
    """The one line that says this."""
    (line,) = (record for record in caplog.records if text in record.getMessage())
    return line


def test_each_message_is_delivered(world: World) -> None:
    assert world.deliver(1, 2, 3) == []
    assert world.got == ["m-1", "m-2", "m-3"]
    assert world.chat.got[0]["severity"] == "warning"


def test_what_comes_twice_is_delivered_once(world: World) -> None:
    assert world.deliver(1, 1) == []
    assert world.deliver(1, 2) == []
    assert world.got == ["m-1", "m-2"]


@pytest.mark.parametrize("answer", [429, 500, 502, 503, 408, 1.0])
def test_only_what_failed_comes_back_and_later_each_time(
    world: World, answer: int | float, caplog: pytest.LogCaptureFixture
) -> None:
    world.chat.answers = [200, answer, 200]
    assert world.deliver(1, 2, 3, received=4) == ["q-2"]
    assert world.got == ["m-1", "m-3"]
    assert world.queues.waits == {"r-2": 80}
    assert logged(caplog, "not delivered yet").received == 4
    assert world.deliver(2, received=5) == []
    assert world.got == ["m-1", "m-3", "m-2"]


def test_nobody_answers_at_all(world: World) -> None:
    world.chat.shutdown()
    world.chat.server_close()
    assert world.deliver(1, received=30) == ["q-1"]
    assert world.queues.waits == {"r-1": 900}


@pytest.mark.parametrize(
    ("asked", "expected"), [("7", 7), ("86400", 900), ("Wed, 21 Oct 2026 07:28:00 GMT", 10)]
)
def test_the_webhook_may_ask_to_be_left_alone(world: World, asked: str, expected: int) -> None:
    world.chat.answers, world.chat.headers = [429], {"Retry-After": asked}
    assert world.deliver(1) == ["q-1"]
    assert world.queues.waits == {"r-1": expected}


@pytest.mark.parametrize("answer", [301, 400, 403, 404, 410])
def test_what_is_refused_is_put_aside_with_the_reason(
    world: World, answer: int, caplog: pytest.LogCaptureFixture
) -> None:
    world.chat.answers = [200, answer]
    assert world.deliver(1, 2) == []
    (aside,) = world.queues.put_aside
    assert aside["QueueUrl"] == "https://dead-letters"
    assert json.loads(aside["MessageBody"])["MessageId"] == "m-2"
    why = aside["MessageAttributes"]["why"]["StringValue"]
    assert why == f"127.0.0.1 answers {answer}: no service at ..."
    assert logged(caplog, "put aside").why == why
    # Whoever puts it back in the queue, once the address is right, has it delivered.
    assert world.deliver(2) == []
    assert world.got == ["m-1", "m-2"]


def test_without_a_webhook_messages_are_dropped_and_that_is_said(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.settings["webhook"] = None
    with caplog.at_level(logging.INFO):
        assert world.deliver(1) == []
    line = logged(caplog, "dropped: platform.yaml names no webhook")
    assert (line.levelname, line.key) == ("INFO", "m-1")
    assert world.got == []
    assert world.sent.records == {}


@pytest.mark.parametrize(
    "address",
    [
        "",
        "{}",
        GetParameterError("... (ResourceNotFoundException) when ..."),
        GetParameterError("'SecretBinary'"),
    ],
)
def test_without_an_address_messages_are_dropped_with_a_warning(
    world: World, caplog: pytest.LogCaptureFixture, address: str | Exception
) -> None:
    world.address = address
    assert world.deliver(1) == []
    line = logged(caplog, "dropped: there is no address in the secret")
    assert (line.levelname, line.secret) == ("WARNING", KEPT_IN)


def test_addresses_by_severity(world: World) -> None:
    nowhere = "http://127.0.0.1:9/"
    world.address = json.dumps({"url": nowhere, "urls": {"warning": world.chat.url}})
    assert world.deliver(1) == []
    assert world.got == ["m-1"]


def test_only_https_leaves_this_machine(world: World) -> None:
    world.address = "http://hooks.example.com/x"
    assert world.deliver(1) == []
    (aside,) = world.queues.put_aside
    assert aside["MessageAttributes"]["why"]["StringValue"] == "the address in the secret is not one of https"


def test_what_there_is_no_time_for_comes_back(world: World) -> None:
    assert world.deliver(1, 2, remaining_ms=3000) == ["q-1", "q-2"]
    assert world.got == []


def test_a_defect_fails_the_call_and_costs_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as defect:
        defect.setattr(world.app, "request_of", broken)
        with pytest.raises(ZeroDivisionError):
            world.deliver(1)
    world.address = GetParameterError("AccessDeniedException")
    with pytest.raises(GetParameterError):
        world.deliver(1)
    world.address = world.chat.url
    assert world.deliver(1) == []
    assert world.got == ["m-1"]


def test_no_messages_need_no_settings(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOCKGATE_ENVIRONMENT")
    assert world.deliver() == []


@pytest.mark.parametrize("answer", [200, 404, 500, 1.0, "gone"])
def test_no_secret_is_ever_logged(
    world: World,
    answer: int | float | str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    world.address = json.dumps({"url": world.chat.url, "signing_key": "the-signing-key"})
    if isinstance(answer, str):
        world.chat.shutdown()
        world.chat.server_close()
    else:
        world.chat.answers = [answer]
    with caplog.at_level(logging.INFO):
        world.deliver(1)
    everything = (
        caplog.text + capsys.readouterr().out + "".join(str(vars(record)) for record in caplog.records)
    )
    assert "m-1" in everything
    assert PATH not in everything
    assert "the-signing-key" not in everything
