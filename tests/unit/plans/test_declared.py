"""What a plan's configuration says of a resource, by its address."""

from __future__ import annotations

import pytest

from lockgate.plans.declared import declared_of

RESOURCE = {"address": "aws_lambda_alias.live", "expressions": {"name": {}, "routing_config": [{}]}}
INNER = {"resources": [RESOURCE]}
CONFIGURATION = {
    "root_module": {
        "resources": [{"address": "aws_sns_topic.this", "expressions": {"name": {}}}],
        "module_calls": {"service": {"module": {"module_calls": {"inner": {"module": INNER}}}}},
    }
}


@pytest.mark.parametrize(
    ("address", "declared"),
    [
        ("aws_sns_topic.this", {"name"}),
        ('aws_sns_topic.this["a.b]"]', {"name"}),
        ('module.service["hello-api"].module.inner[0].aws_lambda_alias.live', {"name", "routing_config"}),
        ("module.service.aws_lambda_alias.live", set()),
        ("module.gone.aws_lambda_alias.live", set()),
        ("aws_sns_topic.other", set()),
    ],
)
def test_a_resource_is_found_by_its_address(address: str, declared: set[str]) -> None:
    assert declared_of(CONFIGURATION, address) == declared
