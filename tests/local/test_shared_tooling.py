"""What is built once in the tooling account is released to two environments, on one embedded AWS."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError

from lockgate.config import Project
from tests.local.pruning import prune_of
from tests.local.release_world import REGION, ReleaseWorld, Running

pytestmark = [pytest.mark.local, pytest.mark.terraform, pytest.mark.timeout(600)]

STRANGER = "999999999999"
FUNCTION = "hello-api"
LOCKGATE = Path(sys.executable).parent / "lockgate"
CONTAINER = "kind: container\n"
FUNCTIONS = ("--service", FUNCTION, "--service", "release-hook")
ACCOUNTS = {"tooling": "555555555555", "dev": "222222222222", "staging": "333333333333"}


@dataclass(frozen=True)
class Shared:
    """Its stacks are applied; nothing is released yet.

    Args:
        world: the repository and its embedded AWS.
    """

    world: ReleaseWorld

    @property
    def project(self) -> Project:
        """The repository as Python reads it."""
        return Project(self.world.root)

    @property
    def bucket(self) -> str:
        """The artifact store."""
        return self.project.platform.artifact_bucket_of("tooling")

    def ran(self, *arguments: str, expect: int = 0) -> str:
        """Runs `lockgate ...` to its end; what it said."""
        running = self.world.lockgate(*arguments)
        assert running.ended() == expect, running.output
        assert "Traceback" not in running.output
        return running.output

    def client(self, service: str, account: str) -> Any:
        """An AWS client of an account."""
        session: Any = boto3.Session(account, "local", region_name=REGION)
        return session.client(service, endpoint_url=self.world.endpoint)

    def objects(self) -> dict[str, str]:
        """Keys of the store, with what S3 says of their content."""
        found = self.client("s3", ACCOUNTS["tooling"]).list_objects_v2(Bucket=self.bucket)["Contents"]
        return {item["Key"]: f"{item['ETag']} {item['LastModified']}" for item in found}

    def code(self, environment: str) -> str:
        """SHA-256 of the code that serves in an environment, as Lambda writes it."""
        functions = self.client("lambda", ACCOUNTS[environment])
        alias = f"lockgate-{environment}-{FUNCTION}"
        found: str = functions.get_function_configuration(FunctionName=alias, Qualifier="live")["CodeSha256"]
        return found


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    world = ReleaseWorld.make(tmp_path_factory.mktemp("shared"))
    path = world.root / "platform.yaml"
    platform = yaml.safe_load(path.read_text())
    local = platform["environments"].pop("local")
    # It stays on AWS, and promotes nothing from an embedded one.
    del platform["environments"]["prod"]["promotes_from"]
    here = {name: local[name] for name in ("endpoint_url", "emulator", "minute_seconds")}
    platform["tooling"] = {"account_id": ACCOUNTS["tooling"], **here}
    platform["environments"] |= {
        name: {"account_id": ACCOUNTS[name], "build_for": "host", **here} for name in ("dev", "staging")
    }
    path.write_text(yaml.safe_dump(platform, sort_keys=False))
    (world.root / "containers" / "orders").mkdir(parents=True)
    (world.root / "containers" / "orders" / "service.yaml").write_text(CONTAINER)
    made = Shared(world)
    try:
        assert "Applied." in made.ran("apply", "--stack", "tooling")
        world.side_by_side(*(("apply", "--env", name) for name in ("dev", "staging")))
        yield made
    finally:
        world.lockgate("local", "down", "--env", "dev").ended()


@pytest.fixture(scope="module")
def bundle(shared: Shared) -> str:
    """Digest of a bundle that was built for dev, published, and released there."""
    said = shared.ran("build", "--publish", "--env", "dev", *FUNCTIONS)
    content = (shared.world.root / ".build/bundle.json").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert f"s3://{shared.bucket}; release it with BUNDLE={digest}" in said
    shared.ran("deploy", "--env", "dev", "--bundle", digest, *FUNCTIONS)
    return digest


def test_staging_runs_the_bytes_that_dev_ran_and_nothing_is_uploaded(shared: Shared, bundle: str) -> None:
    before = shared.objects()
    (shared.world.root / ".build/bundle.json").unlink()
    shared.ran("deploy", "--env", "staging", "--bundle", bundle, *FUNCTIONS)
    assert shared.objects() == before
    assert shared.code("staging") == shared.code("dev")


def test_an_environment_cannot_put_a_build_of_its_own_there(shared: Shared, bundle: str) -> None:
    serves, before = shared.code("dev"), shared.objects()
    shared.world.change()
    output = shared.ran("deploy", "--env", "dev", *FUNCTIONS, expect=4)
    assert f"s3://{shared.bucket}/services/hello-api/" in output
    assert "cannot be written" in output
    assert "AccessDenied" in output
    assert "ARGS=--remote" in output
    assert (shared.code("dev"), shared.objects()) == (serves, before)


def test_prune_of_one_environment_leaves_what_others_may_go_back_to(shared: Shared, bundle: str) -> None:
    said = shared.ran("prune", "--env", "dev")
    assert (
        f"s3://{shared.bucket}: artifacts: skipped, environments share it: make prune STACK=tooling" in said
    )


def remote(shared: Shared, *commands: str) -> Running:
    """Begins a build in CodeBuild that runs these commands, of a repository that Git knows."""
    root = shared.world.root
    spec = {"version": 0.2, "phases": {"build": {"commands": list(commands)}}}
    (root / "buildspec.yml").write_text(yaml.safe_dump(spec))
    (root / ".gitignore").write_text(".build/\n.lockgate/\n")
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    return shared.world.lockgate("build", "--remote", "--env", "dev", *FUNCTIONS)


def test_codebuild_builds_what_is_here_and_publishes_it(shared: Shared, bundle: str) -> None:
    """The build's role may write the store, which this environment's own credentials may not."""
    served = shared.code("dev")
    shared.world.change("pass  # built in CodeBuild")
    publish = f"{LOCKGATE} build --publish --env dev {' '.join(FUNCTIONS)}"
    commands = ["for i in $(seq 300); do echo line $i; done", publish]
    build = remote(shared, *commands)
    assert build.ended() == 0, build.output
    said = [line for line in build.output.splitlines() if line.startswith("line ")]
    assert said == [f"line {number}" for number in range(1, 301)]
    assert "BUILD: SUCCEEDED" in build.output
    found = re.search(r"release it with BUNDLE=([0-9a-f]{64})", build.output)
    assert found is not None
    assert found[1] != bundle
    shared.ran("deploy", "--env", "dev", "--bundle", found[1], *FUNCTIONS)
    assert shared.code("dev") != served


def test_a_build_that_fails_says_where_and_why(shared: Shared) -> None:
    build = remote(shared, "echo before", "exit 3")
    assert build.ended() == 1, build.output
    assert "before" in build.output
    assert re.search(
        r"failed in BUILD: Error while executing command: exit 3. Reason: exit status 3", build.output
    )
    assert "hint: Its log: " in build.output


def test_ctrl_c_stops_the_build(shared: Shared) -> None:
    build = remote(shared, "echo at work", "sleep 100")
    build.line("^at work")
    build.signal(signal.SIGINT)
    assert build.ended() == 1, build.output
    assert "SIGINT: stopping the build" in build.output
    assert "stopped in BUILD" in build.output


def put_image(shared: Shared, number: int) -> str:
    """An image of `orders` that nothing has released; its digest."""
    registry = shared.client("ecr", ACCOUNTS["tooling"])
    manifest = json.dumps({"schemaVersion": 2, "layers": [], "number": number})
    put = registry.put_image(
        repositoryName="lockgate/orders",
        imageManifest=manifest,
        imageManifestMediaType="application/vnd.oci.image.manifest.v1+json",
        imageTag=f"{number:016x}-{number:016x}",
    )
    return str(put["image"]["imageId"]["imageDigest"])


def test_prune_of_what_is_shared_keeps_what_any_environment_may_go_back_to(
    shared: Shared, bundle: str
) -> None:
    """dev has gone on, staging still serves the first bundle. What nothing has released goes."""
    tooling = shared.client("s3", ACCOUNTS["tooling"])
    lost = f"services/{FUNCTION}/{'0' * 64}.zip"
    tooling.put_object(Bucket=shared.bucket, Key=lost, Body=b"never released")
    images = {put_image(shared, 1), put_image(shared, 2)}
    kept = {
        f"services/{FUNCTION}/{base64.b64decode(shared.code(name)).hex()}.zip" for name in ("dev", "staging")
    }
    assert len(kept) == 2
    before = set(shared.objects())
    said = prune_of(shared.world, "--stack", "tooling")
    assert f"{lost} deleted" in said
    gone = set(re.findall(r"orders: (sha256:\w+) deleted", said))
    assert len(gone & images) == 1, "the newest stays"
    after = set(shared.objects())
    assert lost in before - after
    assert kept <= after
    there = shared.client("ecr", ACCOUNTS["tooling"]).describe_images(repositoryName="lockgate/orders")
    assert {image["imageDigest"] for image in there["imageDetails"]} == images - gone


def test_prune_of_what_is_shared_needs_every_environment(shared: Shared, bundle: str) -> None:
    path = shared.world.root / "platform.yaml"
    declared = path.read_text()
    platform = yaml.safe_load(declared)
    platform["environments"]["prod"] = {**platform["environments"]["dev"], "account_id": "444444444444"}
    path.write_text(yaml.safe_dump(platform, sort_keys=False))
    before = shared.objects()
    try:
        said = prune_of(shared.world, "--stack", "tooling", expect=4)
    finally:
        path.write_text(declared)
    assert "what prod needs of the tooling account cannot be read, so nothing may go" in said
    assert "make apply ENV=prod gives its account the role lockgate-prod-prune" in said
    assert shared.objects() == before


def test_plans_are_empty_after_a_release(shared: Shared, bundle: str) -> None:
    stacks = (("--stack", "tooling"), ("--env", "dev"), ("--env", "staging"))
    for said in shared.world.side_by_side(*(("apply", *stack, "--dry-run") for stack in stacks)):
        assert "Nothing to change." in said


def test_nothing_that_is_shared_stands_in_an_environment_too(shared: Shared, bundle: str) -> None:
    platform = shared.project.platform
    builds = shared.client("codebuild", ACCOUNTS["tooling"]).list_projects()["projects"]
    assert builds == [platform.build_project_of("dev")]
    assert shared.client("codebuild", ACCOUNTS["dev"]).list_projects()["projects"] == []
    buckets = shared.client("s3", ACCOUNTS["dev"]).list_buckets()["Buckets"]
    assert [bucket["Name"] for bucket in buckets] == [platform.state_bucket_of("dev")]
    (repository,) = shared.client("ecr", ACCOUNTS["tooling"]).describe_repositories()["repositories"]
    assert repository["repositoryName"] == "lockgate/orders"
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert shared.client("ecr", ACCOUNTS["dev"]).describe_repositories()["repositories"] == []


def test_the_contract_names_the_shared_store(shared: Shared, bundle: str) -> None:
    parameters = shared.client("ssm", ACCOUNTS["dev"])
    value = parameters.get_parameter(Name="/lockgate/dev/platform")["Parameter"]["Value"]
    assert json.loads(value)["artifact_bucket"] == shared.bucket


def _put(s3: Any, bucket: str, key: str) -> str:
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=b"code")
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "ok"


def _get(s3: Any, bucket: str, key: str) -> str:
    try:
        s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "ok"


def test_environments_read_what_is_released_and_write_nothing(shared: Shared) -> None:
    """MiniStack looks at the bucket policy where another account asks."""
    tooling = shared.client("s3", ACCOUNTS["tooling"])
    keys = ("services/x/1.zip", "bundles/x/1.json", "sources/1.zip")
    for key in keys:
        tooling.put_object(Bucket=shared.bucket, Key=key, Body=b"built")
    for name in ("dev", "staging"):
        s3 = shared.client("s3", ACCOUNTS[name])
        assert [_get(s3, shared.bucket, key) for key in keys] == ["ok", "ok", "AccessDenied"]
        assert _get(s3, shared.bucket, "services/x/2.zip") == "NoSuchKey"
        assert _put(s3, shared.bucket, "services/x/1.zip") == "AccessDenied"
    assert _get(shared.client("s3", STRANGER), shared.bucket, "services/x/1.zip") == "AccessDenied"
