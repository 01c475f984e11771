"""That a MiniStack which has changed inside ends the start with the name of what has changed."""

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
