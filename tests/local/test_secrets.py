"""Secrets from their declaration to the code that reads them; values are in their stores and nowhere else."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.release_world import SERVICE
from tests.local.secret_world import CONTAINER, SecretWorld

pytestmark = [pytest.mark.local, pytest.mark.terraform, pytest.mark.timeout(600)]

VALUES = {name: f"zebra crossing of {name}" for name in ("api-key", "database-password", "session-key")}
OWNER = {"api-key": SERVICE, "database-password": SERVICE, "session-key": CONTAINER}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecretWorld]:
    made = SecretWorld.with_secrets(tmp_path_factory.mktemp("secrets"))
    try:
        yield made
    finally:
        made.lockgate("local", "down").ended()


@pytest.fixture(scope="module")
def refused(world: SecretWorld) -> str:
    """What the first `deploy` says: Terraform is applied, and no secret has a value."""
    return world.run("deploy", expect=4)


@pytest.fixture(scope="module")
def released(world: SecretWorld, refused: str) -> SecretWorld:
    """After the values were set, with the most that a command can say, and a release."""
    assert refused
    for name, value in VALUES.items():
        world.feed(f"{value}\n".encode(), "--debug", "secrets", "set", "--env", "local", OWNER[name], name)
    world.run("deploy")
    return world


def test_a_release_is_refused_with_the_commands_that_set_what_is_missing(
    world: SecretWorld, refused: str
) -> None:
    for name, service in OWNER.items():
        assert f"error: {service}: secret: {name} has no value" in refused
        assert f"make secret ENV=local SERVICE={service} NAME={name}" in refused
    assert world.known() == dict.fromkeys(VALUES, False)
    assert world.read("history") == []
    assert "make secret ENV=local" in world.run("verify", expect=4)


def test_a_task_does_not_start_without_the_value(world: SecretWorld, refused: str) -> None:
    """What the refusal spares: the template with a secret that has no value cannot be started."""
    assert refused
    ecs = world.client("ecs")
    template = ecs.describe_task_definition(taskDefinition=f"lockgate-local-{CONTAINER}-template")
    (container,) = template["taskDefinition"]["containerDefinitions"]
    (secret,) = container["secrets"]
    found = world.client("secretsmanager").describe_secret(SecretId=secret["valueFrom"])
    assert found["Name"] == f"lockgate-local/{CONTAINER}/session-key"
    assert not found.get("VersionIdsToStages")


def test_function_and_container_have_the_values_that_were_set(released: SecretWorld) -> None:
    assert released.known() == dict.fromkeys(VALUES, True)
    assert released.digests() == {
        name: hashlib.sha256(value.encode()).hexdigest() for name, value in VALUES.items()
    }


def test_they_are_encrypted_with_the_environments_key(released: SecretWorld) -> None:
    (alias,) = [
        one
        for one in released.client("kms").list_aliases()["Aliases"]
        if one["AliasName"] == "alias/lockgate-local"
    ]
    secret = released.client("secretsmanager").describe_secret(
        SecretId=f"lockgate-local/{SERVICE}/database-password"
    )
    assert secret["KmsKeyId"].endswith(alias["TargetKeyId"])
    assert secret["RotationRules"] == {"AutomaticallyAfterDays": 30}
    assert secret["RotationLambdaARN"].endswith(":function:CodeDeployHook_lockgate-local-release-hook:live")
    tags = {tag["Key"]: tag["Value"] for tag in secret["Tags"]}
    assert (tags["service"], tags["environment"]) == (SERVICE, "local")
    only = [{"Key": "Name", "Values": [f"/lockgate-local/{SERVICE}/api-key"]}]
    (parameter,) = released.client("ssm").describe_parameters(ParameterFilters=only)["Parameters"]
    assert (parameter["Type"], parameter["Tier"]) == ("SecureString", "Standard")
    assert parameter["KeyId"].endswith(alias["TargetKeyId"])


def test_a_plan_sees_what_was_declared_and_nothing_of_what_was_set(released: SecretWorld) -> None:
    released.describe("database-password", "Of somebody else")
    said = released.run("plan")
    assert "Plan for local: 1 to update\n" in said, said
    assert 'description = "Of somebody else"' in said
    assert list((released.root / ".build" / "plans" / "local").iterdir())


def test_the_values_stand_in_their_stores_and_nowhere_else(released: SecretWorld) -> None:
    """Looked at: sources, builds, Terraform's state and plans, contract, ledger, task definitions, logs of
    functions and of the embedded AWS, and all that commands have said, with --debug too."""
    contracts = released.client("ssm").get_parameters_by_path(Path="/lockgate/local", Recursive=True)
    functions = released.client("lambda").list_functions()["Functions"]
    definitions = [
        released.client("ecs").describe_task_definition(taskDefinition=arn)
        for arn in released.client("ecs").list_task_definitions()["taskDefinitionArns"]
    ]
    shown = [json.dumps(one, default=str) for one in (contracts, functions, definitions)]
    assert "database-password" in shown[0]
    state = [text for text in _states(released) if "aws_secretsmanager_secret" in text]
    assert state
    assert any("Making request" in said for said in released.said)
    _stop(released)
    for name, value in VALUES.items():
        # Where MiniStack saves what the two services hold: the stores themselves.
        expected = ".lockgate/localaws/state/" + ("ssm" if name == "api-key" else "secretsmanager") + ".json"
        assert released.files_with(value) == {expected}
        assert not [text for text in [*released.said, *shown, *state] if value in text]


def _states(world: SecretWorld) -> Iterator[str]:
    """Terraform's states, as its backend keeps them."""
    s3: Any = world.client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        for found in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
            body = s3.get_object(Bucket=bucket["Name"], Key=found["Key"])["Body"].read()
            if found["Key"].endswith(".tfstate"):
                yield (gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body).decode()


def _stop(world: SecretWorld) -> None:
    """Ends the embedded AWS, which saves all that it has."""
    assert world.lockgate("local", "down").ended() == 0
