"""What a release does with a contract that is older than the declarations."""

import json

import pytest

from lockgate.contract import LambdaContract, ServiceContract, Strategy, parse_service
from lockgate.errors import RefusedError

CONTRACT = {
    "schema": 1,
    "kind": "lambda",
    "environment": "dev",
    "service": "shop",
    "function_name": "shop",
    "alias": "live",
    "codedeploy_application": "shop",
    "deployment_group": "live",
    "deployment_configs": {"all_at_once": "at once", "canary": "canary-5"},
    "canary_configs": {"5": "canary-5", "15": "canary-15"},
    "alarms": [],
    "hook_function": None,
    "artifact_bucket": "bucket",
    "api_url": None,
    "traffic": {"strategy": "canary", "percentage": 10, "interval_minutes": 5},
}


def contract() -> ServiceContract:
    return parse_service("/lockgate/dev/services/shop", json.dumps(CONTRACT))


def test_a_canary_has_a_configuration_for_each_interval() -> None:
    found = [contract().deployment_config("canary", 10, minutes) for minutes in (5, 15)]
    assert found == ["canary-5", "canary-15"]


@pytest.mark.parametrize("percentage", [10, 99])
def test_all_at_once_is_always_there(percentage: int) -> None:
    assert contract().deployment_config("all_at_once", percentage, 0) == "at once"


@pytest.mark.parametrize(
    ("strategy", "percentage", "minutes"),
    [("linear", 10, 5), ("canary", 20, 5), ("canary", 20, 15), ("canary", 10, 30)],
)
def test_what_was_declared_after_the_last_apply_is_refused_with_what_to_do(
    strategy: Strategy, percentage: int, minutes: int
) -> None:
    words = f"shop: {strategy} with {percentage} % and {minutes} minutes is not provisioned"
    with pytest.raises(RefusedError, match=words) as raised:
        contract().deployment_config(strategy, percentage, minutes)
    assert "make apply ENV=dev" in raised.value.hint


def test_the_kind_decides_what_a_contract_must_say() -> None:
    assert isinstance(contract(), LambdaContract)
    with pytest.raises(RefusedError, match="/lockgate/dev/services/shop: cluster: Field required"):
        parse_service("/lockgate/dev/services/shop", json.dumps({**CONTRACT, "kind": "container"}))
    with pytest.raises(RefusedError, match="services/shop: kind: Input should be 'lambda' or 'container'"):
        parse_service("/lockgate/dev/services/shop", json.dumps({**CONTRACT, "kind": "ship"}))


def test_secrets_are_names_and_a_contract_from_before_has_none() -> None:
    assert contract().secrets == []
    secret = {"name": "key", "store": "parameter_store", "id": "/shop/key", "variable": "KEY", "key": "arn"}
    more = {**CONTRACT, "secrets": [{**secret, "added": "later"}]}
    (found,) = parse_service("/lockgate/dev/services/shop", json.dumps(more)).secrets
    assert found.model_dump() == secret
