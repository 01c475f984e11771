"""Bad input of every kind: one clear error with a hint, its exit code, no traceback, and nothing written."""

from __future__ import annotations

import socket
from pathlib import Path

import boto3
import pytest

from tests.local.release_world import REGION, ReleaseWorld

pytestmark = [pytest.mark.local, pytest.mark.timeout(120)]

USAGE, REFUSED = 2, 4
DEV = "222222222222"


@pytest.fixture
def world(tmp_path: Path) -> ReleaseWorld:
    """A repository; nothing runs."""
    return ReleaseWorld.make(tmp_path, {})


def refused(world: ReleaseWorld, code: int, *arguments: str, **environment: str) -> str:
    """What a command says that ends with this code."""
    running = world.lockgate(*arguments, **environment)
    assert running.ended() == code, running.output
    assert "Traceback" not in running.output
    assert running.output.count("error:") >= 1, running.output
    assert running.output.count("hint:") == 1, running.output
    return running.output


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("account_id: '222222222222'", "account_id: '2222'", ["dev.account_id", "12"]),
        ("organisation: acme", "organization: acme", ["organization"]),
        ("region: eu-west-1", "region: [eu-west-1", ["platform.yaml:"]),
        ("  dev:", "  Dev Environment:", ["Dev Environment"]),
    ],
)
def test_a_broken_platform(world: ReleaseWorld, old: str, new: str, words: list[str]) -> None:
    edit(world.root / "platform.yaml", old, new)
    output = refused(world, USAGE, "deploy", "--env", "local")
    for word in ["platform.yaml:", *words]:
        assert word in output
    assert not (world.root / ".lockgate").exists()


def test_a_platform_that_is_not_there(world: ReleaseWorld) -> None:
    (world.root / "platform.yaml").unlink()
    assert "no platform.yaml" in refused(world, USAGE, "status", "--env", "local")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("percentage: 10", "percentage: 100", ["service.yaml:37", "release.percentage", "99"]),
        ("kind: lambda", "kind: lamda", ["service.yaml:2", "kind", "lambda"]),
        ("hook: release-hook", "hook: releese-hook", ["service.yaml:8", "releese-hook"]),
    ],
)
def test_a_broken_service(world: ReleaseWorld, old: str, new: str, words: list[str]) -> None:
    edit(world.root / "lambdas" / "hello-api" / "service.yaml", old, new)
    output = refused(world, USAGE, "deploy", "--env", "local")
    for word in words:
        assert word in output


def test_an_unknown_environment(world: ReleaseWorld) -> None:
    output = refused(world, USAGE, "deploy", "--env", "porduction")
    assert "platform.yaml has local, dev, staging, prod" in output
    assert "Did you mean 'prod'?" in refused(world, USAGE, "deploy", "--env", "prd")


def test_an_unknown_service(world: ReleaseWorld) -> None:
    output = refused(world, USAGE, "deploy", "--env", "local", "--service", "hello-apo")
    assert "Did you mean 'hello-api'?" in output


@pytest.mark.parametrize("verb", ["deploy", "status", "rollback", "verify", "history", "watch"])
def test_no_credentials(world: ReleaseWorld, verb: str, tmp_path: Path) -> None:
    nowhere = {"HOME": str(tmp_path), "AWS_CONFIG_FILE": "nowhere", "AWS_SHARED_CREDENTIALS_FILE": "nowhere"}
    output = refused(world, REFUSED, verb, "--env", "dev", **nowhere)
    assert "no AWS credentials for 'dev'" in output


def test_an_unknown_profile(world: ReleaseWorld) -> None:
    assert "nobody" in refused(world, REFUSED, "status", "--env", "dev", AWS_PROFILE="nobody")


def credentials(endpoint: str, account: str) -> dict[str, str]:
    """Credentials of an account of the embedded AWS, as the usual chain takes them."""
    return {
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DEFAULT_REGION": REGION,
    }


@pytest.mark.parametrize("verb", ["deploy", "rollback", "apply", "verify"])
def test_the_wrong_account(world: ReleaseWorld, endpoint: str, verb: str) -> None:
    output = refused(world, REFUSED, verb, "--env", "dev", **credentials(endpoint, "999999999999"))
    assert "belong to account 999999999999, but 'dev' is account 222222222222" in output
    s3 = boto3.Session("999999999999", "local", region_name=REGION).client("s3", endpoint_url=endpoint)
    assert s3.list_buckets()["Buckets"] == []


@pytest.mark.parametrize("verb", ["deploy", "rollback", "verify", "status", "history", "watch"])
def test_nothing_provisioned(world: ReleaseWorld, endpoint: str, verb: str) -> None:
    output = refused(world, REFUSED, verb, "--env", "dev", **credentials(endpoint, DEV))
    assert "environment 'dev' is not provisioned: there is no SSM parameter /lockgate/dev/platform" in output
    assert "make apply ENV=dev" in output


def test_applying_to_an_account_without_a_state_bucket(world: ReleaseWorld, endpoint: str) -> None:
    output = refused(world, REFUSED, "apply", "--env", "dev", **credentials(endpoint, DEV))
    assert "there is no state bucket" in output


@pytest.mark.parametrize("verb", ["status", "history", "rollback"])
def test_an_embedded_aws_that_does_not_run(world: ReleaseWorld, verb: str) -> None:
    output = refused(world, REFUSED, verb, "--env", "local")
    assert "make local-up" in output


def test_a_port_that_is_taken(world: ReleaseWorld) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", world.port))
        holder.listen()
        output = refused(world, REFUSED, "deploy", "--env", "local")
    assert f"port {world.port} is taken by" in output


def test_a_container_where_nothing_runs_containers(world: ReleaseWorld) -> None:
    folder = world.root / "containers" / "web"
    folder.mkdir(parents=True)
    (folder / "service.yaml").write_text("kind: container\n")
    command = ("deploy", "--env", "local", "--service", "web")
    try:
        output = refused(world, REFUSED, *command, LOCALAWS_TASK_RUNNER="none")
    finally:
        world.lockgate("local", "down").ended()
    assert "web: there is no container engine here to run it in" in output
    assert not (world.root / ".lockgate" / "local" / "terraform").exists()


def test_traffic_belongs_to_an_embedded_aws(world: ReleaseWorld) -> None:
    assert "synthetic traffic" in refused(world, REFUSED, "traffic", "--env", "prod")


@pytest.mark.parametrize(("name", "words"), [("Orders", "lower-case"), ("hello-api", "exists already")])
def test_a_new_service_that_cannot_be(world: ReleaseWorld, name: str, words: str) -> None:
    assert words in refused(world, USAGE, "new", "lambda", name)
