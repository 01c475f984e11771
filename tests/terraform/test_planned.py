"""What the stacks plan to make: tags that costs are told apart by, and logs with an end and a key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from localaws import lifecycle
from localaws.settings import Settings
from lockgate.plans.toolchain import Toolchain
from tests.terraform.toolchain import Copy, embedded_backend

pytestmark = [pytest.mark.local, pytest.mark.terraform, pytest.mark.timeout(600)]

REGION = "eu-west-1"
ACCOUNTS = {"local": "111111111111", "tooling": "555555555555"}

PLATFORM = """\
organisation: acme
name: shop
region: eu-west-1
tags: {{team: payments}}
environments:
  local:
    account_id: "111111111111"
    endpoint_url: {endpoint}
"""
TOOLING = 'tooling: {{account_id: "555555555555", endpoint_url: "{endpoint}"}}\n'

OF_A_SERVICE = re.compile(
    r'module\.(?:lambda|container)_service\["(?P<service>[^"]+)"\]|aws_ecr_repository\.this\["(?P<image>[^"]+)"\]'
)

Planned = dict[str, dict[str, Any]]
"""Attributes by address; those that only the apply knows are None."""


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An embedded AWS, since the provider asks for the account before it plans."""
    settings = Settings(home=tmp_path_factory.mktemp("localaws"), port=0, minute_seconds=5)
    try:
        yield lifecycle.up(settings).endpoint
    finally:
        lifecycle.down(settings)


def planned(root: Path, toolchain: Toolchain, endpoint: str, stack: str, *, shared: bool) -> Planned:
    """What a stack would make of two services.

    Args:
        shared: whether there is a tooling account.
    """
    copy = Copy.make(root, toolchain)
    platform = PLATFORM + (TOOLING if shared else "")
    (root / "platform.yaml").write_text(platform.format(endpoint=endpoint))
    copy.add_service("hello", 'kind: lambda\nroutes: ["GET /hello"]\n')
    (root / "containers" / "web").mkdir(parents=True)
    (root / "containers" / "web" / "service.yaml").write_text("kind: container\n")
    account = ACCOUNTS["tooling" if stack == "tooling" else "local"]
    bucket = f"state-{stack}-{'shared' if shared else 'own'}"
    session: Any = boto3.Session(account, "local", region_name=REGION)
    location = {"LocationConstraint": REGION}
    session.client("s3", endpoint_url=endpoint).create_bucket(
        Bucket=bucket, CreateBucketConfiguration=location
    )
    copy.init(f"stacks/{stack}", *embedded_backend(endpoint, account, bucket, "state"))
    variables = [] if stack == "tooling" else ["-var=environment=local"]
    ran = copy.terraform(f"stacks/{stack}", "plan", "-input=false", "-no-color", "-out=tfplan", *variables)
    assert ran.code == 0, ran.output
    shown = json.loads(copy.terraform(f"stacks/{stack}", "show", "-json", "tfplan").output)
    changes = {item["address"]: item["change"] for item in shown["resource_changes"]}
    return {
        address: {**dict.fromkeys(change["after_unknown"]), **change["after"]}
        for address, change in changes.items()
        if "create" in change["actions"]
    }


@pytest.fixture(scope="module", params=[("workload", False), ("workload", True), ("tooling", True)])
def plan(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    toolchain: Toolchain,
    endpoint: str,
) -> tuple[str, Planned]:
    """A stack's name with what it plans."""
    stack, shared = request.param
    root = tmp_path_factory.mktemp(stack) / "repository"
    return stack, planned(root, toolchain, endpoint, stack, shared=shared)


def service_of(address: str) -> str | None:
    """The service that a resource belongs to, if it belongs to one."""
    found = OF_A_SERVICE.search(address)
    return found["service"] or found["image"] if found else None


def test_everything_says_whose_it_is(plan: tuple[str, Planned]) -> None:
    stack, resources = plan
    taggable = {address: after for address, after in resources.items() if "tags_all" in after}
    services = {service_of(address) for address in taggable}
    assert services >= ({"web", None} if stack == "tooling" else {"hello", "web", None})
    common = {
        "environment": "tooling" if stack == "tooling" else "local",
        "managed-by": "terraform",
        "organisation": "acme",
        "platform": "shop",
        "team": "payments",
    }
    for address, after in taggable.items():
        tags = dict(after["tags_all"] or {})
        tags.pop("Name", None)
        service = service_of(address)
        assert tags == {**common, **({"service": service} if service else {})}, address


def test_what_ecs_starts_by_itself_has_the_tags_of_its_service(plan: tuple[str, Planned]) -> None:
    stack, resources = plan
    services = [after for address, after in resources.items() if ".aws_ecs_service." in address]
    assert len(services) == (0 if stack == "tooling" else 1)
    for after in services:
        assert (after["propagate_tags"], after["enable_ecs_managed_tags"]) == ("SERVICE", True)


def test_logs_have_an_end_and_a_key(plan: tuple[str, Planned]) -> None:
    stack, resources = plan
    groups = {
        address: after for address, after in resources.items() if ".aws_cloudwatch_log_group." in address
    }
    assert len(groups) >= (1 if stack == "tooling" else 4)
    for address, after in groups.items():
        assert after["retention_in_days"] > 0, address
        assert "kms_key_id" in after, address
