"""Which metrics see a service's traffic."""

from __future__ import annotations

from typing import Any

from lockgate.release.verify_platform import checks_of
from tests.unit.secrets.fake_stores import contract


def measured(function: str) -> list[dict[str, str]]:
    nothing: Any = None
    return checks_of(nothing, contract().model_copy(update={"function_name": function}), "Apply.").measured


def test_customers_come_through_the_alias() -> None:
    assert measured("shop-dev-orders") == [
        {"FunctionName": "shop-dev-orders", "Resource": "shop-dev-orders:live"}
    ]


def test_codedeploy_calls_a_hook_by_its_name() -> None:
    assert measured("CodeDeployHook_shop-dev-smoke") == [{"FunctionName": "CodeDeployHook_shop-dev-smoke"}]
