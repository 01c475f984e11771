"""That a MiniStack which has changed inside ends the start with the name of what has changed."""

from types import SimpleNamespace

import pytest

from localaws import ministack_patches
from localaws.ministack_patches import ContractError, Internal


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
    ministack_patches.redirect_metrics(SimpleNamespace(put=lambda *point: put.append(point)))
    cloudwatch.record_metric("AWS/SQS", "Sent", 2, "Count", {"QueueName": "q"})
    account, region = responses.get_account_id(), responses.get_region()
    assert [point[:7] for point in put] == [
        (account, region, "AWS/SQS", "Sent", {"QueueName": "q"}, 2.0, "Count")
    ]
