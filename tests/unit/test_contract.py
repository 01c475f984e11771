"""What a release does with a contract that is older than the declarations."""

import json

import pytest

from lockgate.contract import ServiceContract
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
    return ServiceContract.model_validate_json(json.dumps(CONTRACT))


def test_a_canary_has_a_configuration_for_each_interval() -> None:
    found = [contract().deployment_config("canary", minutes) for minutes in (5, 15)]
    assert found == ["canary-5", "canary-15"]
    assert contract().deployment_config("all_at_once", 0) == "at once"


def test_what_is_not_provisioned_is_refused_with_what_to_do() -> None:
    with pytest.raises(RefusedError, match="strategy linear is not provisioned") as raised:
        contract().deployment_config("linear", 5)
    assert "make apply ENV=dev" in raised.value.hint
    with pytest.raises(RefusedError, match="a canary of 30 minutes is not provisioned"):
        contract().deployment_config("canary", 30)
