"""That a MiniStack which has changed inside ends the start with the name of what has changed."""

import json
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from localaws import ministack_patches
from localaws.ministack_patches import functions, gateway, logs
from localaws.ministack_patches.contract import ContractError, Internal
from tests.local.codedeploy_world import archive


def test_the_installed_ministack_is_what_the_patches_were_written_for() -> None:
    ministack_patches.check_contract()


@pytest.mark.parametrize(
    ("internal", "problem"),
    [
        (Internal("ministack.services.lambda_svc", "_gone"), "lambda_svc._gone is gone"),
        (Internal("ministack.nowhere", "name"), "ministack.nowhere.name is gone"),
        (
            Internal("ministack.services.lambda_svc", "_execute_function", ("func", "event", "mode")),
            r"_execute_function takes \(func, event\) instead of \(func, event, mode\)",
        ),
        (Internal("ministack.services.lambda_svc", "_functions", ("name",)), "is no function any more"),
    ],
)
def test_what_has_changed_is_named(monkeypatch: pytest.MonkeyPatch, internal: Internal, problem: str) -> None:
    monkeypatch.setattr(ministack_patches, "INTERNALS", (internal,))
    with pytest.raises(ContractError, match=problem):
        ministack_patches.check_contract()


def test_what_other_services_measure_goes_to_our_cloudwatch(monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack.core import responses
    from ministack.services import cloudwatch

    monkeypatch.setattr(cloudwatch, "record_metric", cloudwatch.record_metric)
    put: list[tuple[object, ...]] = []
    logs.redirect_metrics(SimpleNamespace(put=lambda *point: put.append(point)))
    cloudwatch.record_metric("AWS/SQS", "Sent", 2, "Count", {"QueueName": "q"})
    account, region = responses.get_account_id(), responses.get_region()
    assert [point[:7] for point in put] == [
        (account, region, "AWS/SQS", "Sent", {"QueueName": "q"}, 2.0, "Count")
    ]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, ...]]]:
    """Account, region and message of the log events that our CloudWatch is shown."""
    from ministack.services import cloudwatch_logs

    monkeypatch.setattr(cloudwatch_logs, "_append_log_events", cloudwatch_logs._append_log_events)
    monkeypatch.setattr(cloudwatch_logs, "_log_groups", {})
    found: list[tuple[str, ...]] = []
    logs.pass_on_logs(SimpleNamespace(read_log=lambda *seen: found.append(seen)))
    yield found
    functions.end_functions()


def test_log_events_that_are_put_are_shown_to_our_cloudwatch(shown: list[tuple[str, ...]]) -> None:
    from ministack.core import responses
    from ministack.services import cloudwatch_logs

    event = {"timestamp": 0, "message": "printed"}
    names = {"logGroupName": "group", "logStreamName": "stream"}
    cloudwatch_logs._create_log_group(names)
    cloudwatch_logs._create_log_stream(names)
    cloudwatch_logs._put_log_events({**names, "logEvents": [event]})
    assert shown == [(responses.get_account_id(), responses.get_region(), "printed")]
    assert len(cloudwatch_logs._log_groups["group"]["streams"]["stream"]["events"]) == 1


def test_log_groups_are_read_and_saved_while_functions_write_to_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ministack.core import responses
    from ministack.services import cloudwatch_logs

    monkeypatch.setattr(cloudwatch_logs, "_log_groups", responses.AccountRegionScopedDict())
    monkeypatch.setattr(cloudwatch_logs, "copy", cloudwatch_logs.copy)
    before = {"logGroupName": "before"}
    cloudwatch_logs._create_log_group(before)
    cloudwatch_logs._create_log_stream({**before, "logStreamName": "stream"})
    logs.let_logs_grow()
    cloudwatch_logs._create_log_group({"logGroupName": "after"})

    class Grows:
        """A stream that another one is added beside, whenever somebody looks at it."""

        def __getitem__(self, key: str) -> list[object]:
            group = cloudwatch_logs._log_groups["after"]
            group["streams"][f"stream {len(group['streams'])}"] = {"events": []}
            return []

    for name in ("before", "after"):
        cloudwatch_logs._log_groups[name]["streams"]["grows"] = Grows()
    status, _, body = cloudwatch_logs._describe_log_groups({})
    assert status == 200
    assert [group["logGroupName"] for group in json.loads(body)["logGroups"]] == ["after", "before"]
    for name in ("before", "after"):
        del cloudwatch_logs._log_groups[name]["streams"]["grows"]
    write = gateway._writer("cloudwatch_logs", cloudwatch_logs.get_state)
    saved = json.loads(write())["payload"]["log_groups"]["data"]
    assert [sorted(group["streams"]) for group in saved.values()] == [["stream"], ["stream 1", "stream 2"]]


@pytest.mark.parametrize("executor", ["_execute_function_warm", "_execute_function_local"])
def test_what_functions_print_is_shown_to_our_cloudwatch(
    monkeypatch: pytest.MonkeyPatch, shown: list[tuple[str, ...]], executor: str
) -> None:
    from ministack.services import lambda_svc

    monkeypatch.setattr(lambda_svc, "_execute_function_warm", getattr(lambda_svc, executor))
    config = {
        "FunctionName": "hello",
        "FunctionArn": "arn:aws:lambda:eu-west-1:111111111111:function:hello",
        "Runtime": "python3.12",
        "Handler": "app.handler",
        "MemorySize": 128,
    }
    source = "def handler(event, context):\n    print(event)\n"
    for printed in ("one", "two"):
        lambda_svc._execute_function({"config": config, "code_zip": archive(source)}, printed)
    own = [seen for seen in shown if not seen[2].startswith(("START", "END", "REPORT"))]
    assert own == [("111111111111", "eu-west-1", printed) for printed in ("one", "two")]
